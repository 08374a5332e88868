//! Dates as both PSAs write and read them: UTC, ISO, and without a zone suffix.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// A moment as records show it: milliseconds only when there are any, never a `Z`.
pub(crate) fn text_of(moment: Timestamp) -> String {
    text(date_time_of(moment))
}

/// The date and time of a moment, in UTC.
pub(crate) fn date_time_of(moment: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(moment)
}

/// A date and time as records show it.
pub(crate) fn text(value: DateTime) -> String {
    if value.millisecond() == 0 {
        value.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    } else {
        value.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string()
    }
}

/// Midnight of a date as records show it.
pub(crate) fn text_of_date(date: Date) -> String {
    text(date.at(0, 0, 0, 0))
}

/// Reads what callers send: with `Z` or an offset, without either (taken as UTC), or a bare date.
pub(crate) fn parse(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(date_time_of(moment));
    }
    if let Ok(value) = text.parse::<DateTime>() {
        return Some(value);
    }
    text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    fn check(sent: &str, shown: &str) {
        assert_eq!(parse(sent).map(text).as_deref(), Some(shown), "{sent}");
    }

    #[test]
    fn every_form_of_a_date_is_read_as_utc() {
        check("2026-01-31T15:04:05.307Z", "2026-01-31T15:04:05.307");
        check("2026-01-31T15:04:05.307", "2026-01-31T15:04:05.307");
        check("2026-01-31T15:04:05", "2026-01-31T15:04:05");
        check("2026-01-31T15:04:05+02:00", "2026-01-31T13:04:05");
        check("2026-08-01", "2026-08-01T00:00:00");
        assert_eq!(parse("next Tuesday"), None);
    }
}
