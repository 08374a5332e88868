//! What kind of failure a call to a remote system was: the few cases that call for different
//! behaviour, whatever the system and however it says so.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of a failed exchange. A connector's error rules assign it; the engine acts on it and
/// on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The credentials are wrong or revoked. Stop using them at once: repeating locks accounts.
    CredentialsRejected,
    /// The credentials are good but lack a right.
    Forbidden,
    /// The thing addressed does not exist.
    NotFound,
    /// The remote side refused the content; sending the same again is refused again.
    Invalid,
    /// Too many calls; the call did not happen and may be repeated later.
    RateLimited,
    /// The remote side could not serve the call, and the call did not take effect.
    Unavailable,
    /// No proof either way: the call may have taken effect.
    UnknownOutcome,
}

impl Class {
    /// Every class, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::CredentialsRejected,
        Self::Forbidden,
        Self::NotFound,
        Self::Invalid,
        Self::RateLimited,
        Self::Unavailable,
        Self::UnknownOutcome,
    ];

    /// The name used in connector files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CredentialsRejected => "credentials_rejected",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::UnknownOutcome => "unknown_outcome",
        }
    }

    /// Whether the same call, unchanged, can be expected to succeed later.
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Unavailable | Self::UnknownOutcome
        )
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
