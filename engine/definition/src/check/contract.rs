//! Holds an operation against its contract: its effect, its pages and its records.

use serde_json::Value;

use super::connector::Surroundings;
use super::job;
use super::scope::is_directive;
use crate::codes;
use crate::family::{Contract, EffectRule, Gives, RecordSchema};
use crate::near;
use crate::operation::{Method, Operation};
use crate::page::Spot;
use crate::raw::operation::OperationText;
use crate::structure::{json_kind, kind_name};

/// An operation that the family does not know must be a read: nothing would find its effect.
pub(crate) fn findable(text: &OperationText, method: Method, spot: &Spot<'_>) {
    if method != Method::Get && !text.reads() {
        let message = "this may change the other side, and nothing could tell whether it did";
        let hint = "if it only reads, say where with `items` or `record`; if not, give it a \
            contract with an `effect` in the family";
        spot.key_error(
            codes::EFFECT_UNFINDABLE,
            message.to_owned(),
            Some(hint.to_owned()),
        );
    }
}

/// Holds an operation against the contract that its family has for it.
pub(crate) fn check(
    text: &OperationText,
    contract: &Contract,
    operation: &Operation,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    if let Some(effect) = &contract.effect {
        effect_fits(text, effect, operation, around, spot);
        job::refuse_effect(text, spot);
    }
    let gives_many = matches!(contract.gives, Gives::Many(_));
    if text.pages.is_some() && text.counts.is_none() && !gives_many {
        let message = format!("`{}` gives no list, so it has no pages", contract.name);
        let hint = "say with `where` which record of the list it is".to_owned();
        spot.key("pages")
            .key_error(codes::PAGED_ONE, message, Some(hint));
    }
    if text.otherwise.is_some() {
        let message = format!(
            "`{}` would give what the system does not have",
            contract.name
        );
        spot.key("otherwise")
            .key_error(codes::INVENTED_RECORD, message, None);
    }
    if text.items.is_none() && gives_many {
        let message = format!(
            "`{}` gives many, and does not say where they are",
            contract.name
        );
        let hint = "add `items`, as in `items: $.items[*]`, or `$[*]` where the answer is a list";
        spot.key_error(codes::MISSING_ITEMS, message, Some(hint.to_owned()));
    }
    if gives_many || text.pages.is_some() {
        one_item(text, spot);
    }
    record_fits(text, contract, around, spot);
}

/// Reports a path to the list as a whole, which would be taken for the one record.
fn one_item(text: &OperationText, spot: &Spot<'_>) {
    let Some(items) = &text.items else { return };
    if !items.0.contains(['*', '?', ':', ',']) && !items.0.contains("..") {
        let message = format!(
            "`{}` is one place, so that a list there is one record",
            items.0
        );
        let hint = format!("for each of its parts, write `{}[*]`", items.0);
        spot.key("items")
            .error(codes::ONE_ITEM, message, Some(hint));
    }
}

fn effect_fits(
    text: &OperationText,
    effect: &EffectRule,
    operation: &Operation,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    if operation.method == Method::Get {
        let message = "this changes the other side, and a GET must not".to_owned();
        spot.key("get")
            .key_error(codes::EFFECT_BY_GET, message, None);
    }
    if text.keep.is_some() {
        let message = "the answer to an effect is not kept: it would hide the next one".to_owned();
        spot.key("keep")
            .key_error(codes::KEPT_EFFECT, message, None);
    }
    if let EffectRule::Find(find) | EffectRule::Reread(find) = effect
        && around.operation(find).is_none()
    {
        let message = format!("nothing finds what this made: the operation `{find}` is missing");
        spot.key_error(codes::EFFECT_UNFINDABLE, message, None);
    }
}

/// Holds the keys of a record against its schema.
fn record_fits(
    text: &OperationText,
    contract: &Contract,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    let Some(schema) = contract.gives.schema() else {
        return;
    };
    let Some(schema) = around.family.schemas.get(schema) else {
        return;
    };
    let at = spot.key("record");
    let fields = match text.record.as_ref().map(|record| &record.0) {
        Some(Value::Object(fields)) if !is_directive(fields) => fields,
        Some(Value::Array(_)) => {
            let message = "a record is a map, and this is always a list".to_owned();
            let hint = format!("write the keys of `{}`, as in `id: $.id`", schema.name);
            at.error(codes::WRONG_FIELD, message, Some(hint));
            return;
        }
        Some(_) => return,
        None => {
            let message = format!("`{}` does not say what its records become", contract.name);
            let hint = format!("add `record` with the keys of `{}`", schema.name);
            spot.key_error(codes::MISSING_RECORD, message, Some(hint));
            return;
        }
    };
    for key in schema.required().filter(|key| !fields.contains_key(*key)) {
        let message = format!("the record lacks `{key}`, which `{}` asks for", schema.name);
        let about = schema.about(key).map(|about| format!(" ({about})"));
        let hint = format!("add `{key}: $...`{}", about.unwrap_or_default());
        at.key_error(codes::MISSING_FIELD, message, Some(hint));
    }
    for (key, value) in fields {
        kind_fits(key, value, schema, &at.key(key));
    }
    let Some(allowed) = schema.allowed() else {
        return;
    };
    for key in fields.keys().filter(|key| !allowed.contains(&key.as_str())) {
        let message = format!("`{key}` is not a key of `{}`", schema.name);
        let hint = near::hint(key, allowed.iter().copied());
        at.key(key)
            .key_error(codes::UNKNOWN_RECORD_FIELD, message, hint);
    }
}

/// Whether a value of a record is a text in which nothing is picked or printed.
pub(super) fn is_written_out(value: &Value) -> bool {
    let text = value.as_str();
    text.is_some_and(|text| !text.starts_with('$') && !text.contains("{{"))
}

/// Holds what is known of a field's value against its schema: a template prints a text, and what is
/// written out is what it is. Whatever a path or a script gives is known only when it is read.
fn kind_fits(key: &str, value: &Value, schema: &RecordSchema, spot: &Spot<'_>) {
    let kinds = schema.kinds(key);
    let literal = value.get("literal").filter(|_| value.is_object());
    if is_written_out(value) && (key == "id" || key.ends_with("_id")) {
        let message = format!("`{key}` is always the same here");
        let hint = "pick it with a path, as in `$.id`".to_owned();
        spot.error(codes::CONSTANT_VALUE, message, Some(hint));
        return;
    }
    let found = match literal.unwrap_or(value) {
        written if literal.is_some() => json_kind(written),
        Value::String(text) if text.starts_with('$') => return,
        Value::Object(fields) if is_directive(fields) => return,
        Value::String(text) if text.contains("{{") => "string",
        other => json_kind(other),
    };
    let fits = |kind: &&str| *kind == found || *kind == "number" && found == "integer";
    if found == "null" || kinds.is_empty() || kinds.iter().any(fits) {
        return;
    }
    let wanted: Vec<&str> = kinds.iter().map(|kind| kind_name(kind)).collect();
    let (wanted, is) = (wanted.join(" or "), kind_name(found));
    let message = format!("`{key}` must be {wanted}, and this is always {is}");
    let hint = if found == "string" {
        format!("pick it with a path, or decide it: `{key}: {{ script: \"file.rhai#{key}\" }}`")
    } else {
        "pick it with a path, as in `$.id`".to_owned()
    };
    spot.error(codes::WRONG_FIELD, message, Some(hint));
}
