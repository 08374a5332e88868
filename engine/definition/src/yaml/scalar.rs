//! What a plain word means, and where the n-th character of a text stands in its file.

use serde_json::Number;

use super::{Kind, Span, Style, Text};

/// Reads a plain scalar. Only what cannot be meant otherwise is anything but text: `true`, `false`,
/// `null`, `~`, nothing at all, and decimal numbers.
pub(super) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        _ => number(text).map_or_else(
            || {
                Kind::Text(Text {
                    value: text.to_owned(),
                    style: Style::Plain,
                })
            },
            Kind::Number,
        ),
    }
}

/// A decimal number without leading zeros, as JSON writes them: `007` is a text, and so is `1e5`
/// without a point, because it is far more often an identifier than a number.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits
        .split_once('.')
        .map_or((digits, None), |(a, b)| (a, Some(b)));
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    match rest {
        None => text.parse::<i64>().ok().map(Number::from),
        Some(fraction) if decimal(fraction) => Number::from_f64(text.parse().ok()?),
        Some(_) => None,
    }
}

/// Where `length` characters from the `offset`-th of a text stand. `line` is the source line the
/// text begins in. Falls back to the whole text where its layout hides the answer.
pub(crate) fn within(span: Span, text: &Text, line: &str, offset: usize, length: usize) -> Span {
    let length = length.max(1);
    let column = match text.style {
        Style::Plain => Some(span.column + offset),
        Style::Quoted | Style::DoubleQuoted => {
            let body: Vec<char> = line.chars().skip(span.column).collect();
            written_offset(&body, text.style, offset).map(|written| span.column + 1 + written)
        }
        Style::Block => None,
    };
    match column {
        Some(column) if column + length <= span.column + span.length => Span {
            line: span.line,
            column,
            length,
        },
        _ => span,
    }
}

/// How many written characters the first `offset` characters of a quoted text take.
fn written_offset(body: &[char], style: Style, offset: usize) -> Option<usize> {
    let mut written = 0;
    for _ in 0..offset {
        written += match (style, body.get(written)?, body.get(written + 1)) {
            (Style::Quoted, '\'', Some('\'')) => 2,
            (Style::DoubleQuoted, '\\', Some(escape)) => match escape {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                _ => 2,
            },
            _ => 1,
        };
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_they_look_like() {
        for text in [
            "no", "yes", "on", "0x10", "007", "1e5", "1.0.0", ".5", "1.", "-", "True",
        ] {
            assert!(matches!(plain(text), Kind::Text(_)), "{text}");
        }
        assert!(matches!(plain("-1"), Kind::Number(number) if number.as_i64() == Some(-1)));
        assert!(matches!(plain("0.5"), Kind::Number(number) if number.as_f64() == Some(0.5)));
        assert!(matches!(plain("~"), Kind::Null));
    }

    #[test]
    fn a_character_of_an_escaped_text_is_found() {
        let line = r#"  key: "a\"{{ x }}""#;
        let span = Span {
            line: 1,
            column: 8,
            length: 12,
        };
        let text = Text {
            value: "a\"{{ x }}".into(),
            style: Style::DoubleQuoted,
        };
        assert_eq!(
            within(span, &text, line, 5, 1),
            Span {
                line: 1,
                column: 15,
                length: 1
            }
        );
    }
}
