//! Partners that are set up and have reported their usage, with an engine at work.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use definition::Sources;
use exchange::{SeededRandom, TokioClock};
use model::billing::{Day, Decimal, ItemTarget, ProductMapping, Usage, UsageStatus};
use model::{Customer, CustomerId, IntegrationId, PartnerId, ProductId, Secret, Timestamp};
use runtime::{Config, MappingChange, NewPartner, Parts, Runtime, SectionChange};
use serde_json::{Map, json};
use store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::desk::Desk;
use crate::watched::Watched;
use crate::{CUSTOMERS, PRODUCTS};

/// When the tests begin.
const START: Timestamp = Timestamp::from_millis(1_782_907_200_000);

/// How many jobs run at once.
const WORKERS: usize = 8;

/// How long any one thing may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// A partner and its integration.
pub(crate) type Partner = (PartnerId, IntegrationId);

/// The partners of one runtime, with an engine at work.
pub(crate) struct Fleet {
    runtime: Runtime,
    pub(crate) store: Arc<Watched>,
    pub(crate) partners: Vec<Partner>,
    stop: watch::Sender<bool>,
    engine: JoinHandle<()>,
}

impl Fleet {
    pub(crate) async fn of(partners: usize, inner: Arc<dyn Store>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = [
            "../../connectors",
            "../../schemas",
            "../../scripts",
            "tests/desk",
        ];
        let sources = folders.map(|name| Sources::read(name, &root.join(name)).unwrap());
        let store = Arc::new(Watched {
            inner,
            largest: AtomicUsize::new(0),
        });
        let runtime = Runtime::new(Parts {
            store: store.clone(),
            library: Arc::new(definition::load(&sources).library),
            transport: Arc::new(Desk),
            clock: Arc::new(TokioClock::new(START)),
            random: Arc::new(SeededRandom::new(1)),
            config: Config {
                workers: WORKERS,
                ..Config::default()
            },
        });
        let (stop, stopped) = watch::channel(false);
        let working = runtime.clone();
        let engine = tokio::spawn(async move { working.work(stopped, PATIENCE).await });
        let mut fleet = Self {
            runtime,
            store,
            partners: Vec::new(),
            stop,
            engine,
        };
        for number in 0..partners {
            fleet.join(number).await;
        }
        fleet
    }

    /// Adds a partner that is set up and has reported its usage.
    async fn join(&mut self, number: usize) {
        let runtime = &self.runtime;
        let id = PartnerId::new(format!("msp-{number}")).unwrap();
        let partner = NewPartner {
            id: id.clone(),
            name: id.to_string(),
            webhook: None,
        };
        runtime.put_partner(partner).await.unwrap();
        let customers = (1..=CUSTOMERS).map(|number| Customer {
            id: customer(number),
            name: format!("Company {number}"),
            domains: Vec::new(),
            enabled: true,
        });
        runtime
            .put_customers(&id, customers.collect())
            .await
            .unwrap();
        let token = BTreeMap::from([("token".to_owned(), Secret::new("t"))]);
        let made = runtime
            .create_integration(&id, "desk", token, "a person")
            .await
            .unwrap();
        let here = (&id, &made.id);
        let on = SectionChange {
            on: true,
            values: Map::new(),
            rules: None,
        };
        until(async || {
            let read = runtime.companies(here.0, here.1, None, 1).await.unwrap();
            !read.is_empty()
        })
        .await;
        let mappings = (1..=CUSTOMERS).map(|number| MappingChange {
            customer: customer(number),
            company: Some(json!(number)),
            ignore: false,
            tickets: None,
            billing: None,
        });
        runtime
            .put_company_mappings(here.0, here.1, mappings.collect())
            .await
            .unwrap();
        runtime
            .put_settings(here.0, here.1, "billing", on)
            .await
            .unwrap();
        until(async || {
            let lines = runtime.agreement_mappings(here.0, here.1).await.unwrap();
            let items = runtime.items(here.0, here.1).await.unwrap();
            !items.is_empty() && lines.iter().all(|line| !line.options.is_empty())
        })
        .await;
        runtime.accept_agreements(here.0, here.1).await.unwrap();
        let products = (1..=PRODUCTS).map(|number| ProductMapping {
            product: product(number),
            target: ItemTarget::Item(json!(number)),
            overrides: BTreeMap::new(),
        });
        runtime
            .put_product_mappings(here.0, here.1, products.collect())
            .await
            .unwrap();
        let usages = (1..=CUSTOMERS)
            .flat_map(|customer| (1..=PRODUCTS).map(move |product| usage(customer, product)));
        runtime.put_usage(&id, usages.collect()).await.unwrap();
        self.partners.push((id, made.id));
    }

    /// Compares these partners, as many at once as there are workers, and gives how many lines
    /// were compared.
    pub(crate) async fn compare(&self, partners: &[Partner]) -> usize {
        let (mut runs, mut lines) = (Vec::new(), 0);
        for (partner, id) in partners {
            let started = self.runtime.sync(partner, id, Some("bill_usage")).await;
            runs.push((partner, id, started.unwrap().remove(0)));
        }
        for (partner, id, run) in runs {
            until(async || {
                let run = self.runtime.run(partner, id, &run).await.unwrap();
                run.ended_at.is_some()
            })
            .await;
            lines += self.runtime.plan(partner, id).await.unwrap().lines.len();
        }
        lines
    }

    /// Ends the engine and lets go of all that it holds; what is left is the store.
    pub(crate) async fn end(self) -> Arc<dyn Store> {
        self.stop.send(true).unwrap();
        self.engine.await.unwrap();
        self.store.inner.clone()
    }
}

/// Looks until `condition` holds.
async fn until(condition: impl AsyncFn() -> bool) {
    let held = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, held).await.unwrap();
}

fn customer(number: u32) -> CustomerId {
    CustomerId::new(format!("c-{number}")).unwrap()
}

fn product(number: u32) -> ProductId {
    ProductId::new(format!("p-{number}")).unwrap()
}

fn usage(of: u32, what: u32) -> Usage {
    Usage {
        customer_id: customer(of),
        product_id: product(what),
        subscription_id: None,
        term_start: Day::parse("2026-07-01").unwrap(),
        term_end: Day::parse("2026-07-31").unwrap(),
        status: UsageStatus::Active,
        quantity: Decimal::whole(i64::from(of % 7 + what)),
        free_quantity: Decimal::ZERO,
        details: Vec::new(),
    }
}
