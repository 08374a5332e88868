//! Limits that an API tells with every answer: how many calls are left, and until when.

use std::time::Duration;

use model::Timestamp;

use crate::answer::Answer;
use crate::retry::{RETRY_AFTER_MAX, retry_after};

/// Which headers tell what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The header with the number of calls left, e.g. `x-ratelimit-remaining`.
    pub remaining: String,
    /// The header that says when the number is full again, e.g. `x-ratelimit-reset`.
    pub reset: String,
    /// How that header says it.
    pub reset_form: ResetForm,
    /// How many calls are left to other integrations of the same partner.
    pub keep: u64,
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
        let remaining: u64 = header(&self.remaining)?.parse().ok()?;
        if remaining > self.keep {
            return None;
        }
        let reset = header(&self.reset)?;
        let wait = match self.reset_form {
            ResetForm::FromNow => return retry_after(reset, now),
            ResetForm::UnixSeconds => {
                Timestamp::from_millis(reset.parse::<i64>().ok()?.checked_mul(1_000)?).since(now)
            }
            ResetForm::UnixMillis => Timestamp::from_millis(reset.parse().ok()?).since(now),
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Content;

    fn pause(form: ResetForm, remaining: &str, reset: &str) -> Option<Duration> {
        let allowance = Allowance {
            remaining: "X-RateLimit-Remaining".to_owned(),
            reset: "X-RateLimit-Reset".to_owned(),
            reset_form: form,
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
