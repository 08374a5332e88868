//! Silence: since when the other side of an integration has served no call.
//!
//! It is told by the clock, and not by the tries of one job: many jobs that fail in one bad minute
//! are no outage. What is known here ends with the program; a silence that goes on is told again
//! soon enough.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use exchange::Failure;
use model::{Class, Timestamp};

/// After so long without a call that was served a person is told. A restart of a PSA, or a limit
/// that is counted by the minute, is over by then.
pub(crate) const SILENCE_UNTOLD: Duration = Duration::from_mins(10);

/// By the name of a credential: since when no call was served; nothing while calls are.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<BTreeMap<String, Option<Timestamp>>>);

impl Silence {
    /// Takes note of a call. Gives whether what was told about a silence may be over.
    pub(crate) fn note(&self, name: &str, failure: Option<&Failure>, now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = known.get(name).copied();
        match (is_served(failure), since) {
            (true, Some(None)) | (false, Some(Some(_))) => false,
            (true, _) => {
                known.insert(name.to_owned(), None);
                true
            }
            (false, _) => {
                known.insert(name.to_owned(), Some(now));
                false
            }
        }
    }

    /// Whether it has lasted for so long that a person should know.
    pub(crate) fn is_long(&self, name: &str, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = known.get(name).copied().flatten();
        since.is_some_and(|since| now.since(since) >= SILENCE_UNTOLD)
    }
}

/// A refusal is an answer, too.
fn is_served(failure: Option<&Failure>) -> bool {
    failure.is_none_or(|failure| {
        !matches!(
            failure.class,
            Class::RateLimited | Class::Unavailable | Class::UnknownOutcome
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: u64) -> Timestamp {
        Timestamp::from_millis(0).after(Duration::from_mins(count))
    }

    #[test]
    fn a_silence_is_told_by_the_clock_and_ends_with_any_answer() {
        let silence = Silence::default();
        let nothing = Failure::unsent(Class::Unavailable, "no answer");
        let refusal = Failure::unsent(Class::Invalid, "refused");
        assert!(silence.note("a", None, minutes(0)), "nobody knew before");
        assert!(!silence.note("a", None, minutes(1)));
        for minute in 2..12 {
            assert!(!silence.note("a", Some(&nothing), minutes(minute)));
            assert!(!silence.is_long("a", minutes(minute)), "{minute}");
        }
        assert!(silence.is_long("a", minutes(12)));
        assert!(!silence.is_long("b", minutes(12)));
        assert!(silence.note("a", Some(&refusal), minutes(13)));
        assert!(!silence.is_long("a", minutes(30)));
    }
}
