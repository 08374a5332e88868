//! What is known of an integration's credentials besides their values, and the second place for
//! them: the next ones, before they are used, or the former ones, for as long as somebody may want
//! them back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Health, Secret, Timestamp};

/// Who gave something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// When.
    pub at: Timestamp,
    /// By whom, in words, e.g. `Administrator in the console`.
    pub by: String,
}

/// Credentials that lie beside those in use. No call is made with them unless a person asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spare {
    /// What the partner pasted, by the names of the connector's credential fields.
    pub credentials: BTreeMap<String, Secret>,
    /// Who gave them; nothing for those of a time when that was not written down.
    pub entered: Option<Entered>,
    /// Whether they worked when they were last used.
    pub health: Health,
    /// When they were in use last, if they were; they are kept for a while from then on.
    pub former: Option<Former>,
}

/// That credentials were in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Until when they were.
    pub until: Timestamp,
    /// When they are forgotten.
    pub kept_until: Timestamp,
}
