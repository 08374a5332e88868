//! How long ago a call that may have taken hold can have been sent at the latest.
//!
//! It is told by the time that flows in this process, never by the clock: a clock that is set
//! forward would have a call looked for while it is still under way, and nothing found there
//! means that it is sent again. A call of an earlier process was sent before this one began.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::Key;
use tokio::time::Instant;

/// From so many calls on, those are forgotten that ended longer ago than [`FORGOTTEN_AFTER`].
const LOOKED_OVER_AT: usize = 1_024;

/// No call settles as slowly as that.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// The calls of this process whose outcome may be in doubt, by the effect that they were for.
#[derive(Debug)]
pub(crate) struct Doubts {
    began: Instant,
    calls: Mutex<BTreeMap<Key, Course>>,
}

#[derive(Clone, Copy, Debug)]
enum Course {
    UnderWay,
    /// Without an answer that says what became of it.
    Ended(Instant),
}

/// A call under way. Dropping it leaves its outcome in doubt.
pub(crate) struct Call<'d> {
    doubts: &'d Doubts,
    key: Key,
}

impl Doubts {
    /// No calls yet; the process begins now.
    pub(crate) fn new() -> Self {
        let calls = Mutex::default();
        Self {
            began: Instant::now(),
            calls,
        }
    }

    /// A call is about to be sent for the effect at `key`.
    pub(crate) fn begin(&self, key: Key) -> Call<'_> {
        self.lock().insert(key.clone(), Course::UnderWay);
        Call { doubts: self, key }
    }

    /// How much of `settle` is left for the last call that may have been sent for the effect at
    /// `key`; nothing when it has had that time.
    pub(crate) fn left(&self, key: &Key, settle: Duration) -> Option<Duration> {
        let ended = match self.lock().get(key) {
            Some(Course::UnderWay) => return Some(settle),
            Some(Course::Ended(at)) => *at,
            None => self.began,
        };
        let left = settle.checked_sub(ended.elapsed())?;
        (!left.is_zero()).then_some(left)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Course>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    /// What became of it is known.
    pub(crate) fn end_known(self) {
        self.doubts.lock().remove(&self.key);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut calls = self.doubts.lock();
        if let Some(call) = calls.get_mut(&self.key) {
            *call = Course::Ended(Instant::now());
        }
        if calls.len() >= LOOKED_OVER_AT {
            let is_recent = |at: &Instant| at.elapsed() < FORGOTTEN_AFTER;
            calls.retain(|_, call| match call {
                Course::UnderWay => true,
                Course::Ended(at) => is_recent(at),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    fn key(name: &str) -> Key {
        Key::new("partner", "effect", &[name])
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_settles_after_its_end_and_one_of_before_after_the_start() {
        let doubts = Doubts::new();
        assert_eq!(doubts.left(&key("before"), SETTLE), Some(SETTLE));
        tokio::time::advance(SETTLE).await;
        assert_eq!(doubts.left(&key("before"), SETTLE), None);

        let call = doubts.begin(key("ours"));
        tokio::time::advance(SETTLE * 10).await;
        assert_eq!(doubts.left(&key("ours"), SETTLE), Some(SETTLE));
        drop(call);
        tokio::time::advance(SETTLE / 5).await;
        assert_eq!(doubts.left(&key("ours"), SETTLE), Some(SETTLE * 4 / 5));
        tokio::time::advance(SETTLE).await;
        assert_eq!(doubts.left(&key("ours"), SETTLE), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_known_needs_no_time_and_old_calls_are_forgotten() {
        let doubts = Doubts::new();
        tokio::time::advance(SETTLE).await;
        doubts.begin(key("known")).end_known();
        assert_eq!(doubts.left(&key("known"), SETTLE), None);
        for number in 0..LOOKED_OVER_AT - 1 {
            drop(doubts.begin(key(&number.to_string())));
        }
        tokio::time::advance(FORGOTTEN_AFTER).await;
        drop(doubts.begin(key("last")));
        assert_eq!(doubts.lock().len(), 1);
    }
}
