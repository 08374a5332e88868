//! A simulated tenant on a port of its own, and a client with its credentials.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::{Autotask, Config, Credentials};
use simulators::{Clock, Running};

/// How long a test waits for something that should be there at once.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// The moment at which every tenant's clock stands unless a test moves it.
pub(crate) const NOW: &str = "2026-05-27T10:30:00.250Z";

/// A served tenant and its client.
pub(crate) struct Api {
    pub(crate) autotask: Autotask,
    pub(crate) running: Running,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The only text in `errors`.
    pub(crate) fn error(&self) -> String {
        let errors = self.json()["errors"].as_array().cloned().unwrap();
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.first().and_then(Value::as_str).unwrap().to_owned()
    }

    pub(crate) fn id(&self) -> i64 {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["itemId"].as_i64().unwrap()
    }

    pub(crate) fn items(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["items"].as_array().cloned().unwrap()
    }
}

pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

pub(crate) fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder().build().unwrap()
}

/// A clock that stands still at [`NOW`].
pub(crate) fn still() -> Arc<dyn Clock> {
    let now = NOW.parse().unwrap();
    Arc::new(move || now)
}

/// A clock that starts at [`NOW`], in whole seconds, and goes as the test sets it.
pub(crate) fn moving() -> (Arc<dyn Clock>, Arc<AtomicI64>) {
    let start: Timestamp = NOW.parse().unwrap();
    let seconds = Arc::new(AtomicI64::new(0));
    let read = Arc::clone(&seconds);
    let clock = move || {
        let passed = read.load(Ordering::SeqCst);
        Timestamp::from_second(start.as_second() + passed).unwrap()
    };
    (Arc::new(clock), seconds)
}

pub(crate) fn config() -> Config {
    Config {
        clock: still(),
        ..Config::seeded(7)
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let autotask = Autotask::new(config);
        let running = autotask.serve(any_port()).await.unwrap();
        Self {
            autotask,
            running,
            http: http(),
        }
    }

    /// An authenticated request to a path under `V1.0`, or to an absolute URL.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request_as(&self.autotask.credentials(), method, path)
    }

    pub(crate) fn request_as(
        &self,
        credentials: &Credentials,
        method: Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        self.bare(method, path)
            .header("ApiIntegrationCode", &credentials.integration_code)
            .header("UserName", &credentials.username)
            .header("Secret", &credentials.secret)
    }

    pub(crate) fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path {
            url if url.starts_with("http") => url.to_owned(),
            path => format!("{}/ATServicesRest/V1.0{path}", self.running.url),
        };
        self.http.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(with_body(self.request(Method::POST, path), body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        answer(with_body(self.request(Method::PATCH, path), body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(with_body(self.request(Method::PUT, path), body)).await
    }

    /// Items that meet one condition.
    pub(crate) async fn find(&self, entity: &str, filter: Value) -> Vec<Value> {
        let query = json!({ "MaxRecords": 500, "Filter": filter });
        self.post(&format!("/{entity}/query"), &query).await.items()
    }

    /// The simulator's own controls.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/__simulator{path}", self.running.url);
        let request = self.http.request(method, url);
        answer(match body {
            Some(body) => with_body(request, &body),
            None => request,
        })
        .await
    }

    pub(crate) fn choice(&self, entity: &str, field: &str, label: &str) -> i64 {
        self.autotask.picklist_value(entity, field, label).unwrap()
    }

    /// An active company that is not the MSP itself.
    pub(crate) fn company(&self) -> i64 {
        let companies = self.autotask.companies();
        companies
            .iter()
            .find(|company| company.id != 0 && company.active)
            .unwrap()
            .id
    }

    /// Everything a ticket needs, and nothing more.
    pub(crate) fn ticket(&self) -> Value {
        json!({
            "companyID": self.company(),
            "title": "Blocked site",
            "status": 1,
            "priority": self.choice("Tickets", "priority", "Medium"),
            "queueID": self.choice("Tickets", "queueID", "Security"),
        })
    }

    /// A ticket's fields with one more, or another value.
    pub(crate) fn ticket_with(&self, field: &str, value: Value) -> Value {
        let mut ticket = self.ticket();
        ticket
            .as_object_mut()
            .unwrap()
            .insert(field.to_owned(), value);
        ticket
    }

    pub(crate) async fn open_ticket(&self) -> i64 {
        self.post("/Tickets", &self.ticket()).await.id()
    }

    /// The id of the first record of an entity that meets a condition.
    pub(crate) fn record(&self, entity: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.autotask
            .records(entity)
            .into_iter()
            .find(condition)
            .unwrap()
    }
}

pub(crate) fn with_body(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    request
        .header("content-type", "application/json")
        .body(body.to_string())
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    Answer {
        status: response.status().as_u16(),
        content_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
        text: response.text().await.unwrap(),
    }
}
