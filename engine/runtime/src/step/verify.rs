//! `verify`: holds what was found against what was expected, and notes both in the run.
//!
//! It never stops the steps: what was made for a test has to be taken away again, whatever was
//! found. That something does not hold is known when the run ends.

use expression::Expression;
use model::Check;
use serde_json::Value;

use super::{Flow, is_true};
use crate::context::Context;
use crate::halt::Halt;

/// Notes whether `found` is what was `expected`.
pub(super) fn verify(
    context: &mut Context<'_>,
    path: &str,
    what: &str,
    found: &Expression,
    expected: Option<&Expression>,
) -> Result<Flow, Halt> {
    let found = context.value(found, path)?;
    let expected = match expected {
        Some(expected) => match context.value(expected, path)? {
            Value::Null => return Ok(Flow::Go),
            expected => Some(expected),
        },
        None => None,
    };
    let holds = match &expected {
        Some(expected) => is_or_contains(&found, expected),
        None => is_true(&found),
    };
    context.checks.push(Check {
        what: what.to_owned(),
        holds,
        found: Some(text(&found)).filter(|_| !found.is_null()),
        expected: expected.as_ref().map(text),
    });
    Ok(Flow::Go)
}

/// A value as people read it.
fn text(value: &Value) -> String {
    let one = model::request::id_text;
    let several = value.as_array();
    several.map_or_else(
        || one(value),
        |several| several.iter().map(one).collect::<Vec<_>>().join(", "),
    )
}

/// Whether two values are the same as people write them: one side may hold `8` as a number and
/// the other as a text.
fn is_or_contains(found: &Value, expected: &Value) -> bool {
    let same = |one: &Value| model::request::id_text(one) == model::request::id_text(expected);
    same(found) || found.as_array().is_some_and(|parts| parts.iter().any(same))
}
