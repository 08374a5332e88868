//! A store in which the values of some tables are sealed, so that whoever has the files alone does
//! not have the secrets in them.
//!
//! Values are sealed on the way in and opened on the way out, each bound to its key, so that none
//! can be moved to another place. A value that lies there unsealed, from a time before, is read as
//! it is, until [`Sealed::reseal`] or the next write seals it. Which cipher it is, is the caller's
//! to say. Exports hold values as they lie, sealed.

use std::sync::Arc;

use async_trait::async_trait;
use model::Timestamp;
use tokio::sync::mpsc;

use crate::batch::Op;
use crate::{
    Batch, Claim, Edge, Error, Expect, Flushes, Job, Key, Lease, Store, Stored, Totals, Version,
};

/// How many values are looked at per page when all are sealed anew.
const PAGE: usize = 500;

/// Where it is written down that values are sealed, as a value that is sealed itself.
const PROOF_TABLE: &str = "sealing";

/// What is sealed there.
const PROOF: &[u8] = b"sealed";

/// What seals and opens values.
pub trait Cipher: Send + Sync + 'static {
    /// `plain` sealed for the place `about`; nothing if it cannot be done.
    fn seal(&self, about: &[u8], plain: &[u8]) -> Option<Vec<u8>>;

    /// What was sealed for the place `about`; nothing if it is not whole, or not of these keys.
    fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;

    /// Whether the value is sealed at all.
    fn is_sealed(&self, value: &[u8]) -> bool;

    /// Whether it is sealed with the key in use.
    fn is_current(&self, value: &[u8]) -> bool;
}

/// A store whose secrets are sealed.
pub struct Sealed<S> {
    store: Arc<S>,
    cipher: Arc<dyn Cipher>,
    tables: &'static [&'static str],
}

/// Whether a store was ever sealed: then it is of no use without its key.
pub async fn was_sealed(store: &impl Store) -> Result<bool, Error> {
    Ok(store.get(&proof_key()).await?.is_some())
}

/// Where it lies that values are sealed.
pub(crate) fn proof_key() -> Key {
    Key::new("", PROOF_TABLE, &[])
}

impl<S: Store> Sealed<S> {
    /// Seals the values of `tables` from now on. [`Error::OtherKey`] if they were sealed with
    /// another key before; nothing is changed then.
    pub async fn open(
        store: Arc<S>,
        cipher: Arc<dyn Cipher>,
        tables: &'static [&'static str],
    ) -> Result<Self, Error> {
        let sealed = Self {
            store,
            cipher,
            tables,
        };
        let key = proof_key();
        if let Some(stored) = sealed.store.get(&key).await? {
            sealed.opened(stored)?;
            return Ok(sealed);
        }
        let mut batch = Batch::new();
        batch.put(key.clone(), sealed.sealed(&key, PROOF)?, Expect::Absent);
        sealed.store.commit(batch).await?;
        Ok(sealed)
    }

    /// Seals what lies unsealed, or sealed with a former key, under these partners, and at last
    /// the proof itself. Gives how many values that were.
    pub async fn reseal(&self, partners: &[String]) -> Result<u64, Error> {
        let mut count = 0;
        for partner in partners {
            for table in self.tables {
                count += self.reseal_table(&Key::prefix(partner, table, &[])).await?;
            }
        }
        Ok(count + self.reseal_table(&proof_key()).await?)
    }

    async fn reseal_table(&self, prefix: &Key) -> Result<u64, Error> {
        let (mut count, mut after): (u64, Option<Key>) = (0, None);
        loop {
            let page = self.store.scan(prefix, after.as_ref(), PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|stored| stored.key.clone());
            for stored in page {
                if !self.cipher.is_current(&stored.value) {
                    count += u64::from(self.reseal_one(stored).await?);
                }
            }
            if is_last {
                return Ok(count);
            }
        }
    }

    /// Gives whether it was still as it was read; who changed it meanwhile has sealed it anew.
    async fn reseal_one(&self, stored: Stored) -> Result<bool, Error> {
        let (key, expect) = (stored.key.clone(), Expect::Version(stored.version));
        let plain = self.opened(stored)?.value;
        let mut batch = Batch::new();
        batch.put(key.clone(), self.sealed(&key, &plain)?, expect);
        match self.store.commit(batch).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn sealed(&self, key: &Key, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let sealed = self.cipher.seal(key.as_bytes(), plain);
        sealed.ok_or_else(|| Error::Unsealable { key: key.clone() })
    }

    fn opened(&self, stored: Stored) -> Result<Stored, Error> {
        if !self.cipher.is_sealed(&stored.value) {
            return Ok(stored);
        }
        let Stored {
            key,
            version,
            value,
        } = stored;
        match self.cipher.open(key.as_bytes(), &value) {
            Some(value) => Ok(Stored {
                key,
                version,
                value,
            }),
            None => Err(Error::OtherKey { key }),
        }
    }
}

#[async_trait]
impl<S: Store> Store for Sealed<S> {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        let stored = self.store.get(key).await?;
        stored.map(|stored| self.opened(stored)).transpose()
    }

    async fn version(&self, key: &Key) -> Result<Option<Version>, Error> {
        self.store.version(key).await
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
        let page = self.store.scan(prefix, after, limit).await?;
        page.into_iter().map(|stored| self.opened(stored)).collect()
    }

    async fn commit(&self, mut batch: Batch) -> Result<Version, Error> {
        for op in batch.ops_mut() {
            if let Op::Put { key, value, .. } = op
                && self.tables.contains(&key.table().as_str())
            {
                *value = self.sealed(key, value)?;
            }
        }
        self.store.commit(batch).await
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

    async fn export(&self, at: Timestamp, to: mpsc::Sender<Vec<u8>>) -> Result<Totals, Error> {
        self.store.export(at, to).await
    }
}
