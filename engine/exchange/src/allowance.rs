//! Limits that an API tells with every answer: how many calls are left, and until when.

use std::time::Duration;

use model::Timestamp;

use crate::answer::Answer;
use crate::retry::{RETRY_AFTER_MAX, retry_after};

/// Which headers tell what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The header that tells how many calls are left.
    pub left: Left,
    /// When the number is full again.
    pub reset: Reset,
    /// How many calls are left to other integrations of the same partner.
    pub keep: u64,
}

/// How it is told how many calls are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// By their number in this header, e.g. `x-ratelimit-remaining`.
    Remaining(String),
    /// By the number of those used and of those allowed, with a slash between, wherever in this
    /// header that stands: `api-usage=18/5000`.
    Used(String),
}

/// When calls are allowed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reset {
    /// This header says it, e.g. `x-ratelimit-reset`, in this form.
    Header(String, ResetForm),
    /// Nobody says it: it is tried again after this long.
    After(Duration),
}

/// How a moment is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetForm {
    /// Seconds from now, or a date, as in `Retry-After`.
    FromNow,
    /// Seconds since the Unix epoch.
    UnixSeconds,
    /// Milliseconds since the Unix epoch.
    UnixMillis,
}

impl Allowance {
    /// How long to pause after `answer`; `None` while enough is left, or when it does not say.
    pub(crate) fn pause(&self, answer: &Answer, now: Timestamp) -> Option<Duration> {
        let header = |name: &str| answer.header(&name.to_ascii_lowercase()).map(str::trim);
        let left = match &self.left {
            Left::Remaining(name) => header(name)?.parse().ok()?,
            Left::Used(name) => unused(header(name)?)?,
        };
        if left > self.keep {
            return None;
        }
        let (reset, form) = match &self.reset {
            Reset::Header(name, form) => (header(name)?, form),
            Reset::After(pause) => return Some(*pause),
        };
        let wait = match form {
            ResetForm::FromNow => return retry_after(reset, now),
            ResetForm::UnixSeconds => {
                Timestamp::from_millis(reset.parse::<i64>().ok()?.checked_mul(1_000)?).since(now)
            }
            ResetForm::UnixMillis => Timestamp::from_millis(reset.parse().ok()?).since(now),
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }
}

/// How many calls are left by a text such as `api-usage=18/5000`; where it has several such pairs,
/// by the first.
fn unused(text: &str) -> Option<u64> {
    let (before, after) = text.split_once('/')?;
    let is_digit = |one: &char| one.is_ascii_digit();
    let used: String = before
        .trim_end()
        .chars()
        .rev()
        .take_while(is_digit)
        .collect();
    let used: String = used.chars().rev().collect();
    let allowed: String = after.trim_start().chars().take_while(is_digit).collect();
    let (used, allowed): (u64, u64) = (used.parse().ok()?, allowed.parse().ok()?);
    Some(allowed.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Content;

    fn pause(form: ResetForm, remaining: &str, reset: &str) -> Option<Duration> {
        let allowance = Allowance {
            left: Left::Remaining("X-RateLimit-Remaining".to_owned()),
            reset: Reset::Header("X-RateLimit-Reset".to_owned(), form),
            keep: 10,
        };
        let headers = [
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", reset),
        ];
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let (body, elapsed) = (Content::Empty, Duration::ZERO);
        let answer = Answer {
            status: 200,
            headers,
            body,
            flaw: None,
            elapsed,
        };
        allowance.pause(&answer, Timestamp::from_millis(100_000))
    }

    #[test]
    fn what_is_used_is_read_wherever_it_stands() {
        for (text, left) in [
            ("18/5000", Some(4_982)),
            ("api-usage=18/5000", Some(4_982)),
            (
                "api-usage=25/100; per-app-api-usage=17/250(appName=x)",
                Some(75),
            ),
            ("5001 / 5000", Some(0)),
            ("18", None),
            ("a/b", None),
        ] {
            assert_eq!(unused(text), left, "{text}");
        }
    }

    #[test]
    fn a_pause_begins_when_only_the_others_part_is_left() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(pause(ResetForm::FromNow, "11", "30"), None);
        assert_eq!(pause(ResetForm::FromNow, "10", "30"), seconds(30));
        assert_eq!(pause(ResetForm::UnixSeconds, "0", "107"), seconds(7));
        assert_eq!(pause(ResetForm::UnixMillis, "0", "107000"), seconds(7));
        assert_eq!(pause(ResetForm::UnixSeconds, "0", "50"), seconds(0));
        assert_eq!(
            pause(ResetForm::UnixSeconds, "0", "99999999"),
            Some(RETRY_AFTER_MAX)
        );
        assert_eq!(pause(ResetForm::UnixSeconds, "none", "107"), None);
        assert_eq!(pause(ResetForm::UnixSeconds, "0", "later"), None);
    }
}
