//! The simulated Autotask in the shape of every PSA.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use async_trait::async_trait;
use serde_json::Value;

use super::entities::TICKET;
use super::{Autotask, CalloutConfig, Mishap, Ticket};
use crate::Error;
use crate::faults::{Fault, Planned};
use crate::lock::lock;
use crate::psa::{Psa, TicketSettings, TicketView};
use crate::serve::Running;

/// As people type it.
pub(crate) const NAME: &str = "autotask";

/// The user-defined field that marks the product's tickets, made by whoever connects first.
const MARK: &str = "Is DefensX Ticket?";

#[async_trait]
impl Psa for Autotask {
    fn connector(&self) -> &'static str {
        "autotask"
    }

    async fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        Self::serve(self, address).await
    }

    fn vendor(&self, url: &str) -> BTreeMap<String, String> {
        let code = Self::credentials(self).integration_code;
        pairs([
            ("integration_code", code),
            ("api_root", format!("{url}/ATServicesRest")),
        ])
    }

    fn credentials(&self, _url: &str) -> BTreeMap<String, String> {
        let known = Self::credentials(self);
        pairs([("username", known.username), ("secret", known.secret)])
    }

    fn wrong_credentials(&self, _url: &str) -> BTreeMap<String, String> {
        let known = Self::credentials(self);
        let wrong = format!("not-{}", known.secret);
        pairs([("username", known.username), ("secret", wrong)])
    }

    fn ticket_settings(&self) -> TicketSettings {
        let (queue, initial_status, closing_status) = ("Security", "New", "Complete");
        TicketSettings {
            choose: vec![
                ("queue", queue),
                ("initial_status", initial_status),
                ("closing_status", closing_status),
                ("priority", "Medium"),
            ],
            queue,
            initial_status,
            closing_status,
        }
    }

    fn has_mark(&self) -> bool {
        let named = |field: &Value| field.get("name").and_then(Value::as_str) == Some(MARK);
        self.records("UserDefinedFieldDefinitions")
            .iter()
            .any(named)
    }

    fn companies(&self) -> Vec<String> {
        let active = Self::companies(self).into_iter().filter(|one| one.active);
        active.map(|company| company.name).collect()
    }

    fn add_company(&self, name: &str) {
        Self::add_company(self, name, None);
    }

    fn tickets(&self) -> Vec<TicketView> {
        let view = |ticket| self.viewed(ticket);
        Self::tickets(self).into_iter().map(view).collect()
    }

    fn close_ticket(&self, reference: &str) -> Result<(), Error> {
        let ticket = self.tickets_by_external_id(reference).into_iter().next();
        let id = ticket.map_or(0, |ticket| ticket.id);
        self.close_ticket_as_technician(id)
    }

    fn set_callout(&self, url: &str) {
        Self::set_callout(
            self,
            Some(CalloutConfig {
                url: url.to_owned(),
                user_defined_field: Some(MARK.to_owned()),
                ..CalloutConfig::default()
            }),
        );
    }

    fn callouts_to(&self, url: &str) -> usize {
        let callout = lock(&self.0.callout);
        usize::from(callout.as_ref().is_some_and(|callout| callout.url == url))
    }

    fn lose_next_callout(&self) {
        self.add_mishap(Mishap::Lost);
    }

    fn callouts_accepted(&self) -> usize {
        self.deliveries()
            .iter()
            .filter(|one| one.accepted())
            .count()
    }

    fn fail_creations(&self, fault: Fault, times: u32) {
        // Queries go to the entity by POST as well, and may meet it instead; `creation_calls`
        // tells.
        let planned = Planned::next(fault).method("POST").entity(TICKET.path);
        self.faults().add(planned.times(times));
    }

    fn creation_calls(&self) -> Vec<u16> {
        let end = format!("/{}", TICKET.path);
        let calls = self.calls().into_iter();
        let creations = calls.filter(|call| call.method == "POST" && call.path.ends_with(&end));
        creations.map(|call| call.status).collect()
    }

    fn violations(&self) -> Vec<String> {
        let all = Self::violations(self).into_iter();
        all.map(|violation| format!("{violation:?}")).collect()
    }
}

fn pairs<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    let owned = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    owned.collect()
}

impl Autotask {
    fn viewed(&self, ticket: Ticket) -> TicketView {
        let companies = Self::companies(self);
        let company = companies
            .into_iter()
            .find(|one| one.id == ticket.company_id);
        TicketView {
            closed: ticket.is_closed(),
            id: ticket.id.to_string(),
            number: ticket.number,
            reference: ticket.external_id.unwrap_or_default(),
            title: ticket.title,
            company: company.map(|one| one.name).unwrap_or_default(),
            queue: self.label("queueID", ticket.queue_id.unwrap_or_default()),
            status: self.label("status", ticket.status),
            marked: ticket.user_defined_fields.contains_key(MARK),
        }
    }

    /// What people call a value of a ticket's picklist.
    fn label(&self, field: &str, value: i64) -> String {
        let tenant = self.tenant();
        let choices = tenant.choices(TICKET.name, field).iter();
        let choice = choices.into_iter().find(|choice| choice.value == value);
        choice
            .map(|choice| choice.label.clone())
            .unwrap_or_default()
    }
}
