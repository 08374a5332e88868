//! The vendor's product as Dovetail sees it: a receiver of signed webhooks, sample customers,
//! user requests and usage to feed into Dovetail's API, and the Partner API where Dovetail can ask
//! for them itself.
//!
//! It promises to accept only what is signed rightly and recently, to tell a repeated event from
//! a new one by its id, and to fail on demand. It keeps no state of requests by itself: what it
//! knows of them is what the webhooks told it.

mod account;
mod partner_api;
mod receive;
mod sample;
mod signature;

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt as _;

pub use self::account::{API_KEY, Figure, Quirks};
pub use self::receive::BODY_BYTES_MAX;
pub use self::sample::{Customer, UsageRecord, UserRequest};
pub use self::signature::{Rejection, TOLERANCE_SECONDS, signature};

use self::account::Account;
use crate::Error;
use crate::clock::{Clock, SystemClock};
use crate::faults::Plan;
use crate::lock::lock;
use crate::serve::{self, Running};
use crate::wait;

/// Most events and rejections kept; the oldest are forgotten first.
pub const KEPT_MAX: usize = 100_000;

/// How the product is set up.
#[derive(Clone)]
pub struct Config {
    /// Draws of faults by chance come from it.
    pub seed: u64,
    /// Where it reads the time.
    pub clock: Arc<dyn Clock>,
    /// Secret of its webhooks: `whsec_` and the key in base64.
    pub secret: String,
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Arc::new(SystemClock),
            secret: "whsec_c2ltdWxhdGVkLXByb2R1Y3Qtc2VjcmV0LTAx".to_owned(),
        }
    }
}

/// One event, as its first delivery brought it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Received {
    /// `webhook-id`: the same for every delivery of one event.
    pub id: String,
    /// `webhook-timestamp` of the first delivery, in Unix seconds.
    pub timestamp: i64,
    /// The body.
    pub body: Value,
    /// How often it was delivered and accepted.
    pub deliveries: u32,
}

impl Received {
    /// The event's name: `type` in the body.
    pub fn kind(&self) -> Option<&str> {
        self.body.get("type")?.as_str()
    }
}

/// A simulated product. Clones are the same product.
#[derive(Clone)]
pub struct Product(Arc<Inner>);

struct Inner {
    config: Config,
    state: Mutex<Inbox>,
    faults: Plan,
    /// Goes up with everything that a test could wait for.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inbox {
    received: VecDeque<Received>,
    rejected: VecDeque<Rejection>,
    account: Account,
    /// Calls of the Partner API, oldest first.
    calls: VecDeque<String>,
}

impl fmt::Debug for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Product")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Product {
    /// A product that has received nothing yet.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(Inbox {
                received: VecDeque::new(),
                rejected: VecDeque::new(),
                account: Account::sample(),
                calls: VecDeque::new(),
            }),
            faults: Plan::new(config.seed.wrapping_add(3)),
            changes: watch::Sender::new(0),
            config,
        }))
    }

    /// `POST /webhooks`, the Partner API, and the simulator's own controls under `/__simulator`.
    pub fn router(&self) -> Router {
        receive::router().with_state(self.clone())
    }

    /// Answers one webhook, or one call of the Partner API, in process. An answer marked
    /// [`serve::NoAnswer`] must be taken as a lost connection.
    pub async fn answer(&self, request: Request) -> Response {
        match self.router().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }

    /// Serves the router at `address`; port 0 takes a free one.
    pub async fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        serve::serve(self.router(), address).await
    }

    /// Secret of its webhooks.
    pub fn secret(&self) -> &str {
        &self.0.config.secret
    }

    /// Faults to come; the entity of every webhook is `webhooks`.
    pub fn faults(&self) -> &Plan {
        &self.0.faults
    }

    /// Events, each once, in the order of their first delivery.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.iter().cloned().collect()
    }

    /// Events of that name.
    pub fn received_of(&self, kind: &str) -> Vec<Received> {
        let mut received = self.received();
        received.retain(|event| event.kind() == Some(kind));
        received
    }

    /// Why deliveries were not accepted, oldest first.
    pub fn rejected(&self) -> Vec<Rejection> {
        self.state().rejected.iter().copied().collect()
    }

    /// Customers of the sample partner; most have a company in the simulated PSA.
    pub fn customers(&self) -> Vec<Customer> {
        sample::customers()
    }

    /// User requests of those customers.
    pub fn requests(&self) -> Vec<UserRequest> {
        sample::requests()
    }

    /// As many user requests as wanted, spread over the customers; the same for the same seed.
    pub fn generated_requests(&self, count: u32) -> Vec<UserRequest> {
        sample::generated_requests(self.0.config.seed, count)
    }

    /// What the Partner API is asked with.
    pub fn set_key(&self, key: &str) {
        key.clone_into(&mut self.state().account.key);
    }

    /// What the Partner API's document leaves open.
    pub fn quirks(&self) -> Quirks {
        self.state().account.quirks
    }

    /// Answers those questions in another way.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.state().account.quirks = quirks;
    }

    /// Every figure that the Partner API tells.
    pub fn figures(&self) -> Vec<Figure> {
        self.state().account.figures.clone()
    }

    /// Puts a figure in the place of the one with its number, or adds it.
    pub fn put_figure(&self, figure: Figure) {
        let mut state = self.state();
        let figures = &mut state.account.figures;
        match figures
            .iter_mut()
            .find(|one| one.usage_id == figure.usage_id)
        {
            Some(known) => *known = figure,
            None => figures.push(figure),
        }
    }

    /// Adds so many customers to the Partner API, each with so many products.
    pub fn grow(&self, customers: u32, products: u32) {
        self.state().account.grow(customers, products);
    }

    /// Switches a customer off.
    pub fn disable_customer(&self, id: &str) {
        self.state().account.disabled.push(id.to_owned());
    }

    /// Calls of the Partner API, oldest first, such as `GET /customers`.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.iter().cloned().collect()
    }

    /// The notification of a request, as the product sends it to a partner's endpoint.
    pub fn notice(&self, request: &UserRequest) -> Value {
        account::notice(request, self.0.config.clock.now())
    }

    /// Usage of the current term.
    pub fn usage(&self) -> Vec<UsageRecord> {
        sample::usage()
    }

    /// Waits until `condition` holds, looking again after every delivery, for at most `limit`.
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

    fn note_change(&self) {
        self.0
            .changes
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, Inbox> {
        lock(&self.0.state)
    }
}
