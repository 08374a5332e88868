//! The simulated HaloPSA, called in process.
//!
//! Its callers log in and show a token, in which their rights are written down. How long one lives
//! differs from seed to seed, and most of those lengths fall into what a seed plays.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use exchange::RawAnswer;
use serde_json::Value;
use simulators::callout::{Mishap, Sender};
use simulators::faults::{Plan, Planned};
use simulators::halopsa::{Access, Config, Limits, Rights, Violation};
use simulators::traffic::Call;
use simulators::{HaloPsa, TicketView};

use super::{Sessions, Tenant};
use crate::wire::{LATENCY_MAX, PSA};
use crate::world::Outside;

/// How long tokens live, in seconds: as in life, about as long as a seed plays, and much less.
const TOKEN_SECONDS: [u32; 4] = [3_600, 3_600, 120, 30];

pub(super) fn of_seed(seed: u64, clock: Outside, generated_clients: u32) -> HaloPsa {
    let lives = usize::try_from(seed / 3).unwrap_or_default() % TOKEN_SECONDS.len();
    HaloPsa::new(Config {
        clock: Arc::new(clock),
        public_url: Some(format!("http://{PSA}")),
        generated_clients,
        limits: Limits {
            token_seconds: TOKEN_SECONDS[lives],
            latency: LATENCY_MAX / 6,
            jitter: LATENCY_MAX / 6 * 5,
            ..Limits::default()
        },
        ..Config::seeded(seed)
    })
}

#[async_trait]
impl Tenant for HaloPsa {
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
        Self::forge_callout(self, ticket.id.parse().unwrap_or_default());
    }

    fn calls(&self) -> Vec<Call> {
        Self::calls(self)
    }

    fn note_titles(&self, ticket: &str) -> Vec<String> {
        let actions = self.actions(ticket.parse().unwrap_or_default());
        let notes = actions.iter().filter_map(|action| action["note"].as_str());
        let titles = notes.filter_map(|note| note.lines().next());
        titles.map(str::to_owned).collect()
    }

    fn honour_credentials(&self, honoured: bool) {
        if honoured {
            self.restore_credentials();
        } else {
            self.revoke_credentials();
        }
    }

    fn shows_credentials(&self, url: &str) -> bool {
        // The one call that everybody may make, to find out where to log in.
        !url.ends_with("/authinfo")
    }

    /// A token that is refused has only come to its end.
    fn rejects_credentials(&self, url: &str, answer: &RawAnswer) -> bool {
        is_login(url) && login(answer)["error"] == "invalid_client"
    }

    fn given_token(&self, url: &str, answer: &RawAnswer) -> Option<String> {
        let token = login(answer)["access_token"].as_str().map(str::to_owned);
        token.filter(|_| is_login(url))
    }

    fn sessions(&self) -> Option<&dyn Sessions> {
        Some(self)
    }

    fn broken_limits(&self) -> Vec<String> {
        // Two are looked at from the wire, which knows who was told of a refusal.
        let is_limit = |one: &Violation| {
            !matches!(
                one,
                Violation::RejectedCredentialsAgain | Violation::RefusedTokenAgain
            )
        };
        let all = self.violations().into_iter().filter(is_limit);
        all.map(|violation| format!("{violation:?}")).collect()
    }
}

fn is_login(url: &str) -> bool {
    url.contains("/auth/token")
}

/// What an answer to a login says.
fn login(answer: &RawAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

impl Sessions for HaloPsa {
    fn at_login(&self, planned: Planned) -> Planned {
        planned.entity("token")
    }

    fn end_all(&self) {
        self.expire_tokens();
    }

    fn allow_tickets(&self, allowed: bool) {
        let tickets = if allowed {
            Access::Modify
        } else {
            Access::Read
        };
        let rights = self.rights();
        self.set_rights(Rights { tickets, ..rights });
    }
}
