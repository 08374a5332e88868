//! Error rules: what a failed answer means, in the words of one API.
//!
//! A rule looks at one answer and says which class of failure it is, and how a person mends it.
//! It decides nothing about trying again; that follows from the class.

use std::collections::BTreeMap;
use std::time::Duration;

use expression::{Expression, Scope, Selector};
use model::Class;
use regex::Regex;
use serde_json::{Map, Value};

/// The longest text that a pattern is held against, in bytes. An HTML page in place of an error
/// says what it is in its first lines.
pub const SUBJECT_BYTES_MAX: usize = 16 * 1024;

/// How deep a body is searched for texts. Reasons stand near the top.
const TEXT_DEPTH_MAX: usize = 6;

/// A rule: what an answer has to be like, and what it means then.
#[derive(Clone, Debug)]
pub struct ErrorRule {
    /// The status that the answer must have.
    pub status: Option<StatusPattern>,
    /// The header that the answer must have, in small letters.
    pub header: Option<String>,
    /// What must be picked from the body (`$`).
    pub body: Option<Selector>,
    /// What the header, or one of the texts picked from the body, must match.
    pub matches: Option<Regex>,
    /// What kind of failure it is.
    pub class: Class,
    /// How a person mends it. Its roots are the named groups of `matches`, and what the operation
    /// knows except for credentials.
    pub remedy: Option<Expression>,
    /// What it is due to.
    pub cause: Option<CauseRule>,
}

/// What a failure is due to, or a pre-flight check looks for.
#[derive(Clone, Debug)]
pub struct CauseRule {
    /// Its name, one of the family's.
    pub name: String,
    /// What it is about; `None` when it is about the integration as a whole.
    pub about: Option<Expression>,
    /// One sentence that names it.
    pub title: Option<Expression>,
    /// How often it is worth trying again.
    pub recheck: Option<Duration>,
    /// Whether a success of the same operation with the same input shows that it is gone: what it
    /// is about does not depend on how a failure was put.
    pub success_ends_it: bool,
}

/// What a cause is about, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The integration as a whole.
    All,
    /// The thing with this id.
    Thing(String),
}

impl CauseRule {
    /// What the cause is about here; nothing when it cannot be made out.
    pub fn about(&self, scope: &Scope<'_>) -> Option<About> {
        let Some(about) = &self.about else {
            return Some(About::All);
        };
        let value = about.evaluate(scope).ok()?;
        says_something(&value).then(|| About::Thing(model::request::id_text(&value)))
    }
}

/// A status, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// This one.
    Exactly(u16),
    /// The hundred that begins with this digit: `5` for 500 to 599.
    Hundred(u16),
}

impl StatusPattern {
    /// Reads `404` or `"5xx"`.
    pub fn parse(value: &Value) -> Option<Self> {
        if let Some(status) = value.as_u64() {
            let status = u16::try_from(status).ok()?;
            return (100..600)
                .contains(&status)
                .then_some(Self::Exactly(status));
        }
        let digit = value.as_str()?.strip_suffix("xx")?.parse().ok()?;
        (1..=5).contains(&digit).then_some(Self::Hundred(digit))
    }

    fn covers(self, status: u16) -> bool {
        match self {
            Self::Exactly(exact) => exact == status,
            Self::Hundred(digit) => status / 100 == digit,
        }
    }
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// What kind of failure it is.
    pub class: Class,
    /// How a person mends it.
    pub remedy: Option<String>,
    /// What it is due to.
    pub cause: Option<MatchedCause>,
    /// What the remote side said: the text that was matched. It may hold anything, a secret
    /// included; scrub it before it is shown.
    pub said: Option<String>,
}

/// What a failure is due to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedCause {
    /// Its name, one of the family's.
    pub name: String,
    /// What it is about.
    pub about: About,
    /// One sentence that names it.
    pub title: Option<String>,
    /// How often it is worth trying again.
    pub recheck: Option<Duration>,
}

impl ErrorRule {
    /// Holds the rule against an answer. `headers` are in small letters; a body that is not JSON
    /// is a text. `known` is what the operation knew.
    pub fn apply(
        &self,
        status: u16,
        headers: &BTreeMap<String, String>,
        body: &Value,
        known: &Map<String, Value>,
    ) -> Option<Matched> {
        if !self.status.is_none_or(|pattern| pattern.covers(status)) {
            return None;
        }
        let header = match &self.header {
            Some(name) => Some(headers.get(name)?.as_str()),
            None => None,
        };
        let picked = match &self.body {
            Some(selector) => selector.pick_all(&Scope::document(body)).ok()?.values,
            None => Vec::new(),
        };
        let Some(pattern) = &self.matches else {
            let there = self.body.is_none() || picked.iter().any(|value| says_something(value));
            let said = picked.iter().find_map(|value| value.as_str()).or(header);
            return there.then(|| self.matched(said, known, &Map::new()));
        };
        let picked = match (&self.body, header) {
            (None, None) => texts_in(body, TEXT_DEPTH_MAX),
            _ => picked.into_iter().filter_map(Value::as_str).collect(),
        };
        let mut texts = picked.into_iter().chain(header).map(start_of);
        texts.find_map(|text| {
            let captures = pattern.captures(text)?;
            let groups = pattern
                .capture_names()
                .flatten()
                .map(|name| {
                    (
                        name.to_owned(),
                        captures.name(name).map_or("", |m| m.as_str()),
                    )
                })
                .map(|(name, text)| (name, Value::String(text.to_owned())))
                .collect();
            Some(self.matched(Some(text), known, &groups))
        })
    }

    fn matched(
        &self,
        said: Option<&str>,
        known: &Map<String, Value>,
        groups: &Map<String, Value>,
    ) -> Matched {
        let names = known.iter().chain(groups);
        let scope = names.fold(Scope::new(), |scope, (name, value)| scope.with(name, value));
        let cause = self.cause.as_ref().and_then(|cause| {
            Some(MatchedCause {
                name: cause.name.clone(),
                about: cause.about(&scope)?,
                title: printed(cause.title.as_ref(), &scope),
                recheck: cause.recheck,
            })
        });
        Matched {
            class: self.class,
            remedy: printed(self.remedy.as_ref(), &scope),
            cause,
            said: said.map(ToOwned::to_owned),
        }
    }
}

/// The text of a template, unless it lacks what it prints.
fn printed(template: Option<&Expression>, scope: &Scope<'_>) -> Option<String> {
    match template?.evaluate(scope) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Every text in a body, in its order, down to this depth. One API puts its reasons into half a
/// dozen forms.
fn texts_in(body: &Value, depth: usize) -> Vec<&str> {
    let Some(below) = depth.checked_sub(1) else {
        return Vec::new();
    };
    match body {
        Value::String(text) => vec![text],
        Value::Array(parts) => parts
            .iter()
            .flat_map(|part| texts_in(part, below))
            .collect(),
        Value::Object(fields) => fields
            .values()
            .flat_map(|part| texts_in(part, below))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// The first `SUBJECT_BYTES_MAX` bytes, cut where a character ends.
fn start_of(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SUBJECT_BYTES_MAX))
        .unwrap_or(text)
}
