//! What differs between two values, place by place, in a form that people read.

use std::fmt;

use exchange::Scrub;
use serde_json::Value;

/// The most characters of a value that are shown; the place says where the rest is.
const SHOWN_CHARS_MAX: usize = 300;

/// The most differences of one pair of values; a value that is wrong all over is wrong.
const DIFFERENCES_MAX: usize = 40;

/// One thing that is not as an example says.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, e.g. `exchanges[1].request.body.title`.
    pub path: String,
    /// What the example says; `None` where it says that there is nothing.
    pub expected: Option<Value>,
    /// What there was; `None` for nothing.
    pub got: Option<Value>,
}

impl Difference {
    pub(super) fn new(
        path: impl Into<String>,
        expected: Option<Value>,
        got: Option<Value>,
    ) -> Self {
        Self {
            path: path.into(),
            expected,
            got,
        }
    }

    /// Something that the example says and that did not come, or the reverse, said in words.
    pub(super) fn lacks(path: impl Into<String>, got: Value) -> Self {
        Self::new(path, None, Some(got))
    }
}

impl Difference {
    /// Takes secrets out of what is shown.
    pub(super) fn mask(&mut self, secrets: &Scrub) {
        for value in [&mut self.expected, &mut self.got].into_iter().flatten() {
            mask(value, secrets);
        }
    }
}

fn mask(value: &mut Value, secrets: &Scrub) {
    match value {
        Value::String(text) => *text = secrets.text(text),
        Value::Array(parts) => parts.iter_mut().for_each(|part| mask(part, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|part| mask(part, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Shows the place, what was expected and what there was, one below the other.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            expected,
            got,
        } = self;
        write!(
            f,
            "{path}\n  expected {}\n       got {}",
            shown(expected.as_ref()),
            shown(got.as_ref())
        )
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Adds every difference between `expected` and `got`, down to the single field.
pub(super) fn values(path: &str, expected: &Value, got: &Value, found: &mut Vec<Difference>) {
    if found.len() >= DIFFERENCES_MAX || expected == got {
        return;
    }
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            for (name, value) in expected {
                part(&format!("{path}.{name}"), Some(value), got.get(name), found);
            }
            for (name, value) in got.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                part(&format!("{path}.{name}"), None, Some(value), found);
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            for at in 0..expected.len().max(got.len()) {
                part(
                    &format!("{path}[{at}]"),
                    expected.get(at),
                    got.get(at),
                    found,
                );
            }
        }
        _ => found.push(Difference::new(
            path,
            Some(expected.clone()),
            Some(got.clone()),
        )),
    }
}

fn part(path: &str, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, got) {
        (Some(expected), Some(got)) => values(path, expected, got, found),
        _ => found.push(Difference::new(path, expected.cloned(), got.cloned())),
    }
}

/// Adds a difference unless `expected`, where something is expected, is what there is.
pub(super) fn wanted(
    path: &str,
    expected: Option<Value>,
    got: Option<Value>,
    found: &mut Vec<Difference>,
) {
    match (expected, got) {
        (None, _) => {}
        (Some(expected), Some(got)) => values(path, &expected, &got, found),
        (expected, got) => found.push(Difference::new(path, expected, got)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_shown_at_its_place() {
        let expected = json!({ "a": [1, { "b": "x" }], "c": null, "same": 1 });
        let got = json!({ "a": [1, { "b": "y", "d": 2 }, 3], "same": 1 });
        let mut found = Vec::new();
        values("gives", &expected, &got, &mut found);
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wanted = [
            "gives.a[1].b\n  expected \"x\"\n       got \"y\"",
            "gives.a[1].d\n  expected nothing\n       got 2",
            "gives.a[2]\n  expected nothing\n       got 3",
            "gives.c\n  expected null\n       got nothing",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn a_long_value_is_cut_where_a_character_ends() {
        let long = Difference::lacks("gives", json!("ü".repeat(1_000)));
        assert!(long.to_string().ends_with("ü…"));
    }
}
