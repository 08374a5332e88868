//! Reading what a caller sends about one record: which fields it knows, and which values fit.
//!
//! What is unknown or of the wrong shape is ignored without a word, as the real API does; only a
//! number that is not whole where a whole one belongs is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::HaloPsa;
use super::answer::Refusal;
use super::entities::Entity;
use super::field::{Field, Kind, Place};
use super::tenant::Record;
use super::violation::Violation;
use crate::moment;
use crate::traffic::keep;

/// A record as it would be, and as it was.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) record: Record,
    /// None for one that is to be created.
    pub(crate) before: Option<Record>,
    /// Names of the fields that were sent and taken.
    pub(crate) sent: Vec<&'static str>,
    /// Values that steer the write.
    control: BTreeMap<&'static str, Value>,
}

impl Draft {
    /// A change of `before`, or a new record.
    pub(crate) fn of(before: Option<Record>) -> Self {
        Self {
            record: before.clone().unwrap_or_default(),
            before,
            sent: Vec::new(),
            control: BTreeMap::new(),
        }
    }

    pub(crate) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    pub(crate) fn sends(&self, field: &str) -> bool {
        self.sent.contains(&field)
    }

    pub(crate) fn control(&self, field: &str) -> Option<&Value> {
        self.control.get(field)
    }

    pub(crate) fn steered(&self, field: &str) -> bool {
        self.control.get(field) == Some(&Value::Bool(true))
    }

    /// Sets a value unless the record has one.
    pub(crate) fn default(&mut self, field: &'static str, value: impl Into<Value>) {
        if !self.record.has(field) {
            self.record.set(field, value);
        }
    }

    /// Whether the record is new, or one of the fields was sent with another value than it had.
    pub(crate) fn touches(&self, fields: &[&str]) -> bool {
        self.is_new() || fields.iter().any(|field| self.changes(field))
    }

    /// Whether a field was sent with another value than the record had.
    pub(crate) fn changes(&self, field: &str) -> bool {
        let before = self.before.as_ref().and_then(|before| before.value(field));
        self.sends(field) && self.record.value(field) != before
    }
}

impl HaloPsa {
    /// Takes the fields of `body` over into `draft`.
    pub(crate) fn take(
        &self,
        entity: &Entity,
        body: &Map<String, Value>,
        draft: &mut Draft,
    ) -> Result<(), Refusal> {
        for (key, value) in body {
            let Some(field) = entity.field(key) else {
                self.ignore(entity, key);
                continue;
            };
            if field.name == "id" || !field.writable || value.is_null() {
                continue;
            }
            let taken = taken(field, value).inspect_err(|_| {
                self.violate(Violation::DecimalForInteger);
            })?;
            let Some(taken) = taken else {
                self.ignore(entity, key);
                continue;
            };
            if field.place == Place::Control {
                draft.control.insert(field.name, taken);
            } else {
                draft.record.set(field.name, taken);
                draft.sent.push(field.name);
            }
        }
        Ok(())
    }

    fn ignore(&self, entity: &Entity, key: &str) {
        let field = format!("{}.{key}", entity.path);
        keep(&mut self.traffic().ignored, field);
    }
}

/// The value as it is kept; none when its shape does not fit.
fn taken(field: &Field, value: &Value) -> Result<Option<Value>, Refusal> {
    Ok(match (field.kind, value) {
        (Kind::Int, Value::Number(number)) if number.as_i64().is_some() => Some(value.clone()),
        (Kind::Int, Value::Number(number)) => return Err(not_whole(field, &number.to_string())),
        (Kind::Int, Value::String(text)) => match text.trim().parse::<i64>() {
            Ok(number) => Some(Value::from(number)),
            Err(_) => return Err(not_whole(field, text)),
        },
        (Kind::Double, Value::Number(number)) => number.as_f64().map(Value::from),
        (Kind::Double, Value::String(text)) => text.trim().parse::<f64>().ok().map(Value::from),
        (Kind::Text, Value::String(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Json, Value::Array(_) | Value::Object(_)) => Some(value.clone()),
        (Kind::Text, Value::Number(number)) => Some(Value::from(number.to_string())),
        (Kind::Moment, Value::String(text)) => {
            moment::parse(text).map(moment::text).map(Value::from)
        }
        _ => None,
    })
}

fn not_whole(field: &Field, text: &str) -> Refusal {
    Refusal::Unreadable {
        field: format!("$[0].{}", field.name),
        text: format!("Could not convert string to integer: {text}."),
    }
}
