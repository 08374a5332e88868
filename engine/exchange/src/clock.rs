//! What time it is, and chance: the two things besides the network that differ from run to run.
//!
//! Waiting is always `tokio::time`, which tests can pause. A `Clock` is asked only where a moment
//! is compared with the outside world: the expiry of a token, a date in `Retry-After`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use tokio::time::Instant;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present moment. It may jump, also backwards.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp::from_millis(0).after(since)
    }
}

/// A clock that follows tokio's time from a given start, and can be made to jump.
#[derive(Debug)]
pub struct TokioClock {
    start: Timestamp,
    started: Instant,
    jumped_millis: AtomicI64,
}

impl TokioClock {
    /// A clock that shows `start` now. Call it within a tokio runtime.
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            started: Instant::now(),
            jumped_millis: AtomicI64::new(0),
        }
    }

    /// Moves the clock by `millis`, backwards when negative. Waiting is not affected, as on a real
    /// machine.
    pub fn jump(&self, millis: i64) {
        self.jumped_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let flowed = self.start.after(self.started.elapsed());
        let jumped = self.jumped_millis.load(Ordering::Relaxed);
        Timestamp::from_millis(flowed.as_millis().saturating_add(jumped))
    }
}

/// The moment `span` after `from`; where there is none, because somebody wrote "for ever" as a
/// very large number, one that no process lives to see.
pub(crate) fn later(from: Instant, span: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365);
    from.checked_add(span).unwrap_or_else(|| from + FAR)
}

/// Chance, for jitter.
pub trait Random: Send + Sync {
    /// Any number, all equally likely.
    fn next(&self) -> u64;

    /// A length of time from zero up to and including `most`.
    fn up_to(&self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        let share = self.next();
        Duration::from_micros(share.checked_rem(micros.saturating_add(1)).unwrap_or(share))
    }
}

/// The machine's own source of chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        rand::random()
    }
}

/// The same sequence for the same seed, on every machine and with every library version, so that
/// a failing simulation replays. The generator is SplitMix64.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// Starts the sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_tokio_clock_flows_and_jumps() {
        let start = Timestamp::from_millis(1_000_000);
        let clock = TokioClock::new(start);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), start.after(Duration::from_secs(5)));
        clock.jump(-10_000);
        assert_eq!(clock.now(), start.before(Duration::from_secs(5)));
    }

    #[test]
    fn for_ever_is_a_moment_far_away() {
        let now = Instant::now();
        assert!(later(now, Duration::MAX) > now + Duration::from_hours(24));
        assert_eq!(later(now, Duration::ZERO), now);
    }

    #[test]
    fn a_seed_fixes_the_sequence_and_jitter_keeps_its_bound() {
        let (one, two) = (SeededRandom::new(7), SeededRandom::new(7));
        let most = Duration::from_millis(3);
        let drawn: Vec<Duration> = (0..200).map(|_| one.up_to(most)).collect();
        assert!(drawn.iter().all(|wait| *wait <= most));
        assert!(drawn.iter().any(|wait| *wait > most / 2));
        assert!(drawn.iter().all(|wait| *wait == two.up_to(most)));
        assert_eq!(one.up_to(Duration::ZERO), Duration::ZERO);
    }
}
