//! Stores to test on, and short ways to say what tests say often.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use store::{Batch, Claim, Error, Expect, Key, Lease, Memory, NewJob, Sled, Store, Version};
use tempfile::TempDir;

/// A store that can be closed, or crash, and opened again.
pub(crate) enum Bed {
    Memory(Arc<Memory>),
    Sled {
        dir: TempDir,
        store: Option<Arc<Sled>>,
    },
}

impl Bed {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::new(Memory::new()))
    }

    pub(crate) fn sled() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Some(Arc::new(Sled::open(dir.path()).unwrap()));
        Self::Sled { dir, store }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::Sled { store, .. } => store.clone().unwrap(),
        }
    }

    /// The store after a crash or, where a test cannot bring one about, after being dropped.
    pub(crate) fn reopen(&mut self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => *store = Arc::new(store.crash().unwrap()),
            Self::Sled { dir, store } => {
                *store = None;
                *store = Some(Arc::new(Sled::open(dir.path()).unwrap()));
            }
        }
        self.store()
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

/// A key of partner `p` in table `t`.
pub(crate) fn key(part: &str) -> Key {
    Key::new("p", "t", &[part])
}

/// A batch made by `fill`.
pub(crate) fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

pub(crate) fn job(id: &str, group: &str, lane: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        group: group.to_owned(),
        lane: lane.to_owned(),
        priority: 5,
        due: at(0),
        fold: None,
        payload: id.as_bytes().to_vec(),
    }
}

/// A claim at `now` for a minute without bounds.
pub(crate) fn claim(now: i64) -> Claim {
    let lease_for = Duration::from_mins(1);
    Claim {
        now: at(now),
        lease_for,
        limit: 100,
        per_group: 100,
    }
}

pub(crate) fn ids(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.job.id.as_str()).collect()
}

pub(crate) async fn put(store: &dyn Store, part: &str, value: &str) -> Version {
    let batch = batch(|batch| batch.put(key(part), value, Expect::Any));
    store.commit(batch).await.unwrap()
}

pub(crate) async fn text(store: &dyn Store, part: &str) -> Option<String> {
    let stored = store.get(&key(part)).await.unwrap();
    stored.map(|stored| String::from_utf8(stored.value).unwrap())
}

pub(crate) async fn enqueue(store: &dyn Store, jobs: impl IntoIterator<Item = NewJob>) {
    let batch = batch(|batch| {
        for job in jobs {
            batch.enqueue(job);
        }
        batch
    });
    store.commit(batch).await.unwrap();
}

pub(crate) async fn complete(store: &dyn Store, lease: &Lease) -> Result<Version, Error> {
    let batch = batch(|batch| batch.complete(lease));
    store.commit(batch).await
}

/// Claims, where there is just one job to be had.
pub(crate) async fn take_one(bed: &Bed) -> store::Lease {
    let leases = bed.store().claim(claim(1)).await.unwrap();
    let [lease] = leases.as_slice() else {
        panic!("not one: {leases:?}")
    };
    lease.clone()
}

/// Waits for `future` no longer than any machine needs for it.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let limited = tokio::time::timeout(Duration::from_mins(1), future).await;
    limited.unwrap_or_else(|_| panic!("nothing came within a minute"))
}
