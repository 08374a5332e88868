//! How a request is given its credentials, as data.
//!
//! The broker asks for a request's credentials right before it is sent, after every wait. Nothing
//! here decides when to renew or what a refusal means; `broker` and `exchange` do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Secret;

use crate::request::Request;

/// How one system wants to be shown who calls.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// It does not want to know.
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
}

impl Auth {
    /// The secrets that this puts into requests; the ones that log lines must not show.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Headers(headers) => headers.iter().map(|(_, value)| value.clone()).collect(),
            Self::Basic { password, .. } => vec![password.clone()],
            Self::Bearer(token) => vec![token.clone()],
            Self::QueryKey { key, .. } => vec![key.clone()],
        }
    }

    /// Adds fixed credentials to `request`.
    pub(crate) fn apply(&self, request: &mut Request) -> Result<(), String> {
        match self {
            Self::None => {}
            Self::Headers(headers) => {
                for (name, value) in headers {
                    request.set_header(name, value.expose());
                }
            }
            Self::Basic { user, password } => {
                request.set_header("authorization", basic(user, password));
            }
            Self::Bearer(token) => {
                request.set_header("authorization", format!("Bearer {}", token.expose()));
            }
            Self::QueryKey { name, key } => {
                if !request.add_query(name, key.expose()) {
                    return Err("the address cannot take a query parameter".to_owned());
                }
            }
        }
        Ok(())
    }
}

/// The value of `Authorization` for a name and a password.
pub(crate) fn basic(user: &str, password: &Secret) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{}", password.expose()))
    )
}
