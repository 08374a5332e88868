//! The rules of tickets: for whom, of which type, in which status, and what closing does.
//!
//! What is closed is told by the built-in status 9 alone; other statuses that sound like it are
//! the tenant's own.

use super::answer::Refusal;
use super::customers::general_user;
use super::draft::Draft;
use super::entities::{
    ACTION, AGENT, CLIENT, PRIORITY, SITE, STATUS, TEAM, TICKET, TICKET_TYPE, USER,
};
use super::quirks::{Quirks, Treatment};
use super::sample::UNASSIGNED;
use super::tenant::{Record, Tenant, action_key};
use super::webhooks::Event;
use super::write::{Occasion, named};
use super::{HaloPsa, custom_fields, html, list};
use crate::moment;

pub(crate) const NO_TICKET: &str = "Ticket not found, or you do not have access to this Ticket.";

/// The built-in status of a new ticket.
pub(crate) const STATUS_NEW: i64 = 1;
/// The built-in status of a closed ticket.
pub(crate) const STATUS_CLOSED: i64 = 9;

/// Whether a ticket is closed.
pub(crate) fn is_closed(ticket: &Record) -> bool {
    ticket.number("status_id") == Some(STATUS_CLOSED)
}

/// Checks a ticket and fills what the system fills.
pub(crate) fn settle(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<Vec<Event>, Refusal> {
    let events = change(tenant, draft, at, quirks)?;
    if events.contains(&Event::StatusChanged(draft.record.id)) {
        note_status(tenant, draft, at);
    }
    Ok(events)
}

/// The same for a change that comes with an action, which says itself what it changed.
pub(crate) fn change(
    tenant: &Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<Vec<Event>, Refusal> {
    check_reach(tenant, draft, at)?;
    named(draft, "summary")?;
    settle_type(tenant, draft)?;
    settle_customer(tenant, draft, quirks)?;
    settle_assignment(tenant, draft)?;
    check_status(tenant, draft)?;
    check_mandatory(tenant, draft)?;
    custom_fields::settle(tenant, draft);
    settle_texts(draft);
    stamp(draft, at);
    Ok(settle_closing(draft, at, quirks))
}

/// A ticket that the agent does not see, or that is deleted, is not there to be changed, unless to
/// bring it back; a closed one may be changed by those who have the right to.
fn check_reach(tenant: &Tenant, draft: &mut Draft, at: &Occasion<'_>) -> Result<(), Refusal> {
    let Some(before) = &draft.before else {
        return Ok(());
    };
    if before.flag("deleted") && draft.steered("_recover") {
        draft.record.set("deleted", false);
    } else if !list::visible(tenant, &TICKET, before, at.grant) {
        return Err(Refusal::rule(NO_TICKET));
    }
    if is_closed(before) && !at.grant.rights.edits_closed_tickets {
        let text = "You do not have permission to edit closed Tickets.";
        return Err(Refusal::rule(text));
    }
    Ok(())
}

/// A type that is missing, or sent in a way that is not understood, is the default one.
fn settle_type(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    if !draft.touches(&["tickettype_id", "sla_id", "priority_id"]) {
        return Ok(());
    }
    draft.default("tickettype_id", tenant.default_ticket_type());
    let kind = draft.record.number("tickettype_id").unwrap_or_default();
    let Some(kind) = tenant.row(&TICKET_TYPE, kind) else {
        return Err(Refusal::rule("The Ticket Type is not valid."));
    };
    draft.default("sla_id", kind.number("default_sla").unwrap_or_default());
    let priority = kind.number("default_priority").unwrap_or_default();
    draft.default("priority_id", priority);
    let status = kind.number("initial_status").filter(|status| *status > 0);
    draft.default("status_id", status.unwrap_or(STATUS_NEW));
    draft.default("team", kind.text("default_team"));
    // The same number means another priority, or none, under another SLA.
    let (sla, priority) = (
        draft.record.number("sla_id"),
        draft.record.number("priority_id"),
    );
    let known = |row: &Record| row.number("slaid") == sla && row.number("priorityid") == priority;
    if !tenant.rows(&PRIORITY).any(known) {
        return Err(Refusal::rule("The Priority is not valid for the SLA."));
    }
    Ok(())
}

/// Finds client, site and user from whichever of them were sent.
fn settle_customer(tenant: &Tenant, draft: &mut Draft, quirks: &Quirks) -> Result<(), Refusal> {
    if !draft.touches(&["client_id", "site_id", "user_id"]) {
        return Ok(());
    }
    let sent = |field: &str| {
        let given = draft.is_new() || draft.changes(field);
        draft.record.number(field).filter(|id| given && *id > 0)
    };
    let (client, site, user) = (sent("client_id"), sent("site_id"), sent("user_id"));
    if user.is_some() && site.is_none() {
        return Err(Refusal::rule("Please select a Site for this User."));
    }
    let main_site = |client| tenant.row(&CLIENT, client)?.number("main_site_id");
    let site = site.or_else(|| client.and_then(main_site));
    let site = site.and_then(|id| tenant.row(&SITE, id));
    let site = site.ok_or_else(|| Refusal::rule("Please select a Customer for this Ticket."))?;
    let client = site.number("client_id").unwrap_or_default();
    let inactive = tenant
        .row(&CLIENT, client)
        .is_some_and(|row| row.flag("inactive"));
    if inactive && quirks.inactive_client == Treatment::Refuse {
        return Err(Refusal::rule("The Customer is inactive."));
    }
    let user = match user {
        Some(user) => tenant.row(&USER, user),
        None => general_user(tenant, site.id),
    };
    let user = user.ok_or_else(|| Refusal::rule(quirks.no_general_user_text.clone()))?;
    draft.record.set("client_id", client);
    draft.record.set("site_id", site.id);
    draft.record.set("user_id", user.id);
    let email = user.text("emailaddress").to_owned();
    if !draft.sends("user_email") {
        draft.record.set("user_email", email);
    }
    Ok(())
}

/// Teams go by name. One that does not exist is as good as none.
fn settle_assignment(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    draft.default("agent_id", UNASSIGNED);
    let agent = draft.record.number("agent_id").unwrap_or_default();
    let assignable = |agent: &Record| !agent.flag("isdisabled") && !agent.flag("isapiagent");
    if draft.touches(&["agent_id"]) && !tenant.row(&AGENT, agent).is_some_and(assignable) {
        return Err(Refusal::rule("The Agent is not valid."));
    }
    if tenant.named(&TEAM, draft.record.text("team")).is_none() {
        let before = draft.before.as_ref().map(|before| before.text("team"));
        let kind = draft.record.number("tickettype_id").unwrap_or_default();
        let of_type = || {
            tenant
                .row(&TICKET_TYPE, kind)
                .map(|kind| kind.text("default_team"))
        };
        let team = before.or_else(of_type).unwrap_or_default().to_owned();
        draft.record.set("team", team);
    }
    Ok(())
}

fn check_status(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let kind = draft.record.number("tickettype_id").unwrap_or_default();
    let status = draft.record.number("status_id").unwrap_or_default();
    if draft.touches(&["status_id"]) && !tenant.allows_status(kind, status) {
        return Err(Refusal::rule(
            "The Status is not valid for this Ticket Type.",
        ));
    }
    Ok(())
}

fn check_mandatory(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let validates = draft.is_new() || draft.steered("_validate_updates");
    if !validates || draft.steered("_novalidate") {
        return Ok(());
    }
    let kind = draft.record.number("tickettype_id").unwrap_or_default();
    let fields = tenant.mandatory.get(&kind).into_iter().flatten();
    let empty = |field: &&&str| {
        let value = draft.record.value(field);
        value.is_none_or(|value| value == "" || value == 0)
    };
    match fields.into_iter().find(empty) {
        Some(field) => Err(Refusal::rule(format!(
            "Please complete the mandatory field: {field}"
        ))),
        None => Ok(()),
    }
}

/// Plain text and HTML of the details follow each other.
fn settle_texts(draft: &mut Draft) {
    if draft.sends("details_html") {
        let plain = html::plain(draft.record.text("details_html"));
        if !draft.sends("details") {
            draft.record.set("details", plain);
        }
    } else if draft.sends("details") {
        let details = draft.record.text("details").to_owned();
        draft.record.set("details_html", details);
    }
}

fn stamp(draft: &mut Draft, at: &Occasion<'_>) {
    let now = at.now.clone();
    if draft.is_new() {
        draft.default("dateoccurred", now.clone());
        draft.record.set("datecreated", now.clone());
        draft.record.set("lastactiondate", now.clone());
        draft.record.set("use", "ticket");
        draft.default("source", 0);
    }
    draft.record.set("last_update", now);
}

/// Closing sets its date, and re-opening takes it back.
fn settle_closing(draft: &mut Draft, at: &Occasion<'_>, quirks: &Quirks) -> Vec<Event> {
    let id = draft.record.id;
    let was = draft.before.as_ref().map(is_closed);
    let status = |row: &Record| row.number("status_id");
    let moved = draft
        .before
        .as_ref()
        .is_some_and(|before| status(before) != status(&draft.record));
    let closed = is_closed(&draft.record);
    if closed && was != Some(true) {
        draft.record.set("hasbeenclosed", true);
        draft.record.set("dateclosed", at.now.clone());
    } else if !closed && was == Some(true) {
        draft.record.set("hasbeenclosed", quirks.remembers_closing);
        draft.record.clear("dateclosed");
    }
    let mut events = Vec::new();
    if was.is_none() {
        events.push(Event::Created(id));
    }
    if moved {
        draft.record.set("lastactiondate", at.now.clone());
        events.push(Event::StatusChanged(id));
    }
    if closed && was != Some(true) {
        events.push(Event::Closed(id));
    }
    events
}

/// The system keeps an action of its own about a change of status.
fn note_status(tenant: &mut Tenant, draft: &Draft, at: &Occasion<'_>) {
    let ticket = draft.record.id;
    let status = draft.record.number("status_id").unwrap_or_default();
    let before = draft
        .before
        .as_ref()
        .and_then(|before| before.number("status_id"));
    let label = tenant
        .row(&STATUS, status)
        .map(|row| row.text("name").to_owned());
    let mut action = new_action(tenant, ticket, at);
    action.set("outcome", "Changed Status");
    action.set(
        "note",
        format!("Status changed to {}", label.unwrap_or_default()),
    );
    action.set("action_systemid", 5);
    action.set("hiddenfromuser", true);
    action.set("old_status", before.unwrap_or_default());
    action.set("new_status", status);
    tenant.put(&ACTION, action);
}

/// An action with the next number of its ticket, by whoever writes.
pub(crate) fn new_action(tenant: &Tenant, ticket: i64, at: &Occasion<'_>) -> Record {
    let last = tenant.actions(ticket).next_back();
    let number = last.and_then(|row| row.number("id")).unwrap_or_default() + 1;
    let mut action = Record::new(action_key(ticket, number));
    let who = tenant.row(&AGENT, at.grant.agent);
    action.set("ticket_id", ticket);
    action.set("id", number);
    action.set("who", who.map(|who| who.text("name")).unwrap_or_default());
    action.set("who_type", 0);
    action.set("who_agentid", at.grant.agent);
    action.set("datetime", at.now.clone());
    action.set("actiondatecreated", at.now.clone());
    action.set("last_updated", at.now.clone());
    action
}

impl HaloPsa {
    /// Deletes a ticket as this API does: it stays, and nobody sees it.
    pub(crate) fn delete_ticket(&self, id: i64) {
        let now = moment::text_of(self.now());
        let mut tenant = self.tenant();
        let Some(ticket) = tenant.row_mut(&TICKET, id) else {
            return;
        };
        ticket.set("deleted", true);
        ticket.set("last_update", now);
        let told = self.told(&tenant, vec![Event::Deleted(id)]);
        drop(tenant);
        self.send_all(told);
        self.note_change();
    }
}
