//! The rules of tickets and their notes.
//!
//! Numbers run per day. Which statuses close a ticket is the tenant's business; closing fills
//! `completedDate`, and reopening clears it.

use serde_json::Value;

use super::answer::Refusal;
use super::entities::{COMPANY, CONTACT, CONTRACT, RESOURCE_ROLE, TICKET};
use super::tenant::{Record, Tenant, value_of};
use super::write::{Draft, Mode, Occasion, invalid_reference, missing_field};
use crate::moment;

/// The status that every tenant has for a new ticket.
pub(crate) const STATUS_NEW: i64 = 1;
/// The status that every tenant has for a closed ticket.
pub(crate) const STATUS_COMPLETE: i64 = 5;
/// The contract status that lets tickets be booked on it.
pub(crate) const CONTRACT_ACTIVE: i64 = 1;

/// Checks a ticket and fills what the system fills.
pub(crate) fn settle(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: Occasion<'_>,
) -> Result<(), Refusal> {
    check_assignment(tenant, &draft.record)?;
    check_category(tenant, draft)?;
    check_contact(tenant, &draft.record)?;
    check_contract(tenant, draft)?;
    if draft.mode == Mode::Create {
        let number = next_number(tenant, at);
        draft.record.set("ticketNumber", number);
        draft.record.set("lastActivityPersonType", 1);
        draft.record.set("creatorType", 1);
    }
    settle_completion(tenant, draft, at);
    Ok(())
}

fn check_assignment(tenant: &Tenant, ticket: &Record) -> Result<(), Refusal> {
    let resource = ticket.number("assignedResourceID");
    let role = ticket.number("assignedResourceRoleID");
    match (resource, role) {
        (None, None) if ticket.number("queueID").is_none() => Err(Refusal::invalid(
            "Data violation: AssignedResourceID, AssignedResourceRoleID, and QueueID cannot all \
             be empty. Supply a QueueID or both an AssignedResourceID and AssignedResourceRoleID.",
        )),
        (None, None) => Ok(()),
        (Some(resource), Some(role)) if has_role(tenant, resource, role) => Ok(()),
        (Some(_), Some(_)) => Err(invalid_reference("assignedResourceRoleID", "Role")),
        _ => Err(Refusal::invalid(
            "Data violation: When assigning a Resource, you must assign both a \
             assignedResourceID and assignedResourceRoleID.",
        )),
    }
}

fn has_role(tenant: &Tenant, resource: i64, role: i64) -> bool {
    tenant.rows(&RESOURCE_ROLE).any(|pair| {
        pair.number("resourceID") == Some(resource)
            && pair.number("roleID") == Some(role)
            && pair.is_active()
    })
}

/// A ticket category can require more than the API does.
fn check_category(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    if draft.mode == Mode::Patch {
        return Ok(());
    }
    let category = draft.record.number("ticketCategory");
    let required = category.and_then(|category| tenant.category_requires.get(&category));
    let missing = required.into_iter().flatten().find(|name| {
        let field = TICKET.field(name).map_or("", |field| field.name);
        value_of(&draft.record, field).is_null()
    });
    missing.map_or(Ok(()), |name| Err(missing_field(name)))
}

/// A contact belongs to the ticket's company or to that company's parent.
fn check_contact(tenant: &Tenant, ticket: &Record) -> Result<(), Refusal> {
    let Some(contact) = ticket
        .number("contactID")
        .and_then(|id| tenant.row(&CONTACT, id))
    else {
        return Ok(());
    };
    let company = ticket.number("companyID");
    let parent = company
        .and_then(|id| tenant.row(&COMPANY, id))
        .and_then(|company| company.number("parentCompanyID"));
    let of = contact.number("companyID");
    if of.is_some() && (of == company || of == parent) {
        return Ok(());
    }
    Err(invalid_reference("contactID", "Contact"))
}

fn check_contract(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let contract = draft
        .record
        .number("contractID")
        .filter(|_| draft.changes("contractID"));
    let Some(contract) = contract.and_then(|id| tenant.row(&CONTRACT, id)) else {
        return Ok(());
    };
    let of_company = contract.number("companyID") == draft.record.number("companyID");
    if of_company && contract.number("status") == Some(CONTRACT_ACTIVE) {
        return Ok(());
    }
    Err(invalid_reference("contractID", "Contract"))
}

/// `T<yyyymmdd>.<nnnn>`, counted per day of the tenant.
fn next_number(tenant: &mut Tenant, at: Occasion<'_>) -> String {
    let today = moment::date_time_of(at.now).date();
    let count = match tenant.ticket_numbers {
        Some((day, count)) if day == today => count + 1,
        _ => 1,
    };
    tenant.ticket_numbers = Some((today, count));
    format!("T{}.{count:04}", today.strftime("%Y%m%d"))
}

fn settle_completion(tenant: &Tenant, draft: &mut Draft, at: Occasion<'_>) {
    let complete = |record: &Record| {
        record
            .number("status")
            .is_some_and(|status| tenant.complete_statuses.contains(&status))
    };
    let was = draft.before.as_ref().is_some_and(complete);
    let is = complete(&draft.record);
    if is && !was {
        let now = moment::text_of(at.now);
        draft.record.set("completedDate", now.clone());
        draft.record.set("resolvedDateTime", now);
        draft.record.set("completedByResourceID", at.actor.resource);
    } else if was && !is {
        for field in ["completedDate", "resolvedDateTime", "completedByResourceID"] {
            draft.record.set(field, Value::Null);
        }
    }
}

/// Notes of the system's own types cannot be created through the API.
pub(crate) fn check_note(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let Some(kind) = draft
        .record
        .number("noteType")
        .filter(|_| draft.changes("noteType"))
    else {
        return Ok(());
    };
    let choices = tenant.choices("TicketNote", "noteType");
    if choices
        .iter()
        .any(|choice| choice.value == kind && choice.system)
    {
        let text = format!("Picklist value [{kind}] does not exist for noteType.");
        return Err(Refusal::invalid(text));
    }
    Ok(())
}

/// A note is activity on its ticket.
pub(crate) fn touch(tenant: &mut Tenant, note: &Draft, at: Occasion<'_>) {
    let ticket = note.record.number("ticketID");
    let Some(ticket) = ticket.and_then(|id| tenant.row_mut(&TICKET, id)) else {
        return;
    };
    let now = moment::text_of(at.now);
    ticket.set("lastActivityDate", now.clone());
    ticket.set("lastActivityResourceID", at.actor.resource);
    if note.record.number("publish") == Some(1) {
        ticket.set("lastCustomerVisibleActivityDateTime", now);
    }
}
