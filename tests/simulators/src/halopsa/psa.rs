//! The simulated HaloPSA in the shape of every PSA.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use async_trait::async_trait;

use super::entities::{TICKET, TICKET_TYPE};
use super::{HaloPsa, Ticket};
use crate::Error;
use crate::callout::Mishap;
use crate::faults::{Fault, Planned};
use crate::psa::{Psa, TicketSettings, TicketView};
use crate::serve::Running;

/// As people type it.
pub(crate) const NAME: &str = "halopsa";

/// The ticket type that marks the product's tickets, made by whoever connects first.
const MARK: &str = "DefensX Ticket";

#[async_trait]
impl Psa for HaloPsa {
    fn connector(&self) -> &'static str {
        "halopsa"
    }

    async fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        Self::serve(self, address).await
    }

    /// Nothing: each partner's own tenant is all there is to know.
    fn vendor(&self, _url: &str) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn credentials(&self, url: &str) -> BTreeMap<String, String> {
        pairs(
            url,
            Self::credentials(self).client_id,
            Self::credentials(self).client_secret,
        )
    }

    fn wrong_credentials(&self, url: &str) -> BTreeMap<String, String> {
        let known = Self::credentials(self);
        let wrong = format!("not-{}", known.client_secret);
        pairs(url, known.client_id, wrong)
    }

    fn ticket_settings(&self) -> TicketSettings {
        let (queue, initial_status, closing_status) = ("Security", "New", "Closed");
        TicketSettings {
            choose: vec![
                ("agent", "Unassigned"),
                ("team", queue),
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
        self.id_of(TICKET_TYPE.path, MARK).is_some()
    }

    fn companies(&self) -> Vec<String> {
        let active = self.clients().into_iter().filter(|client| client.active);
        active.map(|client| client.name).collect()
    }

    fn add_company(&self, name: &str) {
        self.add_client(name);
    }

    fn tickets(&self) -> Vec<TicketView> {
        Self::tickets(self).into_iter().map(viewed).collect()
    }

    fn close_ticket(&self, reference: &str) -> Result<(), Error> {
        let tickets = Self::tickets(self).into_iter();
        let mut tickets = tickets.filter(|ticket| ticket.reference == reference);
        let id = tickets.next().map_or(0, |ticket| ticket.id);
        self.close_ticket_as_technician(id)
    }

    fn set_callout(&self, url: &str) {
        if let Err(error) = self.set_webhook(url, None) {
            tracing::warn!(%error, "the webhook was refused");
        }
    }

    fn callouts_to(&self, url: &str) -> usize {
        self.told_of_closes(Some(url))
    }

    fn lose_next_callout(&self) {
        for _ in 0..self.told_of_closes(None) {
            self.add_mishap(Mishap::Lost);
        }
    }

    fn callouts_accepted(&self) -> usize {
        let deliveries = self.deliveries();
        deliveries.iter().filter(|one| one.accepted()).count()
    }

    fn fail_creations(&self, fault: Fault, times: u32) {
        // Changes go to the same path, and may meet it instead; `creation_calls` tells.
        let planned = Planned::next(fault).method("POST").entity(TICKET.path);
        self.faults().add(planned.times(times));
    }

    fn creation_calls(&self) -> Vec<u16> {
        Self::creation_calls(self)
    }

    fn violations(&self) -> Vec<String> {
        let violations = Self::violations(self).into_iter();
        violations
            .map(|violation| format!("{violation:?}"))
            .collect()
    }
}

fn pairs(url: &str, client_id: String, client_secret: String) -> BTreeMap<String, String> {
    let pairs = [
        ("authorization_url", format!("{url}/auth")),
        ("client_id", client_id),
        ("client_secret", client_secret),
    ];
    let owned = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    owned.collect()
}

fn viewed(ticket: Ticket) -> TicketView {
    TicketView {
        id: ticket.id.to_string(),
        number: ticket.id.to_string(),
        closed: ticket.is_closed(),
        marked: ticket.ticket_type == MARK,
        reference: ticket.reference,
        title: ticket.summary,
        company: ticket.client,
        queue: ticket.team,
        status: ticket.status,
    }
}
