//! One attempt to sign in: what the browser takes along to the provider, and what has to come back
//! with it. It lives in a sealed cookie of that browser, so that nobody is signed in by somebody
//! else's answer.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::{Secret, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::discovery::with_query;
use super::{Endpoints, ProviderSettings};
use crate::{Refusal, TokenKey};

/// How long somebody may take at the provider.
const LIFE: Duration = Duration::from_mins(10);

/// What a sealed attempt begins with.
const PREFIX: &str = "dvo_";

/// One attempt to sign in. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the provider gives back with its answer; also what tells attempts apart.
    pub state: String,
    /// What has to stand in the token.
    pub nonce: String,
    /// What proves to the provider that who brings the code is who asked for it.
    pub verifier: String,
    /// The first moment at which it is over.
    pub expires_at: Timestamp,
}

/// What turns a code into tokens. Does not print: nearly all of it is secret.
#[derive(Clone)]
pub struct CodeCall {
    /// The fields of the form. One of them may be the client's secret.
    pub form: Vec<(String, String)>,
    /// The header `authorization`, where the client has a secret that goes there.
    pub authorization: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    state: String,
    nonce: String,
    verifier: String,
    exp: i64,
}

impl Attempt {
    /// One that begins at `now`, from three texts that nobody guesses.
    pub fn begin([state, nonce, verifier]: [String; 3], now: Timestamp) -> Self {
        let expires_at = now.after(LIFE);
        Self {
            state,
            nonce,
            verifier,
            expires_at,
        }
    }

    /// Where the browser is sent.
    pub fn url(&self, settings: &ProviderSettings, at: &Endpoints, back: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let query = [
            ("response_type", "code"),
            ("client_id", settings.client_id.as_str()),
            ("redirect_uri", back),
            ("scope", settings.scope.as_str()),
            ("state", self.state.as_str()),
            ("nonce", self.nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        with_query(&at.authorization, &query)
    }

    /// What is sent to turn `code` into tokens.
    pub fn exchange(
        &self,
        settings: &ProviderSettings,
        at: &Endpoints,
        code: &str,
        back: &str,
    ) -> CodeCall {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", settings.client_id.as_str()),
            ("code_verifier", self.verifier.as_str()),
        ];
        let mut authorization = None;
        match &settings.client_secret {
            Some(secret) if at.secret_in_form => form.push(("client_secret", secret.expose())),
            Some(secret) => authorization = Some(basic(&settings.client_id, secret)),
            None => {}
        }
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        CodeCall {
            form: form.into_iter().map(pair).collect(),
            authorization,
        }
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(•••)")
    }
}

impl fmt::Debug for CodeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeCall(•••)")
    }
}

/// The header that proves a client. Both parts are encoded before they are joined, because RFC 6749
/// says so and either may hold a colon.
fn basic(client: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pair = format!("{}:{}", encoded(client), encoded(secret.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

impl TokenKey {
    /// The content of the cookie that holds an attempt.
    pub fn seal_attempt(&self, attempt: &Attempt) -> Secret {
        let payload = json!({
            "state": attempt.state,
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "exp": attempt.expires_at.as_millis(),
        });
        self.seal(PREFIX, &payload)
    }

    /// The attempt in a cookie, if it is good at `now`.
    pub fn open_attempt(&self, text: &str, now: Timestamp) -> Result<Attempt, Refusal> {
        let payload: Payload = self.open(PREFIX, text)?;
        let at = Timestamp::from_millis(payload.exp);
        if at <= now {
            return Err(Refusal::Expired { at });
        }
        Ok(Attempt {
            state: payload.state,
            nonce: payload.nonce,
            verifier: payload.verifier,
            expires_at: at,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;
    use crate::{Pass, Scope};

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn attempt() -> Attempt {
        Attempt::begin(["s", "n", "v"].map(str::to_owned), NOW)
    }

    fn key() -> TokenKey {
        TokenKey::from_bytes([7; 32])
    }

    #[test]
    fn an_attempt_comes_back_whole_until_its_end() {
        let sealed = key().seal_attempt(&attempt());
        assert_eq!(key().open_attempt(sealed.expose(), NOW), Ok(attempt()));
        let at = attempt().expires_at;
        let late = key().open_attempt(sealed.expose(), at);
        assert_eq!(late, Err(Refusal::Expired { at }));
        let other = TokenKey::from_bytes([8; 32]);
        let forged = other.seal_attempt(&attempt());
        let refused = key().open_attempt(forged.expose(), NOW);
        assert_eq!(refused, Err(Refusal::WrongKey));
    }

    #[test]
    fn an_attempt_is_no_session_and_no_session_an_attempt() {
        let sealed = key().seal_attempt(&attempt());
        assert!(key().open_session(sealed.expose(), NOW).is_err());
        let session = key().seal_session(&Pass {
            id: "p-1".to_owned(),
            scope: Scope::Operator,
            expires_at: NOW.after(LIFE),
        });
        assert!(key().open_attempt(session.expose(), NOW).is_err());
        let renamed = sealed.expose().replacen(PREFIX, "dvs_", 1);
        assert_eq!(
            key().open_session(&renamed, NOW).err(),
            Some(Refusal::WrongKey)
        );
    }

    /// The example in appendix B of RFC 7636.
    #[test]
    fn the_challenge_is_that_of_the_specification() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let attempt = Attempt {
            verifier,
            ..attempt()
        };
        let url = attempt.url(&settings(), &endpoints(), "https://here.example/back");
        assert!(
            url.starts_with("https://id.example/a?x=1&response_type=code&"),
            "{url}"
        );
        let challenge = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw%2DcM";
        assert!(url.contains(challenge), "{url}");
    }

    #[test]
    fn the_secret_of_the_client_goes_one_way_only() {
        let call = attempt().exchange(&settings(), &endpoints(), "c", "b");
        let header = call.authorization.unwrap();
        // `dove%3Atail:s%26cret`
        assert_eq!(header.expose(), "Basic ZG92ZSUzQXRhaWw6cyUyNmNyZXQ=");
        assert!(call.form.iter().all(|(name, _)| name != "client_secret"));
        let in_form = Endpoints {
            secret_in_form: true,
            ..endpoints()
        };
        let call = attempt().exchange(&settings(), &in_form, "c", "b");
        assert!(call.authorization.is_none());
        assert!(
            call.form
                .contains(&("client_secret".to_owned(), "s&cret".to_owned()))
        );
    }

    fn settings() -> ProviderSettings {
        ProviderSettings {
            title: String::new(),
            issuer: "https://id.example".to_owned(),
            client_id: "dove:tail".to_owned(),
            client_secret: Some(Secret::new("s&cret")),
            scope: "openid".to_owned(),
            session: std::time::Duration::from_hours(4),
            rules: Vec::new(),
        }
    }

    fn endpoints() -> Endpoints {
        Endpoints {
            authorization: "https://id.example/a?x=1".to_owned(),
            token: "https://id.example/t".to_owned(),
            keys: "https://id.example/k".to_owned(),
            leave: None,
            secret_in_form: false,
        }
    }
}
