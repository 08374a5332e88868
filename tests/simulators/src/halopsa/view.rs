//! Records as a test or a demo looks at them.

use serde::Serialize;

use super::entities::{CLIENT, STATUS, TICKET_TYPE};
use super::tenant::{Record, Tenant};
use super::tickets::is_closed;

/// A ticket as the tenant has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// Numeric id.
    pub id: i64,
    /// What it is about.
    pub summary: String,
    /// Plain text of its details.
    pub details: String,
    /// The client it is for.
    pub client_id: i64,
    /// Name of that client.
    pub client: String,
    /// The site it is for.
    pub site_id: i64,
    /// The user it is for.
    pub user_id: i64,
    /// Id of its status.
    pub status_id: i64,
    /// Name of its status.
    pub status: String,
    /// Name of its type.
    pub ticket_type: String,
    /// Name of its team.
    pub team: String,
    /// The agent it is assigned to.
    pub agent_id: i64,
    /// Number of its priority under its SLA.
    pub priority_id: i64,
    /// The reference of whoever created it: `third_party_id_string`, or `client_reference`.
    pub reference: String,
    /// When it was closed, in UTC; none when it is open.
    pub date_closed: Option<String>,
    /// When it last changed, in UTC.
    pub last_update: String,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Ticket {
    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.date_closed.is_some()
    }

    pub(crate) fn of(tenant: &Tenant, row: &Record) -> Self {
        let number = |field| row.number(field).unwrap_or_default();
        let name = |entity, field| {
            let referred = tenant.row(entity, number(field));
            referred
                .map(|row| row.text("name").to_owned())
                .unwrap_or_default()
        };
        let references = ["third_party_id_string", "client_reference"];
        let reference = references.into_iter().map(|field| row.text(field));
        Self {
            id: row.id,
            summary: row.text("summary").to_owned(),
            details: row.text("details").to_owned(),
            client_id: number("client_id"),
            client: name(&CLIENT, "client_id"),
            site_id: number("site_id"),
            user_id: number("user_id"),
            status_id: number("status_id"),
            status: name(&STATUS, "status_id"),
            ticket_type: name(&TICKET_TYPE, "tickettype_id"),
            team: row.text("team").to_owned(),
            agent_id: number("agent_id"),
            priority_id: number("priority_id"),
            reference: reference
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default()
                .to_owned(),
            date_closed: is_closed(row).then(|| row.text("dateclosed").to_owned()),
            last_update: row.text("last_update").to_owned(),
            deleted: row.flag("deleted"),
        }
    }
}

/// A client as the tenant has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Numeric id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Its first site.
    pub main_site_id: i64,
    /// Whether it is active.
    pub active: bool,
}

impl Client {
    pub(crate) fn of(row: &Record) -> Self {
        Self {
            id: row.id,
            name: row.text("name").to_owned(),
            main_site_id: row.number("main_site_id").unwrap_or_default(),
            active: !row.flag("inactive"),
        }
    }
}
