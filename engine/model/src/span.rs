//! Lengths of time as people write them: `250ms`, `30s`, `5m`, `1h`, `2d`.

use std::time::Duration;

/// Reads a whole number with one unit of `ms`, `s`, `m`, `h` or `d`. `None` for anything else:
/// a bare number has no unit, and guessing one is how a timeout of an hour becomes a second.
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let millis_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis_per_unit)?))
}

/// Writes a span with the largest unit that leaves a whole number.
pub fn print(span: Duration) -> String {
    let millis = span.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let fits = units
        .into_iter()
        .find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    fits.map_or_else(
        || format!("{millis}ms"),
        |(unit, name)| format!("{}{name}", millis / unit),
    )
}

/// How often something is done that is done once in each such span: `every 5 minutes`, `every day`.
pub fn every(span: Duration) -> String {
    let printed = print(span);
    let (number, unit) = printed.split_at(printed.trim_end_matches(char::is_alphabetic).len());
    let unit = match unit {
        "ms" => "millisecond",
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        _ => "day",
    };
    match number {
        "1" => format!("every {unit}"),
        number => format!("every {number} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_span_reads_back() {
        for text in ["250ms", "90s", "5m", "6h", "2d", "0ms"] {
            assert_eq!(parse(text).map(print).as_deref(), Some(text));
        }
    }

    #[test]
    fn how_often_is_said_in_words() {
        let said = ["1d", "5m", "90s", "1h", "48h"].map(|text| parse(text).map(every));
        let said = said.map(Option::unwrap_or_default);
        let words = [
            "every day",
            "every 5 minutes",
            "every 90 seconds",
            "every hour",
            "every 2 days",
        ];
        assert_eq!(said, words);
    }

    #[test]
    fn units_are_required_and_exact() {
        assert_eq!(parse("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse("1h"), Some(Duration::from_hours(1)));
        for wrong in [
            "",
            "5",
            "s",
            "1 h",
            "1.5h",
            "-1s",
            "1w",
            "99999999999999999999s",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
