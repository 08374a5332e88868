//! When a failed call is made again, and how long to wait before.
//!
//! Backoff is exponential with full jitter: the wait is drawn evenly from zero to a bound that
//! doubles, so that many calls that failed together do not come back together. What the other side
//! asks for (`Retry-After`) goes before it. A budget per credential keeps retries from becoming
//! the load they are meant to survive.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::{Class, Timestamp};
use tokio::time::Instant;

use crate::clock::Random;

/// The longest `Retry-After` that is believed; longer ones are taken for this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// How a call is retried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The classes worth another attempt. Two are never retried, even if named here:
    /// `credentials_rejected` (it locks accounts) and `unknown_outcome` (it doubles tickets).
    pub on: Vec<Class>,
    /// How often the call is made at most, the first time included.
    pub attempts: u32,
    /// The bound of the first wait.
    pub from: Duration,
    /// The bound that no wait exceeds.
    pub to: Duration,
    /// What the calls of a credential may spend on retries together.
    pub budget: Budget,
}

/// The retries a credential may spend: `retries` at once, filled up evenly over `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most that can be saved up.
    pub retries: u32,
    /// In which time an empty budget is full again.
    pub per: Duration,
}

impl Default for Budget {
    /// Thirty in a minute: enough to ride out a restart of the other side, too few for a storm.
    fn default() -> Self {
        Self {
            retries: 30,
            per: Duration::from_mins(1),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            on: vec![Class::RateLimited, Class::Unavailable],
            attempts: 4,
            from: Duration::from_secs(1),
            to: Duration::from_mins(1),
            budget: Budget::default(),
        }
    }
}

impl Retry {
    /// Makes every call once.
    #[must_use]
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// Whether a call that failed with `class` after `attempts` may be made again.
    pub fn allows(&self, class: Class, attempts: u32) -> bool {
        let safe = !matches!(class, Class::CredentialsRejected | Class::UnknownOutcome);
        safe && attempts < self.attempts && self.on.contains(&class)
    }

    /// How long to wait after `attempts`: what was asked for and a little jitter, or backoff.
    pub fn wait(&self, attempts: u32, asked: Option<Duration>, random: &dyn Random) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        match asked {
            Some(asked) => asked
                .min(RETRY_AFTER_MAX)
                .saturating_add(random.up_to(self.from)),
            None => random.up_to(self.from.saturating_mul(1 << doublings).min(self.to)),
        }
    }
}

/// Reads `Retry-After`: a number of seconds, or a date in one of the three forms of HTTP. A date
/// that has passed means now.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        // Some APIs send fractions; a wait must never be rounded down to nothing.
        let valid = seconds.is_finite() && seconds >= 0.0;
        let most = RETRY_AFTER_MAX.as_secs_f64();
        return valid.then(|| Duration::from_secs_f64(seconds.min(most)));
    }
    let at = http_date(header)?;
    Some(at.since(now).min(RETRY_AFTER_MAX))
}

fn http_date(text: &str) -> Option<Timestamp> {
    const RFC_850: &str = "%A, %d-%b-%y %H:%M:%S GMT";
    const ASCTIME: &str = "%a %b %e %H:%M:%S %Y";
    let moment = jiff::fmt::rfc2822::parse(text)
        .map(|zoned| zoned.timestamp())
        .ok()
        .or_else(|| {
            let civil = [RFC_850, ASCTIME]
                .iter()
                .find_map(|form| jiff::civil::DateTime::strptime(form, text).ok())?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

/// What is left of a budget.
#[derive(Debug, Default)]
pub(crate) struct Purse(Mutex<Option<(f64, Instant)>>);

impl Purse {
    /// Takes one retry; `false` when there is none left.
    pub(crate) fn spend(&self, budget: Budget) -> bool {
        let now = Instant::now();
        let full = f64::from(budget.retries);
        let mut purse = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = purse.unwrap_or((full, now));
        let share = now.duration_since(at).as_secs_f64() / budget.per.as_secs_f64().max(0.001);
        let left = (left + full * share).min(full);
        let enough = left >= 1.0;
        *purse = Some((if enough { left - 1.0 } else { left }, now));
        enough
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;
    use crate::clock::SeededRandom;

    #[test]
    fn retry_after_is_read_in_every_form() {
        let now = Timestamp::parse("2026-07-01T12:00:00Z").unwrap();
        let after = |header| retry_after(header, now);
        assert_eq!(after("120"), Some(Duration::from_mins(2)));
        assert_eq!(after(" 0.5 "), Some(Duration::from_millis(500)));
        for date in [
            "Wed, 01 Jul 2026 12:00:30 GMT",
            "Wednesday, 01-Jul-26 12:00:30 GMT",
            "Wed Jul  1 12:00:30 2026",
        ] {
            assert_eq!(after(date), Some(Duration::from_secs(30)), "{date}");
        }
        assert_eq!(after("Wed, 01 Jul 2026 11:59:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("999999999"), Some(RETRY_AFTER_MAX));
        for wrong in ["", "soon", "-1", "NaN", "inf"] {
            assert_eq!(after(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waits_double_up_to_their_bound_and_what_is_asked_goes_first() {
        let (retry, random) = (Retry::default(), SeededRandom::new(1));
        for (attempts, bound) in [(1, 1), (2, 2), (3, 4), (7, 60), (4_000_000_000, 60)] {
            let waits = (0..500).map(|_| retry.wait(attempts, None, &random));
            let longest = waits.max().unwrap();
            assert!(
                longest <= Duration::from_secs(bound),
                "{attempts}: {longest:?}"
            );
            assert!(
                longest > Duration::from_secs(bound) * 9 / 10,
                "{attempts}: {longest:?}"
            );
        }
        let asked = retry.wait(1, Some(Duration::from_secs(30)), &random);
        assert!((Duration::from_secs(30)..=Duration::from_secs(31)).contains(&asked));
    }

    #[test]
    fn some_classes_are_never_retried() {
        let retry = Retry {
            on: Class::ALL.to_vec(),
            attempts: 2,
            ..Retry::default()
        };
        assert!(retry.allows(Class::Unavailable, 1));
        assert!(!retry.allows(Class::Unavailable, 2));
        assert!(!retry.allows(Class::CredentialsRejected, 1));
        assert!(!retry.allows(Class::UnknownOutcome, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_runs_out_and_fills_up() {
        let (purse, budget) = (
            Purse::default(),
            Budget {
                retries: 3,
                per: Duration::from_secs(30),
            },
        );
        let spent = (0..10).filter(|_| purse.spend(budget)).count();
        assert_eq!(spent, 3);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(purse.spend(budget));
        assert!(!purse.spend(budget));
    }
}
