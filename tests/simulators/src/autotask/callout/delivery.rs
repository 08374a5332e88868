//! When the workflow rule fires its callout.

use std::sync::Arc;

use super::super::Autotask;
use super::super::entities::{Entity, TICKET};
use super::super::tenant::{Record, Tenant};
use super::CalloutConfig;
use super::message::{pair_of_field, pairs, request};
use crate::callout::{Delivery, Mishap, Sender};

impl Autotask {
    /// Sets the callout and its workflow rule; none switches it off.
    pub fn set_callout(&self, config: Option<CalloutConfig>) {
        *self.callout() = config;
    }

    /// Replaces what sends callouts.
    pub fn set_sender(&self, sender: Arc<dyn Sender>) {
        self.outbox().set_sender(sender);
    }

    /// Lets something go wrong with the next callout, behind mishaps already waiting.
    pub fn add_mishap(&self, mishap: Mishap) {
        self.outbox().add_mishap(mishap);
    }

    /// Every attempt to deliver a callout, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.outbox().deliveries()
    }

    /// Sends a callout about a ticket number that nobody closed, as an intruder could.
    ///
    /// Must be called within a tokio runtime; without a configured callout it does nothing.
    pub fn forge_callout(&self, ticket_id: i64, ticket_number: &str) {
        let config = self.callout().clone();
        if let Some(config) = config {
            let pairs = pairs(&config, ticket_id, ticket_number, Vec::new());
            self.outbox().forge(request(&config, &pairs), config.pace());
        }
    }

    /// Fires the callout when the workflow rule says so.
    pub(crate) fn consider_callout(
        &self,
        tenant: &Tenant,
        entity: &Entity,
        before: Option<&Record>,
        id: i64,
    ) {
        if entity.name != TICKET.name {
            return;
        }
        let config = self.callout().clone();
        let Some((config, ticket)) = config.zip(tenant.row(&TICKET, id)) else {
            return;
        };
        let in_status = |row: &Record| row.number("status") == Some(config.trigger_status);
        let edited = before.is_some_and(|before| config.every_edit || !in_status(before));
        let Some(user_defined) = pair_of_field(tenant, &config, ticket) else {
            return;
        };
        if !edited || !in_status(ticket) {
            return;
        }
        let number = ticket.text("ticketNumber").unwrap_or_default();
        let pairs = pairs(&config, id, number, user_defined);
        let callout = request(&config, &pairs);
        self.outbox().send(Some(id), callout, config.pace());
    }
}
