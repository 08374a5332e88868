//! What is left after a crash: all that was acknowledged, and of the rest each batch whole or not.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use store::{Edge, Error, Expect, Memory, Sled, Store};

use crate::bed::{at, batch, claim, complete, enqueue, ids, job, key, put, soon, text};

#[tokio::test(start_paused = true)]
async fn what_was_not_flushed_is_lost_and_was_not_acknowledged() {
    let store = Arc::new(Memory::new());
    put(&*store, "kept", "1").await;
    store.flush_on_commit(false);
    let lost = batch(|batch| {
        batch
            .put(key("lost"), "1", Expect::Any)
            .enqueue(job("a", "g", "l"))
    });
    let mut commit = Box::pin(store.commit(lost));
    assert!(
        commit.as_mut().now_or_never().is_none(),
        "not acknowledged before the flush"
    );
    assert_eq!(text(&*store, "lost").await, None, "nor seen");
    assert_eq!(store.claim(claim(1)).await.unwrap(), []);

    let after = store.crash().unwrap();
    assert!(matches!(soon(commit).await, Err(Error::Closed)));
    assert_eq!(text(&after, "kept").await.as_deref(), Some("1"));
    assert_eq!(text(&after, "lost").await, None);
    assert_eq!(after.depth().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flush_commits_all_that_waits_as_one_group() {
    let store = Memory::new();
    store.flush_on_commit(false);
    let first = store.commit(batch(|batch| batch.put(key("a"), "1", Expect::Absent)));
    let second = store.commit(batch(|batch| batch.put(key("a"), "2", Expect::Absent)));
    let third = store.commit(batch(|batch| batch.add(key("n"), 1)));
    let flush = async { store.flush() };
    let (first, second, third, count) = futures::join!(first, second, third, flush);
    assert!(first.is_ok() && third.is_ok());
    assert!(
        matches!(second, Err(Error::Conflict { .. })),
        "it fails alone: {second:?}"
    );
    assert_eq!(count, 3);
    let flushes = store.flushes();
    assert_eq!((flushes.commits, flushes.flushes), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn the_crashed_store_takes_nothing_more() {
    let store = Memory::new();
    enqueue(&store, [job("a", "g", "l")]).await;
    let lease = store.claim(claim(1)).await.unwrap().remove(0);
    let after = store.crash().unwrap();
    assert!(matches!(complete(&store, &lease).await, Err(Error::Closed)));
    assert!(matches!(store.claim(claim(100)).await, Err(Error::Closed)));
    assert!(matches!(
        complete(&after, &lease).await,
        Err(Error::LeaseLost { .. })
    ));
    assert_eq!(ids(&after.claim(claim(1)).await.unwrap()), ["a"]);
    assert_ne!(soon(after.queued(Edge::START)).await, Edge::START);
}

/// A copy of the files, taken while the store is open, is what a crash of the process leaves.
#[tokio::test]
async fn all_that_was_acknowledged_is_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    let store = Sled::open(&open).unwrap();
    for round in 0..20 {
        let name = format!("{round}");
        let work = batch(|batch| {
            batch.put(key(&name), "v", Expect::Absent).add(key("n"), 1);
            batch.enqueue(job(&name, "g", &name))
        });
        store.commit(work).await.unwrap();
        if round % 3 == 0 {
            let lease = store.claim(claim(1)).await.unwrap().remove(0);
            complete(&store, &lease).await.unwrap();
        }
        if round % 5 == 4 {
            let copy = dir.path().join(format!("copy-{round}"));
            copy_all(&open, &copy);
            assert_same(&store, &Sled::open(&copy).unwrap()).await;
        }
    }
}

async fn assert_same(left: &dyn Store, right: &dyn Store) {
    for part in (0..20).map(|part| part.to_string()) {
        let stored = right.get(&key(&part)).await.unwrap();
        assert_eq!(left.get(&key(&part)).await.unwrap(), stored, "{part}");
    }
    let count = left.counter(&key("n")).await.unwrap();
    assert_eq!(count, right.counter(&key("n")).await.unwrap());
    let jobs = left.jobs("g", None, 100).await.unwrap();
    assert!(!jobs.is_empty());
    assert_eq!(jobs, right.jobs("g", None, 100).await.unwrap());
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The caller of a commit may be gone before it is done; the commit is done all the same, and the
/// folder is free at once.
#[tokio::test]
async fn a_dropped_store_finishes_what_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let store = Sled::open(dir.path()).unwrap();
        let name = format!("{round}");
        let work = batch(|batch| {
            batch.enqueue(store::NewJob {
                due: at(1),
                ..job(&name, "g", "l")
            })
        });
        assert!(
            store.commit(work).now_or_never().is_none(),
            "it has to wait for the disk"
        );
        drop(store);
    }
    let store = Sled::open(dir.path()).unwrap();
    assert_eq!(store.depth().await.unwrap(), 5);
}
