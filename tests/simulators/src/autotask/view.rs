//! Records as a test or a demo looks at them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entities::DEFINITION;
use super::tenant::{Record, Tenant};

/// A ticket as the tenant has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// Numeric id.
    pub id: i64,
    /// Number that people use.
    pub number: String,
    /// The company it is for.
    pub company_id: i64,
    /// Title.
    pub title: String,
    /// Description.
    pub description: Option<String>,
    /// Id of its status.
    pub status: i64,
    /// Id of its queue.
    pub queue_id: Option<i64>,
    /// The reference of whoever created it through the API.
    pub external_id: Option<String>,
    /// When it was closed, in UTC.
    pub completed_date: Option<String>,
    /// When anything last happened to it, in UTC.
    pub last_activity_date: String,
    /// Values of its user-defined fields, by name.
    pub user_defined_fields: BTreeMap<String, String>,
}

impl Ticket {
    /// Whether it is closed, by whichever status.
    pub fn is_closed(&self) -> bool {
        self.completed_date.is_some()
    }

    pub(crate) fn of(tenant: &Tenant, row: &Record) -> Self {
        let text = |field| row.text(field).map(str::to_owned);
        let name = |(id, value): (&i64, &String)| {
            let name = tenant.row(&DEFINITION, *id)?.text("name")?.to_owned();
            Some((name, value.clone()))
        };
        Self {
            id: row.id,
            number: text("ticketNumber").unwrap_or_default(),
            company_id: row.number("companyID").unwrap_or_default(),
            title: text("title").unwrap_or_default(),
            description: text("description"),
            status: row.number("status").unwrap_or_default(),
            queue_id: row.number("queueID"),
            external_id: text("externalID"),
            completed_date: text("completedDate"),
            last_activity_date: text("lastActivityDate").unwrap_or_default(),
            user_defined_fields: row.user_defined.iter().filter_map(name).collect(),
        }
    }
}

/// A company as the tenant has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Company {
    /// Numeric id; 0 is the MSP itself.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Web address.
    pub web_address: Option<String>,
    /// Whether it is active.
    pub active: bool,
}

/// A note on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Numeric id.
    pub id: i64,
    /// The ticket it is on.
    pub ticket_id: i64,
    /// Title.
    pub title: Option<String>,
    /// Text.
    pub description: String,
    /// 1 all users (the customer too), 2 internal.
    pub publish: i64,
}
