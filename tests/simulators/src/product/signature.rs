//! Signatures the Standard Webhooks way.
//!
//! `webhook-signature` holds `v1,<base64>` values divided by spaces; one right value is enough.
//! What is signed is the id, the timestamp and the raw body, joined by dots.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde::Serialize;
use sha2::Sha256;

/// How far a delivery's timestamp may lie from now, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a delivery was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// A header is missing or unreadable.
    Headers,
    /// The timestamp is too old or in the future.
    Timestamp,
    /// No signature fits.
    Signature,
    /// The body is not JSON.
    Body,
}

/// What identifies one delivery, once it is verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
}

/// Checks headers and body of a delivery against the secret, at the moment `now` (Unix seconds).
pub(crate) fn verified(
    secret: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: i64,
) -> Result<Verified, Rejection> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let id = header("webhook-id").ok_or(Rejection::Headers)?;
    let timestamp = header("webhook-timestamp").and_then(|text| text.parse::<i64>().ok());
    let timestamp = timestamp.ok_or(Rejection::Headers)?;
    let signatures = header("webhook-signature").ok_or(Rejection::Headers)?;
    if now.abs_diff(timestamp) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(Rejection::Timestamp);
    }
    let right = signed(secret, id, timestamp, body).ok_or(Rejection::Signature)?;
    let fits = |given: &str| {
        let given = given
            .strip_prefix("v1,")
            .and_then(|given| STANDARD.decode(given).ok());
        given.is_some_and(|given| right.clone().verify_slice(&given).is_ok())
    };
    if signatures.split(' ').any(fits) {
        Ok(Verified {
            id: id.to_owned(),
            timestamp,
        })
    } else {
        Err(Rejection::Signature)
    }
}

/// The value of `webhook-signature` for a delivery; none when the secret is not one.
pub fn signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let bytes = signed(secret, id, timestamp, body)?.finalize().into_bytes();
    Some(format!("v1,{}", STANDARD.encode(bytes)))
}

fn signed(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::{Rejection, Verified, signature, verified};

    // The example that the specification of Standard Webhooks gives for its libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &str = r#"{"test": 2432232314}"#;
    const RIGHT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(timestamp: &str, signature: &str, now: i64) -> Result<Verified, Rejection> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", ID),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ] {
            headers.insert(name, value.parse().map_err(|_| Rejection::Headers)?);
        }
        verified(SECRET, &headers, BODY.as_bytes(), now)
    }

    #[test]
    fn the_published_example_is_signed_and_verified() {
        assert_eq!(
            signature(SECRET, ID, AT, BODY.as_bytes()).as_deref(),
            Some(RIGHT)
        );
        let verified = Verified {
            id: ID.to_owned(),
            timestamp: AT,
        };
        assert_eq!(check("1614265330", RIGHT, AT + 10), Ok(verified));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        let several = format!("v1,AAAA v2,whatever {RIGHT}");
        assert!(check("1614265330", &several, AT).is_ok());
    }

    #[test]
    fn a_wrong_signature_or_time_is_rejected() {
        assert_eq!(
            check("1614265330", "v1,AAAA", AT),
            Err(Rejection::Signature)
        );
        assert_eq!(check("1614265331", RIGHT, AT), Err(Rejection::Signature));
        assert_eq!(
            check("1614265330", RIGHT, AT + 301),
            Err(Rejection::Timestamp)
        );
        assert_eq!(check("yesterday", RIGHT, AT), Err(Rejection::Headers));
    }
}
