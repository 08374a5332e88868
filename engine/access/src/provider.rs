//! Signing in with an account elsewhere: OpenID Connect, the authorization code flow with PKCE.
//!
//! Here is all of it but the calls: what the provider says of itself, the way there, what the
//! browser has to bring back, whether the identity that comes of it is whose it claims to be, and
//! what it allows. What is accepted is the least that serves: codes, and tokens signed with RS256
//! or ES256 by a key that the provider publishes, made for this client and attempt, and good now.

mod attempt;
mod discovery;
mod rule;
mod token;

use std::time::Duration;

use model::Secret;

pub use attempt::{Attempt, CodeCall};
pub use discovery::{Endpoints, is_private};
pub use rule::{ForPartner, Role, SignInRule};
pub use token::Denied;

/// How a provider is used.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// What its button says.
    pub title: String,
    /// Who issues identities, exactly as in its own tokens.
    pub issuer: String,
    /// What this server is called there.
    pub client_id: String,
    /// What proves this server there; a client that is public has none.
    pub client_secret: Option<Secret>,
    /// What is asked for, with blanks between.
    pub scope: String,
    /// How long somebody stays signed in: what is withdrawn at the provider counts no longer here.
    pub session: Duration,
    /// Who may come in as what; the first rule that holds counts, and nobody comes in without one.
    pub rules: Vec<SignInRule>,
}
