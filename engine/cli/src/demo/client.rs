//! A caller of the API, as the product and a partner's console are: a token and JSON.

use exchange::{Body, Method, Network};
use model::Secret;
use serde_json::Value;

use super::lapse::Lapse;
use crate::client;

pub(super) use crate::client::Reply;

/// Calls the API of one engine; what is not answered well is a lapse.
pub(super) struct Client(client::Client);

impl Client {
    pub(super) fn new(network: Network, base: &str, token: Secret) -> Self {
        Self(client::Client::new(network, base, token))
    }

    /// The same calls with another token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self(self.0.with_token(token))
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
        if reply.is_good() {
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
        let answered = self.0.call(method, path, body).await;
        answered.map_err(|error| Lapse::new(format!("{method} {path}: {error}")))
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
