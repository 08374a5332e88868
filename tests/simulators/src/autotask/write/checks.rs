//! What every record must satisfy: required fields, picklists, references.

use super::super::answer::Refusal;
use super::super::entities;
use super::super::tenant::Tenant;
use super::Draft;

pub(super) fn check_required(draft: &Draft) -> Result<(), Refusal> {
    let missing = draft.entity.fields.iter().find(|field| {
        let value = draft.record.values.get(field.name);
        field.required && value.is_none_or(|value| value.as_str().is_some_and(str::is_empty))
    });
    missing.map_or(Ok(()), |field| Err(missing_field(field.name)))
}

/// The API's way to say that a field is required.
pub(crate) fn missing_field(name: &str) -> Refusal {
    Refusal::invalid(format!("Missing Required Field: {name}"))
}

/// Only values that this write sets are checked: a record may keep one that became inactive.
pub(super) fn check_picklists(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let fields = draft
        .entity
        .fields
        .iter()
        .filter(|field| draft.given.contains(field.name));
    for field in fields.filter(|field| draft.changes(field.name)) {
        let Some(parent) = field.picklist else {
            continue;
        };
        let Some(value) = draft.record.number(field.name) else {
            continue;
        };
        let parent = draft.record.number(parent);
        let known = tenant
            .choices(draft.entity.name, field.name)
            .iter()
            .any(|choice| {
                let fits = choice.parent.is_none() || choice.parent == parent;
                choice.value == value && choice.active && fits
            });
        if !known {
            let text = format!(
                "Picklist value [{value}] does not exist for {}.",
                field.name
            );
            return Err(Refusal::invalid(text));
        }
    }
    Ok(())
}

/// References a record must keep valid even when a write does not touch them.
const CHECKED_ALWAYS: [&str; 3] = ["contactID", "assignedResourceID", "billingCodeID"];

pub(super) fn check_references(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    for field in draft.entity.fields {
        let checked = draft.given.contains(field.name) && draft.changes(field.name)
            || CHECKED_ALWAYS.contains(&field.name);
        let (true, Some(target)) = (checked, field.refers) else {
            continue;
        };
        let Some(id) = draft.record.number(field.name) else {
            continue;
        };
        let row = entities::by_name(target).and_then(|entity| tenant.row(entity, id));
        match row {
            None => return Err(dangling(field.name)),
            Some(row) if !row.is_active() => return Err(invalid_reference(field.name, target)),
            Some(_) => {}
        }
    }
    Ok(())
}

fn dangling(field: &str) -> Refusal {
    Refusal::invalid(format!(
        "Value does not reference an existing entity for {field} . "
    ))
}

/// The API's way to say that a referenced record is inactive or does not belong there.
pub(crate) fn invalid_reference(field: &str, target: &str) -> Refusal {
    let text = format!(
        "Reference value on field: {field} of type: {target} does not exist or is invalid."
    );
    Refusal::invalid(text)
}
