//! The callout listener: where PSAs report that a ticket changed.
//!
//! A callout is a hint and proves nothing: the engine reads the ticket itself before it believes
//! anything. So a forged or repeated one does no harm, and all there is to guard is the token in
//! the path: it stands in no log, and the answer does not tell a token that was once good from one
//! that never was.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;
use runtime::{Callout, Runtime};
use sha2::{Digest as _, Sha256};

use crate::body::read;
use crate::limits::{CALLOUT_BYTES_MAX, CALLOUT_TOKEN_BYTES_MAX};
use crate::params::At;
use crate::problem::{Problem, callout_unknown};

/// Report that a ticket changed.
///
/// Answers once the hint is kept. Which forms of body are taken is the connector's business; at
/// most 1 MiB. Anything but 200 means that nothing was taken in, and that repeating it helps
/// only with 503.
#[utoipa::path(post, path = "/callouts/{token}", tag = "callouts",
    request_body(content = String, description = "As the PSA sends it.", content_type = "*/*"),
    responses((status = 200, description = "The hint is kept.", body = str,
        content_type = "text/plain")))]
pub(crate) async fn take_posted_callout(
    state: State<Runtime>,
    token: At<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(Method::POST, state, token, query, headers, body).await
}

/// Report that a ticket changed, all in the query.
#[utoipa::path(get, path = "/callouts/{token}", tag = "callouts",
    responses((status = 200, description = "The hint is kept.", body = str,
        content_type = "text/plain")))]
pub(crate) async fn take_queried_callout(
    state: State<Runtime>,
    token: At<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(Method::GET, state, token, query, headers, body).await
}

async fn take(
    method: Method,
    State(runtime): State<Runtime>,
    At(token): At<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    // The body is read before the token is looked up, so that timing tells nothing about either.
    let body = read(&headers, body, CALLOUT_BYTES_MAX).await?;
    tracing::debug!(token = trace(&token), bytes = body.len(), "callout");
    if token.len() > CALLOUT_TOKEN_BYTES_MAX {
        return Err(callout_unknown());
    }
    let callout = Callout {
        method: method.to_string(),
        query: query.unwrap_or_default(),
        content_type: text(&headers, header::CONTENT_TYPE).map(str::to_owned),
        body,
        basic: text(&headers, header::AUTHORIZATION).and_then(basic),
    };
    runtime.callout(&token, callout).await?;
    Ok("ok")
}

/// Enough of the token's hash to tell callouts apart in a log, too little to find the token by.
fn trace(token: &str) -> String {
    let hash = Sha256::digest(token);
    hash.iter().take(2).fold(String::new(), |mut trace, byte| {
        // Writing to a string cannot fail.
        let _infallible = write!(trace, "{byte:02x}");
        trace
    })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The name and password of HTTP Basic (RFC 7617). Whatever is no such thing counts as none.
fn basic(authorization: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (username, password) = decoded.split_once(':')?;
    Some((username.to_owned(), Secret::new(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_ends_the_name_at_the_first_colon() {
        let encoded = STANDARD.encode("psa:a:b ü");
        let expected = Some(("psa".to_owned(), Secret::new("a:b ü")));
        assert_eq!(basic(&format!("Basic {encoded}")), expected);
        assert_eq!(basic(&format!("bAsIc  {encoded} ")), expected);
    }

    #[test]
    fn what_is_no_basic_counts_as_none() {
        let no_colon = format!("Basic {}", STANDARD.encode("psa"));
        let no_text = format!("Basic {}", STANDARD.encode([0xff, b':']));
        for other in [
            "",
            "Basic",
            "Basic ???",
            "Bearer cHNhOmE=",
            &no_colon,
            &no_text,
        ] {
            assert_eq!(basic(other), None, "{other}");
        }
    }

    #[test]
    fn four_characters_of_the_hash_reach_the_log() {
        assert_eq!(trace("R2h0bGVuZ3RoYW5kcmFuZG9t").len(), 4);
        assert_ne!(trace("a"), trace("b"));
    }
}
