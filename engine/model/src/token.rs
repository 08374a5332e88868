//! API tokens that are listed, so that people can see and take back what they gave away.

use serde::{Deserialize, Serialize};

use crate::{Entered, PartnerId, Timestamp};

/// What is known of a token. The token itself is shown once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id, made by the engine.
    pub id: String,
    /// What people call it, such as the program that uses it.
    pub name: String,
    /// The one partner that it reaches; an operator's reaches all.
    pub partner: Option<PartnerId>,
    /// Whether it may look and change nothing.
    pub read_only: bool,
    /// Who made it, and when.
    pub entered: Entered,
    /// The first moment at which it is refused.
    pub expires_at: Option<Timestamp>,
    /// The beginning of the day, in UTC, on which it was last used.
    pub used_on: Option<Timestamp>,
}
