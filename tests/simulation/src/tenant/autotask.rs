//! The simulated Autotask, called in process.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use simulators::autotask::{Config, Limits, Violation};
use simulators::callout::{Mishap, Sender};
use simulators::faults::{Plan, Planned};
use simulators::traffic::Call;
use simulators::{Autotask, TicketView};

use super::Tenant;
use crate::wire::{LATENCY_MAX, PSA};
use crate::world::Outside;

pub(super) fn of_seed(seed: u64, clock: Outside, generated_companies: u32) -> Autotask {
    Autotask::new(Config {
        clock: Arc::new(clock),
        public_url: Some(format!("http://{PSA}")),
        generated_companies,
        limits: Limits {
            latency: LATENCY_MAX / 6,
            jitter: LATENCY_MAX / 6 * 5,
            ..Limits::default()
        },
        ..Config::seeded(seed)
    })
}

#[async_trait]
impl Tenant for Autotask {
    async fn answer(&self, request: Request<Body>) -> Response {
        Self::answer(self, request).await
    }

    fn faults(&self) -> &Plan {
        Self::faults(self)
    }

    fn at_tickets(&self, planned: Planned) -> Planned {
        planned.method("POST").entity("Tickets")
    }

    fn set_sender(&self, sender: Arc<dyn Sender>) {
        Self::set_sender(self, sender);
    }

    fn add_mishap(&self, mishap: Mishap) {
        Self::add_mishap(self, mishap);
    }

    fn forge_callout(&self, ticket: &TicketView) {
        let id = ticket.id.parse().unwrap_or_default();
        Self::forge_callout(self, id, &ticket.number);
    }

    fn calls(&self) -> Vec<Call> {
        Self::calls(self)
    }

    fn note_titles(&self, ticket: &str) -> Vec<String> {
        let notes = self.notes(ticket.parse().unwrap_or_default());
        notes.into_iter().filter_map(|note| note.title).collect()
    }

    fn honour_credentials(&self, honoured: bool) {
        if honoured {
            self.restore_credentials();
        } else {
            self.revoke_credentials();
        }
    }

    fn shows_credentials(&self, url: &str) -> bool {
        // The one call that everybody may make, to find out where the tenant lives.
        !url.contains("/zoneInformation")
    }

    fn broken_limits(&self) -> Vec<String> {
        let is_limit = |one: &Violation| {
            !matches!(
                one,
                Violation::RejectedCredentials | Violation::CallAfterLock
            )
        };
        let all = self.violations().into_iter().filter(is_limit);
        all.map(|violation| format!("{violation:?}")).collect()
    }
}
