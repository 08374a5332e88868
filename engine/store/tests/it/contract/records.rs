//! Records, counters, batches and limits.

use store::{Batch, Claim, Error, Expect, Key, NewJob, Store, limits};

use crate::bed::{Bed, batch, claim, job, key, put, take_one, text};

pub(super) async fn a_batch_applies_whole_or_not_at_all(mut bed: Bed) {
    let store = bed.store();
    put(&*store, "there", "old").await;
    put(&*store, "taken", "old").await;
    let error = store
        .commit(batch(|batch| {
            batch
                .put(key("new"), "x", Expect::Any)
                .delete(key("there"), Expect::Any);
            batch.add(key("count"), 1).enqueue(job("a", "g", "l"));
            batch.put(key("taken"), "y", Expect::Absent)
        }))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { key: at } if *at == key("taken")),
        "{error:?}"
    );
    assert!(error.is_conflict());
    drop(store);
    nothing_was_applied(&*bed.store()).await;
    nothing_was_applied(&*bed.reopen()).await;
}

async fn nothing_was_applied(store: &dyn Store) {
    assert_eq!(text(store, "new").await, None);
    assert_eq!(text(store, "there").await.as_deref(), Some("old"));
    assert_eq!(store.counter(&key("count")).await.unwrap(), 0);
    assert_eq!(store.depth().await.unwrap(), 0);
    assert!(store.claim(claim(1)).await.unwrap().is_empty());
}

pub(super) async fn expectations_hold_or_conflict(bed: Bed) {
    let store = bed.store();
    let write = |expect| {
        let batch = batch(|batch| batch.put(key("a"), "v", expect));
        let store = bed.store();
        async move { store.commit(batch).await }
    };
    let delete = |expect| {
        let batch = batch(|batch| batch.delete(key("a"), expect));
        let store = bed.store();
        async move { store.commit(batch).await }
    };
    let first = write(Expect::Absent).await.unwrap();
    assert!(matches!(
        write(Expect::Absent).await,
        Err(Error::Conflict { .. })
    ));
    assert!(matches!(
        delete(Expect::Absent).await,
        Err(Error::Conflict { .. })
    ));
    let second = write(Expect::Version(first)).await.unwrap();
    assert!(second > first);
    assert_eq!(store.get(&key("a")).await.unwrap().unwrap().version, second);
    assert!(matches!(
        write(Expect::Version(first)).await,
        Err(Error::Conflict { .. })
    ));
    assert!(matches!(
        delete(Expect::Version(first)).await,
        Err(Error::Conflict { .. })
    ));
    delete(Expect::Version(second)).await.unwrap();
    assert_eq!(text(&*store, "a").await, None);
    assert!(matches!(
        write(Expect::Version(second)).await,
        Err(Error::Conflict { .. })
    ));
    delete(Expect::Any).await.unwrap();
}

pub(super) async fn a_requirement_fails_the_batch_and_changes_nothing(bed: Bed) {
    let store = bed.store();
    let version = put(&*store, "rule", "1").await;
    let decide = async |expect, absent| {
        let work = batch(|batch| {
            batch
                .require(key("rule"), expect)
                .require(key(absent), Expect::Absent);
            batch.add(key("n"), 1)
        });
        bed.store().commit(work).await
    };
    decide(Expect::Version(version), "nothing").await.unwrap();
    let kept = store.get(&key("rule")).await.unwrap().unwrap();
    assert_eq!(kept.version, version, "it was only looked at");
    let wrong = decide(Expect::Version(version), "rule").await;
    assert!(matches!(wrong, Err(Error::Conflict { .. })));
    put(&*store, "rule", "2").await;
    let old = decide(Expect::Version(version), "nothing").await;
    assert!(matches!(old, Err(Error::Conflict { .. })));
    assert_eq!(store.counter(&key("n")).await.unwrap(), 1);
}

pub(super) async fn a_record_written_again_has_a_new_version(mut bed: Bed) {
    let store = bed.store();
    let first = put(&*store, "a", "1").await;
    let gone = batch(|batch| batch.delete(key("a"), Expect::Version(first)));
    store.commit(gone).await.unwrap();
    drop(store);
    let store = bed.reopen();
    let second = put(&*store, "a", "2").await;
    assert!(
        second > first,
        "a version came back: {second:?} after {first:?}"
    );
}

pub(super) async fn operations_see_the_ones_before_them(bed: Bed) {
    let store = bed.store();
    let twice = batch(|batch| {
        batch
            .put(key("a"), "1", Expect::Absent)
            .put(key("a"), "2", Expect::Any);
        batch
            .put(key("b"), "1", Expect::Absent)
            .delete(key("b"), Expect::Any);
        batch.put(key("b"), "3", Expect::Absent);
        batch.add(key("n"), 2).add(key("n"), 3)
    });
    store.commit(twice).await.unwrap();
    assert_eq!(text(&*store, "a").await.as_deref(), Some("2"));
    assert_eq!(text(&*store, "b").await.as_deref(), Some("3"));
    assert_eq!(store.counter(&key("n")).await.unwrap(), 5);
    let again = batch(|batch| {
        batch
            .put(key("c"), "1", Expect::Absent)
            .put(key("c"), "2", Expect::Absent)
    });
    assert!(matches!(
        store.commit(again).await,
        Err(Error::Conflict { .. })
    ));
    assert_eq!(text(&*store, "c").await, None);
}

pub(super) async fn scans_page_in_order_and_stay_under_their_prefix(bed: Bed) {
    let store = bed.store();
    let wanted: Vec<String> = (0..25).map(|number| format!("{number:02}")).collect();
    store
        .commit(batch(|batch| {
            for part in &wanted {
                batch.put(
                    Key::new("acme", "t", &["x", part]),
                    part.as_str(),
                    Expect::Any,
                );
            }
            for (partner, table, part) in [
                ("acme", "t", "w"),
                ("acme", "t", "xx"),
                ("acme", "u", "x"),
                ("acme2", "t", "x"),
            ] {
                batch.put(Key::new(partner, table, &[part]), "other", Expect::Any);
            }
            batch.add(Key::new("acme", "t", &["x", "00", "count"]), 1)
        }))
        .await
        .unwrap();
    let prefix = Key::prefix("acme", "t", &["x"]);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.scan(&prefix, after.as_ref(), 10).await.unwrap();
        found.extend(
            page.iter()
                .map(|stored| String::from_utf8(stored.value.clone()).unwrap()),
        );
        if page.len() < 10 {
            break;
        }
        after = page.last().map(|stored| stored.key.clone());
    }
    assert_eq!(found, wanted);
    let before = Key::new("acme", "a", &[]);
    let page = store.scan(&prefix, Some(&before), 100).await.unwrap();
    assert_eq!(page.len(), 25, "a place before the prefix is its beginning");
    let beyond = Key::new("acme", "z", &[]);
    assert!(
        store
            .scan(&prefix, Some(&beyond), 100)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .scan(&Key::of_partner("acme"), None, 100)
            .await
            .unwrap()
            .len(),
        28
    );
    assert_eq!(
        store
            .scan(&Key::everything(), None, 100)
            .await
            .unwrap()
            .len(),
        29
    );
}

pub(super) async fn counters_add_up_and_are_no_records(mut bed: Bed) {
    let store = bed.store();
    for delta in [7, -10, i64::MAX, i64::MAX] {
        store
            .commit(batch(|batch| batch.add(key("n"), delta)))
            .await
            .unwrap();
    }
    drop(store);
    let store = bed.reopen();
    assert_eq!(
        store.counter(&key("n")).await.unwrap(),
        i64::MAX,
        "it stays at the end"
    );
    assert_eq!(store.get(&key("n")).await.unwrap(), None);
    assert_eq!(store.counter(&key("other")).await.unwrap(), 0);
}

pub(super) async fn limits_are_errors_that_name_them(bed: Bed) {
    let store = bed.store();
    let refused = async |batch: Batch, limit: usize| {
        let error = store.commit(batch).await.unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { max, .. } if max == limit),
            "{error:?}"
        );
    };
    let value = vec![0; limits::MAX_VALUE_BYTES + 1];
    let large = value.clone();
    refused(
        batch(|batch| batch.put(key("a"), large, Expect::Any)),
        limits::MAX_VALUE_BYTES,
    )
    .await;
    let long = "k".repeat(limits::MAX_KEY_BYTES);
    refused(
        batch(|batch| batch.add(key(&long), 1)),
        limits::MAX_KEY_BYTES,
    )
    .await;
    let payload = NewJob {
        payload: value,
        ..job("a", "g", "l")
    };
    refused(
        batch(|batch| batch.enqueue(payload)),
        limits::MAX_VALUE_BYTES,
    )
    .await;
    refused(
        batch(|batch| batch.enqueue(job("a", &long, "l"))),
        limits::MAX_NAME_BYTES,
    )
    .await;
    let many = batch(|batch| {
        for _ in 0..=limits::MAX_BATCH_OPS {
            batch.add(key("n"), 1);
        }
        batch
    });
    refused(many, limits::MAX_BATCH_OPS).await;
    let much = batch(|batch| {
        for number in 0..5 {
            batch.put(
                key(&number.to_string()),
                vec![0; limits::MAX_VALUE_BYTES],
                Expect::Any,
            );
        }
        batch
    });
    refused(much, limits::MAX_BATCH_BYTES).await;
    let scan = store.scan(&key("a"), None, limits::MAX_SCAN + 1).await;
    assert!(matches!(scan, Err(Error::TooLarge { .. })));
    let greedy = Claim {
        limit: limits::MAX_CLAIM + 1,
        ..claim(1)
    };
    assert!(matches!(
        store.claim(greedy).await,
        Err(Error::TooLarge { .. })
    ));
    assert_eq!(store.flushes().commits, 0);
}

pub(super) async fn what_is_just_within_the_limits_comes_back(mut bed: Bed) {
    let store = bed.store();
    let large = vec![b'x'; limits::MAX_VALUE_BYTES];
    let parts = ["1", "2", "3"];
    let work = batch(|batch| {
        for part in parts {
            batch.put(key(part), large.clone(), Expect::Absent);
        }
        let payload = vec![b'y'; limits::MAX_VALUE_BYTES / 2];
        batch.enqueue(NewJob {
            payload,
            ..job("a", "g", "l")
        })
    });
    store.commit(work).await.unwrap();
    let many = batch(|batch| {
        for number in 0..limits::MAX_BATCH_OPS {
            batch.put(
                Key::new("p", "many", &[&number.to_string()]),
                "v",
                Expect::Absent,
            );
        }
        batch
    });
    store.commit(many).await.unwrap();
    drop(store);
    let store = bed.reopen();
    for part in parts {
        let stored = store.get(&key(part)).await.unwrap().unwrap();
        assert!(stored.value == large, "{part}");
    }
    assert_eq!(
        take_one(&bed).await.job.payload.len(),
        limits::MAX_VALUE_BYTES / 2
    );
    let prefix = Key::prefix("p", "many", &[]);
    let page = store.scan(&prefix, None, limits::MAX_SCAN).await.unwrap();
    assert_eq!(page.len(), limits::MAX_BATCH_OPS);
}
