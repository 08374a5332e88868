//! A caller of the API, as the product and a partner's console are: a token and JSON.

use std::time::Duration;

use exchange::{Body, Method, Network, Request, Transport as _};
use model::Secret;
use serde_json::Value;

use super::lapse::Lapse;

/// How long one call may take. The engine answers within milliseconds.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls the API of one engine.
pub(super) struct Client {
    network: Network,
    base: String,
    token: Secret,
}

/// An answer of any status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn new(network: Network, base: String, token: Secret) -> Self {
        Self {
            network,
            base,
            token,
        }
    }

    /// The same calls with another token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self::new(self.network.clone(), self.base.clone(), Secret::new(token))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Lapse> {
        self.well(Method::Get, path, Body::Empty).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Result<Value, Lapse> {
        self.well(Method::Put, path, Body::Json(body)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Lapse> {
        self.well(Method::Post, path, Body::Json(body)).await
    }

    /// The answer's body, if its status is one of success.
    async fn well(&self, method: Method, path: &str, body: Body) -> Result<Value, Lapse> {
        let reply = self.call(method, path, body).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply.body);
        }
        let (status, body) = (reply.status, reply.body);
        Err(Lapse::new(format!(
            "{method} {path} was answered with {status}: {body}"
        )))
    }

    /// The answer, whatever its status.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Reply, Lapse> {
        let mut request = Request::new(method, format!("{}{path}", self.base));
        request.body = body;
        request.set_header("authorization", format!("Bearer {}", self.token.expose()));
        let answered = tokio::time::timeout(TIMEOUT, self.network.send(&request)).await;
        let answer =
            answered.map_err(|_| Lapse::new(format!("{method} {path} took too long")))??;
        // What is no JSON is shown as text, where somebody looks at it at all.
        let text = || Value::String(String::from_utf8_lossy(&answer.body).into_owned());
        let body = serde_json::from_slice(&answer.body).unwrap_or_else(|_| text());
        Ok(Reply {
            status: answer.status,
            body,
        })
    }
}

/// The value at a JSON pointer, which an answer must have.
pub(super) fn at<'v>(value: &'v Value, pointer: &str) -> Result<&'v Value, Lapse> {
    let found = value.pointer(pointer);
    found.ok_or_else(|| Lapse::new(format!("the answer lacks {pointer}: {value}")))
}

/// The text at a JSON pointer, which an answer must have.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str, Lapse> {
    let found = at(value, pointer)?.as_str();
    found.ok_or_else(|| Lapse::new(format!("{pointer} is no text: {value}")))
}

/// The list at a JSON pointer, which an answer must have.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> Result<&'v [Value], Lapse> {
    let found = at(value, pointer)?.as_array();
    let found = found.ok_or_else(|| Lapse::new(format!("{pointer} is no list: {value}")));
    found.map(Vec::as_slice)
}
