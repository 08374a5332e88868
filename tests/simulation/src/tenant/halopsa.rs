//! The simulated HaloPSA, called in process.
//!
//! Its callers log in and show a token, in which their rights are written down. How long one lives
//! differs from seed to seed, and most of those lengths fall into what a seed plays.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use simulators::callout::{Mishap, Sender};
use simulators::faults::{Plan, Planned};
use simulators::halopsa::{Access, Config, Limits, Rights, Violation};
use simulators::{HaloPsa, TicketView, TokioClock};

use super::{Sessions, Tenant};
use crate::wire::{LATENCY_MAX, PSA};

/// How long tokens live, in seconds: as in life, about as long as a seed plays, and much less.
const TOKEN_SECONDS: [u32; 4] = [3_600, 3_600, 120, 30];

/// How often in a seed a token may be shown after it was refused. One that came in place of another
/// and is refused itself is shown again, as it may be the call that was refused; who shows it for
/// every call does so much more often.
const REFUSED_AGAIN_MAX: usize = 6;

pub(super) fn of_seed(seed: u64, clock: TokioClock) -> HaloPsa {
    let lives = usize::try_from(seed / 3).unwrap_or_default() % TOKEN_SECONDS.len();
    HaloPsa::new(Config {
        clock: Arc::new(clock),
        public_url: Some(format!("http://{PSA}")),
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
    fn rejects_credentials(&self, url: &str, status: u16) -> bool {
        url.contains("/auth/token") && matches!(status, 400 | 401)
    }

    fn sessions(&self) -> Option<&dyn Sessions> {
        Some(self)
    }

    fn broken_limits(&self) -> Vec<String> {
        // The first is looked at from the wire, which knows who was told of the rejection.
        let mut all = self.violations();
        all.retain(|one| *one != Violation::RejectedCredentialsAgain);
        let (again, others): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|one| *one == Violation::RefusedTokenAgain);
        let again = again.into_iter().skip(REFUSED_AGAIN_MAX);
        let all = others.into_iter().chain(again);
        all.map(|violation| format!("{violation:?}")).collect()
    }
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
