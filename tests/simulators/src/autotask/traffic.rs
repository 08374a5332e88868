//! Limits on traffic, and the record of it: threads, the rolling hour, the log, violations.
//!
//! A violation is something a good client never does. Tests ask for them at the end, so that a
//! client which only got through by being refused and trying again is found out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

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

/// What a good client never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// More concurrent calls to one entity than the thread limit.
    TooManyThreads,
    /// A call although the hourly limit was used up.
    HourlyLimit,
    /// A call whose credentials were rejected.
    RejectedCredentials,
    /// A call after the account was locked or its credentials were revoked.
    CallAfterLock,
    /// A verb the path does not support, such as a page followed with another verb.
    WrongVerb,
}

/// All traffic of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    calls: VecDeque<Call>,
    counts: BTreeMap<String, u64>,
    /// Moments of the calls of the past hour.
    hour: VecDeque<Timestamp>,
    violations: VecDeque<Violation>,
    threads: Threads,
}

/// Calls in progress per integration code and entity.
#[derive(Debug, Clone, Default)]
struct Threads(Arc<Mutex<BTreeMap<(String, String), usize>>>);

/// A place among the concurrent calls; given back when dropped, however the call ends.
#[derive(Debug)]
pub(crate) struct Thread {
    threads: Threads,
    key: (String, String),
}

impl Drop for Thread {
    fn drop(&mut self) {
        let mut threads = self
            .threads
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = threads.get_mut(&self.key) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Traffic {
    /// Takes a place among the concurrent calls, if there is one.
    pub(crate) fn enter(&mut self, code: &str, entity: &str, max: usize) -> Option<Thread> {
        let key = (code.to_owned(), entity.to_lowercase());
        let mut threads = self
            .threads
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = threads.entry(key.clone()).or_default();
        if *count >= max {
            drop(threads);
            self.violate(Violation::TooManyThreads);
            return None;
        }
        *count += 1;
        drop(threads);
        Some(Thread {
            threads: self.threads.clone(),
            key,
        })
    }

    /// Counts a call into the rolling hour; false when the hour is full.
    pub(crate) fn count(&mut self, now: Timestamp, max: usize) -> bool {
        self.forget_before_hour(now);
        if self.hour.len() >= max {
            self.violate(Violation::HourlyLimit);
            return false;
        }
        self.hour.push_back(now);
        true
    }

    /// Calls in the hour before `now`.
    pub(crate) fn hourly(&mut self, now: Timestamp) -> usize {
        self.forget_before_hour(now);
        self.hour.len()
    }

    /// Pretends that other integrations made so many calls just now.
    pub(crate) fn use_up(&mut self, now: Timestamp, calls: usize) {
        self.hour
            .extend(std::iter::repeat_n(now, calls.min(KEPT_MAX)));
    }

    fn forget_before_hour(&mut self, now: Timestamp) {
        let hour = SignedDuration::from_hours(1);
        while self
            .hour
            .front()
            .is_some_and(|first| now.duration_since(*first) >= hour)
        {
            self.hour.pop_front();
        }
    }

    pub(crate) fn violate(&mut self, violation: Violation) {
        if self.violations.len() >= KEPT_MAX {
            self.violations.pop_front();
        }
        self.violations.push_back(violation);
    }

    pub(crate) fn log(&mut self, call: Call) {
        *self.counts.entry(call.entity.clone()).or_default() += 1;
        if self.calls.len() >= KEPT_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    /// Calls per entity since the start, forgotten ones included.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.iter().copied().collect()
    }
}
