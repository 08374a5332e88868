//! A small client of the program's REST API.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Method};
use serde_json::Value;

/// How long a call may take before the program counts as dead.
const PATIENCE: Duration = Duration::from_secs(30);

/// The API at one address, with one token. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: String,
    token: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, if it was JSON.
    pub json: Value,
    /// The body as text.
    pub text: String,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Api {
    /// A client of the program at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: &str, token: &str) -> Self {
        Self {
            client: client(),
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Where it goes.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same place with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Makes a call; nothing when there was no whole answer, because the program died.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Option<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// Makes a call that must be answered, with whatever status.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let what = format!("{method} {path}");
        let answered = self.try_call(method, path, body).await;
        answered.unwrap_or_else(|| panic!("{what} was not answered"))
    }

    /// Makes a call with a body as it stands, of any type and size.
    pub async fn post_raw(&self, path: &str, content_type: &str, body: Vec<u8>) -> Option<Answer> {
        let url = format!("{}{path}", self.base);
        let request = self.client.post(url).bearer_auth(&self.token);
        answer(request.header("content-type", content_type).body(body)).await
    }

    /// GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.good(path)
    }

    /// PUT that must succeed.
    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.call(Method::PUT, path, Some(&body)).await.good(path)
    }

    /// POST that must succeed.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(&body)).await.good(path)
    }
}

impl Answer {
    /// The body of an answer that must be a success.
    pub fn good(self, path: &str) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{path}: {} {}",
            self.status,
            self.text
        );
        self.json
    }

    /// Checks that this is a problem of that status and kind which says what, where and how to
    /// mend it, and gives everything it says in one text.
    pub fn problem(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{}",
            self.text
        );
        assert_eq!(
            self.json["type"],
            format!("/problems/{code}"),
            "{}",
            self.text
        );
        assert_eq!(self.json["status"], status, "{}", self.text);
        for field in ["title", "detail", "instance"] {
            let text = self.json[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing: {}", self.text);
        }
        assert_eq!(
            self.headers["x-request-id"],
            self.json["instance"].as_str().unwrap_or_default()
        );
        let mends = !self.json["remedy"].is_null()
            || self.json["faults"]
                .as_array()
                .is_some_and(|faults| !faults.is_empty());
        assert!(mends, "nothing says how to mend it: {}", self.text);
        self.text.clone()
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.ok()?;
    Some(Answer {
        status,
        json: serde_json::from_str(&text).unwrap_or_default(),
        text,
        headers,
    })
}

fn client() -> Client {
    let built = trusting_nobody().timeout(PATIENCE).build();
    built.expect("a client without certificates can be built")
}

/// A client that trusts nobody: everything here is on this machine and unencrypted.
pub(crate) fn trusting_nobody() -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder().no_proxy()
}
