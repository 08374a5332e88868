//! The simulated PSAs in the shape that the simulation needs: called in process, tormented, and
//! watched.

mod autotask;
mod halopsa;

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use exchange::RawAnswer;
use simulators::callout::{Mishap, Sender};
use simulators::faults::{Plan, Planned};
use simulators::traffic::Call;
use simulators::{Autotask, HaloPsa, Psa, TicketView};

use crate::world::Outside;

/// A simulated PSA within the process.
#[async_trait]
pub trait Tenant: Psa {
    /// Answers one request. An answer marked [`simulators::NoAnswer`] is a lost connection.
    async fn answer(&self, request: Request<Body>) -> Response;

    /// Faults to come.
    fn faults(&self) -> &Plan;

    /// The same fault for the calls about tickets that change something.
    fn at_tickets(&self, planned: Planned) -> Planned;

    /// Replaces what sends callouts.
    fn set_sender(&self, sender: Arc<dyn Sender>);

    /// Lets something go wrong with the next callout.
    fn add_mishap(&self, mishap: Mishap);

    /// Sends a callout about a ticket that nobody closed.
    fn forge_callout(&self, ticket: &TicketView);

    /// The latest calls, oldest first.
    fn calls(&self) -> Vec<Call>;

    /// The titles of the notes on a ticket.
    fn note_titles(&self, ticket: &str) -> Vec<String>;

    /// Honours the credentials, or refuses them as after somebody withdrew them.
    fn honour_credentials(&self, honoured: bool);

    /// Whether a call to this address shows who calls.
    fn shows_credentials(&self, url: &str) -> bool;

    /// Whether this answer from this address, to a caller that shows who calls, says that the
    /// credentials themselves are not honoured.
    fn rejects_credentials(&self, _url: &str, answer: &RawAnswer) -> bool {
        answer.status == 401
    }

    /// What callers log in to, where they do.
    fn sessions(&self) -> Option<&dyn Sessions> {
        None
    }

    /// The token that this answer from this address gives out.
    fn given_token(&self, _url: &str, _answer: &RawAnswer) -> Option<String> {
        None
    }

    /// What callers did to its limits that a good client never does.
    fn broken_limits(&self) -> Vec<String>;
}

/// A PSA whose callers log in, and then show what they were given there.
pub trait Sessions {
    /// The same fault for logins.
    fn at_login(&self, planned: Planned) -> Planned;

    /// Ends what was given out before its time.
    fn end_all(&self);

    /// Whether who logs in from now on may change tickets. Who is logged in keeps what they may.
    fn allow_tickets(&self, allowed: bool);
}

/// Which PSA a seed plays: one in three logs in.
pub(crate) fn logs_in(seed: u64) -> bool {
    seed % 3 == 1
}

/// The PSA of `seed` whose callers log in, on this clock, with so many generated companies.
pub(crate) fn halopsa(seed: u64, clock: Outside, companies: u32) -> HaloPsa {
    halopsa::of_seed(seed, clock, companies)
}

/// The tenant of `seed` on this clock, with so many generated companies.
pub(crate) fn autotask(seed: u64, clock: Outside, companies: u32) -> Autotask {
    autotask::of_seed(seed, clock, companies)
}
