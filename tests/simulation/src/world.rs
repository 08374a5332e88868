//! Everything together: the simulators, which live on, and the engine, which dies and comes back
//! on what its store had kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use definition::{Library, Sources};
use exchange::{SeededRandom, TokioClock};
use model::{ClosedBy, Customer, CustomerId, IntegrationId, PartnerId, Request, Secret, Timestamp};
use runtime::{Config, NewPartner, NewWebhook, Parts, Runtime, TestTicket};
use serde_json::{Value, json};
use simulators::autotask::{CalloutConfig, Config as PsaConfig, Limits, Ticket};
use simulators::product::Config as ProductConfig;
use simulators::{Autotask, Product};
use store::Memory;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::wire::{Callouts, Fuse, Mortal, PRODUCT, PSA, Wire, breathe};

/// When every simulation begins.
const START: &str = "2026-07-01T08:00:00Z";

/// How long a condition may take to come true, in simulated time.
const PATIENCE: Duration = Duration::from_hours(12);

/// The simulators and the engine between them.
pub struct World {
    /// The PSA.
    pub psa: Autotask,
    /// The product.
    pub product: Product,
    /// The partner that everything happens for.
    pub partner: PartnerId,
    store: Arc<Memory>,
    clock: Arc<TokioClock>,
    seed: u64,
    lives: u64,
    alive: watch::Sender<Option<Runtime>>,
    work: Option<JoinHandle<()>>,
}

impl World {
    /// The simulators of `seed`, and an engine that has just been started for the first time.
    pub fn new(seed: u64) -> Self {
        Self::with_companies(seed, 0)
    }

    /// The same with so many generated companies in the PSA besides.
    pub fn with_companies(seed: u64, generated_companies: u32) -> Self {
        let start: jiff::Timestamp = START.parse().expect("a moment");
        let clock = simulators::TokioClock::starting_at(start);
        let psa = PsaConfig {
            clock: Arc::new(clock),
            public_url: Some(format!("http://{PSA}")),
            generated_companies,
            limits: Limits {
                latency: Duration::from_millis(40),
                jitter: Duration::from_millis(200),
                ..Limits::default()
            },
            ..PsaConfig::seeded(seed)
        };
        let product = ProductConfig {
            seed,
            clock: Arc::new(clock),
            ..ProductConfig::default()
        };
        let start = Timestamp::parse(START).expect("a moment");
        let (alive, _) = watch::channel(None);
        let mut world = Self {
            psa: Autotask::new(psa),
            product: Product::new(product),
            partner: PartnerId::new("northwind").expect("an id"),
            store: Arc::new(Memory::new()),
            clock: Arc::new(TokioClock::new(start)),
            seed,
            lives: 0,
            alive,
            work: None,
        };
        world
            .psa
            .set_sender(Arc::new(Callouts(world.alive.subscribe())));
        world.start(Arc::default());
        world
    }

    /// The engine that is alive.
    pub fn engine(&self) -> Runtime {
        self.alive.borrow().clone().expect("the engine is alive")
    }

    /// The store beneath it.
    pub fn store(&self) -> &Arc<Memory> {
        &self.store
    }

    /// Kills the engine: whatever it was about stops at its next await, and what was not durable
    /// is gone.
    pub async fn kill(&mut self) {
        self.alive.send_replace(None);
        if let Some(work) = self.work.take() {
            work.abort();
            drop(work.await);
        }
        self.store = Arc::new(self.store.crash().expect("the store comes back"));
    }

    /// Starts the engine on what the store holds; it dies when `fuse` burns through.
    pub fn start(&mut self, fuse: Arc<Fuse>) {
        self.lives += 1;
        let vendor = [
            (
                "integration_code".to_owned(),
                self.psa.credentials().integration_code,
            ),
            (
                "api_root".to_owned(),
                format!("http://{PSA}/ATServicesRest"),
            ),
        ];
        let vendor = [("autotask".to_owned(), BTreeMap::from(vendor))]
            .into_iter()
            .collect();
        let wire = Wire {
            psa: self.psa.clone(),
            product: self.product.clone(),
            fuse: fuse.clone(),
        };
        let engine = Runtime::new(Parts {
            store: Arc::new(Mortal {
                store: self.store.clone(),
                fuse,
            }),
            library: library(),
            transport: Arc::new(wire),
            clock: self.clock.clone(),
            random: Arc::new(SeededRandom::new(self.seed ^ (self.lives << 32))),
            config: Config {
                vendor,
                ..Config::default()
            },
        });
        self.alive.send_replace(Some(engine.clone()));
        self.work = Some(tokio::spawn(async move {
            let (_keep, stop) = watch::channel(false);
            engine.work(stop, Duration::from_secs(20)).await;
        }));
    }

    /// Sets up partner, customers, integration, mapping and ticket settings, as a person would.
    pub async fn set_up(&self) -> IntegrationId {
        let engine = self.engine();
        let webhook = NewWebhook {
            url: format!("http://{PRODUCT}/webhooks"),
            secret: Some(Secret::new(self.product.secret())),
        };
        let partner = NewPartner {
            id: self.partner.clone(),
            name: "Northwind MSP".to_owned(),
            webhook: Some(webhook),
        };
        engine.put_partner(partner).await.expect("a partner");
        let customers = self
            .product
            .customers()
            .into_iter()
            .map(|customer| Customer {
                id: CustomerId::new(customer.id).expect("an id"),
                name: customer.name,
                domains: customer.domains,
                enabled: true,
            });
        engine
            .put_customers(&self.partner, customers.collect())
            .await
            .expect("customers");
        let credentials = self.credentials();
        let made = engine
            .create_integration(&self.partner, "autotask", credentials)
            .await;
        let integration = made.expect("an integration");
        let id = integration.id.clone();
        self.until("the companies are read and the flag is made", || async {
            let runs = engine.runs(&self.partner, &id, 50).await.expect("runs");
            let ended = |name: &str| {
                runs.iter()
                    .any(|run| run.pipeline == name && run.ended_at.is_some())
            };
            ended("read_directory") && ended("provision")
        })
        .await;
        let accepted = engine
            .accept_suggestions(&self.partner, &id, 60)
            .await
            .expect("a mapping");
        assert!(accepted.saved >= 5, "too few suggestions: {accepted:?}");
        let closing = self.status("Complete");
        self.choose(&id, json!({})).await;
        self.psa.set_callout(Some(CalloutConfig {
            url: format!("http://engine.simulated{}", integration.callout_path),
            user_defined_field: Some("Is DefensX Ticket?".to_owned()),
            trigger_status: closing,
            ..CalloutConfig::default()
        }));
        id
    }

    /// Saves the ticket settings, with `more` besides those that have to be there.
    pub async fn choose(&self, id: &IntegrationId, more: Value) {
        let settings = json!({
            "queue": self.psa.picklist_value("Tickets", "queueID", "Security").expect("a queue"),
            "initial_status": self.status("New"),
            "closing_status": self.status("Complete"),
        });
        let mut settings = settings.as_object().cloned().unwrap_or_default();
        settings.extend(more.as_object().cloned().unwrap_or_default());
        let change = runtime::SectionChange {
            on: true,
            values: settings,
            rules: None,
        };
        self.engine()
            .put_settings(&self.partner, id, "tickets", change)
            .await
            .expect("settings");
    }

    /// The credentials that the PSA accepts.
    pub fn credentials(&self) -> BTreeMap<String, Secret> {
        let known = self.psa.credentials();
        let pair = |name: &str, value: String| (name.to_owned(), Secret::new(value));
        BTreeMap::from([
            pair("username", known.username),
            pair("secret", known.secret),
        ])
    }

    /// The ticket in the PSA that the request is linked to.
    pub fn ticket_of(&self, request: &Request) -> Option<Ticket> {
        let id = request.ticket.as_ref()?.id.as_i64()?;
        self.psa.ticket(id)
    }

    /// Asks for a test ticket, for the first customer that is mapped.
    pub async fn send_test_ticket(&self) {
        let engine = self.engine();
        let all = engine.integrations(&self.partner).await;
        let all = all.expect("integrations");
        let id = &all.first().expect("an integration").id;
        let asked = engine.test_ticket(&self.partner, id, TestTicket::default());
        asked.await.expect("a run");
    }

    /// The tickets that were made for tests.
    pub fn test_tickets(&self) -> Vec<Ticket> {
        let mut all = self.psa.tickets();
        all.retain(|ticket| ticket.title.starts_with("Test ticket"));
        all
    }

    /// Those of them that nobody has closed yet.
    pub fn open_test_tickets(&self) -> Vec<i64> {
        let all = self.test_tickets().into_iter();
        all.filter(|ticket| ticket.completed_date.is_none())
            .map(|ticket| ticket.id)
            .collect()
    }

    /// Whether the product still has to be told of a close that came from the PSA.
    pub fn untold(&self, requests: &[Request]) -> bool {
        let closed = requests
            .iter()
            .filter(|one| one.closed_by == Some(ClosedBy::Psa))
            .count();
        self.product.received_of("request.closed").len() < closed
    }

    /// Moves the engine's clock by `millis`, as when a machine's clock is set.
    pub fn jump(&self, millis: i64) {
        self.clock.jump(millis);
    }

    fn status(&self, label: &str) -> i64 {
        self.psa
            .picklist_value("Tickets", "status", label)
            .expect("a status")
    }

    /// Waits until `holds` does, in simulated time.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let end = tokio::time::Instant::now() + PATIENCE;
        while !holds().await {
            assert!(
                tokio::time::Instant::now() < end,
                "seed {}: {what}: not in time",
                self.seed
            );
            breathe().await;
        }
    }
}

/// The shipped definitions, loaded once for all seeds.
fn library() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let read = |name: &str| Sources::read(name, &root.join(name)).expect("shipped files");
            let loaded = definition::load(&["connectors", "scripts", "schemas"].map(read));
            assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
            Arc::new(loaded.library)
        })
        .clone()
}
