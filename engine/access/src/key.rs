//! The key, and what it seals: `<prefix><payload>.<mac>`, both parts base64url.
//!
//! The payload is a small JSON object, the mac is HMAC-SHA256 over everything before the dot, the
//! prefix included. Whoever holds the key can seal offline; the price is that nothing sealed can
//! be taken back by the key alone: give it an end, or change the key, which ends all of it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _, digest::KeyInit};
use model::{Secret, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

use crate::SEALED_BYTES_MAX;

/// The block size of SHA-256, which HMAC extends its key to with zeroes.
const BLOCK_BYTES: usize = 64;

/// The key that tokens, links and sessions are sealed and verified with.
#[derive(Clone)]
pub struct TokenKey([u8; BLOCK_BYTES]);

/// Why a sealed text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is none of this program's making, or was damaged on the way.
    #[error("the token is malformed: it is `{prefix}` and two parts with a dot between them")]
    Malformed {
        /// What one begins with.
        prefix: &'static str,
    },
    /// It was sealed with another key, or changed afterwards.
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

    /// What the console's forms carry so that only pages of this session can send them.
    pub fn form_proof(&self, session: &str) -> String {
        let mac = self.mac(&format!("form.{session}")).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(mac)
    }

    /// Whether `proof` is the session's, compared in constant time.
    pub fn proves_form(&self, session: &str, proof: &str) -> bool {
        let mac = URL_SAFE_NO_PAD.decode(proof);
        let of = self.mac(&format!("form.{session}"));
        mac.is_ok_and(|mac| of.verify_slice(&mac).is_ok())
    }

    pub(crate) fn seal(&self, prefix: &str, payload: &Value) -> Secret {
        let signed = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(payload.to_string()));
        let mac = self.mac(&signed).finalize().into_bytes();
        Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// The payload of a text that was sealed with this key under `prefix`.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        prefix: &'static str,
        text: &str,
    ) -> Result<T, Refusal> {
        let malformed = Refusal::Malformed { prefix };
        if text.len() > SEALED_BYTES_MAX || !text.starts_with(prefix) {
            return Err(malformed);
        }
        let (signed, mac) = text.split_once('.').ok_or(malformed)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| malformed)?;
        // `verify_slice` compares in constant time. Nothing of the payload is read before it.
        self.mac(signed)
            .verify_slice(&mac)
            .map_err(|_| Refusal::WrongKey)?;
        let payload = signed.strip_prefix(prefix).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed)?;
        serde_json::from_slice(&payload).map_err(|_| malformed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_proved_by_its_own_session_only() {
        let key = TokenKey::from_bytes([7; 32]);
        let proof = key.form_proof("s-1");
        assert!(key.proves_form("s-1", &proof));
        assert!(!key.proves_form("s-2", &proof));
        assert!(!key.proves_form("s-1", ""));
        assert!(!TokenKey::from_bytes([8; 32]).proves_form("s-1", &proof));
    }

    #[test]
    fn a_key_does_not_print() {
        let key = TokenKey::from_bytes([7; 32]);
        assert_eq!(format!("{key:?}"), "TokenKey(•••)");
    }
}
