//! Writes: from a JSON body to a stored record, or to the refusal the real API would give.
//!
//! The order is fixed: names, types, required fields, picklists, references, then the rules of
//! the entity. Only when all of it holds is anything stored, so a refused write leaves no trace.

mod checks;
mod stamps;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::checks::{check_picklists, check_references, check_required};
pub(crate) use self::checks::{invalid_reference, missing_field};
use self::stamps::stamp;
use super::answer::Refusal;
use super::config::{Quirks, Treatment};
use super::entities::{Access, Entity, Field};
use super::filter::unknown_field;
use super::tenant::{Record, Tenant};
use super::values::{coerced, user_defined_value};
use super::{billing, tickets};

/// What a body means for fields it does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// POST: they are null, or have a default.
    Create,
    /// PATCH: they stay.
    Patch,
    /// PUT: the writable ones become null.
    Put,
}

/// Who writes, when, under which answers to open questions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) now: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) quirks: &'a Quirks,
}

/// Whom a write is attributed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) resource: i64,
    /// The API user, when it acts as that resource.
    pub(crate) impersonator: Option<i64>,
}

/// A record on its way to be stored.
pub(crate) struct Draft {
    pub(crate) entity: &'static Entity,
    pub(crate) mode: Mode,
    pub(crate) before: Option<Record>,
    pub(crate) record: Record,
    /// Fields whose value the body set.
    pub(crate) given: BTreeSet<&'static str>,
}

impl Draft {
    /// Whether the value of a field differs from the stored one.
    pub(crate) fn changes(&self, field: &str) -> bool {
        let before = self
            .before
            .as_ref()
            .and_then(|record| record.values.get(field));
        before != self.record.values.get(field)
    }
}

/// Writes one record and gives its id.
pub(crate) fn write(
    tenant: &mut Tenant,
    entity: &'static Entity,
    mode: Mode,
    body: &Map<String, Value>,
    occasion: Occasion<'_>,
) -> Result<i64, Refusal> {
    let mut draft = started(tenant, entity, mode, body)?;
    fill(tenant, &mut draft, body, occasion.quirks)?;
    check_required(&draft)?;
    check_picklists(tenant, &draft)?;
    check_references(tenant, &draft)?;
    check_rules(tenant, &mut draft, occasion)?;
    if mode == Mode::Create {
        draft.record.id = tenant.new_id(entity);
    }
    stamp(&mut draft, occasion);
    let id = draft.record.id;
    tenant.put(entity, draft.record.clone());
    follow(tenant, &draft, occasion);
    Ok(id)
}

/// The id in a body, which may be a text; 0 when there is none, and -1 for what is no id.
pub(crate) fn id_of(body: &Map<String, Value>) -> i64 {
    match super::filter::member(body, "id") {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.trim().parse().unwrap_or(-1),
        Some(value) => value.as_i64().unwrap_or(-1),
    }
}

fn started(
    tenant: &Tenant,
    entity: &'static Entity,
    mode: Mode,
    body: &Map<String, Value>,
) -> Result<Draft, Refusal> {
    let id = id_of(body);
    let before = match mode {
        Mode::Create if id != 0 => {
            return Err(Refusal::invalid(
                "The id must be 0 or absent when a record is created.",
            ));
        }
        Mode::Create => None,
        Mode::Patch | Mode::Put => {
            let row = tenant.row(entity, id);
            Some(
                row.ok_or_else(|| Refusal::invalid("No matching records found"))?
                    .clone(),
            )
        }
    };
    let record = match mode {
        Mode::Put => emptied(entity, before.clone().unwrap_or_default()),
        Mode::Create | Mode::Patch => before.clone().unwrap_or_default(),
    };
    Ok(Draft {
        entity,
        mode,
        before,
        record,
        given: BTreeSet::new(),
    })
}

/// What PUT leaves of a record before the body is laid over it.
fn emptied(entity: &Entity, mut record: Record) -> Record {
    record.user_defined.clear();
    for field in entity
        .fields
        .iter()
        .filter(|field| field.access == Access::Writable)
    {
        record.values.remove(field.name);
    }
    record
}

fn fill(
    tenant: &Tenant,
    draft: &mut Draft,
    body: &Map<String, Value>,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    if draft.mode == Mode::Create {
        fill_defaults(tenant, draft);
    }
    for (name, value) in body {
        if name.eq_ignore_ascii_case("id") {
            continue;
        }
        if draft.entity.user_defined_fields && name.eq_ignore_ascii_case("userDefinedFields") {
            fill_user_defined(tenant, draft, value, quirks)?;
        } else if let Some(field) = draft.entity.field(name) {
            fill_field(draft, field, value, quirks)?;
        } else if quirks.unknown_body_field == Treatment::Refuse {
            return Err(unknown_field(draft.entity, name));
        }
    }
    Ok(())
}

fn fill_defaults(tenant: &Tenant, draft: &mut Draft) {
    for field in draft.entity.fields {
        let choices = tenant.choices(draft.entity.name, field.name);
        let default = choices
            .iter()
            .find(|choice| choice.default && choice.active);
        // A required picklist has to be sent although the user interface would preselect it.
        if let Some(choice) = default.filter(|_| !field.required) {
            draft.record.set(field.name, choice.value);
        }
        if field.name == "isActive" && !field.required {
            draft.record.set(field.name, true);
        }
    }
    for definition in tenant.definitions(draft.entity) {
        if let Some(value) = definition
            .text("defaultValue")
            .filter(|value| !value.is_empty())
        {
            draft
                .record
                .user_defined
                .insert(definition.id, value.to_owned());
        }
    }
}

fn fill_field(
    draft: &mut Draft,
    field: &'static Field,
    value: &Value,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    let settable = match field.access {
        Access::Writable => true,
        Access::CreateOnly => draft.mode == Mode::Create,
        Access::ReadOnly => false,
    };
    if !settable {
        return match quirks.read_only_body_field {
            Treatment::Ignore => Ok(()),
            Treatment::Refuse => Err(Refusal::invalid(format!(
                "The field {} is read-only.",
                field.name
            ))),
        };
    }
    if value.is_null() {
        if draft.mode == Mode::Create && quirks.null_on_create == Treatment::Refuse {
            let text = format!("Null is not a valid value for the field {}.", field.name);
            return Err(Refusal::invalid(text));
        }
        draft.record.values.remove(field.name);
    } else {
        draft.record.set(field.name, coerced(field, value)?);
    }
    draft.given.insert(field.name);
    Ok(())
}

fn fill_user_defined(
    tenant: &Tenant,
    draft: &mut Draft,
    value: &Value,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    let Some(pairs) = value.as_array() else {
        return Err(Refusal::invalid("userDefinedFields must be an array."));
    };
    for pair in pairs {
        let name = pair.get("name").and_then(Value::as_str).unwrap_or_default();
        let definition = tenant.definition(draft.entity, name);
        let definition = definition.ok_or_else(|| unknown_field(draft.entity, name))?;
        let value = pair.get("value").unwrap_or(&Value::Null);
        match user_defined_value(tenant, definition, value, quirks.list_value)? {
            Some(text) => drop(draft.record.user_defined.insert(definition.id, text)),
            None => drop(draft.record.user_defined.remove(&definition.id)),
        }
    }
    Ok(())
}

fn check_rules(tenant: &mut Tenant, draft: &mut Draft, at: Occasion<'_>) -> Result<(), Refusal> {
    match draft.entity.name {
        "Ticket" => tickets::settle(tenant, draft, at),
        "TicketNote" => tickets::check_note(tenant, draft),
        "Service" => billing::check_service(tenant, draft),
        "Contract" => billing::check_contract(draft),
        "ContractService" => billing::check_line(tenant, draft),
        "ContractServiceAdjustment" => billing::check_adjustment(tenant, draft, at.quirks),
        "UserDefinedFieldDefinition" => super::definitions::check(tenant, draft),
        "UserDefinedFieldListItem" => super::definitions::check_item(tenant, draft),
        _ => Ok(()),
    }
}

/// What a stored record brings about in other records.
fn follow(tenant: &mut Tenant, draft: &Draft, at: Occasion<'_>) {
    match draft.entity.name {
        "TicketNote" => tickets::touch(tenant, draft, at),
        "ContractService" if draft.mode == Mode::Create => {
            billing::open_line(tenant, draft.record.id, at.quirks.initial_units);
        }
        "ContractServiceAdjustment" => billing::adjust(tenant, &draft.record, at.quirks),
        _ => {}
    }
}
