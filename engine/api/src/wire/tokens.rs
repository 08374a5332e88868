//! API tokens that are listed.

use model::ApiToken;
use runtime::NewToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;
use super::credentials::Entered;

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenInput {
    /// What people call it, such as the program that uses it.
    #[schema(example = "nightly report")]
    name: String,
    /// Whether it may read, and change nothing; only for tokens of a partner.
    #[serde(default)]
    read_only: bool,
    /// For how long it is good; without end where nothing is said.
    #[serde(default)]
    #[schema(example = "90d")]
    expires: Option<String>,
}

impl TokenInput {
    /// As a token for `partner`, or for operators.
    pub(crate) fn of(self, partner: Option<model::PartnerId>) -> NewToken {
        NewToken {
            name: self.name,
            read_only: self.read_only,
            expires: self.expires,
            partner,
        }
    }
}

/// The tokens there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// Newest first.
    pub(crate) tokens: Vec<Token>,
}

/// A token that is listed. What is sent as the token itself is not kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// Its id, made by the engine.
    id: String,
    /// What people call it.
    #[schema(example = "nightly report")]
    name: String,
    /// Whether it may read, and change nothing.
    read_only: bool,
    /// Who made it.
    entered: Entered,
    /// From when on it is refused.
    expires_at: Option<Moment>,
    /// The beginning of the day, in UTC, on which it was last used.
    used_on: Option<Moment>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenMade {
    /// What to send as the bearer token. It is shown here and never again.
    #[schema(example = "dvt_eyJzY29wZSI6Im9wZXJhdG9yIn0.c2VhbA")]
    pub(crate) token: String,
    /// What is known of it.
    pub(crate) listed: Token,
}

impl From<ApiToken> for Token {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            read_only: token.read_only,
            entered: token.entered.into(),
            expires_at: token.expires_at.map(Moment::from),
            used_on: token.used_on.map(Moment::from),
        }
    }
}
