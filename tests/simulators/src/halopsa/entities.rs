//! What exists in this API: entities with their fields, as far as connectors use them.
//!
//! Path segments, envelopes and field names are those of the API's own description. A field that
//! is not here is silently ignored, which is what the real API does with a name it does not know.

mod billing;
mod customers;
mod setup;
mod tickets;
mod webhooks;

pub(crate) use self::billing::{INVOICE, ITEM, LINE, SUPPLIER};
pub(crate) use self::customers::{CLIENT, SITE, USER};
pub(crate) use self::setup::{AGENT, FIELD_INFO, OUTCOME, PRIORITY, STATUS, TEAM, TICKET_TYPE};
pub(crate) use self::tickets::{ACTION, TICKET};
pub(crate) use self::webhooks::{NOTIFICATION, WEBHOOK};
use super::field::Field;

/// What a right is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Tickets,
    Customers,
    /// Agents and teams: everybody may look, at what is visible.
    Agents,
    /// Everybody may look, only administrators may change.
    Setup,
    /// Administrators only.
    Integrations,
    Items,
    Invoices,
}

/// How a list is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// A bare array of everything.
    Bare,
    /// An object with the number of all rows, and one page of them under this key.
    Under(&'static str),
}

/// The entities, as rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    Ticket,
    Action,
    Client,
    Site,
    User,
    Agent,
    Team,
    Status,
    TicketType,
    Priority,
    Outcome,
    FieldInfo,
    Webhook,
    Notification,
    Item,
    Supplier,
    Invoice,
    Line,
}

/// One entity of the API.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) which: Which,
    /// Singular, for texts.
    pub(crate) name: &'static str,
    /// As in paths.
    pub(crate) path: &'static str,
    pub(crate) envelope: Envelope,
    /// Most rows of one page, however many are asked for.
    pub(crate) page_max: Option<usize>,
    pub(crate) area: Area,
    /// Whether `id` in the API is a value of the record, not its place in the table.
    pub(crate) own_id: bool,
    /// The field that people know a record by.
    pub(crate) label: &'static str,
    pub(crate) fields: &'static [Field],
}

impl Entity {
    /// The field of that name; this API does not look at upper and lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// Entities that have a path of their own.
pub(crate) const ALL: [&Entity; 17] = [
    &TICKET,
    &ACTION,
    &CLIENT,
    &SITE,
    &USER,
    &AGENT,
    &TEAM,
    &STATUS,
    &TICKET_TYPE,
    &PRIORITY,
    &OUTCOME,
    &FIELD_INFO,
    &WEBHOOK,
    &NOTIFICATION,
    &ITEM,
    &SUPPLIER,
    &INVOICE,
];

/// The entity with that segment in paths.
pub(crate) fn by_path(segment: &str) -> Option<&'static Entity> {
    ALL.into_iter()
        .find(|entity| entity.path.eq_ignore_ascii_case(segment))
}
