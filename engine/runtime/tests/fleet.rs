//! A fleet of partners, each with customers and products, compared from stored state.
//!
//! What is held at once depends on how many jobs run at once and on the largest partner, never on
//! how many partners there are: a comparison looks at no other partner's state, and no read asks
//! for more than a page. `DOVETAIL_FLEET=4000 cargo test --release -p dovetail-runtime --test fleet
//! -- --nocapture` does the same with so many partners on disk, and prints how long it takes and
//! how much memory the process has after each part of the fleet.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test should panic; figures are for people"
)]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use definition::Sources;
use exchange::{RawAnswer, Request, SeededRandom, TokioClock, Transport, TransportError};
use model::billing::{Day, Decimal, ItemTarget, ProductMapping, Usage, UsageStatus};
use model::{Customer, CustomerId, IntegrationId, PartnerId, ProductId, Secret, Timestamp};
use runtime::{Config, MappingChange, NewPartner, Parts, Runtime, SectionChange};
use serde_json::{Map, Value, json};
use store::{Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Memory, Store, Stored, Totals};
use store::{Sled, Version};
use tokio::sync::watch;

/// When the tests begin.
const START: Timestamp = Timestamp::from_millis(1_782_907_200_000);

/// How many jobs run at once.
const WORKERS: usize = 8;

/// How many partners there are in the small fleet.
const PARTNERS: usize = 12;

/// How many partners there are on disk, unless more are asked for.
const ON_DISK: usize = 3;

/// The customers of each partner, and the products of each customer.
const CUSTOMERS: u32 = 50;
const PRODUCTS: u32 = 5;

/// The lines of each partner's plan, one for each of its usages.
const LINES: usize = (CUSTOMERS * PRODUCTS) as usize;

/// After how many partners a figure is printed.
const PART: usize = 500;

/// How long any one thing may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// A store that notes how it is read.
struct Watched {
    inner: Arc<dyn Store>,
    /// The most records that one read gave.
    largest: AtomicUsize,
}

#[async_trait]
impl Store for Watched {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        self.inner.get(key).await
    }

    async fn counter(&self, key: &Key) -> Result<i64, Error> {
        self.inner.counter(key).await
    }

    async fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        let found = self.inner.scan(prefix, after, limit).await?;
        self.largest.fetch_max(found.len(), Ordering::SeqCst);
        Ok(found)
    }

    async fn commit(&self, batch: Batch) -> Result<Version, Error> {
        self.inner.commit(batch).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error> {
        self.inner.claim(claim).await
    }

    async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error> {
        self.inner.extend(lease, until).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.inner.next_due().await
    }

    async fn queued(&self, seen: Edge) -> Edge {
        self.inner.queued(seen).await
    }

    async fn jobs(&self, group: &str, after: Option<u64>, limit: usize) -> Result<Vec<Job>, Error> {
        self.inner.jobs(group, after, limit).await
    }

    async fn depth(&self) -> Result<usize, Error> {
        self.inner.depth().await
    }

    fn flushes(&self) -> Flushes {
        self.inner.flushes()
    }

    async fn export(&self, to: Box<dyn io::Write + Send>) -> Result<Totals, Error> {
        self.inner.export(to).await
    }
}

/// A PSA that keeps nothing: each company has one agreement, with a line of one for each product.
struct Desk;

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let path = request.url.trim_start_matches("https://desk.example");
        let companies = 1..=CUSTOMERS;
        let body: Value = match path {
            "/statuses" => json!([{ "id": 1, "name": "New" }]),
            "/companies" => companies
                .map(|id| json!({ "id": id, "name": format!("Company {id}") }))
                .collect(),
            "/agreements" => companies.map(agreement).collect(),
            "/items" => (1..=PRODUCTS)
                .map(|id| json!({ "id": id, "name": format!("Item {id}"), "active": true }))
                .collect(),
            "/lines" => companies
                .flat_map(|company| (1..=PRODUCTS).map(move |item| line(company, item)))
                .collect(),
            _ => json!([]),
        };
        Ok(RawAnswer {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    }
}

fn agreement(company: u32) -> Value {
    json!({ "id": company, "company_id": company, "name": format!("Agreement {company}"),
        "has_lines": true, "active": true, "starts": "2026-01-01", "period": "monthly" })
}

fn line(company: u32, item: u32) -> Value {
    json!({ "id": format!("{company}-{item}"), "agreement": company, "item": item, "quantity": 1 })
}

/// The partners of one runtime, with an engine at work.
struct Fleet {
    runtime: Runtime,
    store: Arc<Watched>,
    partners: Vec<(PartnerId, IntegrationId)>,
    _stop: watch::Sender<bool>,
}

impl Fleet {
    async fn of(partners: usize, inner: Arc<dyn Store>) -> Self {
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
        let engine = runtime.clone();
        tokio::spawn(async move { engine.work(stopped, PATIENCE).await });
        let mut fleet = Self {
            runtime,
            store,
            partners: Vec::new(),
            _stop: stop,
        };
        for number in 0..partners {
            fleet.join(number).await;
        }
        fleet
    }

    /// Adds a partner that is set up and has reported its usage.
    async fn join(&mut self, number: usize) {
        let (runtime, id) = (
            &self.runtime,
            PartnerId::new(format!("msp-{number}")).unwrap(),
        );
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

    /// Compares every partner, and gives how many lines were compared.
    async fn compare(&self) -> usize {
        let (began, mut lines) = (Instant::now(), 0);
        for (part, partners) in self.partners.chunks(PART).enumerate() {
            let mut runs = Vec::new();
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
            println!(
                "{} partners compared after {:.1} s, resident {} MiB",
                part * PART + partners.len(),
                began.elapsed().as_secs_f64(),
                resident_mib(),
            );
        }
        lines
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

/// How much memory the process has, as the system tells; zero where it does not.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kib.unwrap_or_default() / 1024
}

#[tokio::test(start_paused = true)]
async fn a_comparison_reads_one_partner_at_a_time_however_many_there_are() {
    let fleet = Fleet::of(PARTNERS, Arc::new(Memory::new())).await;
    fleet.store.largest.store(0, Ordering::SeqCst);
    let lines = fleet.compare().await;
    assert_eq!(lines, PARTNERS * LINES);
    let largest = fleet.store.largest.load(Ordering::SeqCst);
    assert_eq!(largest, LINES, "the most records that one read gave");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_on_disk_is_compared_whole() {
    let asked = std::env::var("DOVETAIL_FLEET").ok();
    let partners = asked.map_or(ON_DISK, |text| text.parse().unwrap());
    let folder = std::env::temp_dir().join(format!("dovetail-fleet-{}", std::process::id()));
    let began = Instant::now();
    let fleet = Fleet::of(partners, Arc::new(Sled::open(&folder).unwrap())).await;
    println!(
        "{partners} partners set up in {:.1} s, resident {} MiB",
        began.elapsed().as_secs_f64(),
        resident_mib(),
    );
    assert_eq!(fleet.compare().await, partners * LINES);
    drop(fleet);
    drop(std::fs::remove_dir_all(folder));
}
