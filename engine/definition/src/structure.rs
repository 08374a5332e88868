//! Holds a file against its schema and says, in our own words, all that does not fit.
//!
//! A schema's verdict is written for programs. Here each kind of it becomes a sentence about the
//! author's text, at the key or value that has to change, with the nearest name where one is near.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::codes;
use crate::near;
use crate::page::{Page, Spot};
use crate::raw::value::{NAME_PATTERN, SPAN_PATTERN, TYPE_PATTERN};
use crate::schemas::Grammar;

/// Where a schema describes a step, whose keys are its kinds.
const STEP: &str = "/$defs/Step";

/// Reports every way in which `value`, the content of `page`, does not fit `grammar`.
pub(crate) fn check(page: &Page, value: &Value, grammar: &Grammar) {
    let found = grammar.validator.iter();
    let found: Vec<_> = found
        .flat_map(|validator| validator.iter_errors(value))
        .collect();
    for error in found.iter().filter(|error| !is_misspelt(error, &found)) {
        let spot = page.spot().pointer(error.instance_path().as_str());
        let keyword_path = error.schema_path().as_str();
        let above = keyword_path.rsplit_once('/').map_or("", |(above, _)| above);
        let rules = grammar.schema.pointer(above).unwrap_or(&Value::Null);
        one(&spot, rules, above == STEP, error);
    }
}

/// Whether an error is that a key is missing which is there, misspelt: that is told once.
fn is_misspelt(error: &ValidationError<'_>, found: &[ValidationError<'_>]) -> bool {
    let Kind::Required { property } = error.kind() else {
        return false;
    };
    let beside = |other: &&ValidationError<'_>| other.instance_path() == error.instance_path();
    property.as_str().is_some_and(|missing| {
        found.iter().filter(beside).any(|other| match other.kind() {
            Kind::AdditionalProperties { unexpected } => {
                unexpected.iter().any(|key| near::is_near(key, missing))
            }
            _ => false,
        })
    })
}

fn one(spot: &Spot<'_>, rules: &Value, is_step: bool, error: &ValidationError<'_>) {
    let name = subject(spot);
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                unknown_key(spot, rules, is_step, key);
            }
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let about = rules.pointer(&format!("/properties/{key}/description"));
            let hint = about.and_then(Value::as_str).map(first_sentence);
            spot.error(
                codes::MISSING_KEY,
                format!("{name} lacks the key `{key}`"),
                hint,
            );
        }
        Kind::Type { kind } => wrong_type(spot, rules, kind, error.instance()),
        Kind::OneOfNotValid { .. } | Kind::Enum { .. } | Kind::AnyOf { .. } => {
            wrong_value(spot, rules, error.instance());
        }
        Kind::Pattern { pattern } => wrong_pattern(spot, pattern, error.instance()),
        Kind::PropertyNames { error } => {
            if let Some(key) = error.instance().as_str() {
                let message = format!("`{key}` is not a name");
                let hint = "use small letters, digits and underscores, first a letter".to_owned();
                spot.key(key)
                    .key_error(codes::BAD_NAME, message, Some(hint));
            }
        }
        Kind::MinProperties { .. } => empty(spot, rules, is_step),
        Kind::MaxProperties { .. } => several(spot, error.instance(), is_step),
        Kind::MinItems { .. } => {
            spot.error(
                codes::OUT_OF_RANGE,
                format!("{name} needs at least one item"),
                None,
            );
        }
        Kind::Minimum { limit } => {
            spot.error(
                codes::OUT_OF_RANGE,
                format!("{name} must be at least {limit}"),
                None,
            );
        }
        Kind::Maximum { limit } => {
            spot.error(
                codes::OUT_OF_RANGE,
                format!("{name} must be at most {limit}"),
                None,
            );
        }
        _ => spot.error(
            codes::WRONG_VALUE,
            format!("{name}: {}", error.masked()),
            None,
        ),
    }
}

/// How a sentence names the value at a spot.
fn subject(spot: &Spot<'_>) -> String {
    match spot.path() {
        path if path.is_empty() => "the file".to_owned(),
        path => format!("`{path}`"),
    }
}

fn unknown_key(spot: &Spot<'_>, rules: &Value, is_step: bool, key: &str) {
    let known: Vec<&str> = rules
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    // Typographic quotes quote nothing, so that a text in them ends at its first comma. They are
    // reported, and the rest of the text is no key that anybody meant.
    if key.contains(['“', '”', '‘', '’']) && spot.errors() > 0 {
        return;
    }
    let hint = near::hint(key, known);
    let at = spot.key(key);
    if is_step {
        at.key_error(
            codes::UNKNOWN_STEP,
            format!("`{key}` is not a kind of step"),
            hint,
        );
    } else {
        let message = format!("`{key}` is not a key of {}", subject(spot));
        at.key_error(codes::UNKNOWN_KEY, message, hint);
    }
}

fn wrong_type(spot: &Spot<'_>, rules: &Value, expected: &TypeKind, found: &Value) {
    let wanted = wanted(expected);
    let hint = how_to_write(spot, rules, &wanted, found);
    let message = format!(
        "{} must be {wanted}, and it is {}",
        subject(spot),
        kind_of(found)
    );
    spot.error(codes::WRONG_TYPE, message, hint);
}

/// How a value of another kind becomes one that is `wanted`.
fn how_to_write(spot: &Spot<'_>, rules: &Value, wanted: &str, found: &Value) -> Option<String> {
    let key = spot.last().unwrap_or_default();
    let pattern = rules.get("pattern").and_then(Value::as_str);
    let hint = match (found, wanted) {
        (Value::Number(number), "a text") if pattern == Some(SPAN_PATTERN) => {
            return Some(format!("say of what, as in `{number}s` for seconds"));
        }
        (Value::Number(_), "a text") if pattern.is_some_and(|it| it.ends_with("%$")) => {
            "write a percentage from 1% to 100%"
        }
        (Value::Number(_) | Value::Bool(_), "a text") => "put it in quotes",
        (Value::String(text), "true or false") if is_yes_or_no(text) => {
            "write `true` or `false`, in small letters and without quotes"
        }
        (Value::String(text), "a whole number") if is_digits(text) => {
            "write it without quotes, and without a zero in front"
        }
        (Value::String(_), "a list") => "write it in brackets: `[...]`",
        (Value::Object(_), "a list") => "put a `-` in front of each of its items",
        (Value::String(text), "a map") if names_key(rules, text) => {
            return Some(format!("it is a key here: write `{{ {text}: ... }}`"));
        }
        (_, "a map") if names_key(rules, key) => {
            return Some(format!(
                "if it belongs to what stands above it, begin `{key}` further right"
            ));
        }
        (Value::String(_) | Value::Array(_), "a map") => "write keys with values: `{ key: value }`",
        (Value::Null, "a text") => {
            "give it a value, or remove the key; what follows a `#` is a comment unless quoted"
        }
        (Value::Null, _) => "give it a value, or remove the key",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn names_key(rules: &Value, text: &str) -> bool {
    let properties = rules.get("properties");
    properties.is_some_and(|properties| properties.get(text).is_some())
}

/// The kinds that a schema asks for, as people call them.
pub(crate) fn wanted(expected: &TypeKind) -> String {
    let kinds: Vec<String> = match expected {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
    };
    let names: Vec<&str> = kinds.iter().map(|kind| kind_name(kind)).collect();
    names.join(" or ")
}

fn is_yes_or_no(text: &str) -> bool {
    ["yes", "no", "on", "off", "true", "false"].contains(&text.to_lowercase().as_str())
}

/// A kind of JSON as people call it.
pub(crate) fn kind_name(json: &str) -> &str {
    match json {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "null" => "empty",
        other => other,
    }
}

/// A value's kind as people call it.
pub(crate) fn kind_of(value: &Value) -> &str {
    match json_kind(value) {
        "integer" => "a number",
        kind => kind_name(kind),
    }
}

/// The kind of a value, as a schema names it.
pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_value(spot: &Spot<'_>, rules: &Value, found: &Value) {
    let either = parts(rules, "anyOf");
    let options: Vec<&str> = words(rules).chain(either.flat_map(words)).collect();
    if let Some(text) = found.as_str() {
        let message = format!("`{text}` is not a value of {}", subject(spot));
        spot.error(codes::WRONG_VALUE, message, near::hint(text, options));
    } else {
        let message = format!(
            "{} must be one word, and it is {}",
            subject(spot),
            kind_of(found)
        );
        spot.error(codes::WRONG_TYPE, message, near::hint("", options));
    }
}

/// The words that a schema allows.
fn words(rules: &Value) -> impl Iterator<Item = &str> {
    let described = parts(rules, "oneOf").filter_map(|option| option.get("const"));
    parts(rules, "enum")
        .chain(described)
        .filter_map(Value::as_str)
}

fn parts<'r>(rules: &'r Value, keyword: &str) -> impl Iterator<Item = &'r Value> {
    let list = rules.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn wrong_pattern(spot: &Spot<'_>, pattern: &str, found: &Value) {
    let found = found.as_str().unwrap_or_default();
    match pattern {
        SPAN_PATTERN => spot.error(
            codes::BAD_DURATION,
            format!("`{found}` is not a span of time"),
            Some("write a whole number and one of ms, s, m, h, d, as in `30s`".to_owned()),
        ),
        NAME_PATTERN => spot.error(
            codes::BAD_NAME,
            format!("`{found}` is not a name"),
            Some("use small letters, digits and underscores, first a letter".to_owned()),
        ),
        TYPE_PATTERN => spot.error(
            codes::WRONG_VALUE,
            format!("`{found}` is not the type of a content"),
            Some("write it as in `text/xml`".to_owned()),
        ),
        _ => spot.error(
            codes::WRONG_VALUE,
            format!("`{found}` is not a value of {}", subject(spot)),
            Some("write a percentage from 1% to 100%".to_owned()),
        ),
    }
}

fn empty(spot: &Spot<'_>, rules: &Value, is_step: bool) {
    let properties = rules.get("properties").and_then(Value::as_object);
    let known = properties
        .into_iter()
        .flat_map(|properties| properties.keys());
    let hint = near::hint("", known.map(String::as_str));
    let code = if is_step {
        codes::EMPTY_STEP
    } else {
        codes::MISSING_KEY
    };
    spot.error(code, format!("{} is empty", subject(spot)), hint);
}

fn several(spot: &Spot<'_>, found: &Value, is_step: bool) {
    let (name, keys) = (subject(spot), keys(found));
    if is_step {
        let message = format!("{name} has several keys, and exactly one is its kind: {keys}");
        let hint = "write each as an item of the list by itself".to_owned();
        spot.error(codes::SEVERAL_STEPS, message, Some(hint));
    } else {
        let message = format!("{name} has exactly one key, and here are several: {keys}");
        spot.error(codes::EXACTLY_ONE, message, None);
    }
}

fn keys(value: &Value) -> String {
    let keys = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| format!("`{key}`"));
    keys.collect::<Vec<_>>().join(", ")
}

fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    text.split_once(". ")
        .map_or_else(|| text.clone(), |(first, _)| format!("{first}."))
}
