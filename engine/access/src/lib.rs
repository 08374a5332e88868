//! Who may do what: the scopes, and the sealed texts that prove one.
//!
//! Three kinds of text are sealed with one key: a [`Claims`] token for programs, and for people a
//! sign-in link and the session that it leads to, both a [`Pass`]. Each kind has its own prefix
//! under the seal, so that none is taken for another. Nothing is stored here; that a link works
//! once, that a session ends with the sign-out and that a listed token is revoked is for the keeper
//! of state to record, by their ids.
//!
//! Who comes with an account elsewhere is shown to be its owner by `provider`, and gets what rules
//! over its claims say.

mod key;
mod pass;
mod provider;
mod scope;
mod sealing;
mod token;

pub use key::{Refusal, TokenKey};
pub use pass::{LINK_LIFE, Pass, SESSION_LIFE};
pub use provider::{
    Attempt, CodeCall, Denied, Endpoints, ForPartner, ProviderSettings, Role, SignInRule,
    is_private,
};
pub use scope::Scope;
pub use sealing::{KEY_DIGITS, SealingKeys};
pub use token::Claims;

/// The longest sealed text that is looked at, in bytes: several times what the longest id makes.
pub const SEALED_BYTES_MAX: usize = 512;
