//! The store for simulation: in memory, without threads or a clock, and able to crash.
//!
//! A commit is done at once, unless [`Memory::flush_on_commit`] is off: then it waits, as it would
//! for a slow disk, until [`Memory::flush`] commits all that wait as one group. What waits at
//! [`Memory::crash`] is lost, and its callers are told that the store is closed.

use std::io;
use std::sync::Mutex;

use async_trait::async_trait;
use model::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Checked;
use crate::export::{self, Aside, Totals};
use crate::import::import;
use crate::medium::Ram;
use crate::state::{State, lock};
use crate::{Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Store, Stored, Version};

/// The store for simulation. Equal histories of calls give equal answers.
pub struct Memory {
    state: State<Ram>,
    pending: Mutex<Pending>,
}

type Reply = oneshot::Sender<Result<Version, Error>>;

#[derive(Debug, Default)]
struct Pending {
    wait: bool,
    crashed: bool,
    batches: Vec<(Checked, Reply)>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            state: State::empty(Ram::default()),
            pending: Mutex::default(),
        }
    }

    /// A store of what [`Store::export`] wrote.
    pub fn import(from: &mut dyn io::BufRead) -> Result<Self, Error> {
        let medium = Ram::default();
        import(&medium, from)?;
        Self::of(medium)
    }

    fn of(medium: Ram) -> Result<Self, Error> {
        Ok(Self {
            state: State::open(medium)?,
            pending: Mutex::default(),
        })
    }

    /// Whether commits are done at once (as they are in the beginning) or wait for
    /// [`Memory::flush`]. Turning it on flushes.
    pub fn flush_on_commit(&self, at_once: bool) {
        lock(&self.pending).wait = !at_once;
        if at_once {
            self.flush();
        }
    }

    /// Commits all that waits, as one group; says how many batches that were.
    pub fn flush(&self) -> usize {
        let batches = std::mem::take(&mut lock(&self.pending).batches);
        let (batches, replies): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
        let outcomes = self.state.commit(batches);
        let count = outcomes.len();
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // The caller may have stopped waiting; its batch is committed all the same.
            drop(reply.send(outcome));
        }
        count
    }

    /// What is found after a crash at this moment: all that was flushed, no leases. Whoever still
    /// uses this store finds it closed to commits and claims.
    pub fn crash(&self) -> Result<Self, Error> {
        let mut pending = lock(&self.pending);
        pending.crashed = true;
        pending.batches.clear();
        Self::of(self.state.medium().copy())
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for Memory {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        self.state.get(key)
    }

    async fn version(&self, key: &Key) -> Result<Option<Version>, Error> {
        self.state.version(key)
    }

    async fn counter(&self, key: &Key) -> Result<i64, Error> {
        self.state.counter(key)
    }

    async fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        self.state.scan(prefix, after, limit)
    }

    async fn commit(&self, batch: Batch) -> Result<Version, Error> {
        let batch = batch.check()?;
        let outcome = {
            let mut pending = lock(&self.pending);
            if pending.crashed {
                return Err(Error::Closed);
            }
            if !pending.wait {
                let outcome = self.state.commit(vec![batch]).pop();
                return outcome.unwrap_or(Err(Error::Closed));
            }
            let (reply, outcome) = oneshot::channel();
            pending.batches.push((batch, reply));
            outcome
        };
        outcome.await.unwrap_or(Err(Error::Closed))
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error> {
        if lock(&self.pending).crashed {
            return Err(Error::Closed);
        }
        self.state.claim(&claim)
    }

    async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error> {
        self.state.extend(lease, until)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        Ok(self.state.next_due())
    }

    async fn queued(&self, seen: Edge) -> Edge {
        self.state.queued(seen).await
    }

    async fn jobs(&self, group: &str, after: Option<u64>, limit: usize) -> Result<Vec<Job>, Error> {
        self.state.jobs(group, after, limit)
    }

    async fn depth(&self) -> Result<usize, Error> {
        Ok(self.state.depth())
    }

    fn flushes(&self) -> Flushes {
        self.state.flushes()
    }

    async fn export(&self, at: Timestamp, to: mpsc::Sender<Vec<u8>>) -> Result<Totals, Error> {
        export::export(self, at, to).await
    }
}

#[async_trait]
impl Aside for Memory {
    type Medium = Ram;

    fn state(&self) -> &State<Ram> {
        &self.state
    }

    async fn aside<T: Send + 'static>(
        &self,
        read: impl for<'r> FnOnce(&'r State<Ram>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        read(&self.state)
    }
}
