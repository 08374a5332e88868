//! Problems as people read them: the sentence, the place, the line with a caret, and the remedy.

mod sarif;

use model::{Problem, Severity};

/// How problems are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text without colour.
    Plain,
    /// Text with ANSI colours, for a terminal.
    Colour,
    /// One JSON array, for programs.
    Json,
    /// One SARIF log, for code hosts and editors.
    Sarif,
}

/// The longest piece of a source line that is shown, in characters.
const LINE_CHARS_MAX: usize = 120;
/// How many characters are kept before the caret when a line is cut.
const LEAD_CHARS: usize = 60;

/// Renders `problems`. The text forms end with a line that counts them; no problems are no text.
pub fn render(problems: &[Problem], style: Style) -> String {
    // A problem is made of texts and numbers, which always have a JSON form.
    match style {
        Style::Json => return serde_json::to_string_pretty(problems).unwrap_or_default() + "\n",
        Style::Sarif => return format!("{:#}\n", sarif::log(problems)),
        Style::Plain | Style::Colour => {}
    }
    if problems.is_empty() {
        return String::new();
    }
    let paint = Paint {
        on: style == Style::Colour,
    };
    let mut parts: Vec<String> = problems.iter().map(|problem| one(problem, paint)).collect();
    parts.push(count(problems));
    parts.join("\n")
}

fn one(problem: &Problem, paint: Paint) -> String {
    let (word, colour) = match problem.severity {
        Severity::Error => ("error", RED),
        Severity::Warning => ("warning", YELLOW),
    };
    let place = &problem.place;
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let (bar, arrow) = (paint.with(BLUE, "|"), paint.with(BLUE, "-->"));
    let (line, column) = excerpt(&problem.source_line, place.column);
    let room = line.chars().count().saturating_sub(column - 1).max(1);
    let carets = paint.with(colour, &"^".repeat(place.length.clamp(1, room)));
    let head = paint.with(colour, &format!("{word}[{}]", problem.code));
    let mut lines = vec![
        format!("{head}: {}", problem.message),
        format!(
            "{gutter}{arrow} {}:{}:{}",
            place.file, place.line, place.column
        ),
        format!("{gutter} {bar}"),
        format!("{} {bar} {line}", paint.with(BLUE, &number)),
        format!("{gutter} {bar} {}{carets}", " ".repeat(column - 1)),
    ];
    if let Some(hint) = &problem.hint {
        lines.push(format!("{gutter} {} help: {hint}", paint.with(BLUE, "=")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The part of a line to show, and the column in it. Tabs become single spaces, so that the caret
/// stands where the text does.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let shown: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let column = column.max(1);
    if shown.len() <= LINE_CHARS_MAX {
        return (shown.into_iter().collect(), column);
    }
    let start = (column - 1).saturating_sub(LEAD_CHARS);
    let cut: String = shown.iter().skip(start).take(LINE_CHARS_MAX).collect();
    let lead = if start > 0 { "…" } else { "" };
    let tail = if start + LINE_CHARS_MAX < shown.len() {
        "…"
    } else {
        ""
    };
    (
        format!("{lead}{cut}{tail}"),
        column - start + lead.chars().count(),
    )
}

fn count(problems: &[Problem]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let number = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    format!(
        "{}, {}\n",
        number(errors, "error"),
        number(problems.len() - errors, "warning")
    )
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "34";

#[derive(Clone, Copy, Debug)]
struct Paint {
    on: bool,
}

impl Paint {
    fn with(self, colour: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}here{}", "a".repeat(200), "b".repeat(200));
        let (shown, column) = excerpt(&line, 201);
        let at: String = shown.chars().skip(column - 1).take(4).collect();
        assert_eq!(at, "here");
        assert_eq!(shown.chars().count(), LINE_CHARS_MAX + 2);
    }
}
