//! An API over a fresh runtime, and what tests need to call it.

use std::path::Path;
use std::sync::Arc;

use api::{Claims, Options, Scope, TokenKey};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use exchange::{Clock, Lack, RawAnswer, SeededRandom, TokioClock, Transport, TransportError};
use model::{PartnerId, Timestamp};
use runtime::{Config, Parts, Runtime};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::desk::Desk;

/// When tests begin.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_782_907_200_000);

/// A network that nobody is on.
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _request: &exchange::Request) -> Result<RawAnswer, TransportError> {
        Err(TransportError::not_sent(
            Lack::Connect,
            "there is no network here",
        ))
    }
}

/// An API over a runtime of its own.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) runtime: Runtime,
    pub(crate) tokens: TokenKey,
    pub(crate) store: Arc<store::Memory>,
}

/// A call that is being put together.
pub(crate) struct Call<'a> {
    world: &'a World,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl World {
    /// With the shipped definitions and the partner `msp-1`.
    pub(crate) async fn new() -> Self {
        Self::over(Arc::new(Nowhere), &[]).await
    }

    /// The same, with a connector to `desk`.
    pub(crate) async fn with_desk(desk: Arc<Desk>) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/tests/desk");
        let connector = definition::Sources::read("desk", &folder).unwrap();
        Self::over(desk, &[connector]).await
    }

    /// The same over this network, with these definitions besides.
    pub(crate) async fn over(transport: Arc<dyn Transport>, more: &[definition::Sources]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let sources = ["connectors", "schemas", "scripts"]
            .map(|name| definition::Sources::read(name, &root.join(name)).unwrap());
        let sources = [&sources[..], more].concat();
        let clock = Arc::new(TokioClock::new(START));
        let store = Arc::new(store::Memory::new());
        let runtime = Runtime::new(Parts {
            store: store.clone(),
            library: Arc::new(definition::load(&sources).library),
            transport,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            config: Config::default(),
        });
        let tokens = TokenKey::from_bytes([7; 32]);
        let options =
            Options::new(move || clock.now()).with_public_url("https://dovetail.example/");
        let router = api::router(runtime.clone(), tokens.clone(), options);
        let world = Self {
            router,
            runtime,
            tokens,
            store,
        };
        let partner = json!({"name": "Northwind"});
        world
            .put("/api/v1/partners/msp-1")
            .json(&partner)
            .send()
            .await
            .expect_status(200);
        world
    }

    pub(crate) fn token(&self, scope: Scope, expires_at: Option<Timestamp>) -> String {
        let claims = Claims {
            scope,
            id: None,
            issued_at: START,
            expires_at,
        };
        self.tokens.mint(&claims).expose().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// A call with an operator's token and the request id `test`.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let headers = HeaderMap::new();
        let call = Call {
            world: self,
            method,
            path: path.to_owned(),
            headers,
            body: Body::empty(),
        };
        call.header("x-request-id", "test")
            .bearer(&self.token(Scope::Operator, None))
    }
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With the token of the partner `id`.
    pub(crate) fn partner(self, id: &str) -> Self {
        let token = self
            .world
            .token(Scope::Partner(PartnerId::new(id).unwrap()), None);
        self.bearer(&token)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) async fn send(self) -> Answer {
        let (head, body) = self.begin().await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap()
            .to_vec();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// The answer as soon as it has begun.
    pub(crate) async fn begin(self) -> axum::response::Response {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        self.world.router.clone().oneshot(request).await.unwrap()
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The problem's code, once the answer is shown to be one.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        let content_type = self.header(header::CONTENT_TYPE.as_str());
        assert_eq!(
            content_type,
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["instance"], self.header("x-request-id").unwrap());
        problem["type"]
            .as_str()
            .unwrap()
            .strip_prefix("/problems/")
            .unwrap()
            .to_owned()
    }
}
