//! Waiting for work misses nothing, with any number of workers and no timer to fall back on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use store::{Claim, Edge, Expect, Store};
use tokio::task::JoinSet;

use crate::bed::{Bed, at, batch, claim, complete, enqueue, ids, job, key, soon};

const JOBS: usize = 200;

/// Works jobs off until all are done. It only ever waits for the queue to change.
async fn work(store: Arc<dyn Store>, done: Arc<Mutex<BTreeSet<String>>>) {
    let mut seen = Edge::START;
    loop {
        seen = store.queued(seen).await;
        loop {
            let leases = store
                .claim(Claim {
                    limit: 3,
                    ..claim(1)
                })
                .await
                .unwrap();
            if leases.is_empty() {
                break;
            }
            for lease in leases {
                // Before it is completed, since that wakes those who look whether all are done.
                assert!(
                    done.lock().unwrap().insert(lease.job.id.clone()),
                    "ran twice"
                );
                complete(&*store, &lease).await.unwrap();
            }
        }
        if done.lock().unwrap().len() == JOBS {
            return;
        }
    }
}

async fn nothing_is_missed(bed: Bed) {
    let done = Arc::new(Mutex::new(BTreeSet::new()));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        tasks.spawn(work(bed.store(), Arc::clone(&done)));
    }
    for producer in 0..4 {
        let store = bed.store();
        tasks.spawn(async move {
            for number in 0..JOBS / 4 {
                let lane = format!("{}", number % 7);
                enqueue(&*store, [job(&format!("{producer}-{number}"), "g", &lane)]).await;
                tokio::task::yield_now().await;
            }
        });
    }
    soon(async {
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    })
    .await;
    assert_eq!(bed.store().depth().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_missed_in_memory() {
    nothing_is_missed(Bed::memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_missed_on_disk() {
    nothing_is_missed(Bed::sled()).await;
}

#[tokio::test(start_paused = true)]
async fn each_change_that_may_give_work_is_an_edge() {
    let store = Bed::memory().store();
    let mut seen = soon(store.queued(Edge::START)).await;
    enqueue(
        &*store,
        [
            job("a", "g", "l"),
            store::NewJob {
                due: at(9),
                ..job("b", "g", "m")
            },
        ],
    )
    .await;
    seen = soon(store.queued(seen)).await;
    let lease = store.claim(claim(1)).await.unwrap().remove(0);
    store
        .commit(batch(|batch| batch.retry(&lease, at(1))))
        .await
        .unwrap();
    seen = soon(store.queued(seen)).await;
    store
        .commit(batch(|batch| batch.hasten("b", at(1))))
        .await
        .unwrap();
    seen = soon(store.queued(seen)).await;
    let leases = store.claim(claim(1)).await.unwrap();
    assert_eq!(ids(&leases), ["a", "b"]);
    complete(&*store, &leases[0]).await.unwrap();
    seen = soon(store.queued(seen)).await;
    store
        .commit(batch(|batch| batch.put(key("x"), "x", Expect::Any)))
        .await
        .unwrap();
    let wait = tokio::time::timeout(std::time::Duration::from_secs(1), store.queued(seen));
    assert!(wait.await.is_err(), "a record is no work");
}
