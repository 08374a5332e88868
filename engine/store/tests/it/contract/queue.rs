//! Lanes, turns, folds, leases and due times.

use std::time::Duration;

use store::{Claim, Edge, Error, Expect, NewJob};

use crate::bed::{
    Bed, at, batch, claim, complete, enqueue, ids, job, key, put, soon, take_one, text,
};

pub(super) async fn a_lane_runs_in_order_one_at_a_time(bed: Bed) {
    let store = bed.store();
    enqueue(
        &*store,
        [
            job("a1", "g", "a"),
            job("a2", "g", "a"),
            job("b1", "g", "b"),
        ],
    )
    .await;
    let urgent = NewJob {
        priority: 0,
        ..job("a3", "g", "a")
    };
    enqueue(&*store, [urgent, job("other", "h", "a")]).await;
    let mut leases = store.claim(claim(1)).await.unwrap();
    assert_eq!(ids(&leases), ["a1", "other", "b1"]);
    for next in ["a2", "a3"] {
        assert_eq!(store.claim(claim(1)).await.unwrap(), [], "{next} is behind");
        complete(&*store, &leases.remove(0)).await.unwrap();
        leases.insert(0, take_one(&bed).await);
        assert_eq!(
            leases[0].job.id, next,
            "in the order they came, whatever the priority"
        );
    }
}

pub(super) async fn a_job_that_waits_holds_its_lane(bed: Bed) {
    let store = bed.store();
    let later = NewJob {
        due: at(10),
        ..job("later", "g", "a")
    };
    enqueue(
        &*store,
        [later, job("behind", "g", "a"), job("other", "g", "b")],
    )
    .await;
    assert_eq!(ids(&store.claim(claim(9)).await.unwrap()), ["other"]);
    let lease = store.claim(claim(10)).await.unwrap().remove(0);
    assert_eq!(lease.job.id, "later");
    let retry = batch(|batch| batch.retry(&lease, at(30)));
    store.commit(retry).await.unwrap();
    assert_eq!(
        store.claim(claim(29)).await.unwrap(),
        [],
        "its retry holds the lane, too"
    );
    assert_eq!(ids(&store.claim(claim(30)).await.unwrap()), ["later"]);
}

pub(super) async fn lower_priority_numbers_then_earlier_dues_go_first(bed: Bed) {
    let store = bed.store();
    let with = |id: &str, priority, due| NewJob {
        priority,
        due: at(due),
        ..job(id, "g", id)
    };
    let jobs = [
        with("d", 2, 1),
        with("c", 1, 5),
        with("b", 1, 4),
        with("a", 0, 9),
        with("e", 2, 1),
    ];
    enqueue(&*store, jobs).await;
    let three = Claim {
        limit: 3,
        ..claim(10)
    };
    assert_eq!(ids(&store.claim(three).await.unwrap()), ["a", "b", "c"]);
    assert_eq!(ids(&store.claim(three).await.unwrap()), ["d", "e"]);
}

pub(super) async fn groups_take_turns(bed: Bed) {
    let store = bed.store();
    let noisy = (0..1_000).map(|number| {
        let id = format!("noisy-{number}");
        NewJob {
            priority: 0,
            ..job(&id, "noisy", &id)
        }
    });
    enqueue(&*store, noisy).await;
    let quiet = ["a1", "a2", "z1"].map(|id| NewJob {
        priority: 9,
        ..job(id, &id[..1], id)
    });
    enqueue(&*store, quiet).await;
    let some = Claim {
        limit: 4,
        ..claim(1)
    };
    let first = store.claim(some).await.unwrap();
    assert_eq!(ids(&first), ["a1", "noisy-0", "z1", "a2"]);
    let next = Claim {
        limit: 2,
        ..claim(1)
    };
    assert_eq!(
        ids(&store.claim(next).await.unwrap()),
        ["noisy-1", "noisy-2"]
    );
    enqueue(&*store, [job("a3", "a", "a3")]).await;
    assert_eq!(ids(&store.claim(next).await.unwrap()), ["a3", "noisy-3"]);
}

pub(super) async fn a_group_has_no_more_than_its_share(bed: Bed) {
    let store = bed.store();
    let jobs = ["a1", "a2", "a3", "b1"].map(|id| job(id, &id[..1], id));
    enqueue(&*store, jobs).await;
    let two = Claim {
        per_group: 2,
        ..claim(1)
    };
    let first = store.claim(two).await.unwrap();
    assert_eq!(ids(&first), ["a1", "b1", "a2"]);
    assert_eq!(store.claim(two).await.unwrap(), []);
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(61)),
        "a lease's end, not a full group"
    );
    complete(&*store, &first[0]).await.unwrap();
    assert_eq!(ids(&store.claim(two).await.unwrap()), ["a3"]);
}

pub(super) async fn a_fold_spares_a_job_that_waits_and_only_that(mut bed: Bed) {
    let folding = |id: &str, group: &str| NewJob {
        fold: Some("f".to_owned()),
        ..job(id, group, id)
    };
    let store = bed.store();
    enqueue(
        &*store,
        [folding("a", "g"), folding("b", "g"), folding("c", "h")],
    )
    .await;
    assert_eq!(
        store.depth().await.unwrap(),
        2,
        "b is spared, c is of another group"
    );
    let leases = store.claim(claim(1)).await.unwrap();
    assert_eq!(ids(&leases), ["a", "c"]);
    enqueue(&*store, [folding("d", "g")]).await;
    enqueue(&*store, [folding("e", "g")]).await;
    assert_eq!(
        store.depth().await.unwrap(),
        3,
        "a may have read already, so d is needed; e is not"
    );
    let again = batch(|batch| batch.complete(&leases[1]).enqueue(folding("i", "h")));
    store.commit(again).await.unwrap();
    assert_eq!(ids(&store.claim(claim(1)).await.unwrap()), ["d", "i"]);
    drop(store);
    let store = bed.reopen();
    enqueue(&*store, [folding("j", "g"), folding("k", "h")]).await;
    assert_eq!(
        store.depth().await.unwrap(),
        3,
        "after a restart nobody has them"
    );
}

pub(super) async fn an_id_is_unique_while_its_job_is_queued(bed: Bed) {
    let store = bed.store();
    enqueue(&*store, [job("a", "g", "l")]).await;
    for other in ["g", "h"] {
        let again = batch(|batch| batch.enqueue(job("a", other, "m")));
        let error = store.commit(again).await.unwrap_err();
        assert!(
            matches!(&error, Error::JobExists { id } if id == "a"),
            "{error:?}"
        );
        assert!(error.is_conflict());
    }
    let twice = batch(|batch| {
        batch
            .enqueue(job("b", "g", "l"))
            .enqueue(job("b", "g", "l"))
    });
    assert!(matches!(
        store.commit(twice).await,
        Err(Error::JobExists { .. })
    ));
    let lease = take_one(&bed).await;
    let follow = batch(|batch| batch.complete(&lease).enqueue(job("a", "g", "l")));
    store.commit(follow).await.unwrap();
    assert_eq!(
        take_one(&bed).await.job.id,
        "a",
        "a job may be followed by one of its name"
    );
}

pub(super) async fn a_lease_that_ran_out_can_be_claimed_and_is_lost_then(bed: Bed) {
    let store = bed.store();
    enqueue(&*store, [job("a", "g", "l")]).await;
    let first = take_one(&bed).await;
    assert_eq!(first.until, at(61));
    assert_eq!(store.claim(claim(60)).await.unwrap(), []);
    let second = store.claim(claim(61)).await.unwrap().remove(0);
    assert_eq!(second.job, first.job, "running out is no attempt");
    let late = complete(&*store, &first).await.unwrap_err();
    assert!(
        matches!(&late, Error::LeaseLost { job } if job == "a"),
        "{late:?}"
    );
    assert!(matches!(
        store.extend(&first, at(999)).await,
        Err(Error::LeaseLost { .. })
    ));
    complete(&*store, &second).await.unwrap();
    assert!(matches!(
        complete(&*store, &second).await,
        Err(Error::LeaseLost { .. })
    ));
}

pub(super) async fn a_lease_can_be_extended(bed: Bed) {
    let store = bed.store();
    enqueue(&*store, [job("a", "g", "l"), job("b", "g", "m")]).await;
    let leases = store.claim(claim(1)).await.unwrap();
    store.extend(&leases[0], at(100)).await.unwrap();
    assert_eq!(ids(&store.claim(claim(61)).await.unwrap()), ["b"]);
    assert_eq!(ids(&store.claim(claim(100)).await.unwrap()), ["a"]);

    enqueue(&*store, [job("c", "h", "l")]).await;
    let late = store.claim(claim(100)).await.unwrap().remove(0);
    assert_eq!(
        ids(&store
            .claim(Claim {
                limit: 0,
                ..claim(200)
            })
            .await
            .unwrap()),
        [""; 0]
    );
    store.extend(&late, at(300)).await.unwrap();
    let others = store.claim(claim(200)).await.unwrap();
    assert_eq!(
        ids(&others),
        ["a", "b"],
        "c ran out, but nobody took it before it was extended"
    );
    complete(&*store, &late).await.unwrap();
}

pub(super) async fn a_lost_lease_applies_nothing_of_its_batch(bed: Bed) {
    let store = bed.store();
    enqueue(&*store, [job("a", "g", "l")]).await;
    let stale = take_one(&bed).await;
    let valid = store.claim(claim(61)).await.unwrap().remove(0);
    let late = batch(|batch| {
        batch
            .put(key("x"), "late", Expect::Any)
            .enqueue(job("b", "g", "m"))
            .retry(&stale, at(0))
    });
    assert!(matches!(
        store.commit(late).await,
        Err(Error::LeaseLost { .. })
    ));
    assert_eq!(text(&*store, "x").await, None);
    assert_eq!(store.depth().await.unwrap(), 1);
    complete(&*store, &valid).await.unwrap();
}

pub(super) async fn retries_count_and_may_bring_a_new_payload(mut bed: Bed) {
    let store = bed.store();
    enqueue(&*store, [job("a", "g", "l")]).await;
    let lease = take_one(&bed).await;
    let retry = batch(|batch| batch.retry(&lease, at(0)));
    store.commit(retry).await.unwrap();
    let lease = take_one(&bed).await;
    assert_eq!(
        (lease.job.attempts, lease.job.payload.as_slice()),
        (1, &b"a"[..])
    );
    let retry = batch(|batch| batch.retry_with(&lease, at(1), "more"));
    store.commit(retry).await.unwrap();
    let lease = take_one(&bed).await;
    let release = batch(|batch| batch.release(&lease, at(1)));
    store.commit(release).await.unwrap();
    drop(store);
    bed.reopen();
    let lease = take_one(&bed).await;
    assert_eq!(
        (lease.job.attempts, lease.job.payload.as_slice()),
        (2, &b"more"[..])
    );
    assert_eq!(lease.job.due, at(1));
}

pub(super) async fn a_hastened_job_is_due_earlier_and_never_later(mut bed: Bed) {
    let store = bed.store();
    let hasten = async |id: &str, due| {
        let batch = batch(|batch| batch.hasten(id, at(due)));
        bed.store().commit(batch).await.unwrap();
    };
    let later = |id: &str| NewJob {
        due: at(100),
        ..job(id, "g", "l")
    };
    enqueue(&*store, [later("a"), later("b")]).await;
    hasten("a", 200).await;
    hasten("unknown", 1).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(100)));
    hasten("a", 50).await;
    hasten("b", 7).await;
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(50)),
        "b is behind a"
    );
    let lease = store.claim(claim(50)).await.unwrap().remove(0);
    hasten("a", 1).await;
    let both = batch(|batch| batch.retry(&lease, at(400)).hasten("a", at(60)));
    store.commit(both).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)));
    drop(store);
    let store = bed.reopen();
    let dues: Vec<_> = store
        .jobs("g", None, 9)
        .await
        .unwrap()
        .iter()
        .map(|job| job.due)
        .collect();
    assert_eq!(dues, [at(60), at(7)]);
}

pub(super) async fn the_next_due_moment_is_known(bed: Bed) {
    let store = bed.store();
    assert_eq!(store.next_due().await.unwrap(), None);
    enqueue(
        &*store,
        [
            NewJob {
                due: at(5),
                ..job("a", "g", "l")
            },
            job("behind", "g", "l"),
        ],
    )
    .await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    let lease = store.claim(claim(5)).await.unwrap().remove(0);
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(65)),
        "when the lease runs out"
    );
    complete(&*store, &lease).await.unwrap();
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(0)),
        "what was behind may run"
    );
    store
        .claim(Claim {
            limit: 0,
            ..claim(5)
        })
        .await
        .unwrap();
    assert_eq!(
        store.next_due().await.unwrap(),
        Some(at(0)),
        "the claim left some"
    );
}

pub(super) async fn reopening_keeps_everything_but_leases(mut bed: Bed) {
    let store = bed.store();
    let version = put(&*store, "a", "1").await;
    let counted = batch(|batch| batch.add(key("n"), -3));
    store.commit(counted).await.unwrap();
    let jobs = ["x1", "x2", "y1"].map(|id| job(id, "g", &id[..1]));
    enqueue(&*store, jobs).await;
    let before = store.claim(claim(1)).await.unwrap();
    let listed = store.jobs("g", None, 10).await.unwrap();
    drop(store);

    let store = bed.reopen();
    assert_eq!(
        store.get(&key("a")).await.unwrap().unwrap().version,
        version
    );
    assert_eq!(store.counter(&key("n")).await.unwrap(), -3);
    assert_eq!(store.jobs("g", None, 10).await.unwrap(), listed);
    let after = store.claim(claim(1)).await.unwrap();
    assert_eq!(ids(&after), ids(&before), "the leases are void");
    for lease in &before {
        assert!(matches!(
            complete(&*store, lease).await,
            Err(Error::LeaseLost { .. })
        ));
    }
    for lease in &after {
        complete(&*store, lease).await.unwrap();
    }
    assert_eq!(ids(&store.claim(claim(1)).await.unwrap()), ["x2"]);
}

pub(super) async fn jobs_are_listed_in_order(bed: Bed) {
    let store = bed.store();
    let jobs = ["c", "a", "b"].map(|id| job(id, "g", "l"));
    enqueue(&*store, jobs).await;
    enqueue(&*store, [job("other", "h", "l")]).await;
    let first = soon(store.queued(Edge::START)).await;
    let page = store.jobs("g", None, 2).await.unwrap();
    assert_eq!(
        page.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(),
        ["c", "a"]
    );
    let rest = store.jobs("g", Some(page[1].sequence), 2).await.unwrap();
    assert_eq!(
        rest.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    assert!(store.jobs("nobody", None, 2).await.unwrap().is_empty());
    let unchanged = tokio::time::timeout(Duration::from_millis(1), store.queued(first)).await;
    assert!(unchanged.is_err(), "looking is no change");
}

pub(super) async fn a_job_is_hastened_by_its_fold_and_no_other_is(mut bed: Bed) {
    let store = bed.store();
    let gathering = |id: &str, group: &str| NewJob {
        due: at(100),
        fold: Some("f".to_owned()),
        ..job(id, group, id)
    };
    enqueue(&*store, [gathering("a", "g"), gathering("b", "h")]).await;
    for (fold, due) in [("f", 200), ("e", 1), ("f", 50)] {
        let batch = batch(|batch| batch.hasten_fold("g", fold, at(due)));
        store.commit(batch).await.unwrap();
    }
    let claimed = store.claim(claim(60)).await.unwrap();
    let ids: Vec<&str> = claimed.iter().map(|lease| lease.job.id.as_str()).collect();
    assert_eq!(ids, ["a"]);
    let late = batch(|batch| batch.hasten_fold("g", "f", at(1)));
    store.commit(late).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(100)));
    drop((store, claimed));
    let store = bed.reopen();
    let kept = store.jobs("g", None, 9).await.unwrap();
    assert_eq!(kept.first().map(|job| job.due), Some(at(50)));
}

pub(super) async fn a_job_that_steps_behind_lets_its_lane_by(mut bed: Bed) {
    let store = bed.store();
    let later = NewJob {
        due: at(100),
        ..job("later", "g", "l")
    };
    let folding = NewJob {
        fold: Some("f".to_owned()),
        ..job("folding", "h", "l")
    };
    enqueue(&*store, [later, folding, job("after", "h", "l")]).await;
    let moved = batch(|batch| {
        let batch = batch.enqueue(job("now", "g", "l"));
        batch.step_behind("later").step_behind("unknown")
    });
    store.commit(moved).await.unwrap();
    let refused = batch(|batch| {
        let batch = batch.enqueue(job("other", "g", "l")).step_behind("later");
        batch.enqueue(job("other", "g", "l"))
    });
    store.commit(refused).await.unwrap_err();
    let unmoved = batch(|batch| batch.step_behind("folding"));
    store.commit(unmoved).await.unwrap();
    let claimed = store.claim(claim(1)).await.unwrap();
    let ids: Vec<&str> = claimed.iter().map(|lease| lease.job.id.as_str()).collect();
    assert_eq!(ids, ["now", "folding"]);
    // It is as it was but for its place: it has its time, and can be hastened.
    let lease = claimed.into_iter().find(|lease| lease.job.id == "now");
    let done = batch(|batch| batch.complete(&lease.unwrap()));
    store.commit(done).await.unwrap();
    drop(store);
    let store = bed.reopen();
    let kept = store.jobs("g", None, 9).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|job| (job.id.as_str(), job.due)).collect();
    assert_eq!(kept, [("later", at(100))]);
    let both = batch(|batch| batch.step_behind("later").hasten("later", at(2)));
    store.commit(both).await.unwrap();
    let first = store.claim(claim(2)).await.unwrap();
    assert!(first.iter().any(|lease| lease.job.id == "later"));
}
