//! The store of one life: its disk takes time, and the engine may die at any poll of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use store::{
    Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Memory, Store, Stored, Totals, Version,
};
use tokio::sync::mpsc;

use crate::dice::Dice;
use crate::fuse::Fuse;

/// How long a disk takes to flush at most: most, and a slow one. Commits that come meanwhile share
/// the flush, and are lost with it when the engine dies. Nobody sees what is not flushed, so on a
/// slow disk much is decided by what somebody else has just changed.
const FLUSH_MAX: [Duration; 3] = [
    Duration::from_millis(8),
    Duration::from_millis(8),
    Duration::from_millis(400),
];

/// A disk that takes its time.
#[derive(Debug)]
pub(crate) struct Disk {
    dice: Dice,
    flush_max: Duration,
}

impl Disk {
    /// The disk of `seed`.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let dice = Dice::new(seed ^ 0xd15c);
        let mut flush_max = *dice.pick(&FLUSH_MAX);
        if crate::sharing::floods(seed) {
            flush_max = FLUSH_MAX.into_iter().max().unwrap_or_default();
        }
        Self { dice, flush_max }
    }
}

/// A store that dies with its engine.
pub(crate) struct Mortal {
    pub(crate) store: Arc<Memory>,
    pub(crate) fuse: Fuse,
    pub(crate) disk: Arc<Disk>,
}

impl Mortal {
    /// Commits what waits after the time that the disk takes. It never ends by itself.
    async fn flush(&self) {
        tokio::time::sleep(self.disk.dice.span(self.disk.flush_max)).await;
        self.store.flush();
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Store for Mortal {
    async fn commit(&self, batch: Batch) -> Result<Version, Error> {
        let durable = async {
            tokio::select! {
                biased;
                outcome = self.store.commit(batch) => outcome,
                () = self.flush() => Err(Error::Closed),
            }
        };
        self.fuse.over(durable).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        self.fuse.over(self.store.get(key)).await
    }

    async fn counter(&self, key: &Key) -> Result<i64, Error> {
        self.fuse.over(self.store.counter(key)).await
    }

    async fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        self.fuse.over(self.store.scan(prefix, after, limit)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error> {
        self.fuse.over(self.store.claim(claim)).await
    }

    async fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error> {
        self.fuse.over(self.store.extend(lease, until)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.fuse.over(self.store.next_due()).await
    }

    async fn queued(&self, seen: Edge) -> Edge {
        self.fuse.over(self.store.queued(seen)).await
    }

    async fn jobs(&self, group: &str, after: Option<u64>, limit: usize) -> Result<Vec<Job>, Error> {
        self.fuse.over(self.store.jobs(group, after, limit)).await
    }

    async fn depth(&self) -> Result<usize, Error> {
        self.fuse.over(self.store.depth()).await
    }

    fn flushes(&self) -> Flushes {
        self.store.flushes()
    }

    async fn export(&self, at: Timestamp, to: mpsc::Sender<Vec<u8>>) -> Result<Totals, Error> {
        self.store.export(at, to).await
    }
}
