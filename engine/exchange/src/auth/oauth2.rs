//! OAuth 2 (RFC 6749): tokens for client credentials, for a refresh token, or for a token of our
//! own (RFC 7523).
//!
//! A rotating refresh token is good for one use; the one that comes with the answer is handed to
//! a `TokenKeeper` and is durable before the access token is used for anything.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Class, Secret};
use serde_json::Value;

use super::{Fresh, Jwt, Token, basic, unusable};
use crate::answer::{Answer, Content};
use crate::classify::{Kind, default_class};
use crate::failure::Failure;
use crate::request::{Body, Expect, Method, Request, form_encoded};

/// An OAuth 2 client.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Where tokens are given out. Its host must be among the credential's hosts.
    pub token_url: String,
    /// The client's id; none where what the token is given for tells who asks.
    pub client_id: Option<String>,
    /// What proves that it is the client who asks.
    pub proof: Proof,
    /// Where id and secret are put.
    pub secret_place: SecretPlace,
    /// The scopes asked for, separated by spaces; none leaves it to the server.
    pub scope: Option<String>,
    /// More form fields, e.g. an audience or a tenant.
    pub extra: Vec<(String, String)>,
    /// What the token is given for.
    pub grant: Grant,
}

/// What proves that it is the client who asks.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Nothing: it has no secret, or what the token is given for proves it.
    None,
    /// A secret.
    Secret(Secret),
    /// A token of our own, signed for each time that is asked.
    Jwt(Jwt),
}

/// What a token is given for.
#[derive(Clone)]
pub enum Grant {
    /// The client itself.
    ClientCredentials,
    /// A token of our own that says for whom.
    Jwt(Jwt),
    /// A person's consent, kept as a refresh token.
    RefreshToken {
        /// The newest one that is known.
        token: Secret,
        /// Keeps the ones that follow.
        keeper: Arc<dyn TokenKeeper>,
    },
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCredentials => "ClientCredentials",
            Self::Jwt(_) => "Jwt",
            Self::RefreshToken { .. } => "RefreshToken",
        })
    }
}

/// Where a client's id and secret are put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretPlace {
    /// Form fields of the token request.
    #[default]
    Body,
    /// `Authorization: Basic`, both form-encoded first as the standard says.
    Basic,
}

/// Keeps refresh tokens. A lost one costs the partner's consent, which only a person can renew.
#[async_trait]
pub trait TokenKeeper: Send + Sync {
    /// Returns only when `refresh_token` of the credential called `name` is durable.
    async fn keep(&self, name: &str, refresh_token: &Secret) -> Result<(), String>;
}

/// What a client says that proves itself by a token of its own (RFC 7523, 2.2).
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The fields of a form.
type Fields = Vec<(String, String)>;

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl OAuth2 {
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let proof = match &self.proof {
            Proof::None => None,
            Proof::Secret(secret) | Proof::Jwt(Jwt { key: secret, .. }) => Some(secret),
        };
        let grant = match &self.grant {
            Grant::ClientCredentials => None,
            Grant::RefreshToken { token: secret, .. } | Grant::Jwt(Jwt { key: secret, .. }) => {
                Some(secret)
            }
        };
        [proof, grant].into_iter().flatten().cloned().collect()
    }

    /// The request for a token, and the secrets in it that were made for it.
    pub(super) fn request(
        &self,
        newest: Option<&Secret>,
        fresh: &Fresh<'_>,
    ) -> Result<(Request, Vec<Secret>), Failure> {
        let mut request = Request::new(Method::Post, &self.token_url);
        request.expect = Expect::Json;
        let mut form = self.asked(newest, fresh)?;
        form.extend(self.proven(&mut request, fresh)?);
        form.extend(self.scope.iter().map(|scope| field("scope", scope)));
        form.extend(self.extra.iter().cloned());
        let made = |(name, value): &(String, String)| {
            let is_made = name == "assertion" || name == "client_assertion";
            is_made.then(|| Secret::new(value))
        };
        let made = form.iter().filter_map(made).collect();
        request.body = Body::Form(form);
        Ok((request, made))
    }

    /// What is asked for.
    fn asked(&self, newest: Option<&Secret>, fresh: &Fresh<'_>) -> Result<Fields, Failure> {
        Ok(match &self.grant {
            Grant::ClientCredentials => vec![field("grant_type", "client_credentials")],
            Grant::RefreshToken { token, .. } => vec![
                field("grant_type", "refresh_token"),
                field("refresh_token", newest.unwrap_or(token).expose()),
            ],
            Grant::Jwt(jwt) => vec![
                field("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                field("assertion", jwt.make(fresh)?.text.expose()),
            ],
        })
    }

    /// Who asks, with its proof: in the fields that are given back, or in a header of `request`.
    fn proven(&self, request: &mut Request, fresh: &Fresh<'_>) -> Result<Fields, Failure> {
        if let (SecretPlace::Basic, Proof::Secret(secret)) = (self.secret_place, &self.proof) {
            let id = form_component(self.client_id.as_deref().unwrap_or_default());
            let secret = Secret::new(form_component(secret.expose()));
            request.set_header("authorization", basic(&id, &secret));
            return Ok(Fields::new());
        }
        let id = self.client_id.iter().map(|id| field("client_id", id));
        let proof = match &self.proof {
            Proof::None => Vec::new(),
            Proof::Secret(secret) => vec![field("client_secret", secret.expose())],
            Proof::Jwt(jwt) => vec![
                field("client_assertion_type", CLIENT_ASSERTION),
                field("client_assertion", jwt.make(fresh)?.text.expose()),
            ],
        };
        Ok(id.chain(proof).collect())
    }

    pub(super) fn read(&self, answer: &Answer) -> Result<(Token, Option<Secret>), Failure> {
        let Content::Json(body) = &answer.body else {
            return Err(refused(answer, None));
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        // A refusal may also come with status 200; then there is no token in it.
        let Some(token) = text("access_token").filter(|_| answer.status < 300) else {
            return Err(refused(answer, text("error")));
        };
        let refresh = text("refresh_token").map(Secret::new);
        // For client credentials a refresh token is of no use: a new token is simply asked for.
        let refresh = refresh.filter(|_| matches!(self.grant, Grant::RefreshToken { .. }));
        Ok((
            Token {
                text: Secret::new(token),
                lives: lives(body),
            },
            refresh,
        ))
    }
}

/// `expires_in`, which some servers write as text.
fn lives(body: &Value) -> Option<Duration> {
    let lives = body.get("expires_in")?;
    let seconds = lives.as_u64().or_else(|| lives.as_str()?.parse().ok());
    Some(Duration::from_secs(
        seconds.or_else(|| whole(lives.as_f64()?))?,
    ))
}

fn whole(seconds: f64) -> Option<u64> {
    Some(Duration::try_from_secs_f64(seconds).ok()?.as_secs())
}

/// The class of a refusal by the error codes of RFC 6749, section 5.2; by status without one. A 400
/// has a code there: one without comes from something in between, and says nothing of who calls.
fn refused(answer: &Answer, code: Option<&str>) -> Failure {
    let class = match code {
        Some("invalid_client" | "invalid_grant" | "unauthorized_client") => {
            Class::CredentialsRejected
        }
        Some("invalid_scope" | "access_denied") => Class::Forbidden,
        Some("invalid_request" | "unsupported_grant_type") => Class::Invalid,
        Some("temporarily_unavailable" | "server_error") => Class::Unavailable,
        None if answer.status == 400 => Class::Unavailable,
        _ => default_class(answer.status, Kind::Read).unwrap_or(Class::Unavailable),
    };
    let mut failure = Failure::unsent(class, unusable(answer));
    failure.status = Some(answer.status);
    failure
}

fn form_component(text: &str) -> String {
    let encoded = form_encoded(&[(String::new(), text.to_owned())]);
    encoded.trim_start_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde_json::json;

    use super::*;

    fn client(secret_place: SecretPlace) -> OAuth2 {
        OAuth2 {
            token_url: "https://api.example.net/token".to_owned(),
            client_id: Some("id".to_owned()),
            proof: Proof::Secret(Secret::new("s:e cret")),
            secret_place,
            scope: Some("all".to_owned()),
            extra: vec![("tenant".to_owned(), "t".to_owned())],
            grant: Grant::ClientCredentials,
        }
    }

    fn answer(status: u16, body: Value) -> Answer {
        let body = Content::Json(body);
        Answer {
            status,
            headers: Vec::new(),
            body,
            flaw: None,
            elapsed: Duration::ZERO,
        }
    }

    fn request(secret_place: SecretPlace) -> Request {
        let fresh = Fresh {
            now: model::Timestamp::from_millis(0),
            random: &crate::clock::SeededRandom::new(1),
        };
        client(secret_place).request(None, &fresh).unwrap().0
    }

    fn form(request: &Request) -> String {
        String::from_utf8_lossy(&request.body.to_bytes()).into_owned()
    }

    #[test]
    fn the_secret_is_put_where_the_server_wants_it() {
        let in_body = request(SecretPlace::Body);
        assert_eq!(
            form(&in_body),
            "grant_type=client_credentials&client_id=id&client_secret=s%3Ae+cret\
             &scope=all&tenant=t"
        );
        let in_header = request(SecretPlace::Basic);
        assert_eq!(
            form(&in_header),
            "grant_type=client_credentials&scope=all&tenant=t"
        );
        assert_eq!(
            in_header.header("authorization"),
            Some(basic("id", &Secret::new("s%3Ae+cret")).as_str())
        );
    }

    #[test]
    fn lifetimes_are_read_as_servers_write_them() {
        for (lives, wanted) in [
            (json!(3600), Some(3600)),
            (json!("3600"), Some(3600)),
            (json!(3599.5), Some(3599)),
            (json!("soon"), None),
            (json!(null), None),
        ] {
            let read = client(SecretPlace::Body).read(&answer(
                200,
                json!({"access_token": "t", "expires_in": lives}),
            ));
            let lives = read.ok().and_then(|(token, _)| token.lives);
            assert_eq!(lives, wanted.map(Duration::from_secs));
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        let class = |status, body| {
            let read = client(SecretPlace::Body).read(&answer(status, body));
            read.err().map(|failure| failure.class)
        };
        for code in ["invalid_client", "unauthorized_client", "invalid_grant"] {
            let class = class(400, json!({"error": code}));
            assert_eq!(class, Some(Class::CredentialsRejected), "{code}");
        }
        assert_eq!(
            class(400, json!({"error": "invalid_scope"})),
            Some(Class::Forbidden)
        );
        assert_eq!(class(401, json!({})), Some(Class::CredentialsRejected));
        assert_eq!(class(400, json!({})), Some(Class::Unavailable));
        assert_eq!(
            class(200, json!({"message": "no"})),
            Some(Class::Unavailable)
        );
        assert_eq!(class(503, json!({})), Some(Class::Unavailable));
        assert_eq!(class(429, json!({})), Some(Class::RateLimited));
    }
}
