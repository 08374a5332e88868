//! Counts per credential, for metrics and for the person who asks what an integration costs.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a credential was used for since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls asked for, whatever became of them.
    pub calls: u64,
    /// Requests handed to the transport, renewals of tokens included.
    pub attempts: u64,
    /// Of these, repetitions.
    pub retries: u64,
    /// Answers that said "too many".
    pub rate_limited: u64,
    /// Calls that ended in a failure.
    pub failures: u64,
    /// Bytes of bodies sent.
    pub bytes_sent: u64,
    /// Bytes of bodies received, after decompression.
    pub bytes_received: u64,
    /// Calls that wait at this moment.
    pub waiting: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: Counter,
    pub(crate) attempts: Counter,
    pub(crate) retries: Counter,
    pub(crate) rate_limited: Counter,
    pub(crate) failures: Counter,
    pub(crate) bytes_sent: Counter,
    pub(crate) bytes_received: Counter,
}

impl Counters {
    pub(crate) fn read(&self, waiting: usize) -> Stats {
        Stats {
            calls: self.calls.get(),
            attempts: self.attempts.get(),
            retries: self.retries.get(),
            rate_limited: self.rate_limited.get(),
            failures: self.failures.get(),
            bytes_sent: self.bytes_sent.get(),
            bytes_received: self.bytes_received.get(),
            waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, count: usize) {
        self.0
            .fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
