//! A strict simulator of the HaloPSA API, and of one MSP's tenant behind it.
//!
//! It promises: the same answers, refusals, pages and limits that public material shows; where
//! that is silent or speaks with two tongues, a guess that [`Quirks`] can switch. The same seed
//! gives the same tenant. It does not know projects, assets, real invoices or runbooks.
//!
//! Read `entities` first (what exists), then `exchange` (the way of a call), then `list` and
//! `write`.

mod actions;
mod admin;
mod answer;
mod billing;
mod books;
mod call;
mod config;
mod custom_fields;
mod customers;
mod draft;
mod entities;
mod exchange;
mod field;
mod filters;
mod handle;
mod html;
mod list;
mod operations;
pub(crate) mod psa;
mod quirks;
mod rights;
mod route;
mod sample;
mod setup;
mod tenant;
mod tickets;
mod token;
mod view;
mod violation;
mod webhooks;
mod write;

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;

pub use self::config::{Application, Config, Limits};
pub use self::exchange::BODY_BYTES_MAX;
pub use self::list::{ROWS_DEFAULT, TICKETS_COUNT_MAX};
pub use self::quirks::{ErrorShape, Quirks, Treatment, UpdatedLines};
pub use self::rights::{Access, Rights};
pub use self::token::TOKENS_MAX;
pub use self::view::{Client, Ticket};
pub use self::violation::Violation;
pub use self::webhooks::{BATCH_MAX, Payload};

use self::tenant::Tenant;
use self::token::Tokens;
use self::webhooks::Told;
use crate::Error;
use crate::callout::Outbox;
use crate::faults::Plan;
use crate::lock::lock;
use crate::serve::{self, Running};
use crate::traffic::{Log, Window};
use crate::wait;

/// The time over which calls are counted.
const RATE_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// A simulated tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct HaloPsa(Arc<Inner>);

struct Inner {
    config: Config,
    quirks: Mutex<Arc<Quirks>>,
    tenant: Mutex<Tenant>,
    tokens: Mutex<Tokens>,
    traffic: Mutex<Traffic>,
    /// Occurrences that wait to be told together.
    waiting: Mutex<Vec<Told>>,
    outbox: Outbox,
    faults: Plan,
    dice: Mutex<StdRng>,
    /// Goes up with everything that a test could wait for.
    changes: watch::Sender<u64>,
}

/// All traffic of a tenant.
#[derive(Debug)]
struct Traffic {
    log: Log<Violation>,
    window: Window,
    /// Status of every call that was to create a ticket.
    creations: VecDeque<u16>,
    /// Fields that callers sent and nobody looked at, such as `Tickets.userlookup`.
    ignored: VecDeque<String>,
}

impl fmt::Debug for HaloPsa {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HaloPsa")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl HaloPsa {
    /// A tenant with sample data, made as `config` says.
    pub fn new(config: Config) -> Self {
        let tenant = sample::tenant(&config);
        let changes = watch::Sender::new(0);
        Self(Arc::new(Inner {
            quirks: Mutex::new(Arc::new(config.quirks.clone())),
            tenant: Mutex::new(tenant),
            tokens: Mutex::default(),
            traffic: Mutex::new(Traffic {
                log: Log::default(),
                window: Window::of(RATE_WINDOW),
                creations: VecDeque::new(),
                ignored: VecDeque::new(),
            }),
            waiting: Mutex::default(),
            outbox: Outbox::new(changes.clone()),
            faults: Plan::new(config.seed.wrapping_add(1)),
            dice: Mutex::new(StdRng::seed_from_u64(config.seed.wrapping_add(2))),
            changes,
            config,
        }))
    }

    /// The API under `/auth` and `/api`, and the simulator's own controls under `/__simulator`.
    pub fn router(&self) -> Router {
        Router::new()
            .nest("/__simulator", admin::router())
            .fallback(exchange::answer)
            .with_state(self.clone())
    }

    /// Answers one request in process. An answer marked [`serve::NoAnswer`] must be taken as a
    /// lost connection.
    pub async fn answer(&self, request: Request) -> Response {
        exchange::answer(State(self.clone()), request).await
    }

    /// Serves the router at `address`; port 0 takes a free one.
    pub async fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        serve::serve(self.router(), address).await
    }

    /// How the tenant was set up.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Faults to come; add to it at any time.
    pub fn faults(&self) -> &Plan {
        &self.0.faults
    }

    /// Waits until `condition` holds, looking again after every change, for at most `limit`.
    pub async fn wait_for(
        &self,
        event: &str,
        condition: impl Fn(&Self) -> bool,
        limit: Duration,
    ) -> Result<(), Error> {
        wait::until(&self.0.changes, || condition(self), limit)
            .await
            .map_err(|_| Error::NotInTime {
                event: event.to_owned(),
            })
    }

    fn now(&self) -> Timestamp {
        self.0.config.clock.now()
    }

    fn note_change(&self) {
        self.0
            .changes
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn draw(&self) -> f64 {
        lock(&self.0.dice).random_range(0.0..1.0)
    }

    /// Counts a call into the rolling five minutes; false when they are full.
    fn count_call(&self) -> bool {
        let (now, max) = (self.now(), self.config().limits.requests);
        self.traffic().window.count(now, max)
    }

    fn violate(&self, violation: Violation) {
        self.traffic().log.violate(violation);
    }

    /// Answers to open questions, as they are now.
    pub fn quirks(&self) -> Arc<Quirks> {
        lock(&self.0.quirks).clone()
    }

    /// Answers open questions in another way from the next call on. What records hold already,
    /// such as names of general users and codes of periods, stays as it is.
    pub fn set_quirks(&self, quirks: Quirks) {
        *lock(&self.0.quirks) = Arc::new(quirks);
    }

    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        lock(&self.0.tenant)
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.0.tokens)
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        lock(&self.0.traffic)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Told>> {
        lock(&self.0.waiting)
    }

    fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }
}
