//! A caller of the API of a running server: a token, JSON, and answers of any status.

use std::time::Duration;

use exchange::{Body, Method, Network, Request, Transport as _, TransportError};
use model::Secret;
use serde_json::Value;

/// How long one call may take. The engine answers within milliseconds, unless it asks a PSA first.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How much of what a server says against a download is read.
const REFUSAL_BYTES_MAX: usize = 64 * 1_024;

/// Calls the API of one server.
pub(crate) struct Client {
    network: Network,
    base: String,
    token: Secret,
}

/// An answer of any status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// What is no JSON is shown as text.
    pub(crate) body: Value,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// None came in time.
    #[error("no answer came within {} seconds", TIMEOUT.as_secs())]
    TooSlow,
    /// The connection failed.
    #[error("the connection failed")]
    Send(#[source] TransportError),
}

impl Reply {
    fn of(status: u16, body: &[u8]) -> Self {
        let text = || Value::String(String::from_utf8_lossy(body).into_owned());
        let body = serde_json::from_slice(body).unwrap_or_else(|_| text());
        Self { status, body }
    }

    /// Whether the server did what it was asked to.
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// An answer whose body is taken piece by piece.
pub(crate) struct Download(exchange::Download);

impl Download {
    /// The next piece; nothing at the end. One that breaks off before its end is an error.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        in_time(self.0.next()).await
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, TransportError>>) -> Result<T, Error> {
    let ended = tokio::time::timeout(TIMEOUT, call).await;
    ended.map_err(|_| Error::TooSlow)?.map_err(Error::Send)
}

impl Client {
    pub(crate) fn new(network: Network, base: &str, token: Secret) -> Self {
        Self {
            network,
            base: base.trim_end_matches('/').to_owned(),
            token,
        }
    }

    /// The same calls with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self::new(self.network.clone(), &self.base, Secret::new(token))
    }

    /// The beginning of a good answer, whose body is taken piece by piece; or any other answer.
    pub(crate) async fn download(&self, path: &str) -> Result<Result<Download, Reply>, Error> {
        let request = self.request(Method::Get, path);
        let mut begun = Download(in_time(self.network.download(&request)).await?);
        let status = begun.0.status();
        if status == 200 {
            return Ok(Ok(begun));
        }
        let mut refusal = Vec::new();
        while let Some(piece) = begun.next().await? {
            refusal.extend(piece);
            if refusal.len() > REFUSAL_BYTES_MAX {
                break;
            }
        }
        Ok(Err(Reply::of(status, &refusal)))
    }

    fn request(&self, method: Method, path: &str) -> Request {
        let mut request = Request::new(method, format!("{}{path}", self.base));
        request.set_header("authorization", format!("Bearer {}", self.token.expose()));
        request
    }

    /// The answer, whatever its status.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Reply, Error> {
        let mut request = self.request(method, path);
        request.body = body;
        let answer = in_time(self.network.send(&request)).await?;
        Ok(Reply::of(answer.status, &answer.body))
    }
}
