//! What an export wrote, an import makes a store of that goes on as the first one would have.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use store::{Error, Expect, Key, Memory, Sled, Store, Totals};

use crate::bed::{Bed, at, batch, claim, enqueue, ids, job, key};

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn exported(store: &dyn Store) -> (Totals, String) {
    let page = Page::default();
    let totals = store.export(Box::new(page.clone())).await.unwrap();
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    (totals, text)
}

async fn fill(store: &dyn Store) {
    let work = batch(|batch| {
        for number in 0..1_500 {
            let part = format!("{number:04}");
            batch.put(Key::new("p", "many", &[&part]), part.as_str(), Expect::Any);
        }
        batch.put(key("odd\0\u{1}\n\"ü"), vec![0, 159, 146, 150], Expect::Any);
        batch.add(key("n"), -5).enqueue(store::NewJob {
            fold: Some("f".to_owned()),
            ..job("a", "g", "l")
        })
    });
    store.commit(work).await.unwrap();
    enqueue(store, [job("b", "g", "l"), job("c", "g", "m")]).await;
    let lease = store.claim(claim(1)).await.unwrap().remove(0);
    store
        .commit(batch(|batch| batch.retry_with(&lease, at(7), vec![255])))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_store_moves_from_disk_to_memory_and_back() {
    let bed = Bed::sled();
    let store = bed.store();
    fill(&*store).await;
    let (totals, text) = exported(&*store).await;
    assert_eq!(
        totals,
        Totals {
            records: 1_501,
            counters: 1,
            jobs: 3
        }
    );
    assert!(
        text.contains(r#"{"record":{"key":["p","many","0007"],"version":"#),
        "readable"
    );

    let memory = Memory::import(&mut text.as_bytes()).unwrap();
    assert_eq!(exported(&memory).await, (totals, text.clone()));

    let dir = tempfile::tempdir().unwrap();
    let again = Sled::import(dir.path(), &mut text.as_bytes()).unwrap();
    assert_eq!(exported(&again).await, (totals, text.clone()));
    drop(again);
    let again = Sled::open(dir.path()).unwrap();
    assert_eq!(exported(&again).await.1, text, "it opens as any other");

    let odd = key("odd\0\u{1}\n\"ü");
    assert_eq!(
        again.get(&odd).await.unwrap(),
        store.get(&odd).await.unwrap()
    );
    assert_eq!(again.counter(&key("n")).await.unwrap(), -5);
    let leases = again.claim(claim(7)).await.unwrap();
    assert_eq!(
        ids(&leases),
        ["c", "a"],
        "c has been due for longer, b is behind a"
    );
    assert_eq!(
        (leases[1].job.attempts, leases[1].job.payload.as_slice()),
        (1, &[255][..])
    );
    let version = again
        .commit(batch(|batch| batch.add(key("n"), 1)))
        .await
        .unwrap();
    let newest = store.scan(&Key::everything(), None, 10_000).await.unwrap();
    assert!(
        newest.iter().all(|stored| stored.version < version),
        "versions go on"
    );
}

fn refused(text: &str) -> (usize, String) {
    let dir = tempfile::tempdir().unwrap();
    let Err(error) = Sled::import(dir.path(), &mut text.as_bytes()) else {
        panic!("imported")
    };
    let half = Sled::open(dir.path());
    assert!(
        matches!(half, Err(Error::NotAStore { .. })),
        "half an import is no store"
    );
    match error {
        Error::Import { line, why } => (line, why),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_refused() {
    let store = Memory::new();
    fill(&store).await;
    let text = exported(&store).await.1;
    let lines: Vec<&str> = text.lines().collect();
    let without = |skip: usize| {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != skip);
        kept.flat_map(|(_, line)| [*line, "\n"]).collect::<String>()
    };
    let last = lines.len() - 1;
    let (line, why) = refused(&without(last));
    assert_eq!((line, why.contains("cut short")), (last + 1, true), "{why}");
    let (line, why) = refused(&without(5));
    assert_eq!((line, why.contains("promises")), (last, true), "{why}");
    let (line, why) = refused(&without(0));
    assert_eq!((line, why.contains("begins")), (1, true), "{why}");
    let newer = text.replacen(r#""format":1"#, r#""format":2"#, 1);
    let (line, why) = refused(&newer);
    assert_eq!((line, why.contains("format 2")), (1, true), "{why}");
    assert_eq!(refused(&text.replacen("record", "recrd", 1)).0, 2);
}

#[tokio::test]
async fn an_import_never_mixes_with_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sled::open(dir.path()).unwrap());
    let text = exported(&Memory::new()).await.1;
    let error = Sled::import(dir.path(), &mut text.as_bytes()).err();
    assert!(matches!(error, Some(Error::NotEmpty { .. })), "{error:?}");
}
