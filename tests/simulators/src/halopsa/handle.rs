//! What a test or a demo does to the tenant from outside the API, as the MSP's people would.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::config::Application;
use super::customers::{add_general_user, general_user};
use super::entities::{
    self, AGENT, CLIENT, Entity, INVOICE, LINE, NOTIFICATION, TICKET, TICKET_TYPE, USER, WEBHOOK,
};
use super::rights::Rights;
use super::tenant::Show;
use super::tickets::STATUS_CLOSED;
use super::token::Grant;
use super::view::{Client, Ticket};
use super::violation::Violation;
use super::{HaloPsa, sample, setup};
use crate::Error;
use crate::callout::{Delivery, Mishap, Sender};
use crate::moment;
use crate::traffic::Call;

/// The event that a webhook made by a person here is told: a ticket was closed.
const CLOSED: i64 = 39;

impl HaloPsa {
    /// What the token endpoint accepts.
    pub fn credentials(&self) -> Application {
        self.config().application.clone()
    }

    /// Every ticket, by id, deleted ones too.
    pub fn tickets(&self) -> Vec<Ticket> {
        let tenant = self.tenant();
        let rows = tenant.rows(&TICKET);
        rows.map(|row| Ticket::of(&tenant, row)).collect()
    }

    /// The ticket with that id.
    pub fn ticket(&self, id: i64) -> Option<Ticket> {
        let tenant = self.tenant();
        tenant.row(&TICKET, id).map(|row| Ticket::of(&tenant, row))
    }

    /// Actions of a ticket as the API shows them, oldest first.
    pub fn actions(&self, ticket: i64) -> Vec<Value> {
        let tenant = self.tenant();
        let quirks = self.quirks();
        let show = Show::detail(&quirks);
        let actions = tenant.actions(ticket);
        let shown = actions.map(|row| tenant.shown(&entities::ACTION, row, &show));
        shown.map(Value::Object).collect()
    }

    /// Every client, by id, the MSP itself first.
    pub fn clients(&self) -> Vec<Client> {
        self.tenant().rows(&CLIENT).map(Client::of).collect()
    }

    /// All records of an entity as the API shows each by itself; `entity` is as in paths.
    pub fn records(&self, entity: &str) -> Vec<Value> {
        let Some(entity) = entities::by_path(entity) else {
            return Vec::new();
        };
        let tenant = self.tenant();
        let rows = tenant.rows(entity);
        rows.map(|row| self.detail(&tenant, entity, row)).collect()
    }

    /// Any record as the API shows it by itself; `entity` is as in paths.
    pub fn record(&self, entity: &str, id: i64) -> Option<Value> {
        let entity = entities::by_path(entity)?;
        let tenant = self.tenant();
        let row = tenant.row(entity, id)?;
        Some(self.detail(&tenant, entity, row))
    }

    /// The id of the record that people know by that name; `entity` is as in paths.
    pub fn id_of(&self, entity: &str, name: &str) -> Option<i64> {
        let entity = entities::by_path(entity)?;
        self.tenant().named(entity, name).map(|row| row.id)
    }

    /// Adds an active client with a site and its general user, and gives its id.
    pub fn add_client(&self, name: &str) -> i64 {
        let now = moment::text_of(self.now());
        let general_user = self.quirks().general_user.clone();
        let mut tenant = self.tenant();
        let id = sample::add_client(&mut tenant, name, "", true, &general_user, &now);
        drop(tenant);
        self.note_change();
        id
    }

    /// Makes a client active or inactive.
    pub fn set_client_active(&self, id: i64, active: bool) -> Result<(), Error> {
        self.set_field(&CLIENT, id, "inactive", json!(!active))
    }

    /// Makes an agent's account usable or not.
    pub fn set_agent_enabled(&self, id: i64, enabled: bool) -> Result<(), Error> {
        self.set_field(&AGENT, id, "isdisabled", json!(!enabled))
    }

    /// Makes a recurring invoice active or not.
    pub fn set_invoice_disabled(&self, id: i64, disabled: bool) -> Result<(), Error> {
        self.set_field(&INVOICE, id, "disabled", json!(disabled))
    }

    /// Sets the quantity of a line as a person does who edits the invoice.
    pub fn set_quantity(&self, line: i64, quantity: i64) -> Result<(), Error> {
        self.set_field(&LINE, line, "qty_order", json!(quantity))
    }

    /// Lets every write of a line be refused with that text; none lifts it.
    pub fn lock_line(&self, line: i64, text: Option<&str>) {
        let mut tenant = self.tenant();
        match text {
            Some(text) => drop(tenant.locked_lines.insert(line, text.to_owned())),
            None => drop(tenant.locked_lines.remove(&line)),
        }
    }

    fn set_field(
        &self,
        entity: &'static Entity,
        id: i64,
        field: &'static str,
        value: Value,
    ) -> Result<(), Error> {
        let mut tenant = self.tenant();
        let row = tenant.row_mut(entity, id).ok_or(Error::NoSuchRecord {
            entity: entity.name,
            id,
        })?;
        row.set(field, value);
        drop(tenant);
        self.note_change();
        Ok(())
    }

    /// Removes the general user of a site, or of a client's first site; false when there is none.
    pub fn remove_general_user(&self, site: i64) -> bool {
        let mut tenant = self.tenant();
        let user = general_user(&tenant, site).map(|user| user.id);
        let removed = user.and_then(|user| tenant.remove(&USER, user));
        drop(tenant);
        self.note_change();
        removed.is_some()
    }

    /// Gives a site a general user again; false when there is no such site.
    pub fn add_general_user(&self, site: i64) -> bool {
        let now = moment::text_of(self.now());
        let name = self.quirks().general_user.clone();
        let added = add_general_user(&mut self.tenant(), site, &name, &now);
        self.note_change();
        added.is_some()
    }

    /// Makes fields mandatory for agents on tickets of a type, as its settings can.
    pub fn require_on_type(&self, ticket_type: i64, fields: &[&str]) -> Result<(), Error> {
        let known = fields.iter().filter_map(|name| TICKET.field(name));
        let known: Vec<&'static str> = known.map(|field| field.name).collect();
        let mut tenant = self.tenant();
        let row = tenant.row_mut(&TICKET_TYPE, ticket_type);
        let row = row.ok_or(Error::NoSuchRecord {
            entity: TICKET_TYPE.name,
            id: ticket_type,
        })?;
        setup::require(row, &known);
        tenant.mandatory.insert(ticket_type, known);
        Ok(())
    }

    /// Lets tickets of a type have only these statuses.
    pub fn limit_statuses(&self, ticket_type: i64, statuses: &[i64]) {
        let mut tenant = self.tenant();
        tenant.statuses_of.insert(ticket_type, statuses.to_vec());
    }

    /// Removes a status, a team, a ticket type or another piece of the set-up; false when it is
    /// not there. `entity` is as in paths.
    pub fn remove(&self, entity: &str, id: i64) -> bool {
        let entity = entities::by_path(entity);
        let removed = entity.and_then(|entity| self.tenant().remove(entity, id));
        self.note_change();
        removed.is_some()
    }

    /// What the agent behind the API application may do.
    pub fn rights(&self) -> Rights {
        self.tenant().rights.clone()
    }

    /// Sets it. Tokens that were given out keep the rights they were given with.
    pub fn set_rights(&self, rights: Rights) {
        self.tenant().rights = rights;
    }

    /// Closes a ticket as a technician would.
    pub fn close_ticket_as_technician(&self, id: i64) -> Result<(), Error> {
        self.edit_ticket(id, json!({ "status_id": STATUS_CLOSED }))
    }

    /// Changes any fields of a ticket as a technician would; webhooks hear of it.
    pub fn edit_ticket(&self, id: i64, changes: Value) -> Result<(), Error> {
        if self.tenant().row(&TICKET, id).is_none() {
            let entity = TICKET.name;
            return Err(Error::NoSuchRecord { entity, id });
        }
        let mut changes = changes;
        if let Some(changes) = changes.as_object_mut() {
            changes.insert("id".to_owned(), Value::from(id));
        }
        self.create(TICKET.path, changes).map(drop)
    }

    /// Deletes a ticket as a technician would.
    pub fn delete_ticket_as_technician(&self, id: i64) {
        self.delete_ticket(id);
    }

    /// Creates any record as a technician would, or changes the one whose `id` is given. Gives
    /// its id.
    pub fn create(&self, entity: &str, fields: Value) -> Result<i64, Error> {
        let (Some(entity), Value::Object(body)) = (entities::by_path(entity), fields) else {
            let reason = format!("there is no entity {entity}, or its fields are no object");
            return Err(Error::Refused { reason });
        };
        let grant = Grant::of_technician(self.technician());
        let written = self.write(entity, &body, &grant);
        let written = written.map_err(|refusal| Error::Refused {
            reason: refusal.text(),
        })?;
        Ok(written.key)
    }

    fn technician(&self) -> i64 {
        let tenant = self.tenant();
        let mut people = tenant.rows(&AGENT);
        let technician = people.find(|row| row.has("email") && !row.flag("isdisabled"));
        technician.map_or(sample::UNASSIGNED, |row| row.id)
    }

    /// Makes a webhook to `url` for closed tickets, with these credentials for HTTP Basic;
    /// webhooks that were there are removed.
    pub fn set_webhook(&self, url: &str, basic: Option<(&str, &str)>) -> Result<(), Error> {
        self.remove_webhooks();
        let (username, password) = basic.unwrap_or_default();
        let fields = json!({
            "name": "Dovetail", "url": url, "type": 0, "method": 0, "active": true,
            "content_type": "application/json",
            "authentication_type": i32::from(basic.is_some()),
            "basic_username": username, "basic_password": password,
        });
        let key = self.create(WEBHOOK.path, fields)?;
        let id = {
            let tenant = self.tenant();
            let webhook = tenant.row(&WEBHOOK, key);
            webhook
                .map(|row| row.text("id").to_owned())
                .unwrap_or_default()
        };
        let fields = json!({
            "name": "Dovetail", "webhook_id": id, "type": -2, "delivery_method": 6,
            "eventno": CLOSED,
        });
        self.create(NOTIFICATION.path, fields).map(drop)
    }

    /// Gives a record another name, as an administrator would.
    pub fn rename(&self, entity: &str, id: i64, name: &str) {
        if let Some(entity) = entities::by_path(entity) {
            let mut tenant = self.tenant();
            if let Some(row) = tenant.row_mut(entity, id) {
                row.set(entity.label, name);
            }
        }
    }

    /// Removes every webhook with its notifications.
    pub fn remove_webhooks(&self) {
        self.remove_all(&WEBHOOK);
        self.remove_notifications();
    }

    /// Removes every notification; webhooks are told about nothing then.
    pub fn remove_notifications(&self) {
        self.remove_all(&NOTIFICATION);
    }

    fn remove_all(&self, entity: &Entity) {
        let mut tenant = self.tenant();
        let ids: Vec<i64> = tenant.rows(entity).map(|row| row.id).collect();
        for id in ids {
            tenant.remove(entity, id);
        }
    }

    /// Replaces what sends webhooks.
    pub fn set_sender(&self, sender: Arc<dyn Sender>) {
        self.outbox().set_sender(sender);
    }

    /// Lets something go wrong with the next webhook, behind mishaps already waiting.
    pub fn add_mishap(&self, mishap: Mishap) {
        self.outbox().add_mishap(mishap);
    }

    /// Every attempt to deliver a webhook, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.outbox().deliveries()
    }

    /// Makes every token that was given out invalid, as its time would.
    pub fn expire_tokens(&self) {
        self.tokens().expire();
    }

    /// Withdraws the API application: no token is given out or honoured from now on.
    pub fn revoke_credentials(&self) {
        self.tokens().revoke();
    }

    /// Honours the API application again.
    pub fn restore_credentials(&self) {
        self.tokens().restore();
    }

    /// Counts calls of other integrations into the rolling five minutes.
    pub fn use_up_limit(&self, calls: usize) {
        let now = self.now();
        self.traffic().window.use_up(now, calls);
    }

    /// Forgets all calls of the rolling five minutes.
    pub fn free_limit(&self) {
        self.traffic().window.clear();
    }

    /// The latest calls, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.traffic().log.calls()
    }

    /// Number of calls per entity (as in paths) since the start.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.traffic().log.counts()
    }

    /// What callers did that a good client never does.
    pub fn violations(&self) -> Vec<Violation> {
        self.traffic().log.violations()
    }

    /// Fields that callers sent and nobody looked at, such as `Tickets.userlookup`.
    pub fn ignored_fields(&self) -> Vec<String> {
        self.traffic().ignored.iter().cloned().collect()
    }

    /// The status of every call that was to create a ticket, oldest first.
    pub fn creation_calls(&self) -> Vec<u16> {
        self.traffic().creations.iter().copied().collect()
    }
}
