//! Concurrent callers share flushes, and a conflict concerns its own caller only.

use std::sync::Arc;

use futures::future::join_all;
use store::{Error, Expect, Sled, Store};
use tokio::task::JoinSet;

use crate::bed::{Bed, batch, key, text};

const CALLERS: u64 = 64;
const ROUNDS: u64 = 20;

#[tokio::test]
async fn callers_share_flushes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Sled::open(dir.path()).unwrap());
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let part = format!("{caller}-{round}");
                let work = batch(|batch| batch.put(key(&part), "v", Expect::Absent));
                store.commit(work).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let flushes = store.flushes();
    assert_eq!(flushes.commits, CALLERS * ROUNDS);
    assert!(
        flushes.flushes * 4 < flushes.commits,
        "hardly shared: {flushes:?}"
    );
}

#[tokio::test]
async fn one_alone_is_flushed_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path()).unwrap();
    for number in 1..=5 {
        store
            .commit(batch(|batch| batch.add(key("n"), 1)))
            .await
            .unwrap();
        assert_eq!(
            store.flushes().flushes,
            number,
            "each was durable before the next"
        );
    }
}

async fn a_conflict_fails_alone(bed: Bed) {
    let store = bed.store();
    let commits = (0..100).map(|number| {
        let own = format!("own-{number}");
        let shared = format!("shared-{}", number % 10);
        let work = batch(|batch| {
            batch.put(key(&own), "v", Expect::Absent).add(key("n"), 1);
            batch.put(key(&shared), own.as_str(), Expect::Absent)
        });
        store.commit(work)
    });
    let outcomes = join_all(commits).await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 10, "one for each shared key");
    assert_eq!(store.counter(&key("n")).await.unwrap(), 10);
    for (number, outcome) in outcomes.iter().enumerate() {
        let own = text(&*store, &format!("own-{number}")).await;
        assert_eq!(own.is_some(), outcome.is_ok(), "{number}");
        assert!(
            matches!(outcome, Ok(_) | Err(Error::Conflict { .. })),
            "{outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_fails_alone_in_memory() {
    a_conflict_fails_alone(Bed::memory()).await;
}

#[tokio::test]
async fn a_conflict_fails_alone_on_disk() {
    a_conflict_fails_alone(Bed::sled()).await;
}
