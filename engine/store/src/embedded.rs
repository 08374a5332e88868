//! The embedded store: sled, with one thread that commits.
//!
//! That thread takes all batches that wait, writes them as one atomic change, flushes once and
//! answers every caller. While it flushes the next group gathers, so the groups grow with the load
//! and nobody waits for a timer.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{io, thread};

use async_trait::async_trait;
use model::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Checked;
use crate::export::{self, Aside, Totals};
use crate::folder::{Folder, OnDisk, Unfinished};
use crate::import::{Exported, import};
use crate::limits::{CACHE_BYTES, MAX_GROUP, MAX_GROUP_BYTES, MAX_WAITING, MIN_FREE_BYTES};
use crate::state::State;
use crate::{Batch, Claim, Edge, Error, Flushes, Job, Key, Lease, Store, Stored, Version};

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Free space that a commit must leave on the disk; see [`MIN_FREE_BYTES`].
    pub min_free_bytes: u64,
    /// How much of the database is kept in memory; see [`CACHE_BYTES`].
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min_free_bytes: MIN_FREE_BYTES,
            cache_bytes: CACHE_BYTES,
        }
    }
}

/// The embedded store. Dropping it writes what was given to commit and frees the folder.
pub struct Sled {
    state: Arc<State<OnDisk>>,
    waiting: Option<mpsc::Sender<Waiting>>,
    committer: Option<JoinHandle<()>>,
}

/// A batch, and where its caller waits.
struct Waiting {
    batch: Checked,
    reply: oneshot::Sender<Result<Version, Error>>,
}

impl Sled {
    /// Opens the store in the folder `dir`, which is created when it is not there.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(dir, Options::default())
    }

    /// As [`Sled::open`].
    pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        let folder = Arc::new(Folder::open(dir.as_ref())?);
        Self::start(State::open(OnDisk::open(folder, options)?)?)
    }

    /// Whether the folder `dir` holds a whole store. Opening makes one where there is none.
    pub fn is_at(dir: impl AsRef<Path>) -> bool {
        Folder::is_store(dir.as_ref())
    }

    /// Makes a new store in the folder `dir`, which must not hold one, of what
    /// [`Store::export`] wrote. Until [`Brought::finish`] nobody can open it. When this fails
    /// nothing of it is left; when it is broken off, the next import removes what is.
    pub fn import(dir: impl AsRef<Path>, from: &mut dyn io::BufRead) -> Result<Brought, Error> {
        let folder = Arc::new(Folder::create(dir.as_ref())?);
        let unfinished = Unfinished::new(Arc::clone(&folder));
        let medium = OnDisk::open(folder, Options::default())?;
        let exported = import(&medium, from)?;
        Ok(Brought {
            store: Self::start(State::open(medium)?)?,
            exported,
            unfinished,
        })
    }

    /// The names in the folder `dir` that [`Sled::import`] takes no offence at: of what opening
    /// the folder leaves, and of what an import that was broken off has left.
    pub fn left_over(dir: impl AsRef<Path>) -> &'static [&'static str] {
        Folder::left_over(dir.as_ref())
    }

    fn start(state: State<OnDisk>) -> Result<Self, Error> {
        let state = Arc::new(state);
        let (waiting, batches) = mpsc::channel(MAX_WAITING);
        let shared = Arc::clone(&state);
        let committer = thread::Builder::new()
            .name("store-commit".to_owned())
            .spawn(move || work(&shared, batches))
            .map_err(|source| Error::Write {
                source: Arc::new(source),
            })?;
        Ok(Self {
            state,
            waiting: Some(waiting),
            committer: Some(committer),
        })
    }

    /// Where the store lies.
    pub fn dir(&self) -> PathBuf {
        self.state.medium().folder().dir().to_owned()
    }
}

/// A store that was made of an export, for what is to be changed in it before anybody may open it.
/// One that is dropped unfinished is gone.
pub struct Brought {
    // Before what removes its files, because fields are dropped in order.
    store: Sled,
    exported: Exported,
    unfinished: Unfinished,
}

impl Brought {
    /// The store.
    pub fn store(&self) -> &Sled {
        &self.store
    }

    /// What it was made of.
    pub fn exported(&self) -> Exported {
        self.exported
    }

    /// From now on, also after a power failure, the folder holds a store like any other.
    pub fn finish(self) -> Result<(), Error> {
        self.unfinished.finish()
    }
}

/// Commits group after group until the store is dropped.
fn work(state: &State<OnDisk>, mut batches: mpsc::Receiver<Waiting>) {
    while let Some(first) = batches.blocking_recv() {
        let mut bytes = first.batch.bytes;
        let mut group = vec![first.batch];
        let mut replies = VecDeque::from([first.reply]);
        while group.len() < MAX_GROUP && bytes < MAX_GROUP_BYTES {
            let Ok(Waiting { batch, reply }) = batches.try_recv() else {
                break;
            };
            bytes += batch.bytes;
            group.push(batch);
            replies.push_back(reply);
        }
        for (reply, outcome) in replies.into_iter().zip(state.commit(group)) {
            // The caller may have stopped waiting; its batch is committed all the same.
            drop(reply.send(outcome));
        }
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the store's committing thread had panicked");
        }
    }
}

#[async_trait]
impl Store for Sled {
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
        let (prefix, after) = (prefix.clone(), after.cloned());
        self.aside(move |state| state.scan(&prefix, after.as_ref(), limit))
            .await
    }

    async fn commit(&self, batch: Batch) -> Result<Version, Error> {
        let batch = batch.check()?;
        let waiting = self.waiting.as_ref().ok_or(Error::Closed)?;
        let (reply, outcome) = oneshot::channel();
        waiting
            .send(Waiting { batch, reply })
            .await
            .map_err(|_| Error::Closed)?;
        outcome.await.unwrap_or(Err(Error::Closed))
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Lease>, Error> {
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
        let group = group.to_owned();
        self.aside(move |state| state.jobs(&group, after, limit))
            .await
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
impl Aside for Sled {
    type Medium = OnDisk;

    fn state(&self) -> &State<OnDisk> {
        &self.state
    }

    /// Reads of bounded size, such as one record, are done in place instead: they mostly come from
    /// memory, and moving them costs more.
    async fn aside<T: Send + 'static>(
        &self,
        read: impl for<'r> FnOnce(&'r State<OnDisk>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let state = Arc::clone(&self.state);
        let outcome = tokio::task::spawn_blocking(move || read(&state)).await;
        outcome.unwrap_or(Err(Error::Closed))
    }
}
