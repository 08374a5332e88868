//! A console over a runtime of its own and a simulated PSA, and a browser without script.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access::{Scope, TokenKey};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use exchange::{
    Clock as _, Network, NetworkOptions, RawAnswer, SeededRandom, SystemClock, Transport,
    TransportError,
};
use model::{Customer, CustomerId, PartnerId};
use runtime::{Config, NewPartner, Parts, Runtime};
use simulators::{Psa, Running};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The partner that tests look at.
pub(crate) const PARTNER: &str = "northwind";

/// The longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A console, its runtime at work, and a simulated PSA on a port of its own.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) runtime: Runtime,
    pub(crate) keys: TokenKey,
    pub(crate) psa: Box<dyn Psa>,
    pub(crate) psa_url: String,
    /// Whether calls go out; those that are made meanwhile wait.
    pub(crate) gate: watch::Sender<bool>,
    _running: Running,
    _stop: watch::Sender<bool>,
}

/// The network, behind a gate.
struct Gated {
    network: Network,
    gate: watch::Sender<bool>,
}

#[async_trait]
impl Transport for Gated {
    async fn send(&self, request: &exchange::Request) -> Result<RawAnswer, TransportError> {
        let mut gate = self.gate.subscribe();
        gate.wait_for(|is_open| *is_open).await.unwrap();
        self.network.send(request).await
    }
}

/// Somebody with a browser that has no script: it keeps the cookie, and sends the forms of the
/// page that it was last shown.
pub(crate) struct Browser<'w> {
    world: &'w World,
    cookie: String,
    pub(crate) shown: Answer,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl World {
    /// With the shipped definitions, the simulated PSA `name`, and [`PARTNER`] with its customers.
    pub(crate) async fn new(name: &str) -> Self {
        Self::with_options(name, console::Options::new(|| SystemClock.now())).await
    }

    /// The same, with a console of these options.
    pub(crate) async fn with_options(name: &str, options: console::Options) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let sources = ["connectors", "schemas", "scripts"]
            .map(|name| definition::Sources::read(name, &root.join(name)).unwrap());
        let psa = simulators::psa::psa(name, 1).unwrap();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let running = psa.serve(free).await.unwrap();
        let url = running.url.clone();
        let gate = watch::Sender::new(true);
        let runtime = Runtime::new(Parts {
            store: Arc::new(store::Memory::new()),
            library: Arc::new(definition::load(&sources).library),
            transport: Arc::new(Gated {
                network: Network::new(&NetworkOptions::default()).unwrap(),
                gate: gate.clone(),
            }),
            clock: Arc::new(SystemClock),
            random: Arc::new(SeededRandom::new(1)),
            config: Config {
                vendor: BTreeMap::from([(name.to_owned(), psa.vendor(&url))]),
                trusted_origins: vec![url.clone()],
                ..Config::default()
            },
        });
        for (id, name) in [(PARTNER, "Northwind & Co"), ("other", "Other")] {
            let partner = NewPartner {
                id: PartnerId::new(id).unwrap(),
                name: name.to_owned(),
                webhook: None,
            };
            runtime.put_partner(partner).await.unwrap();
        }
        let (stop, stopped) = watch::channel(false);
        let worker = runtime.clone();
        tokio::spawn(async move { worker.work(stopped, Duration::ZERO).await });
        let keys = TokenKey::from_bytes([7; 32]);
        Self {
            router: console::router(runtime.clone(), keys.clone(), options),
            runtime,
            keys,
            psa,
            psa_url: url,
            gate,
            _running: running,
            _stop: stop,
        }
    }

    /// Gives the partner customers of these names; the ids are `c-1`, `c-2` and so on.
    pub(crate) async fn customers(&self, names: &[&str]) {
        let customer = |(name, number): (&&str, usize)| Customer {
            id: CustomerId::new(format!("c-{number}")).unwrap(),
            name: (*name).to_owned(),
            domains: Vec::new(),
            enabled: true,
        };
        let customers = names.iter().zip(1..).map(customer).collect();
        let partner = PartnerId::new(PARTNER).unwrap();
        self.runtime
            .put_customers(&partner, customers)
            .await
            .unwrap();
    }

    pub(crate) fn link(&self, scope: Scope) -> String {
        let path = console::sign_in_path(&self.keys, scope, SystemClock.now());
        path.expose().to_owned()
    }

    /// Somebody who has just signed in.
    pub(crate) async fn browser(&self, scope: Scope) -> Browser<'_> {
        let mut browser = self.stranger();
        browser.sign_in(&self.link(scope)).await;
        assert!(!browser.cookie.is_empty(), "{}", browser.shown.text());
        browser
    }

    /// An administrator of [`PARTNER`].
    pub(crate) async fn administrator(&self) -> Browser<'_> {
        let partner = PartnerId::new(PARTNER).unwrap();
        self.browser(Scope::Partner(partner)).await
    }

    /// Somebody who has not signed in.
    pub(crate) fn stranger(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookie: String::new(),
            shown: Answer::default(),
        }
    }

    /// The answer as soon as it has begun.
    pub(crate) async fn begin(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let (head, body) = self.begin(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_vec(),
        }
    }
}

impl Browser<'_> {
    /// Keeps the first cookie of the last answer, and sends no other from now on.
    pub(crate) fn take_cookie(&mut self) {
        let cookie = self.shown.header("set-cookie").expect("a cookie");
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    pub(crate) fn clone_cookie(&self) -> String {
        self.cookie.clone()
    }

    pub(crate) fn set_cookie(&mut self, cookie: &str) {
        cookie.clone_into(&mut self.cookie);
    }

    /// Opens the sign-in link and presses the button.
    pub(crate) async fn sign_in(&mut self, link: &str) {
        self.get(link).await;
        let value = self.shown.value("link").unwrap_or_default();
        self.post("/sign-in", &[("link", &value)]).await;
        if let Some(cookie) = self.shown.header("set-cookie") {
            let session = cookie.split(';').next().unwrap();
            session.clone_into(&mut self.cookie);
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str())];
        let world = self.world;
        self.shown = world.call(Method::GET, path, &headers, String::new()).await;
        self.shown.clone()
    }

    /// Sends exactly these fields.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from("", path, fields).await
    }

    /// The same, from a form on the page at `from`.
    pub(crate) async fn post_from(
        &mut self,
        from: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let page = format!("https://console.example{from}");
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("referer", page.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        let world = self.world;
        let body = encoded(fields);
        self.shown = world.call(Method::POST, path, &headers, body).await;
        self.shown.clone()
    }

    /// Opens the page at `path`, and sends what its forms hold with `fields` over it.
    pub(crate) async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let proof = page.value("_proof").expect("a form");
        let mut all = vec![("_proof", proof.as_str())];
        all.extend(fields);
        self.post(path, &all).await
    }

    /// Follows where the last answer leads.
    pub(crate) async fn follow(&mut self) -> Answer {
        assert_eq!(
            self.shown.status,
            StatusCode::SEE_OTHER,
            "{}",
            self.shown.text()
        );
        let path = self.shown.header("location").unwrap().to_owned();
        self.get(&path).await
    }

    /// Opens the page at `path` until it holds `text`.
    pub(crate) async fn see(&mut self, path: &str, text: &str) -> Answer {
        let began = tokio::time::Instant::now();
        loop {
            let page = self.get(path).await;
            if page.text().contains(text) {
                return page;
            }
            assert!(began.elapsed() < PATIENCE, "{text} in {}", page.text());
            tokio::task::yield_now().await;
        }
    }

    /// Creates an integration as a person does. Gives where its pages are.
    pub(crate) async fn connect(&mut self) -> String {
        let world = self.world;
        let path = format!(
            "/partners/{PARTNER}/integrations/new/{}",
            world.psa.connector()
        );
        let credentials = world.psa.credentials(&world.psa_url);
        let mut fields = credential_fields(&credentials);
        fields.push(("do".to_owned(), "create".to_owned()));
        self.fill(&path, &borrowed(&fields)).await;
        assert_eq!(
            self.shown.status,
            StatusCode::SEE_OTHER,
            "{}",
            self.shown.text()
        );
        let location = self.shown.header("location").unwrap();
        location.split('?').next().unwrap().to_owned()
    }
}

/// The fields of Create for these credentials.
pub(crate) fn credential_fields(credentials: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let fields = credentials.iter();
    fields
        .map(|(name, value)| (format!("credentials.{name}"), value.clone()))
        .collect()
}

pub(crate) fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    let fields = fields.iter();
    fields.map(|(a, b)| (a.as_str(), b.as_str())).collect()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        text.append_pair(name, value);
    }
    text.finish()
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name);
        value.map(|value| value.to_str().unwrap())
    }

    /// The value of the first field of this name on the page.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut tags = text
            .split('<')
            .filter(|tag| tag.contains(&format!("name=\"{name}\"")));
        let tag = tags.next()?;
        let value = tag.split("value=\"").nth(1)?.split('"').next()?;
        Some(value.replace("&#34;", "\"").replace("&#38;", "&"))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16, texts: &[&str]) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self
            .header(header::CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.contains("html"))
        {
            let policy = self.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
        }
        for text in texts {
            assert!(self.text().contains(text), "no {text} in {}", self.text());
        }
        self
    }
}
