//! Limits on traffic and the record of it: threads, the rolling hour, what good clients never do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::lock::lock;
use crate::traffic::{Log, Window};

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
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) log: Log<Violation>,
    hour: Window,
    threads: Threads,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            log: Log::default(),
            hour: Window::of(SignedDuration::from_hours(1)),
            threads: Threads::default(),
        }
    }
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
        let mut threads = lock(&self.threads.0);
        if let Some(count) = threads.get_mut(&self.key) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Traffic {
    /// Takes a place among the concurrent calls, if there is one.
    pub(crate) fn enter(&mut self, code: &str, entity: &str, max: usize) -> Option<Thread> {
        let key = (code.to_owned(), entity.to_lowercase());
        let mut threads = lock(&self.threads.0);
        let count = threads.entry(key.clone()).or_default();
        if *count >= max {
            drop(threads);
            self.log.violate(Violation::TooManyThreads);
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
        let free = self.hour.count(now, max);
        if !free {
            self.log.violate(Violation::HourlyLimit);
        }
        free
    }

    /// Calls in the hour before `now`.
    pub(crate) fn hourly(&mut self, now: Timestamp) -> usize {
        self.hour.used(now)
    }

    /// Forgets all calls of the hour.
    pub(crate) fn free_hour(&mut self) {
        self.hour.clear();
    }

    /// Pretends that other integrations made so many calls just now.
    pub(crate) fn use_up(&mut self, now: Timestamp, calls: usize) {
        self.hour.use_up(now, calls);
    }
}
