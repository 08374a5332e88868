//! Days of the calendar, and the billing periods that begin on them.
//!
//! Terms, periods and effective dates have no time of day and no zone: the first of July is the
//! same day for whoever bills and whoever is billed.

use std::fmt;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Timestamp;

/// A day, written as `2026-07-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// Reads a date, or the date of a date and time, which is how some APIs write days. A zone is
    /// passed over: midnight in it means the same day.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
        let plausible = time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(&byte));
        let day = date.parse().ok().filter(|_| plausible && date.len() == 10);
        day.map(Self)
    }

    /// The day of a moment, in UTC.
    pub fn of(moment: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
        Self(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1.day()))
    }

    /// So many months later; the last day of a month that is too short.
    #[must_use]
    pub fn months_later(self, months: i32) -> Self {
        Self(self.0.saturating_add(Span::new().months(months)))
    }

    /// The first day of the monthly period that this day is in, when periods are counted from
    /// `anchor`; the anchor itself for days before it.
    #[must_use]
    pub fn period_start(self, anchor: Self) -> Self {
        let years = i32::from(self.0.year()) - i32::from(anchor.0.year());
        let months = years * 12 + i32::from(self.0.month()) - i32::from(anchor.0.month());
        let candidate = anchor.months_later(months.max(0));
        if candidate <= self || months <= 0 {
            candidate.max(anchor)
        } else {
            anchor.months_later(months - 1)
        }
    }

    /// The first day of the monthly period after the one that this day is in.
    #[must_use]
    pub fn next_period_start(self, anchor: Self) -> Self {
        if self < anchor {
            return anchor;
        }
        let years = i32::from(self.0.year()) - i32::from(anchor.0.year());
        let months = years * 12 + i32::from(self.0.month()) - i32::from(anchor.0.month());
        let candidate = anchor.months_later(months);
        if candidate > self {
            candidate
        } else {
            anchor.months_later(months + 1)
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "a day such as 2026-07-01";
        Self::parse(&text)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &expected))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_are_read_with_and_without_a_time() {
        let first = day("2026-07-01");
        for text in [
            "2026-07-01T00:00:00",
            "2026-07-01T00:00:00Z",
            "2026-07-01 00:00:00.000",
        ] {
            assert_eq!(day(text), first);
        }
        for text in [
            "",
            "2026-13-01",
            "2026-7-1",
            "01.07.2026",
            "2026-07-01Tnoon",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn periods_begin_on_the_day_of_the_anchor_or_on_the_last_of_a_shorter_month() {
        for (on, anchor, start, next) in [
            ("2026-07-15", "2026-01-01", "2026-07-01", "2026-08-01"),
            ("2026-07-01", "2026-01-01", "2026-07-01", "2026-08-01"),
            ("2026-07-14", "2026-01-15", "2026-06-15", "2026-07-15"),
            ("2026-02-28", "2026-01-31", "2026-02-28", "2026-03-31"),
            ("2026-03-30", "2026-01-31", "2026-02-28", "2026-03-31"),
            ("2026-01-10", "2026-02-01", "2026-02-01", "2026-02-01"),
            ("2026-01-05", "2025-12-20", "2025-12-20", "2026-01-20"),
        ] {
            let (on, anchor) = (day(on), day(anchor));
            assert_eq!(on.period_start(anchor), day(start), "{on} {anchor}");
            assert_eq!(on.next_period_start(anchor), day(next), "{on} {anchor}");
        }
    }
}
