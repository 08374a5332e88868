//! JSON to the values of scripts and back. Integers stay integers; null is `()`; a number that no
//! `i64` holds becomes a float.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

use super::limits::{RESULT_BYTES_MAX, RESULT_VALUES_MAX, VALUE_DEPTH_MAX};

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

/// The value of a script as JSON, unless it is too large or no data at all.
pub(super) fn from_script(value: Dynamic) -> Result<Value, Refusal> {
    Outward {
        values: 0,
        bytes: 0,
    }
    .value(value, VALUE_DEPTH_MAX)
}

/// What has come out so far.
struct Outward {
    values: usize,
    bytes: usize,
}

impl Outward {
    fn value(&mut self, value: Dynamic, depth: usize) -> Result<Value, Refusal> {
        let depth = deeper(depth)?;
        self.values += 1;
        if self.values > RESULT_VALUES_MAX {
            return Err(format!("it returns more than {RESULT_VALUES_MAX} values"));
        }
        // A value that a closure captured is shared; what counts is the value.
        let value = value.flatten();
        match value.type_name() {
            "()" => Ok(Value::Null),
            "bool" => Ok(value.as_bool().unwrap_or_default().into()),
            "i64" => Ok(value.as_int().unwrap_or_default().into()),
            "f64" => {
                let number = Number::from_f64(value.as_float().unwrap_or_default());
                number
                    .map(Value::Number)
                    .ok_or_else(|| "it returns no finite number".to_owned())
            }
            "char" | "string" => self.text(value.to_string()).map(Value::String),
            "array" => {
                let parts = value.into_array().unwrap_or_default();
                parts
                    .into_iter()
                    .map(|part| self.value(part, depth))
                    .collect()
            }
            "map" => {
                let map: Map = value.try_cast().unwrap_or_default();
                let fields = map
                    .into_iter()
                    .map(|(name, part)| Ok((self.text(name.into())?, self.value(part, depth)?)));
                fields.collect::<Result<_, Refusal>>().map(Value::Object)
            }
            other => Err(format!(
                "it returns a value of type `{other}`, which is not data"
            )),
        }
    }

    fn text(&mut self, text: String) -> Result<String, Refusal> {
        self.bytes += text.len();
        if self.bytes > RESULT_BYTES_MAX {
            return Err(format!(
                "it returns more than {RESULT_BYTES_MAX} bytes of text"
            ));
        }
        Ok(text)
    }
}

fn deeper(depth: usize) -> Result<usize, Refusal> {
    depth
        .checked_sub(1)
        .ok_or_else(|| format!("a value is nested more than {VALUE_DEPTH_MAX} deep"))
}
