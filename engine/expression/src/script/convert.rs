//! JSON to the values of scripts and back. Integers stay integers; null is `()`; a number that no
//! `i64` holds becomes a float.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

use super::limits::VALUE_DEPTH_MAX;

/// Why a value cannot pass, in words that hold no value.
pub(super) type Refusal = String;

pub(super) fn into_script(value: &Value) -> Result<Dynamic, Refusal> {
    into_script_at(value, VALUE_DEPTH_MAX)
}

fn into_script_at(value: &Value, depth: usize) -> Result<Dynamic, Refusal> {
    let depth = deeper(depth)?;
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) => float.into(),
            (None, None) => return Err("it holds a number that no script can hold".to_owned()),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(parts) => {
            let parts = parts.iter().map(|part| into_script_at(part, depth));
            Dynamic::from_array(parts.collect::<Result<Array, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, part)| Ok((name.as_str().into(), into_script_at(part, depth)?)));
            Dynamic::from_map(fields.collect::<Result<Map, Refusal>>()?)
        }
    })
}

pub(super) fn from_script(value: Dynamic) -> Result<Value, Refusal> {
    from_script_at(value, VALUE_DEPTH_MAX)
}

fn from_script_at(value: Dynamic, depth: usize) -> Result<Value, Refusal> {
    let depth = deeper(depth)?;
    // A value that a closure captured is shared; what counts is the value.
    let value = value.flatten();
    if let Ok(truth) = value.as_bool() {
        return Ok(truth.into());
    }
    if let Ok(integer) = value.as_int() {
        return Ok(integer.into());
    }
    if let Ok(float) = value.as_float() {
        let number = Number::from_f64(float);
        return number
            .map(Value::Number)
            .ok_or_else(|| "it returns no finite number".to_owned());
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if value.is_array() {
        let parts = value.into_array().unwrap_or_default();
        return parts
            .into_iter()
            .map(|part| from_script_at(part, depth))
            .collect();
    }
    if let Some(map) = value.clone().try_cast::<Map>() {
        let fields = map
            .into_iter()
            .map(|(name, part)| Ok((name.into(), from_script_at(part, depth)?)));
        return fields.collect::<Result<_, Refusal>>().map(Value::Object);
    }
    let kind = value.type_name();
    if value.is_string() || value.is_char() {
        return Ok(value.to_string().into());
    }
    Err(format!(
        "it returns a value of type `{kind}`, which is not data"
    ))
}

fn deeper(depth: usize) -> Result<usize, Refusal> {
    depth
        .checked_sub(1)
        .ok_or_else(|| format!("a value is nested more than {VALUE_DEPTH_MAX} deep"))
}
