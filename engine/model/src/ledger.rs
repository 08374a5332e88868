//! The ledger: where every accepted request is, adding up.

use serde::{Deserialize, Serialize};

/// Where a request is. At all times it is in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Accepted and being worked on.
    Waiting,
    /// It has a ticket that is open, as far as is known.
    Ticketed,
    /// It cannot go on until something is set up, and then goes on by itself.
    Parked,
    /// A rule of the partner's says that it gets no ticket.
    Ignored,
    /// The remote side refused it; an issue says why and how to mend it.
    Failed,
    /// It is done.
    Closed,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Ticketed,
        Self::Parked,
        Self::Ignored,
        Self::Failed,
        Self::Closed,
    ];

    /// The name used in answers and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ticketed => "ticketed",
            Self::Parked => "parked",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

/// How many requests are where. `adds_up` holds unless the engine has a bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests that were accepted and are still kept.
    pub accepted: i64,
    /// Requests per state, every state listed.
    pub states: Vec<(State, i64)>,
}

impl Ledger {
    /// Whether every accepted request is in exactly one state.
    pub fn adds_up(&self) -> bool {
        self.states.iter().all(|(_, count)| *count >= 0)
            && self.states.iter().map(|(_, count)| count).sum::<i64>() == self.accepted
    }
}
