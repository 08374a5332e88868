//! Whether an identity token is what it claims to be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::{Attempt, ProviderSettings};

/// The longest identity token that is looked at, in bytes: one with many groups is some 10 kB.
const TOKEN_BYTES_MAX: usize = 64 << 10;

/// How far the clocks of two well-kept servers may be apart.
const LEEWAY_SECONDS: i64 = 60;

/// The most keys that are tried for one token. Only one whose header names no key is tried with
/// more than one, and a provider publishes a handful.
const KEYS_MAX: usize = 32;

/// The length of each coordinate of a point on the curve P-256.
const COORDINATE_BYTES: usize = 32;

/// What leads a point that is written with both coordinates.
const UNCOMPRESSED: [u8; 1] = [4];

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// What is found at the issuer's address says that it is another.
    #[error("the provider calls itself by another issuer than the one that is configured")]
    OtherIssuer,
    /// The provider does not say where something is, or only without TLS.
    #[error("the provider names no usable `{name}`")]
    NoEndpoint {
        /// What is missing.
        name: &'static str,
    },
    /// It is no signed token at all.
    #[error("the identity token is malformed")]
    Malformed,
    /// It is not signed in a way that is accepted.
    #[error("the identity token is signed by other means than RS256 or ES256")]
    Algorithm,
    /// It is signed with a key that the provider does not publish.
    #[error("the identity token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature of the identity token does not hold")]
    Signature,
    /// It was issued by somebody else.
    #[error("the identity token is of another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("the identity token was made for another client")]
    Audience,
    /// It was made for another attempt.
    #[error("the identity token was made for another attempt to sign in")]
    Nonce,
    /// It is not good now.
    #[error("the identity token is not good now; compare the clocks of both servers")]
    Time,
}

impl ProviderSettings {
    /// The claims of an identity token, once it is shown to be signed by one of `keys` (a JWK set)
    /// for this client and `attempt`, and good at `now`.
    pub fn verify(
        &self,
        token: &str,
        keys: &Value,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Denied> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Denied::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Denied::Malformed)?;
        let (head, body) = signed.split_once('.').ok_or(Denied::Malformed)?;
        let head = object(head)?;
        let signature = decoded(signature)?;
        check_signature(&head, keys, signed.as_bytes(), &signature)?;
        let claims = object(body)?;
        self.check(&claims, attempt, now)?;
        Ok(claims)
    }

    fn check(
        &self,
        claims: &Map<String, Value>,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), Denied> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.issuer.as_str()) {
            return Err(Denied::Issuer);
        }
        if !self.is_for_us(claims) {
            return Err(Denied::Audience);
        }
        if text("nonce") != Some(attempt.nonce.as_str()) {
            return Err(Denied::Nonce);
        }
        let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
        let now = now.as_millis() / 1_000;
        let is_over = seconds("exp").is_none_or(|end| end.saturating_add(LEEWAY_SECONDS) <= now);
        let is_early = |made: i64| made > now.saturating_add(LEEWAY_SECONDS);
        let is_early = seconds("iat").is_none_or(is_early)
            || claims.contains_key("nbf") && seconds("nbf").is_none_or(is_early);
        if is_over || is_early {
            return Err(Denied::Time);
        }
        Ok(())
    }

    /// Whether a token names this client, and it alone or as the one that it was made for.
    fn is_for_us(&self, claims: &Map<String, Value>) -> bool {
        let is_ours = |value: &Value| value.as_str() == Some(self.client_id.as_str());
        let made_for = claims.get("azp");
        let is_named = match claims.get("aud") {
            Some(Value::Array(all)) if all.len() > 1 => {
                all.iter().any(is_ours) && made_for.is_some()
            }
            Some(Value::Array(all)) => all.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        is_named && made_for.is_none_or(is_ours)
    }
}

/// Whether one of the published keys has signed it.
fn check_signature(
    head: &Map<String, Value>,
    keys: &Value,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), Denied> {
    let kind = match head.get("alg").and_then(Value::as_str) {
        Some("RS256") => "RSA",
        Some("ES256") => "EC",
        _ => return Err(Denied::Algorithm),
    };
    // What a token calls critical has to be understood, and nothing of that kind is here.
    if head.contains_key("crit") {
        return Err(Denied::Malformed);
    }
    let published = keys.get("keys").and_then(Value::as_array);
    let published = published.into_iter().flatten().filter(|key| {
        let named = head.get("kid").is_none_or(|id| key.get("kid") == Some(id));
        let signs = key.get("use").is_none_or(|it| it == "sig");
        let in_this_way = key.get("alg").is_none_or(|it| Some(it) == head.get("alg"));
        named && signs && in_this_way && key.get("kty").is_some_and(|it| it == kind)
    });
    let mut denied = Denied::UnknownKey;
    for key in published.take(KEYS_MAX) {
        if holds(kind, key, signed, signature) == Some(true) {
            return Ok(());
        }
        denied = Denied::Signature;
    }
    Err(denied)
}

fn holds(kind: &str, key: &Value, signed: &[u8], signature: &[u8]) -> Option<bool> {
    let part = |name: &str| decoded(key.get(name)?.as_str()?).ok();
    if kind == "RSA" {
        let (n, e) = (part("n")?, part("e")?);
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature);
        return Some(verified.is_ok());
    }
    let (x, y) = (part("x")?, part("y")?);
    let is_point = key.get("crv").is_some_and(|it| it == "P-256")
        && x.len() == COORDINATE_BYTES
        && y.len() == COORDINATE_BYTES;
    let point = [&UNCOMPRESSED[..], x.as_slice(), y.as_slice()].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    Some(is_point && key.verify(signed, signature).is_ok())
}

fn decoded(text: &str) -> Result<Vec<u8>, Denied> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Denied::Malformed)
}

fn object(text: &str) -> Result<Map<String, Value>, Denied> {
    serde_json::from_slice(&decoded(text)?).map_err(|_| Denied::Malformed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde_json::json;

    use super::*;

    /// Appendix A.2 of RFC 7515: a text signed with RS256, and the key that signed it.
    const HEAD_AND_BODY: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAs\
        DQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4\
        Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5\
        h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7\
        noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7\
        7Rw";
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2m\
        JPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63\
        kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4\
        LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

    #[test]
    fn the_example_of_the_specification_holds_and_no_other_text_does() {
        let head = json!({ "alg": "RS256" });
        let head = head.as_object().unwrap();
        let keys = json!({ "keys": [{ "kty": "RSA", "n": N, "e": "AQAB" }] });
        let signature = decoded(SIGNATURE).unwrap();
        let check =
            |text: &str, keys: &Value| check_signature(head, keys, text.as_bytes(), &signature);
        assert_eq!(check(HEAD_AND_BODY, &keys), Ok(()));
        let changed = HEAD_AND_BODY.replacen("eyJpc3", "eyJpc4", 1);
        assert_eq!(check(&changed, &keys), Err(Denied::Signature));
        assert_eq!(check(HEAD_AND_BODY, &json!({})), Err(Denied::UnknownKey));
        let other_way = json!({ "keys": [{ "kty": "RSA", "alg": "RS512", "n": N, "e": "AQAB" }] });
        assert_eq!(check(HEAD_AND_BODY, &other_way), Err(Denied::UnknownKey));
        let other_use = json!({ "keys": [{ "kty": "RSA", "use": "enc", "n": N, "e": "AQAB" }] });
        assert_eq!(check(HEAD_AND_BODY, &other_use), Err(Denied::UnknownKey));
    }

    #[test]
    fn what_is_not_signed_or_signed_with_what_is_public_is_refused() {
        let keys = json!({ "keys": [{ "kty": "RSA", "n": N, "e": "AQAB" }] });
        for algorithm in ["none", "HS256", "RS512", ""] {
            let head = json!({ "alg": algorithm });
            let refused = check_signature(head.as_object().unwrap(), &keys, b"x.y", b"");
            assert_eq!(refused, Err(Denied::Algorithm), "{algorithm}");
        }
    }

    fn settings() -> ProviderSettings {
        ProviderSettings {
            title: String::new(),
            issuer: "https://id.example".to_owned(),
            client_id: "dovetail".to_owned(),
            client_secret: None,
            scope: "openid".to_owned(),
            session: std::time::Duration::from_hours(4),
            rules: Vec::new(),
        }
    }

    #[test]
    fn claims_are_for_this_client_and_attempt_and_for_now() {
        let now = Timestamp::from_millis(1_780_000_000_000);
        let seconds = 1_780_000_000;
        let attempt = Attempt::begin(["s", "n", "v"].map(str::to_owned), now);
        for (changed, expected) in [
            (json!({}), Ok(())),
            (json!({ "aud": ["dovetail"] }), Ok(())),
            (
                json!({ "aud": ["x", "dovetail"], "azp": "dovetail" }),
                Ok(()),
            ),
            (json!({ "nbf": seconds + LEEWAY_SECONDS }), Ok(())),
            (json!({ "exp": seconds - LEEWAY_SECONDS + 1 }), Ok(())),
            (json!({ "iss": "https://id.example/" }), Err(Denied::Issuer)),
            (
                json!({ "iss": ["https://id.example"] }),
                Err(Denied::Issuer),
            ),
            (json!({ "iss": null }), Err(Denied::Issuer)),
            (json!({ "aud": "dovetail2" }), Err(Denied::Audience)),
            (json!({ "aud": [] }), Err(Denied::Audience)),
            (json!({ "aud": null }), Err(Denied::Audience)),
            (json!({ "aud": ["x", "dovetail"] }), Err(Denied::Audience)),
            (
                json!({ "aud": ["x", "dovetail"], "azp": "x" }),
                Err(Denied::Audience),
            ),
            (json!({ "azp": "x" }), Err(Denied::Audience)),
            (json!({ "nonce": "m" }), Err(Denied::Nonce)),
            (json!({ "nonce": null }), Err(Denied::Nonce)),
            (
                json!({ "exp": seconds - LEEWAY_SECONDS }),
                Err(Denied::Time),
            ),
            (json!({ "exp": null }), Err(Denied::Time)),
            (json!({ "exp": "never" }), Err(Denied::Time)),
            (
                json!({ "iat": seconds + LEEWAY_SECONDS + 1 }),
                Err(Denied::Time),
            ),
            (json!({ "iat": null }), Err(Denied::Time)),
            (
                json!({ "nbf": seconds + LEEWAY_SECONDS + 1 }),
                Err(Denied::Time),
            ),
            (json!({ "nbf": "soon" }), Err(Denied::Time)),
        ] {
            let mut claims = json!({ "iss": "https://id.example", "aud": "dovetail",
                "nonce": "n", "iat": seconds, "exp": seconds + 300 });
            let claims = claims.as_object_mut().unwrap();
            claims.extend(changed.as_object().unwrap().clone());
            assert_eq!(
                settings().check(claims, &attempt, now),
                expected,
                "{changed}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_refused_before_anything_is_believed() {
        let now = Timestamp::from_millis(0);
        let attempt = Attempt::begin(["s", "n", "v"].map(str::to_owned), now);
        let long = "e30.".repeat(TOKEN_BYTES_MAX);
        for text in [
            "",
            ".",
            "..",
            "e30",
            "e30.e30",
            "a.b.c",
            "e30.e30.e30.e30",
            &long,
        ] {
            let refused = settings().verify(text, &json!({ "keys": [] }), &attempt, now);
            let refused = refused.unwrap_err();
            assert!(
                matches!(refused, Denied::Malformed | Denied::Algorithm),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_token_that_calls_something_critical_is_refused() {
        let keys = json!({ "keys": [{ "kty": "RSA", "n": N, "e": "AQAB" }] });
        let head = json!({ "alg": "RS256", "crit": ["exp"], "exp": 1 });
        let signature = decoded(SIGNATURE).unwrap();
        let head = head.as_object().unwrap();
        let refused = check_signature(head, &keys, HEAD_AND_BODY.as_bytes(), &signature);
        assert_eq!(refused, Err(Denied::Malformed));
    }
}
