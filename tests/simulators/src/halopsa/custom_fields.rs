//! Custom fields: their definitions, and the values that tickets have in them.
//!
//! A value is sent with the id of its field or with its name, which carries the prefix `CF`. One
//! for a field that does not exist is ignored without a word.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::draft::Draft;
use super::entities::FIELD_INFO;
use super::tenant::{Record, Tenant};
use super::write::named;

/// What every name of a custom field starts with.
const PREFIX: &str = "CF";

/// Checks a definition, and gives its name the prefix.
pub(crate) fn definition(draft: &mut Draft) -> Result<(), Refusal> {
    named(draft, "name")?;
    let name = draft.record.text("name").to_owned();
    if !name.starts_with(PREFIX) {
        draft.record.set("name", format!("{PREFIX}{name}"));
    }
    draft.default("label", name);
    draft.default("custom", 1);
    Ok(())
}

/// Puts the values that were sent beside those that the record has.
pub(crate) fn settle(tenant: &Tenant, draft: &mut Draft) {
    if !draft.sends("customfields") {
        return;
    }
    let sent = values(&draft.record);
    let mut kept = draft.before.as_ref().map(values).unwrap_or_default();
    for one in sent {
        let Some(field) = field_of(tenant, &one) else {
            continue;
        };
        kept.retain(|other| other.get("id") != Some(&Value::from(field.id)));
        let value = one.get("value").cloned().unwrap_or_default();
        let display = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        kept.push(json!({
            "id": field.id, "name": field.text("name"), "label": field.text("label"),
            "type": field.number("type"), "usage": field.number("usage"),
            "value": value, "display": display,
        }));
    }
    draft.record.set("customfields", kept);
}

fn values(record: &Record) -> Vec<Value> {
    let values = record.value("customfields").and_then(Value::as_array);
    values.cloned().unwrap_or_default()
}

fn field_of<'a>(tenant: &'a Tenant, sent: &Value) -> Option<&'a Record> {
    let by_id = sent.get("id").and_then(Value::as_i64);
    match by_id {
        Some(id) => tenant.row(&FIELD_INFO, id),
        None => tenant.named(&FIELD_INFO, sent.get("name")?.as_str()?),
    }
}
