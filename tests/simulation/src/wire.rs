//! The wires between the engine and the simulators, all in process, and the places where the
//! engine dies: before or after any call, before or after any commit.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http;
use exchange::{Lack, RawAnswer, Request, Transport, TransportError};
use model::{Secret, Timestamp};
use runtime::{Callout, Runtime};
use simulators::autotask::{Callout as Sent, Sender};
use simulators::{Autotask, NoAnswer, Product};
use store::{Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Store, Stored, Totals, Version};
use tokio::sync::{Notify, watch};

/// The host name of the simulated PSA.
pub const PSA: &str = "psa.simulated";

/// The host name of the simulated product.
pub const PRODUCT: &str = "product.simulated";

/// The largest body that a simulator sends, in bytes.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// Counts down to the moment at which the engine dies.
#[derive(Debug)]
pub struct Fuse {
    left: AtomicI64,
    burnt: Notify,
}

impl Default for Fuse {
    fn default() -> Self {
        Self {
            left: AtomicI64::new(i64::MAX),
            burnt: Notify::new(),
        }
    }
}

impl Fuse {
    /// A fuse that burns through at the `steps`th step from now.
    pub fn of(steps: u64) -> Arc<Self> {
        let left = AtomicI64::new(i64::try_from(steps).unwrap_or(i64::MAX));
        Arc::new(Self {
            left,
            burnt: Notify::new(),
        })
    }

    /// One step. At the last one the engine dies: whoever stepped never goes on.
    async fn step(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.burnt.notify_one();
        }
        if self.left.load(Ordering::Relaxed) <= 0 {
            std::future::pending::<()>().await;
        }
    }

    /// Returns when the engine has to die.
    pub async fn burnt(&self) {
        self.burnt.notified().await;
    }
}

/// Sends requests to the simulators.
pub struct Wire {
    /// The PSA.
    pub psa: Autotask,
    /// The product.
    pub product: Product,
    /// When to die.
    pub fuse: Arc<Fuse>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        self.fuse.step().await;
        let answer = match host(&request.url) {
            PSA => self.psa.answer(in_process(request)).await,
            PRODUCT => self.product.answer(in_process(request)).await,
            other => {
                let detail = format!("there is no {other}");
                return Err(TransportError::not_sent(Lack::Connect, detail));
            }
        };
        // Dying here, the other side has done its part and nobody ever learns of it.
        self.fuse.step().await;
        if answer.extensions().get::<NoAnswer>().is_some() {
            return Err(TransportError::unknown(
                Lack::Broken,
                "the connection broke",
            ));
        }
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        let headers = headers.collect();
        let body = to_bytes(answer.into_body(), BODY_MAX).await.map_err(|_| {
            TransportError::unknown(Lack::Broken, "the connection broke within the body")
        })?;
        Ok(RawAnswer {
            status,
            headers,
            body: body.to_vec(),
        })
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', ':']).next().unwrap_or_default()
}

fn in_process(request: &Request) -> http::Request<Body> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url.as_str());
    for (name, value) in request.wire_headers() {
        builder = builder.header(name, value);
    }
    builder
        .body(Body::from(request.body.to_bytes()))
        .expect("the engine makes valid requests")
}

/// Sends the PSA's callouts to the engine that is alive.
pub struct Callouts(pub watch::Receiver<Option<Runtime>>);

#[async_trait]
impl Sender for Callouts {
    async fn send(&self, callout: &Sent) -> Result<u16, String> {
        let Some(engine) = self.0.borrow().clone() else {
            return Err("nobody listens".to_owned());
        };
        let (path, query) = callout.url.split_once('?').unwrap_or((&callout.url, ""));
        let token = path.rsplit('/').next().unwrap_or_default();
        let given = Callout {
            method: callout.method.to_string(),
            query: query.to_owned(),
            content_type: callout.content_type.map(str::to_owned),
            body: callout.body.clone().into_bytes(),
            basic: None::<(String, Secret)>,
        };
        Ok(match engine.callout(token, given).await {
            Ok(()) => 200,
            Err(runtime::CalloutError::Store(_)) => 503,
            Err(_) => 404,
        })
    }
}

/// A store that may die before or after any commit. Reading never kills.
pub struct Mortal<S> {
    /// The store itself.
    pub store: Arc<S>,
    /// When to die.
    pub fuse: Arc<Fuse>,
}

#[async_trait]
impl<S: Store> Store for Mortal<S> {
    async fn commit(&self, batch: Batch) -> Result<Version, Error> {
        self.fuse.step().await;
        let result = self.store.commit(batch).await;
        self.fuse.step().await;
        result
    }

    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        self.store.get(key).await
    }

    async fn counter(&self, key: &Key) -> Result<i64, Error> {
        self.store.counter(key).await
    }

    async fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        self.store.scan(prefix, after, limit).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error> {
        self.store.claim(claim).await
    }

    async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error> {
        self.store.extend(lease, until).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.store.next_due().await
    }

    async fn queued(&self, seen: Edge) -> Edge {
        self.store.queued(seen).await
    }

    async fn jobs(&self, group: &str, after: Option<u64>, limit: usize) -> Result<Vec<Job>, Error> {
        self.store.jobs(group, after, limit).await
    }

    async fn depth(&self) -> Result<usize, Error> {
        self.store.depth().await
    }

    fn flushes(&self) -> Flushes {
        self.store.flushes()
    }

    async fn export(&self, to: Box<dyn io::Write + Send>) -> Result<Totals, Error> {
        self.store.export(to).await
    }
}

/// Gives other tasks a turn and lets a little time pass.
pub async fn breathe() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
