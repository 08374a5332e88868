//! A store that notes how it is read, over any other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use model::Timestamp;
use store::{Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Store, Stored, Totals, Version};
use tokio::sync::mpsc;

/// A store that notes how it is read.
pub(crate) struct Watched {
    pub(crate) inner: Arc<dyn Store>,
    /// The most records that one read gave.
    pub(crate) largest: AtomicUsize,
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

    async fn export(&self, at: Timestamp, to: mpsc::Sender<Vec<u8>>) -> Result<Totals, Error> {
        self.inner.export(at, to).await
    }
}
