//! The seam: what every store does, whatever lies below it.

use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use tokio::sync::mpsc;

use crate::{Batch, Error, Job, Key, Lease, Totals};

/// Which write of a record this is; greater than that of any write before, in the whole store.
/// A record that is deleted and written again does not get an old version back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub(crate) u64);

impl Version {
    /// Before every write: no record ever has it.
    pub const NONE: Self = Self(0);
}

/// A record as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where.
    pub key: Key,
    /// For [`crate::Expect::Version`].
    pub version: Version,
    /// What.
    pub value: Vec<u8>,
}

/// A wish for work.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The present moment: what is due by then may be claimed, what was leased until then is free.
    pub now: Timestamp,
    /// How long the jobs stay with the claimer.
    pub lease_for: Duration,
    /// How many jobs at most; see [`crate::limits::MAX_CLAIM`].
    pub limit: usize,
    /// How many jobs of one group may be leased at once, those of earlier claims included.
    pub per_group: usize,
}

/// A place in the course of changes to the queue; see [`Store::queued`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge(pub(crate) u64);

impl Edge {
    /// Before everything: waiting for what comes after it returns at once.
    pub const START: Self = Self(0);
}

/// How well callers share flushes, since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushes {
    /// Batches that were applied.
    pub commits: u64,
    /// Groups that were written and flushed.
    pub flushes: u64,
}

/// Durable state. All methods may be called from any number of tasks at once.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The record at `key`.
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error>;

    /// The version of the record at `key`, as [`Store::get`] would give it, without its value.
    async fn version(&self, key: &Key) -> Result<Option<Version>, Error> {
        Ok(self.get(key).await?.map(|stored| stored.version))
    }

    /// The counter at `key`; zero when nothing was added to it.
    async fn counter(&self, key: &Key) -> Result<i64, Error>;

    /// At most `limit` records under `prefix`, in the order of their keys, strictly after `after`.
    /// Fewer than `limit` means that there are no more.
    async fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error>;

    /// Does everything in `batch`, or nothing, and returns once it is durable: the version of
    /// every record that it wrote.
    ///
    /// A caller that stops waiting does not call the commit back: it may still happen.
    async fn commit(&self, batch: Batch) -> Result<Version, Error>;

    /// Leases due jobs: the heads of lanes, groups taking turns, within a group the lowest priority
    /// number first, then the earliest due, then the first enqueued.
    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error>;

    /// Keeps a job longer. [`Error::LeaseLost`] when it was lost in the meantime.
    async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error>;

    /// The earliest moment at which a claim could give something that the last one did not: a job
    /// becomes due, a lease runs out, or (in the past) the last claim took less than there is.
    /// Nothing when only a change of the queue could bring work; wait for [`Store::queued`].
    async fn next_due(&self) -> Result<Option<Timestamp>, Error>;

    /// Returns as soon as the queue has changed after `seen` in a way that may give work (enqueued,
    /// settled, hastened), and says how far it has come. Take the edge before claiming and wait for
    /// the next one after: then nothing is missed, with any number of waiters.
    ///
    /// ```text
    /// let mut seen = store.queued(Edge::START).await;
    /// loop {
    ///     for lease in store.claim(...).await? { ... }
    ///     select! { next = store.queued(seen) => seen = next, () = sleep_until(next_due) => {} }
    /// }
    /// ```
    async fn queued(&self, seen: Edge) -> Edge;

    /// The jobs of `group`, leased ones included, in the order they were enqueued: at most `limit`
    /// with a sequence greater than `after`.
    async fn jobs(&self, group: &str, after: Option<u64>, limit: usize) -> Result<Vec<Job>, Error>;

    /// How many jobs there are, leased ones included.
    async fn depth(&self) -> Result<usize, Error>;

    /// How well callers share flushes.
    fn flushes(&self) -> Flushes;

    /// Gives everything as it is at this moment, which the caller calls `at`, as lines of JSON in
    /// pieces: all whose commit has returned, and nothing that is committed later. Commits go on
    /// meanwhile. One export at a time; it is broken off when its taker goes or takes nothing.
    /// Reading is an implementation's `import`, into a store that is new.
    async fn export(&self, at: Timestamp, to: mpsc::Sender<Vec<u8>>) -> Result<Totals, Error>;
}
