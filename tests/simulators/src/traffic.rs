//! The record of traffic that every simulated PSA keeps: calls, how many came of late, and what
//! callers did that a good client never does.
//!
//! Tests ask for the violations at the end, so that a client which only got through by being
//! refused and trying again is found out.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

/// Most calls and violations kept; the oldest are forgotten first.
pub const KEPT_MAX: usize = 10_000;

/// One answered call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// When it came in.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path without the query string.
    pub path: String,
    /// Plural entity name in the path, as called; empty for calls about no entity.
    pub entity: String,
    /// Status it was answered with, reached the caller or not.
    pub status: u16,
}

fn as_text<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

/// The latest calls and violations, and how many calls there were per entity.
#[derive(Debug)]
pub(crate) struct Log<V> {
    calls: VecDeque<Call>,
    counts: BTreeMap<String, u64>,
    violations: VecDeque<V>,
}

impl<V> Default for Log<V> {
    fn default() -> Self {
        Self {
            calls: VecDeque::new(),
            counts: BTreeMap::new(),
            violations: VecDeque::new(),
        }
    }
}

impl<V: Clone> Log<V> {
    pub(crate) fn call(&mut self, call: Call) {
        *self.counts.entry(call.entity.clone()).or_default() += 1;
        keep(&mut self.calls, call);
    }

    pub(crate) fn violate(&mut self, violation: V) {
        keep(&mut self.violations, violation);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    /// Calls per entity since the start, forgotten ones included.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(crate) fn violations(&self) -> Vec<V> {
        self.violations.iter().cloned().collect()
    }
}

/// Adds `one` behind the others; beyond [`KEPT_MAX`] the oldest goes.
pub(crate) fn keep<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() >= KEPT_MAX {
        kept.pop_front();
    }
    kept.push_back(one);
}

/// The moments of the calls that count towards a rolling limit.
#[derive(Debug)]
pub(crate) struct Window {
    length: SignedDuration,
    moments: VecDeque<Timestamp>,
}

impl Window {
    pub(crate) fn of(length: SignedDuration) -> Self {
        Self {
            length,
            moments: VecDeque::new(),
        }
    }

    /// Counts a call; false, and not counted, when `max` calls fill the window already.
    pub(crate) fn count(&mut self, now: Timestamp, max: usize) -> bool {
        let free = self.used(now) < max;
        if free {
            self.moments.push_back(now);
        }
        free
    }

    /// Calls in the window before `now`.
    pub(crate) fn used(&mut self, now: Timestamp) -> usize {
        let over = |first: &Timestamp| now.duration_since(*first) >= self.length;
        while self.moments.front().is_some_and(over) {
            self.moments.pop_front();
        }
        self.moments.len()
    }

    /// Forgets all calls.
    pub(crate) fn clear(&mut self) {
        self.moments.clear();
    }

    /// Pretends that other integrations made so many calls just now.
    pub(crate) fn use_up(&mut self, now: Timestamp, calls: usize) {
        let calls = calls.min(KEPT_MAX);
        self.moments.extend(std::iter::repeat_n(now, calls));
    }
}
