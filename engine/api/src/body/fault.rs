//! What is wrong with a body, in words that help and without the values that were sent: they may
//! be credentials.

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::problem::{Code, Fault, Problem};

/// How alike two names must be, from 0 to 1, for one to be offered in place of the other.
const LIKENESS_MIN: f64 = 0.75;

/// What serde says of a field by its name, and what is said of it here, where a pointer names it.
const NAMED_FIELDS: [(&str, &str); 2] = [
    ("missing field `", "this field is missing"),
    ("duplicate field `", "this field is there twice"),
];

/// The problem with a body that could not be read into its type.
pub(super) fn problem(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if error.inner().classify() != Category::Data {
        return not_json(error.inner());
    }
    let pointer = pointer(error.path());
    let said = error.into_inner().to_string();
    let fault = fault(pointer, without_position(&said));
    Problem::new(Code::Invalid, "The body is not what this address takes.").faults([fault])
}

/// The problem with a body that is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> Problem {
    let said = error.to_string();
    let said = without_position(&said);
    let (line, column) = (error.line(), error.column());
    let detail = format!("The body is not JSON: {said} at line {line}, column {column}.");
    Problem::new(Code::BodyNotJson, detail).remedy(match error.classify() {
        Category::Eof => "The body ends too early: send all of it.",
        _ => "Mend the JSON at that place.",
    })
}

/// The problem with a list where an object belongs. Serde would take it for the object's fields in
/// their order, which is part of no contract.
pub(super) fn list() -> Problem {
    let fault = wrong_type(String::new(), "sequence, expected a map");
    Problem::new(Code::Invalid, "The body is not what this address takes.").faults([fault])
}

/// What serde_json says, less the position that it ends with: a pointer says it better, and the
/// place of an unknown field would be that of its colon.
fn without_position(said: &str) -> &str {
    said.rsplit_once(" at line ").map_or(said, |(what, _)| what)
}

/// An RFC 6901 pointer.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

fn fault(pointer: String, said: &str) -> Fault {
    if let Some(names) = said.strip_prefix("unknown field ") {
        return unknown_field(pointer, names);
    }
    if let Some(found) = said.strip_prefix("invalid type: ") {
        return wrong_type(pointer, found);
    }
    for (prefix, message) in NAMED_FIELDS {
        if let Some(name) = said
            .strip_prefix(prefix)
            .and_then(|name| name.strip_suffix('`'))
        {
            let pointer = format!("{pointer}/{name}");
            return Fault {
                pointer,
                message: message.to_owned(),
                hint: None,
                place: None,
            };
        }
    }
    Fault {
        pointer,
        message: said.to_owned(),
        hint: None,
        place: None,
    }
}

/// `names` is "`found`, expected one of `a`, `b`", or "`found`, there are no fields".
fn unknown_field(pointer: String, names: &str) -> Fault {
    let mut names = names.split('`').skip(1).step_by(2);
    let found = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(found, name), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("the fields are {}", known.join(", ")),
    };
    Fault {
        pointer,
        message: "there is no such field".to_owned(),
        hint: Some(hint),
        place: None,
    }
}

/// `said` is "string \"...\", expected struct Name" and the like.
fn wrong_type(pointer: String, said: &str) -> Fault {
    // From the right, because a string that was sent may hold the same words.
    let (found, expected) = said
        .rsplit_once(", expected ")
        .unwrap_or((said, "something else"));
    let message = format!("expected {}, found {}", wanted(expected), kind(found));
    Fault {
        pointer,
        message,
        hint: None,
        place: None,
    }
}

/// What Rust calls the type that was expected, in the words of JSON.
fn wanted(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "an array",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.len() <= 4 && expected.starts_with(['u', 'i']) => "a whole number",
        _ => expected,
    }
}

/// The kind of value that was found, without the value.
fn kind(found: &str) -> &'static str {
    match found.split([' ', '`']).next() {
        Some("string") => "a string",
        Some("integer") => "a whole number",
        Some("floating") => "a number",
        Some("boolean") => "true or false",
        Some("map") => "an object",
        Some("sequence") => "an array",
        Some("null") => "null",
        _ => "something else",
    }
}
