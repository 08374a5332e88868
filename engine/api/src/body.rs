//! Reads the body of a call: JSON of a known type, within a named length and time.
//!
//! Whatever is wrong comes back as a problem that says what, where and how to mend it. A body that
//! is announced as too long is refused before any of it is read; one that turns out too long,
//! where the limit is passed.

mod fault;

use std::time::Duration;

use axum::body::Body;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;

use crate::limits::{BODY_BYTES_MAX, BODY_TIMEOUT};
use crate::problem::{Code, Problem};

/// The body, read as JSON into a `T`, at most `BYTES_MAX` long.
pub(crate) struct Input<T, const BYTES_MAX: usize = BODY_BYTES_MAX>(pub(crate) T);

impl<S, T, const BYTES_MAX: usize> FromRequest<S> for Input<T, BYTES_MAX>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        declared_as_json(&head.headers)?;
        let bytes = read(&head.headers, body, BYTES_MAX).await?;
        parse(&bytes).map(Self)
    }
}

/// For calls that may do without a body.
impl<S, T, const BYTES_MAX: usize> OptionalFromRequest<S> for Input<T, BYTES_MAX>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

/// Reads `body`, at most `bytes_max` of it.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Vec<u8>, Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |l| l > bytes_max)) {
        return Err(too_large(bytes_max));
    }
    tokio::time::timeout(BODY_TIMEOUT, collect(body, bytes_max))
        .await
        .map_err(|_elapsed| too_slow(BODY_TIMEOUT))?
}

async fn collect(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| incomplete(&error))?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads `bytes` as JSON into a `T`.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match bytes.trim_ascii_start().first() {
        Some(b'[') => return Err(fault::list()),
        Some(_) => {}
        None => {
            return Err(Problem::new(Code::BodyNotJson, "The body is empty.")
                .remedy("Send the content as JSON in the body."));
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(fault::problem)?;
    deserializer
        .end()
        .map_err(|error| fault::not_json(&error))?;
    Ok(value)
}

fn declared_as_json(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = declared
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let subtype = essence.to_ascii_lowercase();
    let subtype = subtype.strip_prefix("application/").unwrap_or_default();
    if subtype == "json" || subtype.ends_with("+json") {
        return Ok(());
    }
    let detail = match declared {
        None => "The call does not say what its body is.",
        Some(_) => "The call says that its body is something other than JSON.",
    };
    Err(Problem::new(Code::MediaTypeUnsupported, detail)
        .remedy("Send the header `content-type: application/json`.")
        .header(header::ACCEPT, "application/json"))
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!("The body is longer than the {bytes_max} bytes that this address takes.");
    Problem::new(Code::BodyTooLarge, detail)
        .remedy("Send less at a time; nothing of this body was taken in.")
        // What is left of the body stays unread, so that the connection is of no further use.
        .header(header::CONNECTION, "close")
}

fn too_slow(limit: Duration) -> Problem {
    let detail = format!(
        "The body did not arrive within {} seconds.",
        limit.as_secs()
    );
    Problem::new(Code::BodyTooSlow, detail)
        .remedy("Repeat the call; nothing was taken in.")
        .header(header::CONNECTION, "close")
}

fn incomplete(error: &axum::Error) -> Problem {
    Problem::new(
        Code::BodyIncomplete,
        "The connection failed in the middle of the body.",
    )
    .remedy("Repeat the call; nothing was taken in.")
    .inside(error)
}

#[cfg(test)]
mod tests;
