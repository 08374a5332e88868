//! OAuth 2 (RFC 6749): tokens for client credentials or for a refresh token.
//!
//! A rotating refresh token is good for one use; the one that comes with the answer is handed to
//! a `TokenKeeper` and is durable before the access token is used for anything.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Class, Secret};
use serde_json::Value;

use super::{Token, basic, unusable};
use crate::answer::{Answer, Content};
use crate::classify::{Kind, default_class};
use crate::failure::Failure;
use crate::request::{Body, Expect, Method, Request, form_encoded};

/// An OAuth 2 client.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Where tokens are given out. Its host must be among the credential's hosts.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// Where id and secret are put.
    pub secret_place: SecretPlace,
    /// The scopes asked for, separated by spaces; none leaves it to the server.
    pub scope: Option<String>,
    /// More form fields, e.g. an audience or a tenant.
    pub extra: Vec<(String, String)>,
    /// What the token is given for.
    pub grant: Grant,
}

/// What a token is given for.
#[derive(Clone)]
pub enum Grant {
    /// The client itself.
    ClientCredentials,
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

impl OAuth2 {
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = vec![self.client_secret.clone()];
        if let Grant::RefreshToken { token, .. } = &self.grant {
            secrets.push(token.clone());
        }
        secrets
    }

    pub(super) fn request(&self, newest: Option<&Secret>) -> Request {
        let mut request = Request::new(Method::Post, &self.token_url);
        request.expect = Expect::Json;
        let mut form: Vec<(&str, &str)> = Vec::new();
        match &self.grant {
            Grant::ClientCredentials => form.push(("grant_type", "client_credentials")),
            Grant::RefreshToken { token, .. } => {
                form.push(("grant_type", "refresh_token"));
                form.push(("refresh_token", newest.unwrap_or(token).expose()));
            }
        }
        match self.secret_place {
            SecretPlace::Body => {
                form.push(("client_id", &self.client_id));
                form.push(("client_secret", self.client_secret.expose()));
            }
            SecretPlace::Basic => {
                let id = form_component(&self.client_id);
                let secret = Secret::new(form_component(self.client_secret.expose()));
                request.set_header("authorization", basic(&id, &secret));
            }
        }
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        form.extend(
            self.extra
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let owned = form
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        request.body = Body::Form(owned.collect());
        request
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
    use serde_json::json;

    use super::*;

    fn client(secret_place: SecretPlace) -> OAuth2 {
        OAuth2 {
            token_url: "https://api.example.net/token".to_owned(),
            client_id: "id".to_owned(),
            client_secret: Secret::new("s:e cret"),
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

    fn form(request: &Request) -> String {
        String::from_utf8_lossy(&request.body.to_bytes()).into_owned()
    }

    #[test]
    fn the_secret_is_put_where_the_server_wants_it() {
        let in_body = client(SecretPlace::Body).request(None);
        assert_eq!(
            form(&in_body),
            "grant_type=client_credentials&client_id=id&client_secret=s%3Ae+cret\
             &scope=all&tenant=t"
        );
        let in_header = client(SecretPlace::Basic).request(None);
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
