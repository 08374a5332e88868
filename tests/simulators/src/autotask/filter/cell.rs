//! Values made comparable, and what the operators say about them.

use std::cmp::Ordering;

use jiff::civil::DateTime;
use serde_json::Value;

use super::super::entities::Kind;
use super::Operator;
use crate::moment;

/// A value made comparable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    Text(String),
    Moment(DateTime),
    Truth(bool),
}

/// The value as the kind of its field compares; none when it is null or no such value.
pub(super) fn cell(kind: Kind, value: &Value) -> Option<Cell> {
    match kind {
        Kind::Text => plain_text(value).map(|text| Cell::Text(text.to_lowercase())),
        Kind::Integer | Kind::Long | Kind::Decimal => number(value).map(Cell::Number),
        Kind::Boolean => truth(value).map(Cell::Truth),
        Kind::DateTime => value.as_str().and_then(moment::parse).map(Cell::Moment),
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        // Vendor samples filter the integer isActive of contacts by true.
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

impl Operator {
    /// Whether the operator holds between an actual value and its operands.
    pub(super) fn holds(self, actual: &Cell, operands: &[Cell]) -> bool {
        let order = || {
            operands
                .first()
                .and_then(|operand| compare(actual, operand))
        };
        match self {
            Self::Exist => true,
            Self::NotExist => false,
            Self::Eq | Self::In => operands.contains(actual),
            Self::NotEq | Self::NotIn => !operands.contains(actual),
            Self::Gt => order() == Some(Ordering::Greater),
            Self::Gte => order().is_some_and(Ordering::is_ge),
            Self::Lt => order() == Some(Ordering::Less),
            Self::Lte => order().is_some_and(Ordering::is_le),
            Self::BeginsWith => texts(actual, operands, |text, part| text.starts_with(part)),
            Self::EndsWith => texts(actual, operands, |text, part| text.ends_with(part)),
            Self::Contains => texts(actual, operands, |text, part| text.contains(part)),
        }
    }
}

fn compare(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Number(left), Cell::Number(right)) => left.partial_cmp(right),
        (Cell::Text(left), Cell::Text(right)) => Some(left.cmp(right)),
        (Cell::Moment(left), Cell::Moment(right)) => Some(left.cmp(right)),
        (Cell::Truth(left), Cell::Truth(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn texts(actual: &Cell, operands: &[Cell], test: impl Fn(&str, &str) -> bool) -> bool {
    match (actual, operands.first()) {
        (Cell::Text(actual), Some(Cell::Text(part))) => test(actual, part),
        (Cell::Number(actual), Some(Cell::Number(part))) => {
            test(&actual.to_string(), &part.to_string())
        }
        _ => false,
    }
}
