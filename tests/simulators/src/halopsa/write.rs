//! Writes: an array of records, each created when it has no `id` and changed in part when it has
//! one; the answer is the last of them, or all with `returnall=true`.
//!
//! Records are written one after the other. When one is refused, those before it stay.

use axum::http::Method;
use serde_json::{Map, Value};

use super::answer::{Done, Refusal};
use super::call::Call;
use super::draft::Draft;
use super::entities::{Entity, Which};
use super::quirks::Treatment;
use super::tenant::{Record, Tenant, action_key};
use super::token::Grant;
use super::violation::Violation;
use super::webhooks::{self, Event};
use super::{HaloPsa, actions, billing, custom_fields, customers, setup, tickets};
use crate::moment;

/// Who writes, and when.
pub(crate) struct Occasion<'a> {
    pub(crate) grant: &'a Grant,
    /// As records show it.
    pub(crate) now: String,
}

/// One record that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) key: i64,
    pub(crate) created: bool,
}

/// Whether a call is to create anything, whatever becomes of it.
pub(crate) fn creates(call: &Call<'_>) -> bool {
    let without_id = |body: &Value| body.as_object().is_some_and(|body| id_in(body).is_none());
    call.method() == Method::POST
        && match serde_json::from_str(call.body) {
            Ok(Value::Array(bodies)) => bodies.iter().any(without_id),
            Ok(body) => without_id(&body),
            Err(_) => false,
        }
}

impl HaloPsa {
    /// Answers a POST to a collection.
    pub(crate) fn write_all(
        &self,
        entity: &'static Entity,
        call: &Call<'_>,
        grant: &Grant,
    ) -> Result<Done, Refusal> {
        let quirks = self.quirks();
        let mut shown = Vec::new();
        let mut created = false;
        for body in self.bodies(call)? {
            let written = self.write(entity, &body, grant)?;
            created = written.created;
            let tenant = self.tenant();
            let row = tenant.row(entity, written.key).ok_or(Refusal::NotFound)?;
            let mut row = self.detail(&tenant, entity, row);
            if let (Some(warning), Some(row)) = (&quirks.warning, row.as_object_mut()) {
                row.insert("_warning".to_owned(), Value::from(warning.clone()));
            }
            shown.push(row);
        }
        let status = if created {
            quirks.created_status
        } else {
            quirks.updated_status
        };
        let body = if call.parameters().flag("returnall") {
            Some(Value::Array(shown))
        } else {
            shown.pop()
        };
        Ok(Done { status, body })
    }

    /// The records in a body. One object alone is not how this API is written to.
    pub(crate) fn bodies(&self, call: &Call<'_>) -> Result<Vec<Map<String, Value>>, Refusal> {
        let unreadable = |text: &str| Refusal::Unreadable {
            field: "$".to_owned(),
            text: text.to_owned(),
        };
        let body = serde_json::from_str(call.body)
            .map_err(|_| unreadable("The JSON value could not be converted."))?;
        let bodies = match body {
            Value::Array(bodies) if !bodies.is_empty() => bodies,
            body @ Value::Object(_) => {
                self.violate(Violation::BareObject);
                if self.quirks().bare_object == Treatment::Refuse {
                    return Err(unreadable(
                        "The JSON value could not be converted to a list.",
                    ));
                }
                vec![body]
            }
            _ => return Err(unreadable("A non-empty request body is required.")),
        };
        let object = |body| match body {
            Value::Object(body) => Ok(body),
            _ => Err(unreadable("The JSON value could not be converted.")),
        };
        bodies.into_iter().map(object).collect()
    }

    /// Creates or changes one record, and tells the webhooks.
    pub(crate) fn write(
        &self,
        entity: &'static Entity,
        body: &Map<String, Value>,
        grant: &Grant,
    ) -> Result<Written, Refusal> {
        let at = Occasion {
            grant,
            now: moment::text_of(self.now()),
        };
        let mut tenant = self.tenant();
        let before = before(&tenant, entity, body)?;
        let created = before.is_none();
        let mut draft = Draft::of(before);
        self.take(entity, body, &mut draft)?;
        let events = self.settle(&mut tenant, entity, &mut draft, &at)?;
        let key = draft.record.id;
        tenant.put(entity, draft.record);
        let told = self.told(&tenant, events);
        drop(tenant);
        self.send_all(told);
        self.note_change();
        Ok(Written { key, created })
    }

    /// Checks a draft, fills what the system fills, and gives the events to tell.
    fn settle(
        &self,
        tenant: &mut Tenant,
        entity: &'static Entity,
        draft: &mut Draft,
        at: &Occasion<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let quirks = &*self.quirks();
        if draft.is_new() && entity.which != Which::Action {
            draft.record.id = tenant.new_id(entity);
        }
        match entity.which {
            Which::Ticket => return tickets::settle(tenant, draft, at, quirks),
            Which::Action => return actions::settle(tenant, draft, at, quirks),
            Which::Client => customers::client(tenant, draft, at, quirks)?,
            Which::Site => customers::site(tenant, draft, at, quirks)?,
            Which::User => customers::user(tenant, draft, at, quirks)?,
            Which::TicketType => setup::ticket_type(tenant, draft)?,
            Which::FieldInfo => custom_fields::definition(draft)?,
            Which::Webhook => webhooks::webhook(draft, self.draw())?,
            Which::Notification => webhooks::notification(tenant, draft)?,
            Which::Item => billing::item(draft, at)?,
            Which::Supplier => named(draft, "name")?,
            Which::Invoice => self.settle_invoice(tenant, draft, at)?,
            _ => named(draft, entity.label)?,
        }
        Ok(Vec::new())
    }
}

/// The id of the record that a body changes; 0 is none.
fn id_in(body: &Map<String, Value>) -> Option<&Value> {
    let id = body.get("id")?;
    Some(id).filter(|id| !id.is_null() && id.as_i64() != Some(0))
}

/// The record that a body changes; none when it is to create one.
fn before(
    tenant: &Tenant,
    entity: &Entity,
    body: &Map<String, Value>,
) -> Result<Option<Record>, Refusal> {
    let Some(id) = id_in(body) else {
        return Ok(None);
    };
    let found = if entity.which == Which::Action {
        let ticket = body.get("ticket_id").and_then(Value::as_i64);
        let key = ticket.zip(id.as_i64());
        key.and_then(|(ticket, number)| tenant.row(entity, action_key(ticket, number)))
    } else if entity.own_id {
        id.as_str().and_then(|id| tenant.row_by_own_id(entity, id))
    } else {
        id.as_i64().and_then(|id| tenant.row(entity, id))
    };
    let unknown = || Refusal::UnknownId(format!("{} {id} was not found.", entity.name));
    found.cloned().map(Some).ok_or_else(unknown)
}

/// Refuses a new record without the text that people know it by.
pub(crate) fn named(draft: &Draft, field: &str) -> Result<(), Refusal> {
    if draft.record.text(field).trim().is_empty() {
        return Err(Refusal::rule(format!("Please enter a value for {field}.")));
    }
    Ok(())
}
