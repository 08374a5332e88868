//! Where the slip was that a parser stumbled over. It stops where it cannot go on, which for the
//! commonest slips (a colon, a space, an indentation) is another line than the one to mend.

use super::Span;

/// A slip that was recognised.
pub(super) struct Slip {
    pub(super) span: Span,
    pub(super) message: &'static str,
    pub(super) hint: String,
}

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line<'t> {
    number: usize,
    indent: usize,
    text: &'t str,
}

/// What most likely went wrong before or in the line `number`, at whose `column` (from 1) the
/// parser stopped for the reason `info`.
pub(super) fn slip(text: &str, number: usize, column: usize, info: &str) -> Option<Slip> {
    let lines = text.lines().enumerate().take(number).filter_map(line);
    let lines: Vec<Line<'_>> = lines.collect();
    let (here, above) = lines.split_last()?;
    let mut before = above.iter();
    let last = before.next_back().filter(|_| here.number == number)?;
    if info.contains("simple key") && !has_key(last.text) && !last.text.contains(['"', '\'']) {
        return Some(last.without_colon());
    }
    let is_its_key = here.text.find(": ").map(|at| here.indent + at + 1) == Some(column);
    let stops_here = info.contains("mapping values") && is_its_key;
    if here.indent > last.indent && (stops_here || info.contains("block mapping")) {
        let is_value = has_key(last.text) && !last.text.ends_with([':', '>', '|']);
        return is_value.then(|| here.displaced(last));
    }
    if !info.contains("block mapping") {
        return None;
    }
    let first = before.next_back()?;
    let is_odd = last.indent > here.indent && first.indent == here.indent;
    if is_odd && has_key(last.text) && !first.text.ends_with(':') {
        return Some(last.displaced(here));
    }
    here.between(above)
}

fn line((at, line): (usize, &str)) -> Option<Line<'_>> {
    let text = line.trim();
    let is_said = !text.is_empty() && !text.starts_with('#');
    is_said.then(|| Line {
        number: at + 1,
        indent: line.chars().take_while(|one| *one == ' ').count(),
        text,
    })
}

/// Whether a line has a key with its colon.
fn has_key(text: &str) -> bool {
    text.contains(": ") || text.ends_with(':')
}

impl Line<'_> {
    fn whole(&self) -> Span {
        Span {
            line: self.number,
            column: self.indent + 1,
            length: self.text.chars().count(),
        }
    }

    fn without_colon(&self) -> Slip {
        let words = self.text.trim_start_matches("- ");
        let (message, parts) = match words.split_once(':') {
            Some(parts) => ("no space follows the colon of this key", Some(parts)),
            None => ("this line has no key with a colon", words.split_once(' ')),
        };
        let (key, value) = parts.unwrap_or((words, "..."));
        Slip {
            span: self.whole(),
            message,
            hint: format!("write `{key}: {}`", value.trim()),
        }
    }

    /// It begins left of what stands `above`, and in no column in which that goes on.
    fn between(&self, above: &[Self]) -> Option<Slip> {
        let mut further = None;
        for line in above.iter().rev() {
            if line.indent > self.indent {
                let is_less = |known: &&Self| known.indent <= line.indent;
                further = further.filter(is_less).or(Some(line));
                continue;
            }
            let begins = line.indent + if line.text.starts_with("- ") { 2 } else { 0 };
            if [line.indent, begins].contains(&self.indent) {
                return None;
            }
            let further = further?;
            return Some(Slip {
                span: self.whole(),
                message: "no line above this one begins in its column",
                hint: format!(
                    "line {} begins in column {} and line {} in column {}: begin in one of these",
                    further.number,
                    further.indent + 1,
                    line.number,
                    line.indent + 1
                ),
            });
        }
        None
    }

    /// It begins in another column than `other`, which it belongs to.
    fn displaced(&self, other: &Self) -> Slip {
        let (here, there) = (self.indent + 1, other.indent + 1);
        Slip {
            span: self.whole(),
            message: "this line begins further right than those that it belongs to",
            hint: format!(
                "line {} begins in column {there}, and this one in column {here}: \
                 begin both in one",
                other.number
            ),
        }
    }
}
