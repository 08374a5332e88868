//! How a request is given its credentials, as data.
//!
//! Fixed credentials are applied here; `hmac` and `oauth1` sign requests, `jwt` makes tokens of
//! our own, `oauth2` and `session` know how a token is asked for and read, `renewal` keeps one
//! token per credential fresh for everybody. What a refusal means is decided where the call is
//! made.

mod hmac;
mod jwt;
mod oauth1;
mod oauth2;
pub(crate) mod renewal;
mod session;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Secret, Timestamp};

use crate::answer::Answer;
use crate::classify::describe;
use crate::clock::Random;
use crate::failure::Failure;
use crate::request::Request;

pub use hmac::{Algorithm, DateForm, Encoding, Hmac, KeyForm, SignedPart};
pub use jwt::{CLOCKS_APART, Jwt, JwtAlgorithm};
pub use oauth1::OAuth1;
pub use oauth2::{Grant, OAuth2, Proof, SecretPlace, TokenKeeper};
pub use renewal::{FRESH_TOKEN, FRESH_TOKEN_IN_A_ROW, RENEWED_BEFORE_END};
pub use session::{PickToken, Session};

/// How one system wants to be shown who calls.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// It does not want to know, or the caller puts it into the request.
    #[default]
    None,
    /// Fixed headers, e.g. a user name, a secret and an integration code.
    Headers(Vec<(String, Secret)>),
    /// `Authorization: Basic`.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `Authorization: Bearer` with a fixed token.
    Bearer(Secret),
    /// A fixed key in the query.
    QueryKey {
        /// The parameter's name.
        name: String,
        /// The key.
        key: Secret,
    },
    /// A signature over the request.
    Hmac(Hmac),
    /// A signature over the request and its parameters by OAuth 1.0a.
    OAuth1(OAuth1),
    /// A bearer token that we sign ourselves.
    Jwt(Jwt),
    /// A bearer token of an OAuth 2 server.
    OAuth2(OAuth2),
    /// A token that a login gives.
    Session(Session),
}

/// A token that was obtained, before it is known how long it is good for in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub text: Secret,
    /// How long it is valid from now; `None` when nobody said.
    pub lives: Option<std::time::Duration>,
}

/// How a token is come by.
pub(crate) enum Obtain {
    /// By this request, with secrets in it that were made for it.
    Call(Box<Request>, Vec<Secret>),
    /// By our own signature.
    Made(Token),
}

/// What differs from one call to the next.
pub(crate) struct Fresh<'a> {
    pub(crate) now: Timestamp,
    pub(crate) random: &'a dyn Random,
}

impl Fresh<'_> {
    /// A text that no other call has.
    fn nonce(&self) -> String {
        format!("{:016x}{:016x}", self.random.next(), self.random.next())
    }
}

/// Where a token is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A header, after a prefix such as `Bearer `.
    Header {
        /// Its name.
        name: String,
        /// What stands before the token, with its space.
        prefix: String,
    },
    /// A query parameter of that name.
    Query(String),
    /// A cookie of that name.
    Cookie(String),
}

impl Placement {
    /// `Authorization: Bearer`.
    pub fn bearer() -> Self {
        Self::Header {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }
    }

    fn put(&self, token: &Secret, request: &mut Request) -> Result<(), String> {
        match self {
            Self::Header { name, prefix } => {
                request.set_header(name, format!("{prefix}{}", token.expose()));
            }
            Self::Query(name) => return add_query(request, name, token),
            Self::Cookie(name) => {
                let ours = format!("{name}={}", token.expose());
                let cookie = request
                    .header("cookie")
                    .map(|others| format!("{others}; {ours}"));
                request.set_header("cookie", cookie.unwrap_or(ours));
            }
        }
        Ok(())
    }
}

impl Auth {
    /// The fixed secrets that this puts into requests. Tokens are not among them; the broker
    /// knows those it obtained.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            // The caller wrote the rest of a session's login and knows its secrets.
            Self::Session(session) => session.jwt.iter().map(|jwt| jwt.key.clone()).collect(),
            Self::Headers(headers) => headers.iter().map(|(_, value)| value.clone()).collect(),
            Self::Basic {
                password: secret, ..
            }
            | Self::Bearer(secret)
            | Self::QueryKey { key: secret, .. }
            | Self::Hmac(Hmac { key: secret, .. })
            | Self::Jwt(Jwt { key: secret, .. }) => vec![secret.clone()],
            Self::OAuth1(oauth1) => oauth1.secrets(),
            Self::OAuth2(oauth2) => oauth2.secrets(),
        }
    }

    /// The refresh token that the credential was given with.
    pub(crate) fn refresh_token(&self) -> Option<&Secret> {
        match self {
            Self::OAuth2(OAuth2 {
                grant: Grant::RefreshToken { token, .. },
                ..
            }) => Some(token),
            _ => None,
        }
    }

    /// Whether requests carry a token that is obtained and renewed.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self, Self::OAuth2(_) | Self::Session(_) | Self::Jwt(_))
    }

    /// How a token is come by; `refresh` is the newest refresh token, where one came with an
    /// earlier answer.
    pub(crate) fn obtain(
        &self,
        refresh: Option<&Secret>,
        fresh: &Fresh<'_>,
    ) -> Result<Obtain, Failure> {
        let (request, made) = match self {
            Self::Jwt(jwt) => return jwt.make(fresh).map(Obtain::Made),
            Self::OAuth2(oauth2) => oauth2.request(refresh, fresh)?,
            Self::Session(session) => session.request(fresh)?,
            _ => return Err(without_token()),
        };
        Ok(Obtain::Call(Box::new(request), made))
    }

    /// What the answer to that request says, and the refresh token in it.
    pub(crate) fn read_token(&self, answer: &Answer) -> Result<(Token, Option<Secret>), Failure> {
        match self {
            Self::OAuth2(oauth2) => oauth2.read(answer),
            Self::Session(session) => Ok((session.read(answer)?, None)),
            _ => Err(without_token()),
        }
    }

    /// Whether an answer with this status means that the token is no longer good.
    pub(crate) fn token_is_over(&self, status: Option<u16>) -> bool {
        match (self, status) {
            (Self::OAuth2(_) | Self::Jwt(_), Some(status)) => status == 401,
            (Self::Session(session), Some(status)) => session.renew_on.contains(&status),
            _ => false,
        }
    }

    /// Adds the credentials to `request`: the token where one is used, the fixed ones elsewhere.
    pub(crate) fn apply(
        &self,
        request: &mut Request,
        token: Option<&Secret>,
        fresh: &Fresh<'_>,
    ) -> Result<(), String> {
        match (self, token) {
            (Self::None, _) => Ok(()),
            (Self::Headers(headers), _) => {
                for (name, value) in headers {
                    request.set_header(name, value.expose());
                }
                Ok(())
            }
            (Self::Basic { user, password }, _) => {
                request.set_header("authorization", basic(user, password));
                Ok(())
            }
            (Self::Bearer(token), _) | (Self::OAuth2(_) | Self::Jwt(_), Some(token)) => {
                Placement::bearer().put(token, request)
            }
            (Self::QueryKey { name, key }, _) => add_query(request, name, key),
            (Self::Hmac(hmac), _) => hmac.sign(request, fresh.now),
            (Self::OAuth1(oauth1), _) => oauth1.sign(request, fresh),
            (Self::Session(session), Some(token)) => session.placement.put(token, request),
            (Self::OAuth2(_) | Self::Session(_) | Self::Jwt(_), None) => {
                Err("there is no token".to_owned())
            }
        }
    }
}

fn without_token() -> Failure {
    Failure::unsent(model::Class::Invalid, "no token is used here")
}

/// What to tell people about the answer to a login that brought no token. The body of a success is
/// not quoted: it may hold a token where nobody looked for one.
fn unusable(answer: &Answer) -> String {
    match (&answer.flaw, answer.status) {
        (Some(flaw), status) => format!("login: status {status} ({flaw})"),
        (None, 200..300) => format!("login: status {} without a token", answer.status),
        (None, _) => format!("login: {}", describe(answer)),
    }
}

/// The value of `Authorization` for a name and a password.
fn basic(user: &str, password: &Secret) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{}", password.expose()))
    )
}

fn add_query(request: &mut Request, name: &str, secret: &Secret) -> Result<(), String> {
    if request.add_query(name, secret.expose()) {
        Ok(())
    } else {
        Err("the address cannot take a query parameter".to_owned())
    }
}
