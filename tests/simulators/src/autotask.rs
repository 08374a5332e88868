//! A strict simulator of the Autotask REST API, version 1.0, and of one MSP's tenant behind it.
//!
//! It promises: the same answers, refusals, pages and limits that public material and live
//! captures show; where they are silent, a guess that [`Quirks`] can switch. The same seed gives
//! the same tenant. It does not know projects, quotes, time entries or webhooks.
//!
//! Read `entities` first (what exists), then `exchange` (the way of a call), then
//! `query` and `write`.

mod access;
mod admin;
mod answer;
mod billing;
mod books;
mod call;
mod callout;
mod cloud;
mod config;
mod definitions;
mod entities;
mod exchange;
mod filter;
mod handle;
mod metadata;
mod operations;
pub(crate) mod psa;
mod query;
mod route;
mod sample;
mod tenant;
mod tickets;
mod traffic;
mod values;
mod view;
mod write;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;

pub use self::callout::{CalloutConfig, CalloutFormat, PairNames};
pub use self::cloud::Cloud;
pub use self::config::{
    Config, Credentials, Limits, ListValue, MissingRight, PostedPeriod, Quirks, Treatment,
};
pub use self::exchange::BODY_BYTES_MAX;
pub use self::handle::Action;
pub use self::tenant::Right;
pub use self::traffic::Violation;
pub use self::view::{Company, Note, Ticket};
pub use crate::callout::{Callout, Delivery, Mishap, Sender};

use self::access::Account;
use self::tenant::Tenant;
use self::traffic::Traffic;
use crate::Error;
use crate::callout::Outbox;
use crate::faults::Plan;
use crate::lock::lock;
use crate::serve::{self, Running};
use crate::wait;

/// A simulated tenant. Clones are the same tenant.
#[derive(Clone)]
pub struct Autotask(Arc<Inner>);

struct Inner {
    config: Config,
    tenant: Mutex<Tenant>,
    account: Mutex<Account>,
    traffic: Mutex<Traffic>,
    callout: Mutex<Option<CalloutConfig>>,
    outbox: Outbox,
    faults: Plan,
    dice: Mutex<StdRng>,
    /// Goes up with everything that a test could wait for.
    changes: watch::Sender<u64>,
}

impl fmt::Debug for Autotask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Autotask")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Autotask {
    /// A tenant with sample data, made as `config` says.
    pub fn new(config: Config) -> Self {
        let tenant = sample::tenant(&config);
        let changes = watch::Sender::new(0);
        Self(Arc::new(Inner {
            tenant: Mutex::new(tenant),
            account: Mutex::default(),
            traffic: Mutex::default(),
            callout: Mutex::default(),
            outbox: Outbox::new(changes.clone()),
            faults: Plan::new(config.seed.wrapping_add(1)),
            dice: Mutex::new(StdRng::seed_from_u64(config.seed.wrapping_add(2))),
            changes,
            config,
        }))
    }

    /// The API under `/ATServicesRest` and the simulator's own controls under `/__simulator`.
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

    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        lock(&self.0.tenant)
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.0.account)
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        lock(&self.0.traffic)
    }

    fn callout(&self) -> MutexGuard<'_, Option<CalloutConfig>> {
        lock(&self.0.callout)
    }

    fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }
}
