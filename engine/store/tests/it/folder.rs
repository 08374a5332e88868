//! Who may open a folder, what of another version is refused, and what a full disk does.

use std::fs;
use std::time::{Duration, Instant};

use store::{Error, Expect, Options, Sled, Store};

use crate::bed::{batch, key, put, text};

/// How long a lock that is given back is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

fn refusal(opened: Result<Sled, Error>) -> Error {
    match opened {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_folder_is_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("a/b");
    let store = Sled::open(&inner).unwrap();
    let error = refusal(Sled::open(&inner));
    assert!(
        matches!(&error, Error::Locked { dir } if *dir == inner),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
    drop(store);
    Sled::open(&inner).unwrap();
}

#[test]
fn what_is_no_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refusal(Sled::open(&file));
    assert!(
        matches!(&error, Error::Folder { path, .. } if *path == file),
        "{error:?}"
    );
}

#[test]
fn a_newer_store_is_refused_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sled::open(dir.path()).unwrap());
    fs::write(dir.path().join("FORMAT"), "2\n").unwrap();
    let error = refusal(Sled::open(dir.path()));
    assert!(
        matches!(
            error,
            Error::NewerStore {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("run the version that wrote it"),
        "{error}"
    );

    fs::write(dir.path().join("FORMAT"), "one\n").unwrap();
    assert!(matches!(
        refusal(Sled::open(dir.path())),
        Error::NotAStore { .. }
    ));
}

#[tokio::test]
async fn newer_envelopes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sled::open(dir.path()).unwrap();
    put(&store, "a", "v").await;
    store
        .commit(batch(|batch| batch.enqueue(crate::bed::job("j", "g", "l"))))
        .await
        .unwrap();
    drop(store);

    raise_envelopes(dir.path(), b'r');
    let store = Sled::open(dir.path()).unwrap();
    let error = store.get(&key("a")).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NewerEnvelope {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error.to_string().starts_with("record p/t/a was written in"),
        "{error}"
    );
    let over = batch(|batch| batch.put(key("a"), "w", Expect::Absent));
    assert!(matches!(
        store.commit(over).await,
        Err(Error::NewerEnvelope { .. })
    ));
    drop(store);

    raise_envelopes(dir.path(), b'j');
    assert!(matches!(
        refusal(Sled::open(dir.path())),
        Error::NewerEnvelope { .. }
    ));
}

/// The database of a store that was dropped, whose threads may hold its lock for a moment longer.
fn reopened(dir: &std::path::Path) -> sled::Db {
    let begun = Instant::now();
    loop {
        match sled::open(dir) {
            Ok(db) => return db,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::yield_now();
    }
}

/// Makes all entries of one kind look as if a newer version had written them.
fn raise_envelopes(dir: &std::path::Path, kind: u8) {
    let tree = reopened(&dir.join("sled"));
    for entry in tree.scan_prefix([kind]) {
        let (raw, value) = entry.unwrap();
        let mut value = value.to_vec();
        value[0] += 1;
        tree.insert(raw, value).unwrap();
    }
    tree.flush().unwrap();
}

#[tokio::test]
async fn without_room_commits_are_refused_and_reads_go_on() {
    let dir = tempfile::tempdir().unwrap();
    put(&Sled::open(dir.path()).unwrap(), "a", "v").await;
    let store = Sled::open_with(
        dir.path(),
        Options {
            min_free_bytes: u64::MAX,
            ..Options::default()
        },
    )
    .unwrap();
    for _ in 0..2 {
        let error = store
            .commit(batch(|batch| batch.add(key("n"), 1)))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::DiskFull { free, .. } if *free > 0),
            "{error:?}"
        );
    }
    assert_eq!(text(&store, "a").await.as_deref(), Some("v"));
    assert_eq!(store.counter(&key("n")).await.unwrap(), 0);
    assert_eq!(store.flushes().flushes, 0);
}
