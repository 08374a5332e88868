//! Bearer tokens: who calls, proved by a keyed hash and nothing stored.
//!
//! A token is `dvt_<payload>.<mac>`, both parts base64url: the payload is a small JSON object, the
//! mac is HMAC-SHA256 over everything before the dot. Whoever holds the key file can mint tokens
//! offline; the price is that one token alone cannot be revoked: give it an end, or change the
//! key, which ends all of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _, digest::KeyInit};
use model::{PartnerId, Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use crate::limits::TOKEN_BYTES_MAX;

/// What every token begins with, so that people and secret scanners recognise one.
const PREFIX: &str = "dvt_";

/// The block size of SHA-256, which HMAC extends its key to with zeroes.
const BLOCK_BYTES: usize = 64;

/// The key that tokens are minted and verified with.
#[derive(Clone)]
pub struct TokenKey([u8; BLOCK_BYTES]);

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What its bearer may do.
    pub scope: Scope,
    /// When it was minted, for people who look at one; nothing rests on it.
    pub issued_at: Timestamp,
    /// The first moment at which it is refused; without one it lasts as long as the key.
    pub expires_at: Option<Timestamp>,
}

/// What the bearer of a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything, for every partner: the product's side and the people who run the engine.
    Operator,
    /// What a partner may do, for this partner only.
    Partner(PartnerId),
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no token of this program's making, or was damaged on the way.
    #[error("the token is malformed: it is `{PREFIX}` and two parts with a dot between them")]
    Malformed,
    /// It was minted with another key, or changed afterwards.
    #[error("the token was not minted with this server's key")]
    WrongKey,
    /// Its time is over.
    #[error("the token expired at {at}")]
    Expired {
        /// When that was.
        at: Timestamp,
    },
}

impl TokenKey {
    /// The key made of 32 random bytes. Making them, and keeping them, is the caller's business.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        for (place, byte) in block.iter_mut().zip(bytes) {
            *place = byte;
        }
        Self(block)
    }

    /// A token that says `claims`.
    pub fn mint(&self, claims: &Claims) -> Secret {
        let payload = json!({
            "scope": claims.scope.to_string(),
            "iat": claims.issued_at.as_millis(),
            "exp": claims.expires_at.map(Timestamp::as_millis),
        });
        let signed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(payload.to_string()));
        let mac = self.mac(&signed).finalize().into_bytes();
        Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// What `token` says, if it was minted with this key and is good at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Refusal> {
        if token.len() > TOKEN_BYTES_MAX || !token.starts_with(PREFIX) {
            return Err(Refusal::Malformed);
        }
        let (signed, mac) = token.split_once('.').ok_or(Refusal::Malformed)?;
        let mac = URL_SAFE_NO_PAD
            .decode(mac)
            .map_err(|_| Refusal::Malformed)?;
        // `verify_slice` compares in constant time. Nothing of the payload is read before it.
        self.mac(signed)
            .verify_slice(&mac)
            .map_err(|_| Refusal::WrongKey)?;
        let claims = Claims::read(signed).ok_or(Refusal::Malformed)?;
        match claims.expires_at {
            Some(at) if at <= now => Err(Refusal::Expired { at }),
            _ => Ok(claims),
        }
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.0.into());
        mac.update(signed.as_bytes());
        mac
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(•••)")
    }
}

impl Claims {
    /// Reads the part of a token before its dot, once the mac has vouched for it.
    fn read(signed: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(signed.strip_prefix(PREFIX)?).ok()?;
        let payload: Payload = serde_json::from_slice(&payload).ok()?;
        Some(Self {
            scope: Scope::read(&payload.scope)?,
            issued_at: Timestamp::from_millis(payload.iat),
            expires_at: payload.exp.map(Timestamp::from_millis),
        })
    }
}

/// The JSON in a token. Moments are milliseconds since the Unix epoch. A field that is unknown
/// may be a restriction that a later version puts in, so that such a token is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    scope: String,
    iat: i64,
    exp: Option<i64>,
}

impl Scope {
    fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "operator" => Some(Self::Operator),
            Some(("partner", id)) => PartnerId::new(id).ok().map(Self::Partner),
            _ => None,
        }
    }

    /// Whether this allows anything to be done for `partner`.
    pub fn reaches(&self, partner: &str) -> bool {
        match self {
            Self::Operator => true,
            Self::Partner(own) => own.as_str() == partner,
        }
    }
}

/// As in the token: `operator` or `partner:<id>`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Partner(id) => write!(f, "partner:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn key() -> TokenKey {
        TokenKey::from_bytes([7; 32])
    }

    fn claims(scope: Scope, expires_at: Option<Timestamp>) -> Claims {
        Claims {
            scope,
            issued_at: NOW,
            expires_at,
        }
    }

    #[test]
    fn a_minted_token_says_what_was_put_in() {
        let partner = PartnerId::new("msp:1@example").unwrap();
        for scope in [Scope::Operator, Scope::Partner(partner)] {
            for expires_at in [None, Some(Timestamp::from_millis(NOW.as_millis() + 1))] {
                let claims = claims(scope.clone(), expires_at);
                let token = key().mint(&claims);
                assert_eq!(key().verify(token.expose(), NOW), Ok(claims));
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
        let long = format!("dvt_{}", "a".repeat(TOKEN_BYTES_MAX));
        for text in [
            "",
            "dvt_",
            "dvt_e30",
            "e30.AAAA",
            "dvt_e30.not base64",
            "dvt_e30.ä",
            &long,
        ] {
            assert_eq!(key().verify(text, NOW), Err(Refusal::Malformed), "{text}");
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
            let signed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(payload));
            let mac = URL_SAFE_NO_PAD.encode(key().mac(&signed).finalize().into_bytes());
            let token = format!("{signed}.{mac}");
            assert_eq!(
                key().verify(&token, NOW),
                Err(Refusal::Malformed),
                "{payload}"
            );
        }
    }

    #[test]
    fn a_partner_reaches_itself_only() {
        let scope = Scope::Partner(PartnerId::new("msp-1").unwrap());
        assert!(scope.reaches("msp-1"));
        assert!(!scope.reaches("msp-10") && !scope.reaches("msp") && !scope.reaches(""));
        assert!(Scope::Operator.reaches("msp-1"));
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", key()), "TokenKey(•••)");
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
