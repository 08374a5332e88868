//! Statuses, teams, ticket types, priorities under two SLAs, outcomes, custom fields.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::super::entities::{FIELD_INFO, OUTCOME, PRIORITY, STATUS, TEAM, TICKET_TYPE};
use super::super::tenant::Tenant;
use super::super::tickets::{STATUS_CLOSED, STATUS_NEW};
use super::super::webhooks::uuid;
use super::{add_row, put_row};

/// Teams; the first is where tickets go that name none.
pub(super) const TEAMS: [&str; 3] = ["Service Desk", "Security", "Projects"];

/// Ids 1, 2 and 9 are built in; the others are this tenant's own.
const STATUSES: [(i64, &str); 6] = [
    (STATUS_NEW, "New"),
    (2, "In Progress"),
    (4, "Awaiting User"),
    (8, "Resolved"),
    (STATUS_CLOSED, "Closed"),
    (23, "Scheduled"),
];

/// Name, and whether agents can choose it on a new ticket.
const TICKET_TYPES: [(&str, bool); 3] = [
    ("Incident", true),
    ("Service Request", true),
    ("Project Task", false),
];

/// SLA, number under it, name and colour. The same number is another priority under another SLA.
const PRIORITIES: [(i64, i64, &str, &str); 6] = [
    (1, 1, "Critical", "#e50000"),
    (1, 2, "High", "#ff8c00"),
    (1, 3, "Medium", "#ffd700"),
    (1, 4, "Low", "#7cb342"),
    (2, 1, "Immediate", "#e50000"),
    (2, 2, "Planned", "#7cb342"),
];

/// Id, name, and whether it is hidden. 7 is built in.
const OUTCOMES: [(i64, &str, bool); 5] = [
    (7, "Private Note", false),
    (11, "Email User", false),
    (14, "Resolved", false),
    (17, "Close Ticket", false),
    (19, "Retired Outcome", true),
];

pub(super) fn add(tenant: &mut Tenant, dice: &mut StdRng) {
    add_statuses(tenant);
    add_teams(tenant);
    add_ticket_types(tenant);
    add_priorities(tenant, dice);
    add_outcomes(tenant);
    add_row(tenant, &FIELD_INFO, |row| {
        row.set("name", "CFcontractnumber");
        row.set("label", "Contract Number");
        row.set("type", 0);
        row.set("usage", 1);
        row.set("custom", 1);
    });
}

fn add_statuses(tenant: &mut Tenant) {
    for (sequence, (id, name)) in (1..).zip(STATUSES) {
        put_row(tenant, &STATUS, id, |row| {
            row.set("name", name);
            row.set("shortname", name);
            row.set("type", 0);
            row.set("sequence", sequence * 10);
            row.set("colour", "#4a90d9");
            row.set("showonquickchange", true);
        });
    }
}

fn add_teams(tenant: &mut Tenant) {
    for (sequence, name) in (1..).zip(TEAMS) {
        add_row(tenant, &TEAM, |row| {
            row.set("name", name);
            row.set("sequence", sequence);
            row.set("forrequests", true);
            row.set("department_id", 1);
            row.set("department_name", "Operations");
            row.set("use", "team");
        });
    }
}

fn add_ticket_types(tenant: &mut Tenant) {
    let team = TEAMS.first().copied().unwrap_or_default();
    for (sequence, (name, can_create)) in (1..).zip(TICKET_TYPES) {
        add_row(tenant, &TICKET_TYPE, |row| {
            row.set("name", name);
            row.set("use", "reqtype");
            row.set("sequence", sequence);
            row.set("default_sla", 1);
            row.set("default_priority", 3);
            row.set("default_team", team);
            row.set("cancreate", can_create);
            row.set("agentscanselect", can_create);
            row.set("initial_status", STATUS_NEW);
            row.set("itilrequesttype", 1);
            row.set("visible", true);
        });
    }
}

fn add_priorities(tenant: &mut Tenant, dice: &mut StdRng) {
    for (sla, number, name, colour) in PRIORITIES {
        let id = uuid(dice.random_range(0.0..1.0), sla * 100 + number);
        add_row(tenant, &PRIORITY, |row| {
            row.set("id", id);
            row.set("slaid", sla);
            row.set("priorityid", number);
            row.set("name", name);
            row.set("colour", colour);
        });
    }
}

fn add_outcomes(tenant: &mut Tenant) {
    for (sequence, (id, name, hidden)) in (1..).zip(OUTCOMES) {
        put_row(tenant, &OUTCOME, id, |row| {
            row.set("outcome", name);
            row.set("buttonname", name);
            row.set("sequence", sequence);
            row.set("hidden", hidden);
        });
    }
}
