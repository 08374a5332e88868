//! Text to path: syntax, and where it breaks.

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use pest::error::InputLocation;

use super::{Path, Start, Step};
use crate::compile::Names;
use crate::fault::{self, Fault};

/// The longest path, in bytes. The real ones have less than two hundred.
pub(crate) const TEXT_BYTES_MAX: usize = 2_000;

impl Path {
    /// Whether `text` is meant to be a path.
    pub(crate) fn is_meant(text: &str) -> bool {
        text == "$" || text.starts_with("$.") || text.starts_with("$[")
    }

    /// What is wrong with a text that is a path but for the dot behind its `$`. It would be sent as
    /// it stands, and nothing would tell that a value was meant.
    pub(crate) fn without_dot(text: &str) -> Option<Fault> {
        let name = text.strip_prefix('$')?;
        let begins = |one: char| one.is_alphabetic() || one == '_';
        let goes_on = |one: char| one.is_alphanumeric() || "_-.[]*'\"".contains(one);
        if !name.starts_with(begins) || !name.chars().all(goes_on) {
            return None;
        }
        let message = format!("`{text}` is a text and no path: the dot is missing");
        let hint = format!("write `$.{name}`, or `{{ literal: {text} }}` if the text is meant");
        Some(Fault::new(fault::PATH_WITHOUT_DOT, message).hint(hint))
    }

    /// Reads `text` and checks it against `names`.
    pub(crate) fn compile(text: &str, names: &Names<'_>) -> Result<Self, Vec<Fault>> {
        let query = parse(text).map_err(|fault| vec![fault])?;
        let faults = super::check::check(text, &query, names);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut segments = query.segments.into_iter().peekable();
        let start = if names.document.is_some() {
            Start::Document
        } else {
            match segments.next() {
                Some(Segment::Selector(Selector::Name(name))) => Start::Root(name.into()),
                _ => return Err(vec![super::check::no_single_root(text)]),
            }
        };
        // A filter that looks at `$` again needs the library to see the document from the top.
        let whole = text.matches('$').count() > 1;
        let mut steps = Vec::new();
        while let Some(step) = segments.peek().and_then(simple).filter(|_| !whole) {
            steps.push(step);
            segments.next();
        }
        let rest: Vec<Segment> = segments.collect();
        Ok(Self {
            text: text.into(),
            start,
            steps: steps.into(),
            rest: (!rest.is_empty()).then(|| JpQuery::new(rest)),
        })
    }
}

fn simple(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(Step::Name(name.as_str().into())),
        Segment::Selector(Selector::Index(index)) => Some(Step::Index(*index)),
        Segment::Selector(Selector::Wildcard) => Some(Step::Each),
        _ => None,
    }
}

fn parse(text: &str) -> Result<JpQuery, Fault> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!(
            "this path has {} bytes, the limit is {TEXT_BYTES_MAX}",
            text.len()
        );
        return Err(Fault::new(fault::TOO_LONG, message));
    }
    let query = parse_json_path(text)
        .map_err(|error| invalid(text, message(&error, text), offset(&error, text)))?;
    match query
        .segments
        .iter()
        .find_map(|segment| spaced_name(text, segment))
    {
        Some(name) => {
            let at = fault::locate(text, 0, name).map(|(offset, _)| offset);
            Err(invalid(
                text,
                "a name in this JSONPath holds a space".to_owned(),
                at,
            ))
        }
        None => Ok(query),
    }
}

fn invalid(text: &str, message: String, at: Option<(usize, usize)>) -> Fault {
    let stops_at = at.and_then(|(at, _)| text.chars().nth(at));
    let hint = if stops_at.is_some_and(|one| fault::TYPOGRAPHIC_QUOTES.contains(&one)) {
        fault::STRAIGHT_QUOTES
    } else if text.contains("{{") {
        "a path cannot hold `{{ }}`: pick with a path, or print with a template"
    } else if is_open(text) {
        "each `[` has its `]`, and each `(` its `)`: `$.items[*]`"
    } else if text.contains('?') {
        "a filter compares with `==` and joins with `&&` and `||`: `$.items[?(@.open==true)]`"
    } else {
        "to write this text itself: `literal: \"…\"`"
    };
    Fault::new(fault::INVALID_PATH, message)
        .at(at)
        .hint(hint.to_owned())
}

/// Whether there are more brackets that open than such that close.
fn is_open(text: &str) -> bool {
    let count = |one: char| text.matches(one).count();
    count('[') > count(']') || count('(') > count(')')
}

/// A name that holds white space and is not in quotes. The library takes `$.total due` for one
/// name, which RFC 9535 does not; it is a text that only looks like a path.
fn spaced_name<'s>(text: &str, segment: &'s Segment) -> Option<&'s str> {
    let Segment::Selector(Selector::Name(name)) = segment else {
        return None;
    };
    let quoted = text.contains(&format!("'{name}'")) || text.contains(&format!("\"{name}\""));
    let spaced = !quoted && !text.contains('\\') && name.contains(char::is_whitespace);
    spaced.then_some(name)
}

/// In words of the author: the library's own speak of its grammar.
fn message(error: &JsonPathError, text: &str) -> String {
    match error {
        JsonPathError::PestError(_) => match offset(error, text) {
            Some((at, _)) => match text.chars().nth(at) {
                Some(_) if is_open(text) => "a bracket of this JSONPath is not closed".to_owned(),
                Some(found) => format!("this JSONPath cannot go on with `{found}`"),
                None => "this JSONPath is not finished".to_owned(),
            },
            None => "this is not a JSONPath".to_owned(),
        },
        JsonPathError::MaxNestingDepthExceeded(limit) => {
            format!("this JSONPath nests brackets more than {limit} deep")
        }
        _ => "this is not a JSONPath".to_owned(),
    }
}

fn offset(error: &JsonPathError, text: &str) -> Option<(usize, usize)> {
    let JsonPathError::PestError(error) = error else {
        return None;
    };
    let (InputLocation::Pos(start) | InputLocation::Span((start, _))) = error.location;
    Some((text.get(..start)?.chars().count(), 1))
}
