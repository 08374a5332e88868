//! What a test or a demo does to the tenant from outside the API, as the MSP's people would.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Autotask;
use super::config::Credentials;
use super::entities::{
    self, COMPANY, CONTACT, CONTRACT_SERVICE_UNIT, DEFINITION, Entity, LIST_ITEM, RESOURCE, TICKET,
    TICKET_NOTE, Verb,
};
use super::tenant::{Record, Right};
use super::traffic::Violation;
use super::view::{Company, Note, Ticket};
use super::write::{Actor, Mode};
use crate::Error;
use crate::traffic::Call;

impl Autotask {
    /// The credentials that the API accepts.
    pub fn credentials(&self) -> Credentials {
        self.config().credentials.clone()
    }

    /// Every ticket, by id.
    pub fn tickets(&self) -> Vec<Ticket> {
        let tenant = self.tenant();
        tenant
            .rows(&TICKET)
            .map(|row| Ticket::of(&tenant, row))
            .collect()
    }

    /// The ticket with that id.
    pub fn ticket(&self, id: i64) -> Option<Ticket> {
        let tenant = self.tenant();
        tenant.row(&TICKET, id).map(|row| Ticket::of(&tenant, row))
    }

    /// Tickets with that external id: more than one means a doubled ticket.
    pub fn tickets_by_external_id(&self, external_id: &str) -> Vec<Ticket> {
        let mut tickets = self.tickets();
        tickets.retain(|ticket| ticket.external_id.as_deref() == Some(external_id));
        tickets
    }

    /// Notes on a ticket, by id.
    pub fn notes(&self, ticket: i64) -> Vec<Note> {
        let tenant = self.tenant();
        let rows = tenant
            .rows(&TICKET_NOTE)
            .filter(|row| row.number("ticketID") == Some(ticket));
        let note = |row: &Record| Note {
            id: row.id,
            ticket_id: ticket,
            title: row.text("title").map(str::to_owned),
            description: row.text("description").unwrap_or_default().to_owned(),
            publish: row.number("publish").unwrap_or_default(),
        };
        rows.map(note).collect()
    }

    /// Every company, by id, the MSP itself first.
    pub fn companies(&self) -> Vec<Company> {
        let company = |row: &Record| Company {
            id: row.id,
            name: row.text("companyName").unwrap_or_default().to_owned(),
            web_address: row.text("webAddress").map(str::to_owned),
            active: row.is_active(),
        };
        self.tenant().rows(&COMPANY).map(company).collect()
    }

    /// Any record as the API shows it; `entity` is the plural name in paths.
    pub fn record(&self, entity: &str, id: i64) -> Option<Value> {
        let entity = entities::by_path(entity)?;
        let tenant = self.tenant();
        tenant
            .row(entity, id)
            .map(|row| Value::Object(tenant.shown(entity, row)))
    }

    /// All records of an entity as the API shows them; `entity` is the plural name in paths.
    pub fn records(&self, entity: &str) -> Vec<Value> {
        let Some(entity) = entities::by_path(entity) else {
            return Vec::new();
        };
        let tenant = self.tenant();
        tenant
            .rows(entity)
            .map(|row| Value::Object(tenant.shown(entity, row)))
            .collect()
    }

    /// The id of a picklist value, by entity (plural), field and label.
    pub fn picklist_value(&self, entity: &str, field: &str, label: &str) -> Option<i64> {
        let entity = entities::by_path(entity)?;
        self.tenant()
            .choice(entity.name, entity.field(field)?.name, label)
    }

    /// Adds an active customer and gives its id.
    pub fn add_company(&self, name: &str, web_address: Option<&str>) -> i64 {
        let mut tenant = self.tenant();
        let mut row = Record {
            id: tenant.new_id(&COMPANY),
            ..Record::default()
        };
        row.set("companyName", name);
        row.set("companyType", 1);
        row.set("ownerResourceID", tenant.api_user);
        row.set("phone", "555-0100");
        row.set("isActive", true);
        row.set("webAddress", web_address);
        let id = row.id;
        tenant.put(&COMPANY, row);
        drop(tenant);
        self.note_change();
        id
    }

    /// Makes a company active or inactive.
    pub fn set_company_active(&self, id: i64, active: bool) -> Result<(), Error> {
        self.set_field(&COMPANY, id, "isActive", json!(active))
    }

    /// Makes a contact active or inactive.
    pub fn set_contact_active(&self, id: i64, active: bool) -> Result<(), Error> {
        self.set_field(&CONTACT, id, "isActive", json!(i32::from(active)))
    }

    /// Marks the period of a units row as approved and posted, now.
    pub fn post_units(&self, id: i64) -> Result<(), Error> {
        let now = crate::moment::text_of(self.now());
        self.set_field(&CONTRACT_SERVICE_UNIT, id, "approveAndPostDate", json!(now))
    }

    fn set_field(
        &self,
        entity: &'static Entity,
        id: i64,
        field: &'static str,
        value: Value,
    ) -> Result<(), Error> {
        let mut tenant = self.tenant();
        let row = tenant.row_mut(entity, id);
        row.ok_or(Error::NoSuchRecord {
            entity: entity.name,
            id,
        })?
        .set(field, value);
        drop(tenant);
        self.note_change();
        Ok(())
    }

    /// Makes a picklist value active or inactive; false when there is no such value.
    pub fn set_picklist_active(&self, entity: &str, field: &str, value: i64, active: bool) -> bool {
        let Some(entity) = entities::by_path(entity) else {
            return false;
        };
        self.tenant()
            .set_choice_active(entity.name, field, value, active)
    }

    /// Lets a ticket category require a field on create, as its settings can.
    pub fn require_for_category(&self, category: i64, field: &str) {
        let mut tenant = self.tenant();
        tenant
            .category_requires
            .entry(category)
            .or_default()
            .push(field.to_owned());
    }

    /// Sets what the API user may do with an entity (plural name in paths); false if unknown.
    pub fn set_right(&self, entity: &str, action: Action, right: Right) -> bool {
        let Some(entity) = entities::by_path(entity) else {
            return false;
        };
        let verb = match action {
            Action::Query => Verb::Query,
            Action::Create => Verb::Create,
            Action::Update => Verb::Update,
            Action::Delete => Verb::Delete,
        };
        self.tenant().set_right(entity, verb, right);
        true
    }

    /// Closes a ticket with the system's own closing status, as a technician would.
    pub fn close_ticket_as_technician(&self, id: i64) -> Result<(), Error> {
        self.set_ticket_status(id, super::tickets::STATUS_COMPLETE)
    }

    /// Changes the status of a ticket as a technician would; workflow rules see it.
    pub fn set_ticket_status(&self, id: i64, status: i64) -> Result<(), Error> {
        self.edit_ticket(id, json!({ "status": status }))
    }

    /// Changes any fields of a ticket as a technician would; workflow rules see it.
    pub fn edit_ticket(&self, id: i64, changes: Value) -> Result<(), Error> {
        let Value::Object(mut body) = changes else {
            return Err(Error::Refused {
                reason: "the changes must be an object".to_owned(),
            });
        };
        if self.tenant().row(&TICKET, id).is_none() {
            return Err(Error::NoSuchRecord {
                entity: TICKET.name,
                id,
            });
        }
        body.insert("id".to_owned(), Value::from(id));
        self.as_technician(&TICKET, Mode::Patch, &body).map(drop)
    }

    /// Creates any record as a technician would and gives its id.
    pub fn create(&self, entity: &str, fields: Value) -> Result<i64, Error> {
        let (Some(entity), Value::Object(body)) = (entities::by_path(entity), fields) else {
            let reason = format!("there is no entity {entity}, or its fields are no object");
            return Err(Error::Refused { reason });
        };
        self.as_technician(entity, Mode::Create, &body)
    }

    fn as_technician(
        &self,
        entity: &'static Entity,
        mode: Mode,
        body: &Map<String, Value>,
    ) -> Result<i64, Error> {
        let technician = {
            let tenant = self.tenant();
            let mut people = tenant
                .rows(&RESOURCE)
                .filter(|row| row.id != tenant.api_user);
            people
                .find(|row| row.is_active())
                .map_or(tenant.api_user, |row| row.id)
        };
        let actor = Actor {
            resource: technician,
            impersonator: None,
        };
        let written = self.perform(entity, mode, body, actor);
        written.map_err(|refusal| Error::Refused {
            reason: refusal.text(),
        })
    }

    /// Makes a list field for tickets with these values and gives the definition's id.
    pub fn add_ticket_list_field(&self, name: &str, values: &[&str]) -> Result<i64, Error> {
        let (kind, list) = {
            let tenant = self.tenant();
            let choice = |field, label| tenant.choice(DEFINITION.name, field, label);
            (choice("udfType", "Ticket"), choice("dataType", "List"))
        };
        let fields = json!({ "name": name, "udfType": kind, "dataType": list, "isActive": true });
        let id = self.create(DEFINITION.path, fields)?;
        for value in values {
            let item =
                json!({ "udfFieldId": id, "valueForDisplay": value, "valueForExport": value });
            self.create(LIST_ITEM.path, item)?;
        }
        Ok(id)
    }

    /// Withdraws the API user's credentials: every call is 401 from now on.
    pub fn revoke_credentials(&self) {
        self.account().revoke();
    }

    /// Gives the API user a second secret, as a person does who rotates it.
    pub fn add_secret(&self, secret: &str) {
        self.account().add_secret(secret);
    }

    /// Deletes the secret that the tenant was made with: it counts as wrong from now on.
    pub fn withdraw_first_secret(&self) {
        self.account().withdraw_first_secret();
    }

    /// Unlocks the API user and honours its credentials again.
    pub fn restore_credentials(&self) {
        self.account().restore();
    }

    /// Whether wrong secrets have locked the API user.
    pub fn is_locked(&self) -> bool {
        self.account().is_locked()
    }

    /// Counts calls of other integrations into the rolling hour.
    pub fn use_up_hour(&self, calls: usize) {
        self.traffic().use_up(self.now(), calls);
    }

    /// Forgets all calls of the rolling hour.
    pub fn free_hour(&self) {
        self.traffic().free_hour();
    }

    /// The latest calls, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.traffic().log.calls()
    }

    /// Number of calls per entity (plural name in paths) since the start.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.traffic().log.counts()
    }

    /// What callers did that a good client never does.
    pub fn violations(&self) -> Vec<Violation> {
        self.traffic().log.violations()
    }
}

/// What a right is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Reading.
    Query,
    /// Creating.
    Create,
    /// Changing.
    Update,
    /// Deleting.
    Delete,
}
