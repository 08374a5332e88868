//! Bearer tokens: who calls, proved by a keyed hash and nothing stored.

use model::{ApiToken, Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::{Refusal, Scope, TokenKey};

/// What every token begins with, so that people and secret scanners recognise one.
const PREFIX: &str = "dvt_";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What its bearer may do.
    pub scope: Scope,
    /// Under which id it is listed, if it is: it is good only while it stays there.
    pub id: Option<String>,
    /// When it was minted, for people who look at one; nothing rests on it.
    pub issued_at: Timestamp,
    /// The first moment at which it is refused; without one it lasts as long as the key.
    pub expires_at: Option<Timestamp>,
}

/// The JSON in a token. Moments are milliseconds since the Unix epoch. A field that is unknown
/// may be a restriction that a later version puts in, so that such a token is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    scope: String,
    iat: i64,
    exp: Option<i64>,
    jti: Option<String>,
}

impl TokenKey {
    /// A token that says `claims`.
    pub fn mint(&self, claims: &Claims) -> Secret {
        let mut payload = json!({
            "scope": claims.scope.to_string(),
            "iat": claims.issued_at.as_millis(),
            "exp": claims.expires_at.map(Timestamp::as_millis),
        });
        // Only where it has one, so that servers before there were lists take the others.
        if let (Some(id), Some(object)) = (&claims.id, payload.as_object_mut()) {
            object.insert("jti".to_owned(), json!(id));
        }
        self.seal(PREFIX, &payload)
    }

    /// The token that is listed as `listed`.
    pub fn mint_listed(&self, listed: &ApiToken) -> Secret {
        let scope = match (&listed.partner, listed.read_only) {
            (None, _) => Scope::Operator,
            (Some(id), false) => Scope::Partner(id.clone()),
            (Some(id), true) => Scope::Reader(id.clone()),
        };
        self.mint(&Claims {
            scope,
            id: Some(listed.id.clone()),
            issued_at: listed.entered.at,
            expires_at: listed.expires_at,
        })
    }

    /// What `token` says, if it was minted with this key and is good at `now`. Whether one that is
    /// listed still is, is for the caller to ask.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Refusal> {
        let payload: Payload = self.open(PREFIX, token)?;
        let expires_at = payload.exp.map(Timestamp::from_millis);
        if let Some(at) = expires_at.filter(|at| *at <= now) {
            return Err(Refusal::Expired { at });
        }
        let malformed = Refusal::Malformed { prefix: PREFIX };
        Ok(Claims {
            scope: Scope::read(&payload.scope).ok_or(malformed)?,
            id: payload.jti,
            issued_at: Timestamp::from_millis(payload.iat),
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use model::PartnerId;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::SEALED_BYTES_MAX;

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn key() -> TokenKey {
        TokenKey::from_bytes([7; 32])
    }

    fn claims(scope: Scope, expires_at: Option<Timestamp>) -> Claims {
        Claims {
            scope,
            id: None,
            issued_at: NOW,
            expires_at,
        }
    }

    #[test]
    fn a_minted_token_says_what_was_put_in() {
        let partner = PartnerId::new("msp:1@example").unwrap();
        let scopes = [
            Scope::Operator,
            Scope::Partner(partner.clone()),
            Scope::Reader(partner),
        ];
        for scope in scopes {
            for expires_at in [None, Some(Timestamp::from_millis(NOW.as_millis() + 1))] {
                let claims = claims(scope.clone(), expires_at);
                let listed = Claims {
                    id: Some("0123456789abcdef".to_owned()),
                    ..claims.clone()
                };
                for claims in [claims, listed] {
                    let token = key().mint(&claims);
                    assert_eq!(key().verify(token.expose(), NOW), Ok(claims));
                }
            }
        }
    }

    #[test]
    fn a_token_ends_at_its_moment() {
        let token = key().mint(&claims(Scope::Operator, Some(NOW)));
        let before = Timestamp::from_millis(NOW.as_millis() - 1);
        assert!(key().verify(token.expose(), before).is_ok());
        assert_eq!(
            key().verify(token.expose(), NOW),
            Err(Refusal::Expired { at: NOW })
        );
    }

    #[test]
    fn a_token_of_another_key_is_refused_before_it_is_read() {
        let expired = claims(Scope::Operator, Some(Timestamp::from_millis(0)));
        let token = TokenKey::from_bytes([8; 32]).mint(&expired);
        assert_eq!(key().verify(token.expose(), NOW), Err(Refusal::WrongKey));
    }

    #[test]
    fn what_is_no_token_is_called_malformed() {
        let long = format!("dvt_{}", "a".repeat(SEALED_BYTES_MAX));
        for text in [
            "",
            "dvt_",
            "dvt_e30",
            "e30.AAAA",
            "dvt_e30.not base64",
            "dvt_e30.ä",
            &long,
        ] {
            assert_eq!(
                key().verify(text, NOW),
                Err(Refusal::Malformed { prefix: PREFIX }),
                "{text}"
            );
        }
    }

    #[test]
    fn a_payload_that_is_not_understood_is_refused_although_signed() {
        for payload in [
            r#"{"scope":"operator","iat":0,"exp":null,"only":"reads"}"#,
            r#"{"scope":"everyone","iat":0,"exp":null}"#,
            r#"{"scope":"partner:a/b","iat":0,"exp":null}"#,
            "null",
        ] {
            let payload: Value = serde_json::from_str(payload).unwrap();
            let token = key().seal(PREFIX, &payload);
            assert_eq!(
                key().verify(token.expose(), NOW),
                Err(Refusal::Malformed { prefix: PREFIX }),
                "{payload}"
            );
        }
    }

    proptest! {
        /// Also the last character of either part: base64 leaves bits of it unused, and a decoder
        /// that ignored them would take several texts for one token.
        #[test]
        fn a_token_with_any_byte_changed_is_refused(at in 0_usize..150, with in 0_u8..128) {
            let token = key().mint(&claims(Scope::Operator, None)).expose().to_owned();
            let mut bytes = token.clone().into_bytes();
            let at = at % bytes.len();
            *bytes.get_mut(at).unwrap() = with;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assume!(changed != token);
            prop_assert!(key().verify(&changed, NOW).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,600}", tail in ".{0,80}") {
            let _refused = key().verify(&text, NOW);
            let text = format!("dvt_{tail}.{text}");
            prop_assert!(key().verify(&text, NOW).is_err());
        }
    }
}
