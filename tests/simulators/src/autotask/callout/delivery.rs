//! When a callout fires, and how it is delivered: in the background, with repeats and mishaps.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::Autotask;
use super::super::entities::{Entity, TICKET};
use super::super::tenant::{Record, Tenant};
use super::message::{pair_of_field, pairs, request};
use super::{Callout, CalloutConfig, DELIVERIES_MAX, Delivery, MISHAPS_MAX, Mishap, Sender};

/// The callout side of a tenant.
pub(crate) struct Callouts {
    config: Option<CalloutConfig>,
    sender: Arc<dyn Sender>,
    mishaps: VecDeque<Mishap>,
    held_back: Vec<(Option<i64>, Callout)>,
    deliveries: VecDeque<Delivery>,
}

impl fmt::Debug for Callouts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Callouts")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Callouts {
    pub(crate) fn new(sender: Arc<dyn Sender>) -> Self {
        Self {
            config: None,
            sender,
            mishaps: VecDeque::new(),
            held_back: Vec::new(),
            deliveries: VecDeque::new(),
        }
    }

    /// Applies the next mishap: what is to be sent now, in this order.
    fn due(&mut self, ticket: i64, callout: Callout) -> Vec<(Option<i64>, Callout)> {
        let callout = (Some(ticket), callout);
        let mut due = match self.mishaps.pop_front() {
            Some(Mishap::Lost) => return Vec::new(),
            Some(Mishap::HeldBack) => {
                self.held_back.push(callout);
                return Vec::new();
            }
            Some(Mishap::Doubled) => vec![callout.clone(), callout],
            None => vec![callout],
        };
        due.append(&mut self.held_back);
        due
    }
}

impl Autotask {
    /// Sets the callout and its workflow rule; none switches it off.
    pub fn set_callout(&self, config: Option<CalloutConfig>) {
        self.callouts().config = config;
    }

    /// Replaces what sends callouts.
    pub fn set_sender(&self, sender: Arc<dyn Sender>) {
        self.callouts().sender = sender;
    }

    /// Lets something go wrong with the next callout, behind mishaps already waiting.
    pub fn add_mishap(&self, mishap: Mishap) {
        let mut callouts = self.callouts();
        if callouts.mishaps.len() < MISHAPS_MAX {
            callouts.mishaps.push_back(mishap);
        }
    }

    /// Every attempt to deliver a callout, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.callouts().deliveries.iter().cloned().collect()
    }

    /// Sends a callout about a ticket number that nobody closed, as an intruder could.
    ///
    /// Must be called within a tokio runtime; without a configured callout it does nothing.
    pub fn forge_callout(&self, ticket_id: i64, ticket_number: &str) {
        let config = self.callouts().config.clone();
        if let Some(config) = config {
            let pairs = pairs(&config, ticket_id, ticket_number, Vec::new());
            self.dispatch(vec![(None, request(&config, &pairs))], config);
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
        let config = self.callouts().config.clone();
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
        let due = self.callouts().due(id, request(&config, &pairs));
        self.dispatch(due, config);
    }

    fn dispatch(&self, due: Vec<(Option<i64>, Callout)>, config: CalloutConfig) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            for (ticket_id, _) in due {
                let failure = Some("there is no runtime to send it from".to_owned());
                self.keep(Delivery {
                    ticket_id,
                    attempt: 1,
                    status: None,
                    failure,
                });
            }
            return;
        };
        let autotask = self.clone();
        runtime.spawn(async move {
            if config.delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(config.delay_ms)).await;
            }
            for (ticket, callout) in due {
                autotask.deliver(ticket, &callout, &config).await;
            }
        });
    }

    async fn deliver(&self, ticket_id: Option<i64>, callout: &Callout, config: &CalloutConfig) {
        let limit = Duration::from_millis(config.timeout_ms);
        for attempt in 1..=config.attempts.max(1) {
            let sender = self.callouts().sender.clone();
            let outcome = tokio::time::timeout(limit, sender.send(callout)).await;
            let (status, failure) = match outcome {
                Ok(Ok(status)) => (Some(status), None),
                Ok(Err(failure)) => (None, Some(failure)),
                Err(_) => (None, Some("The operation has timed out".to_owned())),
            };
            let delivery = Delivery {
                ticket_id,
                attempt,
                status,
                failure,
            };
            let accepted = delivery.accepted();
            self.keep(delivery);
            if accepted {
                return;
            }
            if attempt < config.attempts {
                tokio::time::sleep(Duration::from_millis(config.retry_wait_ms)).await;
            }
        }
    }

    fn keep(&self, delivery: Delivery) {
        let mut callouts = self.callouts();
        if callouts.deliveries.len() >= DELIVERIES_MAX {
            callouts.deliveries.pop_front();
        }
        callouts.deliveries.push_back(delivery);
        drop(callouts);
        self.note_change();
    }
}
