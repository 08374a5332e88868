//! Passes: what lets a person into the console, first a link, then the session.

use std::time::Duration;

use model::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::{Refusal, Scope, TokenKey};

/// How long a sign-in link is good for: long enough to be copied into a browser, short enough that
/// one in a terminal's history is worth nothing.
pub const LINK_LIFE: Duration = Duration::from_mins(15);

/// How long somebody stays signed in: a working day.
pub const SESSION_LIFE: Duration = Duration::from_hours(12);

/// What a sign-in link begins with.
const LINK: &str = "dvl_";

/// What a session begins with.
const SESSION: &str = "dvs_";

/// What a link or a session says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Tells it from every other, so that one that is used up or signed out can be recorded. Made
    /// from chance: who knows it can prove forms of the session.
    pub id: String,
    /// What it allows.
    pub scope: Scope,
    /// The first moment at which it is refused.
    pub expires_at: Timestamp,
}

/// The JSON in a pass. A field that is unknown may be a restriction of a later version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    id: String,
    scope: String,
    exp: i64,
}

impl TokenKey {
    /// The secret part of a sign-in link.
    pub fn seal_link(&self, pass: &Pass) -> Secret {
        self.seal_pass(LINK, pass)
    }

    /// What a link says, if it is good at `now`. Whether it was used is for the caller to ask.
    pub fn open_link(&self, text: &str, now: Timestamp) -> Result<Pass, Refusal> {
        self.open_pass(LINK, text, now)
    }

    /// The content of a session's cookie.
    pub fn seal_session(&self, pass: &Pass) -> Secret {
        self.seal_pass(SESSION, pass)
    }

    /// What a cookie says, if it is good at `now`. Whether it was signed out is for the caller.
    pub fn open_session(&self, text: &str, now: Timestamp) -> Result<Pass, Refusal> {
        self.open_pass(SESSION, text, now)
    }

    fn seal_pass(&self, prefix: &str, pass: &Pass) -> Secret {
        let payload = json!({
            "id": pass.id,
            "scope": pass.scope.to_string(),
            "exp": pass.expires_at.as_millis(),
        });
        self.seal(prefix, &payload)
    }

    fn open_pass(&self, prefix: &'static str, text: &str, now: Timestamp) -> Result<Pass, Refusal> {
        let payload: Payload = self.open(prefix, text)?;
        let at = Timestamp::from_millis(payload.exp);
        if at <= now {
            return Err(Refusal::Expired { at });
        }
        Ok(Pass {
            id: payload.id,
            scope: Scope::read(&payload.scope).ok_or(Refusal::Malformed { prefix })?,
            expires_at: at,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use model::PartnerId;

    use super::*;
    use crate::Claims;

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn key() -> TokenKey {
        TokenKey::from_bytes([7; 32])
    }

    fn pass() -> Pass {
        Pass {
            id: "p-1".to_owned(),
            scope: Scope::Reader(PartnerId::new("msp-1").unwrap()),
            expires_at: NOW.after(LINK_LIFE),
        }
    }

    #[test]
    fn a_pass_says_what_was_put_in_until_its_moment() {
        let link = key().seal_link(&pass());
        assert_eq!(key().open_link(link.expose(), NOW), Ok(pass()));
        let at = pass().expires_at;
        let late = key().open_link(link.expose(), at);
        assert_eq!(late, Err(Refusal::Expired { at }));
    }

    #[test]
    fn a_link_is_no_session_and_neither_is_a_token() {
        let (link, session) = (key().seal_link(&pass()), key().seal_session(&pass()));
        assert!(key().open_session(link.expose(), NOW).is_err());
        assert!(key().open_link(session.expose(), NOW).is_err());
        assert!(key().verify(session.expose(), NOW).is_err());
        let token = key().mint(&Claims {
            scope: Scope::Operator,
            id: None,
            issued_at: NOW,
            expires_at: None,
        });
        assert!(key().open_session(token.expose(), NOW).is_err());
        // Renaming it does not help, because the prefix is under the seal.
        let renamed = link.expose().replacen(LINK, SESSION, 1);
        let opened = key().open_session(&renamed, NOW);
        assert_eq!(opened, Err(Refusal::WrongKey));
    }
}
