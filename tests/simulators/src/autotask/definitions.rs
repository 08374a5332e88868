//! The rules of user-defined fields: their definitions and the items of their lists.

use super::answer::Refusal;
use super::entities::{DEFINITION, LIST_ITEM};
use super::tenant::{Record, Tenant, entity_of_udf_type};
use super::write::{Draft, invalid_reference};

/// Names must be free among the active definitions of the same entity, and there is a cap.
pub(crate) fn check(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let kind = draft.record.number("udfType");
    let name = draft.record.text("name").unwrap_or_default();
    let others = |other: &&Record| other.id != draft.record.id && other.number("udfType") == kind;
    let taken = tenant.rows(&DEFINITION).filter(others).any(|other| {
        other.is_active()
            && other
                .text("name")
                .is_some_and(|it| it.eq_ignore_ascii_case(name))
    });
    if taken {
        let text = format!("A user-defined field with the name {name} already exists.");
        return Err(Refusal::invalid(text));
    }
    let active = tenant
        .rows(&DEFINITION)
        .filter(others)
        .filter(|other| other.is_active())
        .count();
    if draft.record.is_active() && active >= active_max(tenant, kind) {
        return Err(Refusal::invalid(
            "The maximum number of user-defined fields is reached.",
        ));
    }
    Ok(())
}

/// How many active user-defined fields an entity may have.
fn active_max(tenant: &Tenant, kind: Option<i64>) -> usize {
    let choices = tenant.choices(DEFINITION.name, "udfType");
    let label = choices.iter().find(|choice| Some(choice.value) == kind);
    let entity = label.and_then(|choice| entity_of_udf_type(&choice.label));
    match entity.map(|entity| entity.name) {
        Some("Ticket") => 300,
        Some("Company") => 200,
        Some("Contact") => 100,
        _ => 50,
    }
}

/// Both texts of an item are unique in its list, and only a list has items.
pub(crate) fn check_item(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let list = draft.record.number("udfFieldId");
    let definition = list.and_then(|id| tenant.row(&DEFINITION, id));
    if !definition.is_some_and(|definition| super::metadata::is_list(tenant, definition)) {
        return Err(invalid_reference(
            "udfFieldId",
            "UserDefinedFieldDefinition",
        ));
    }
    for field in ["valueForDisplay", "valueForExport"] {
        let text = draft.record.text(field);
        let taken = tenant.rows(&LIST_ITEM).any(|other| {
            other.id != draft.record.id
                && other.number("udfFieldId") == list
                && other.text(field) == text
        });
        if taken {
            let text = text.unwrap_or_default();
            return Err(Refusal::invalid(format!(
                "The {field} {text} already exists in the list."
            )));
        }
    }
    Ok(())
}
