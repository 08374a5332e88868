//! Everything together: the simulated systems, which live on, and the engine, which dies and comes
//! back on what its store had kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::http::Method;
use definition::{Library, Sources};
use exchange::{Clock as _, SeededRandom, TokioClock};
use model::{IntegrationId, PartnerId, Timestamp};
use runtime::{Config, Parts, Restored, Runtime};
use serde_json::{Value, json};
use simulators::product::Config as ProductConfig;
use simulators::{Autotask, Product};
use store::Memory;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dice::Dice;
use crate::door::{Answer, Callouts, Door, Lost};
use crate::fuse::Fuse;
use crate::mortal::{Disk, Mortal};
use crate::partner::{PARTNER, Partner};
use crate::restored::Told;
use crate::tenant::{self, Tenant};
use crate::trace::Trace;
use crate::wire::{COURSE_MAX, Network, PRODUCT, PSA, Wire};

/// When every simulation begins.
const START: &str = "2026-07-01T08:00:00Z";

/// How long a condition may take to come true, in simulated time.
const PATIENCE: Duration = Duration::from_hours(12);

/// How often a condition is looked at, in simulated time.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What has been waited for so long is looked at less often: a look costs real time.
const LOOKED_LONG: Duration = Duration::from_mins(5);

/// The simulated systems and the engine between them.
pub struct World {
    /// The PSA.
    pub psa: Arc<dyn Tenant>,
    autotask: Option<Autotask>,
    /// The product.
    pub product: Product,
    /// The ids of the tickets that a technician has closed.
    pub(crate) closed_there: Mutex<BTreeSet<String>>,
    /// The partner that everything happens for.
    pub partner: PartnerId,
    pub(crate) network: Arc<Network>,
    pub(crate) clock: Arc<TokioClock>,
    /// By how many milliseconds that clock is off.
    clock_off: AtomicI64,
    outside: Outside,
    pub(crate) trace: Arc<Trace>,
    disk: Arc<Disk>,
    store: Arc<Memory>,
    restored: Option<Restored>,
    library: Arc<Library>,
    seed: u64,
    lives: u64,
    doors: watch::Sender<Option<Door>>,
    life: Option<Life>,
}

/// The engine while it lives.
struct Life {
    engine: Runtime,
    work: JoinHandle<()>,
    fuse: Fuse,
    /// Dropping it closes the door.
    _alive: watch::Sender<()>,
}

impl World {
    /// The simulated systems of `seed`, and an engine that has just been started for the first
    /// time.
    pub fn new(seed: u64) -> Self {
        Self::with_companies(seed, 0)
    }

    /// The same with so many generated companies in the PSA besides.
    pub fn with_companies(seed: u64, generated_companies: u32) -> Self {
        let clock = Outside::new();
        let autotask = tenant::autotask(seed, clock.clone(), generated_companies);
        Self {
            autotask: Some(autotask.clone()),
            ..Self::around(seed, Arc::new(autotask), clock)
        }
    }

    /// The same, where the connectors take this share of what the PSA allows everyone, such as
    /// `1%`.
    pub async fn with_share(seed: u64, generated_companies: u32, share: &str) -> Self {
        let mut world = Self::with_companies(seed, generated_companies);
        world.kill().await;
        world.library = load(|text| text.replace("share: 50%", &format!("share: {share}")));
        world.start(Fuse::endless());
        world
    }

    /// The same with the PSA that `seed` draws.
    pub fn drawn(seed: u64) -> Self {
        if tenant::logs_in(seed) {
            Self::with_halopsa(seed)
        } else {
            Self::new(seed)
        }
    }

    /// The same with a HaloPSA.
    pub fn with_halopsa(seed: u64) -> Self {
        Self::with_clients(seed, 0)
    }

    /// The same with a HaloPSA, and so many generated companies in it.
    pub fn with_clients(seed: u64, generated: u32) -> Self {
        let clock = Outside::new();
        let halopsa = tenant::halopsa(seed, clock.clone(), generated);
        Self::around(seed, Arc::new(halopsa), clock)
    }

    fn around(seed: u64, psa: Arc<dyn Tenant>, outside: Outside) -> Self {
        let product = Product::new(ProductConfig {
            seed,
            clock: Arc::new(outside.clone()),
            ..ProductConfig::default()
        });
        let trace = Arc::new(Trace::new());
        let (doors, _) = watch::channel(None);
        psa.set_sender(Arc::new(Callouts {
            doors: doors.subscribe(),
            trace: trace.clone(),
        }));
        let dice = Dice::new(seed ^ 0x0e7);
        let network = Network::new(psa.clone(), product.clone(), trace.clone(), dice);
        let start = Timestamp::parse(START).expect("a moment");
        let store = Arc::new(Memory::new());
        store.flush_on_commit(false);
        let mut world = Self {
            psa,
            autotask: None,
            product,
            closed_there: Mutex::default(),
            partner: PartnerId::new(PARTNER).expect("an id"),
            network: Arc::new(network),
            clock: Arc::new(TokioClock::new(start)),
            clock_off: AtomicI64::new(0),
            outside,
            trace,
            disk: Arc::new(Disk::of_seed(seed)),
            store,
            restored: None,
            library: library(),
            seed,
            lives: 0,
            doors,
            life: None,
        };
        world.start(Fuse::endless());
        world
    }

    /// Kills the engine: whatever it was about stops at once, and what was not flushed is gone.
    /// What it had sent takes its course on the other side meanwhile.
    pub async fn kill(&mut self) {
        self.doors.send_replace(None);
        if let Some(life) = self.life.take() {
            life.fuse.burn();
            life.work.abort();
            drop(life.work.await);
        }
        self.store = Arc::new(self.store.crash().expect("the store comes back"));
        self.store.flush_on_commit(false);
        tokio::time::sleep(COURSE_MAX).await;
    }

    /// Everything that the engine keeps at this moment.
    pub(crate) async fn back_up(&self) -> Vec<u8> {
        let engine = self.engine();
        let (to, mut pieces) = tokio::sync::mpsc::channel(1);
        let take = async {
            let mut backup = Vec::new();
            while let Some(piece) = pieces.recv().await {
                backup.extend(piece);
            }
            backup
        };
        let (given, backup) = tokio::join!(engine.back_up(to), take);
        given.expect("a backup");
        backup
    }

    /// Loses the machine, and starts the engine on what the backup holds.
    pub(crate) async fn lose(&mut self, mut backup: &[u8], told: Told) {
        self.kill().await;
        let whole = store::check_export(&mut &*backup, None).expect("a whole backup");
        let store = Memory::import(&mut backup).expect("a backup");
        if told == Told::Restored {
            let of = Restored {
                taken_at: whole.at,
                restored_at: self.clock.now(),
            };
            let readied = runtime::ready_restored(&store, of).await;
            readied.expect("a store in memory");
            self.restored = runtime::restored(&store).await.expect("a store in memory");
        }
        store.flush_on_commit(false);
        self.store = Arc::new(store);
        self.start(Fuse::endless());
    }

    /// Starts the engine on what the store holds; it dies when `fuse` burns through.
    pub fn start(&mut self, fuse: Fuse) {
        self.lives += 1;
        self.network.manners.begin();
        let vendor = self.psa.vendor(&format!("http://{PSA}"));
        let product = BTreeMap::from([("api_root".to_owned(), format!("http://{PRODUCT}"))]);
        let vendor = [
            (self.psa.connector().to_owned(), vendor),
            ("defensx".to_owned(), product),
        ];
        let engine = Runtime::new(Parts {
            store: Arc::new(Mortal {
                store: self.store.clone(),
                fuse: fuse.clone(),
                disk: self.disk.clone(),
            }),
            library: self.library.clone(),
            transport: Arc::new(Wire {
                network: self.network.clone(),
                fuse: fuse.clone(),
            }),
            clock: self.clock.clone(),
            random: Arc::new(SeededRandom::new(self.seed ^ (self.lives << 32))),
            config: Config {
                vendor: vendor.into_iter().collect(),
                trusted_origins: vec![format!("http://{PSA}"), format!("http://{PRODUCT}")],
                restored: self.restored,
                ..Config::default()
            },
        });
        let (alive, still_alive) = watch::channel(());
        let door = Door::open(engine.clone(), self.clock.clone(), still_alive);
        self.doors.send_replace(Some(door));
        let worker = engine.clone();
        let work = tokio::spawn(async move {
            let (_keep, stop) = watch::channel(false);
            worker.work(stop, Duration::from_secs(20)).await;
        });
        self.life = Some(Life {
            engine,
            work,
            fuse,
            _alive: alive,
        });
    }

    /// The engine that is alive, by its handle: for what has no need of the API.
    pub fn engine(&self) -> Runtime {
        let life = self.life.as_ref();
        life.expect("the engine is alive").engine.clone()
    }

    /// The PSA by its own handle, for what only it has, in worlds that were not drawn.
    pub fn autotask(&self) -> &Autotask {
        self.autotask.as_ref().expect("the PSA is an Autotask")
    }

    /// Sets everything up as a person would, and gives the integration.
    pub async fn set_up(&self) -> IntegrationId {
        Partner::set_up(self, json!({})).await.integration_id()
    }

    /// Whether connections break from now on.
    pub fn set_faulty(&self, faulty: bool) {
        self.network.is_faulty.store(faulty, Ordering::Relaxed);
    }

    /// Sets the machine's clock to so many milliseconds after the right time, or before it.
    pub(crate) fn set_clock(&self, off: i64) {
        let before = self.clock_off.swap(off, Ordering::Relaxed);
        self.clock.jump(off - before);
    }

    /// Lets days go by in which nothing happens anywhere, as while the machine is switched off.
    pub(crate) fn leap(&self, days: u16) {
        let seconds = i64::from(days) * 24 * 60 * 60;
        self.clock.jump(seconds * 1_000);
        self.outside.leapt.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Calls the API of the engine that is alive.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Lost> {
        let door = self.doors.borrow().clone().ok_or(Lost)?;
        door.call(method, path, body).await
    }

    /// Waits until `holds` does, in simulated time.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let begun = tokio::time::Instant::now();
        while !holds().await {
            let waited = begun.elapsed();
            assert!(waited < PATIENCE, "seed {}: {what}: not in time", self.seed);
            let is_long = waited > LOOKED_LONG;
            tokio::time::sleep(if is_long { waited / 50 } else { LOOK_EVERY }).await;
        }
    }
}

/// The clock of the simulated systems, which nobody sets.
#[derive(Clone)]
pub(crate) struct Outside {
    clock: simulators::TokioClock,
    /// Seconds in which nothing was simulated.
    leapt: Arc<AtomicI64>,
}

impl Outside {
    fn new() -> Self {
        Self {
            clock: simulators::TokioClock::starting_at(START.parse().expect("a moment")),
            leapt: Arc::default(),
        }
    }
}

impl simulators::Clock for Outside {
    fn now(&self) -> jiff::Timestamp {
        let leapt = jiff::SignedDuration::from_secs(self.leapt.load(Ordering::Relaxed));
        self.clock.now() + leapt
    }
}

/// The shipped definitions, loaded once for all seeds.
fn library() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    LIBRARY
        .get_or_init(|| load(std::borrow::ToOwned::to_owned))
        .clone()
}

/// The shipped definitions as `change` makes them.
fn load(change: impl Fn(&str) -> String) -> Arc<Library> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| {
        let shipped = Sources::read(name, &root.join(name)).expect("shipped files");
        Sources::new(
            name,
            shipped.files().map(|(path, text)| (path, change(text))),
        )
    };
    let loaded = definition::load(&["connectors", "scripts", "schemas"].map(read));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    Arc::new(loaded.library)
}
