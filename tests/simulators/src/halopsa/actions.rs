//! The rules of actions: an outcome is mandatory, and only `new_status` moves the ticket.

use super::answer::Refusal;
use super::draft::Draft;
use super::entities::{OUTCOME, TICKET};
use super::quirks::Quirks;
use super::tenant::{Record, Tenant};
use super::webhooks::Event;
use super::write::Occasion;
use super::{html, list, tickets};

const NO_OUTCOME: &str = "An Outcome must be entered for this Action";
const NO_ACCESS: &str = "You do not have access to this Action at the moment";

/// Checks an action, fills what the system fills, and moves its ticket.
pub(crate) fn settle(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<Vec<Event>, Refusal> {
    let ticket = draft.record.number("ticket_id");
    let ticket = ticket.and_then(|id| tenant.row(&TICKET, id)).cloned();
    let seen = |ticket: &Record| list::visible(tenant, &TICKET, ticket, at.grant);
    let ticket = ticket.filter(seen);
    let ticket = ticket.ok_or_else(|| Refusal::rule(tickets::NO_TICKET))?;
    if draft.is_new() {
        let made = tickets::new_action(tenant, ticket.id, at);
        let sent = std::mem::replace(&mut draft.record, made);
        for field in &draft.sent {
            if let Some(value) = sent.value(field) {
                draft.record.set(field, value.clone());
            }
        }
        let status = ticket.number("status_id").unwrap_or_default();
        draft.record.set("old_status", status);
    }
    settle_outcome(tenant, draft)?;
    if tickets::is_closed(&ticket) && !at.grant.rights.edits_closed_tickets {
        return Err(Refusal::rule(NO_ACCESS));
    }
    if draft.sends("note_html") && !draft.sends("note") {
        let plain = html::plain(draft.record.text("note_html"));
        draft.record.set("note", plain);
    }
    draft.record.set("last_updated", at.now.clone());
    move_ticket(tenant, draft, ticket, at, quirks)
}

/// The outcome by id or name; a name that is no outcome of the tenant is none it has access to.
fn settle_outcome(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    let (id, name) = (
        draft.record.number("outcome_id"),
        draft.record.text("outcome"),
    );
    let outcome = match (id, name) {
        (None | Some(0), "") => return Err(Refusal::rule(NO_OUTCOME)),
        (None | Some(0), name) => tenant.named(&OUTCOME, name),
        (Some(id), _) => tenant.row(&OUTCOME, id),
    };
    let outcome = outcome.filter(|outcome| !outcome.flag("hidden"));
    let outcome = outcome.ok_or_else(|| Refusal::rule(NO_ACCESS))?;
    draft.record.set("outcome_id", outcome.id);
    draft.record.set("outcome", outcome.text("outcome"));
    Ok(())
}

fn move_ticket(
    tenant: &mut Tenant,
    draft: &Draft,
    ticket: Record,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<Vec<Event>, Refusal> {
    let mut change = Draft::of(Some(ticket));
    let status = draft
        .record
        .number("new_status")
        .filter(|status| *status > 0);
    if let Some(status) = status.filter(|_| draft.sends("new_status")) {
        change.record.set("status_id", status);
        change.sent.push("status_id");
    }
    for (sent, field) in [("new_agent", "agent_id"), ("new_team", "team")] {
        if let Some(value) = draft.record.value(sent).filter(|_| draft.sends(sent)) {
            change.record.set(field, value.clone());
            change.sent.push(field);
        }
    }
    let events = tickets::change(tenant, &mut change, at, quirks)?;
    change.record.set("lastactiondate", at.now.clone());
    tenant.put(&TICKET, change.record);
    Ok(events)
}
