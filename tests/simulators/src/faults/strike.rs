//! What a fault does to one call: instead of its answer, or to the answer it got.

use std::io;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::json;

use super::Fault;
use crate::reply;
use crate::serve::NoAnswer;

/// Largest answer that can be cut, in bytes; a longer one is cut to nothing.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The answer of a fault that keeps a call from being processed.
pub(crate) fn before(
    fault: Option<Fault>,
    too_many: impl FnOnce(Option<u32>) -> Response,
) -> Option<Response> {
    match fault? {
        Fault::TooManyRequests { retry_after } => Some(too_many(retry_after)),
        Fault::PlainError => {
            let page = "<html><body><h1>Runtime Error</h1></body></html>";
            Some(reply::html(StatusCode::INTERNAL_SERVER_ERROR, page))
        }
        Fault::BadRequest => {
            let page = "<html><body><h1>Bad Request</h1></body></html>";
            Some(reply::html(StatusCode::BAD_REQUEST, page))
        }
        Fault::Unavailable => {
            let page = "<html><body><h1>Service Unavailable</h1></body></html>";
            Some(reply::html(StatusCode::SERVICE_UNAVAILABLE, page))
        }
        Fault::Unauthorized => Some(reply::empty(StatusCode::UNAUTHORIZED)),
        Fault::Forbidden => Some(reply::empty(StatusCode::FORBIDDEN)),
        Fault::Refused => {
            let text = json!({ "message": "The period of this line is closed." });
            Some(reply::json(StatusCode::BAD_REQUEST, &text))
        }
        Fault::DropRequest | Fault::Hang => Some(unanswered()),
        Fault::GatewayTimeout
        | Fault::DropAnswer
        | Fault::HangAfter
        | Fault::Slow { .. }
        | Fault::CutBody => None,
    }
}

/// What a fault makes of the answer to a call that was processed.
pub(crate) async fn after(fault: Option<Fault>, response: Response) -> Response {
    match fault {
        Some(Fault::GatewayTimeout) => {
            let page = "<html><body><h1>504 Gateway Time-out</h1></body></html>";
            reply::html(StatusCode::GATEWAY_TIMEOUT, page)
        }
        Some(Fault::DropAnswer) => unanswered(),
        Some(Fault::HangAfter) => never().await,
        Some(Fault::Slow { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
            response
        }
        Some(Fault::CutBody) => cut(response).await,
        _ => response,
    }
}

/// An answer that the listener withholds by closing the connection.
fn unanswered() -> Response {
    let mut response = reply::empty(StatusCode::BAD_GATEWAY);
    response.extensions_mut().insert(NoAnswer);
    response
}

/// Keeps back an answer for a call that is to hang; passes on any other.
pub(crate) async fn withheld(fault: Option<Fault>, response: Response) -> Response {
    if fault == Some(Fault::Hang) {
        never().await
    } else {
        response
    }
}

async fn never() -> Response {
    std::future::pending().await
}

/// The first half of the body, then a broken connection.
async fn cut(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let whole = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    let start = futures::stream::iter([Ok(half)]);
    // The pause lets the server send the first half; else head and all would stay in its buffer.
    let end = futures::stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(parts, Body::from_stream(start.chain(end)))
}
