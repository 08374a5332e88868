//! Problems as people read them: the sentence, the place, the line with a caret, and the remedy.

use std::fmt::Write;

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
}

/// The longest piece of a source line that is shown, in characters.
const LINE_CHARS_MAX: usize = 120;
/// How many characters are kept before the caret when a line is cut.
const LEAD_CHARS: usize = 60;

/// Renders `problems`. The text forms end with a line that counts them; no problems are no text.
pub fn render(problems: &[Problem], style: Style) -> String {
    if style == Style::Json {
        // A problem is made of texts and numbers, which always have a JSON form.
        return serde_json::to_string_pretty(problems).unwrap_or_default() + "\n";
    }
    let paint = Paint {
        on: style == Style::Colour,
    };
    let mut text = String::new();
    for problem in problems {
        text.push_str(&one(problem, paint));
        text.push('\n');
    }
    if !problems.is_empty() {
        text.push_str(&count(problems));
    }
    text
}

fn one(problem: &Problem, paint: Paint) -> String {
    let (word, colour) = match problem.severity {
        Severity::Error => ("error", RED),
        Severity::Warning => ("warning", YELLOW),
    };
    let place = &problem.place;
    let gutter = " ".repeat(place.line.to_string().len());
    let bar = paint.with(BLUE, "|");
    let (line, column) = excerpt(&problem.source_line, place.column);
    let room = line.chars().count().saturating_sub(column - 1).max(1);
    let carets = "^".repeat(place.length.clamp(1, room));
    let mut text = String::new();
    // Writing into a String cannot fail.
    drop(writeln!(
        text,
        "{}: {}\n{gutter}{} {}:{}:{}\n{gutter} {bar}",
        paint.with(colour, &format!("{word}[{}]", problem.code)),
        problem.message,
        paint.with(BLUE, "-->"),
        place.file,
        place.line,
        place.column,
    ));
    drop(writeln!(
        text,
        "{} {bar} {line}",
        paint.with(BLUE, &place.line.to_string())
    ));
    let indent = " ".repeat(column - 1);
    drop(writeln!(
        text,
        "{gutter} {bar} {indent}{}",
        paint.with(colour, &carets)
    ));
    if let Some(hint) = &problem.hint {
        drop(writeln!(
            text,
            "{gutter} {} help: {hint}",
            paint.with(BLUE, "=")
        ));
    }
    text
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
    let warnings = problems.len() - errors;
    let number = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    format!(
        "{}, {}\n",
        number(errors, "error"),
        number(warnings, "warning")
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
