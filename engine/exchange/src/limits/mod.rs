//! Limits on how often and how many at once: what keeps the engine a good neighbour.
//!
//! `Limit` says what is allowed, `Gate` holds every call back until all its limits allow it, and
//! gives the next free place to the most urgent call, then to the one that has waited longest. The
//! last part of a window is for tickets alone, and where a limit has refused a call, those that
//! are less urgent wait until it had time to come again.
//! Limits belong to keys that the caller names (a credential, a database, an entity of one), so
//! calls share a limit exactly when they name the same key. The gate knows this process only.

mod gate;
mod occupancy;
mod queues;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use gate::{Gate, Permit, Refusal, WAITERS_MAX};

/// The part of a window that is kept for [`Priority::Tickets`], in hundredths: where the window
/// is long, whoever waits for a ticket would otherwise wait until what billing has used up counts
/// no more.
pub const KEPT_FOR_TICKETS_PERCENT: u32 = 10;

/// How long a credential is kept for calls as urgent as one that a limit refused, besides the time
/// that it was asked to wait. Whoever was refused tries again within some minutes, at a time
/// that others cannot know, and what is less urgent would often find the limit gone before.
pub const KEPT_FOR_REFUSED: Duration = Duration::from_mins(6);

/// Who goes first where several calls wait for the same place.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Tickets,
    /// Companies, users and other things looked up.
    Directory,
    /// Work on a schedule of hours.
    Billing,
}

/// One limit that a call must keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// In no stretch of `per` may the other side count more than this engine's share of
    /// `requests`. A request counts from when it is sent until `per` after its answer, because
    /// nobody knows when in between the other side counted it.
    Window {
        /// What the other side counts by, e.g. a database.
        key: String,
        /// What it allows everyone together.
        requests: u32,
        /// In which stretch of time.
        per: Duration,
        /// The share this engine may take, in hundredths; others live from the same limit.
        share_percent: u8,
    },
    /// No more than `at_most` at once.
    Concurrent {
        /// What the other side counts by, e.g. an entity of one credential.
        key: String,
        /// How many may be under way.
        at_most: u32,
    },
}

impl Limit {
    /// How many this engine may have, at least 1: a limit of none would wait for ever.
    pub fn capacity(&self) -> u32 {
        match self {
            Self::Window {
                requests,
                share_percent,
                ..
            } => {
                let share = u64::from(*requests) * u64::from((*share_percent).min(100)) / 100;
                u32::try_from(share).unwrap_or(u32::MAX).max(1)
            }
            Self::Concurrent { at_most, .. } => (*at_most).max(1),
        }
    }

    /// How many of them calls of this priority may fill.
    pub(crate) fn capacity_for(&self, priority: Priority) -> u32 {
        let capacity = self.capacity();
        match (self, priority) {
            (Self::Window { .. }, Priority::Directory | Priority::Billing) => {
                let kept = u64::from(capacity) * u64::from(KEPT_FOR_TICKETS_PERCENT) / 100;
                capacity.saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX))
            }
            _ => capacity,
        }
    }
}
