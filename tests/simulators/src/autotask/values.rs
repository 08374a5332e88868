//! Values in bodies: which JSON a field takes, and what it becomes.
//!
//! The real API coerces texts to numbers and booleans ("id": "4", "IsActive": "False"), but not
//! a boolean to an integer: that fails in its JSON parser, with the parser's words.

use serde_json::{Number, Value};

use super::answer::Refusal;
use super::config::ListValue;
use super::entities::{Field, Kind};
use super::metadata::{is_date, is_list, is_numeric};
use super::tenant::{Record, Tenant};
use crate::moment;

/// The value as it is stored.
pub(crate) fn coerced(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let coerced = match field.kind {
        Kind::Text => return text(field, value),
        Kind::Integer => integer(value)
            .filter(|number| i32::try_from(*number).is_ok())
            .map(Value::from),
        Kind::Long => integer(value).map(Value::from),
        Kind::Decimal => decimal(value).map(Value::Number),
        Kind::Boolean => boolean(value).map(Value::from),
        Kind::DateTime => value
            .as_str()
            .and_then(moment::parse)
            .map(moment::text)
            .map(Value::from),
    };
    coerced.ok_or_else(|| unparsable(field, value))
}

fn text(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return Err(unparsable(field, value)),
    };
    let length = text.chars().count();
    if field.length > 0 && u32::try_from(length).is_ok_and(|length| length <= field.length)
        || field.length == 0
    {
        return Ok(Value::String(text));
    }
    let (name, max) = (field.name, field.length);
    Err(Refusal::invalid(format!(
        "The value of {name} exceeds the maximum length of {max}."
    )))
}

/// A reader of JSON names the first character it did not expect.
fn unparsable(field: &Field, value: &Value) -> Refusal {
    let shown = value.to_string();
    let first = shown.trim_start_matches('"').chars().next().unwrap_or('"');
    let name = field.name;
    let text =
        format!("Unexpected character encountered while parsing value: {first}. Path '{name}'.");
    Refusal::invalid(text)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn decimal(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok().and_then(Number::from_f64),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        _ => None,
    }
}

/// The value of a user-defined field as it is stored; none when it is cleared.
pub(crate) fn user_defined_value(
    tenant: &Tenant,
    definition: &Record,
    value: &Value,
    list: ListValue,
) -> Result<Option<String>, Refusal> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => {
            return Err(Refusal::invalid(
                "The value of a user-defined field must be a string.",
            ));
        }
    };
    let name = definition.text("name").unwrap_or_default();
    if is_list(tenant, definition) {
        let known = |item: &Record| item.text(list.field()) == Some(text.as_str());
        if !tenant.list_items(definition.id).any(known) {
            let refusal = format!("Picklist value [{text}] does not exist for {name}.");
            return Err(Refusal::invalid(refusal));
        }
    } else if is_numeric(tenant, definition) && text.trim().parse::<f64>().is_err()
        || is_date(tenant, definition) && moment::parse(&text).is_none()
    {
        return Err(Refusal::invalid(format!(
            "The value '{text}' is not valid for {name}."
        )));
    }
    Ok(Some(text))
}
