//! What an export wrote, an import makes a store of that goes on as the first one would have.

use std::io;
use std::path::Path;

use model::Timestamp;
use store::{
    Cipher, Error, Expect, Exported, Key, Memory, Sealed, Sled, Store, Totals, check_export, limits,
};
use tokio::sync::mpsc;

use crate::bed::{Bed, at, batch, claim, enqueue, ids, job, key};

/// The moment that exports are said to be of.
fn moment() -> Timestamp {
    at(1_000)
}

async fn try_export(store: &dyn Store) -> (Result<Totals, Error>, String) {
    let (to, mut pieces) = mpsc::channel(1);
    let take = async {
        let mut text = Vec::new();
        while let Some(piece) = pieces.recv().await {
            text.extend(piece);
        }
        String::from_utf8(text).unwrap()
    };
    tokio::join!(store.export(moment(), to), take)
}

async fn exported(store: &dyn Store) -> (Totals, String) {
    let (totals, text) = try_export(store).await;
    (totals.unwrap(), text)
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
    let whole = Exported {
        at: moment(),
        totals,
        bytes: text.len() as u64,
        is_sealed: false,
    };
    assert_eq!(check_export(&mut text.as_bytes(), None).unwrap(), whole);
    assert!(
        text.contains(r#"{"record":{"key":["p","many","0007"],"version":"#),
        "readable"
    );

    let memory = Memory::import(&mut text.as_bytes()).unwrap();
    assert_eq!(exported(&memory).await, (totals, text.clone()));

    let dir = tempfile::tempdir().unwrap();
    assert!(!Sled::is_at(dir.path()));
    let brought = Sled::import(dir.path(), &mut text.as_bytes()).unwrap();
    assert_eq!(brought.exported(), whole);
    assert_eq!(exported(brought.store()).await, (totals, text.clone()));
    assert!(!Sled::is_at(dir.path()), "nobody may open it yet");
    brought.finish().unwrap();
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

/// Where and why it is refused, which leaves the folder as it was.
fn refused(text: &str) -> (usize, String) {
    let checked = check_export(&mut text.as_bytes(), None).unwrap_err();
    let dir = tempfile::tempdir().unwrap();
    let Err(error) = Sled::import(dir.path(), &mut text.as_bytes()) else {
        panic!("imported")
    };
    assert_eq!(error.to_string(), checked.to_string());
    assert!(!dir.path().join("sled").exists(), "half a store is left");
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
    let cut = &text[..text.len() - 1];
    assert!(refused(cut).1.contains("cut short"), "without its line end");
    let (line, why) = refused(&without(5));
    assert_eq!((line, why.contains("was changed")), (last, true), "{why}");
    let (line, why) = refused(&without(0));
    assert_eq!((line, why.contains("begin")), (1, true), "{why}");
    let newer = text.replacen(r#""format":1"#, r#""format":2"#, 1);
    let (line, why) = refused(&newer);
    assert_eq!((line, why.contains("format 2")), (1, true), "{why}");
    assert_eq!(refused(&text.replacen("counter", "countr", 1)).0, 2);
    let changed = text.replacen(r#""text":"0007""#, r#""text":"0008""#, 1);
    assert!(refused(&changed).1.contains("was changed"));
    let (line, why) = refused(&format!("{text}\n"));
    assert_eq!((line, why.contains("follows")), (last + 1, true), "{why}");
}

#[tokio::test]
async fn an_import_never_mixes_with_what_is_there_and_is_nothing_until_it_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sled::open(dir.path()).unwrap());
    let text = exported(&Memory::new()).await.1;
    let error = Sled::import(dir.path(), &mut text.as_bytes()).err();
    assert!(matches!(error, Some(Error::NotEmpty { .. })), "{error:?}");

    let dir = tempfile::tempdir().unwrap();
    let brought = Sled::import(dir.path(), &mut text.as_bytes()).unwrap();
    // As if the power failed here: what is on the disk by now is no store.
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("sled")).unwrap();
    for file in ["FORMAT", "sled/conf", "sled/db"] {
        std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
    }
    assert!(!Sled::is_at(copy.path()));
    let half = Sled::open(copy.path()).err();
    assert!(matches!(half, Some(Error::NotAStore { .. })), "{half:?}");
    drop(brought);
    assert_eq!(names(dir.path()), ["LOCK"]);
    let again = Sled::import(copy.path(), &mut text.as_bytes()).unwrap();
    again.finish().unwrap();
    Sled::open(copy.path()).unwrap();
}

#[test]
fn a_database_that_nothing_tells_of_is_neither_opened_nor_replaced() {
    let dir = tempfile::tempdir().unwrap();
    drop(Sled::open(dir.path()).unwrap());
    std::fs::remove_file(dir.path().join("FORMAT")).unwrap();
    let opened = Sled::open(dir.path()).err();
    assert!(
        matches!(opened, Some(Error::NotAStore { .. })),
        "{opened:?}"
    );
    let brought = Sled::import(dir.path(), &mut &b""[..]).err();
    assert!(
        matches!(brought, Some(Error::NotEmpty { .. })),
        "{brought:?}"
    );
    assert!(dir.path().join("sled").exists(), "what was there stays");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Gives what it has up to some byte, and fails there.
struct FailsAt<'a> {
    text: &'a [u8],
    left: usize,
}

impl io::Read for FailsAt<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the medium is gone"));
        }
        let room = into.len().min(self.left);
        let read = self.text.read(&mut into[..room])?;
        self.left -= read;
        Ok(read)
    }
}

#[tokio::test]
async fn an_import_that_fails_at_whatever_byte_leaves_room_for_the_next_one() {
    let store = Memory::new();
    fill(&store).await;
    let text = exported(&store).await.1;
    let dir = tempfile::tempdir().unwrap();
    for byte in [0, 1, text.len() / 2, text.len() - 1] {
        let from = FailsAt {
            text: text.as_bytes(),
            left: byte,
        };
        let failed = Sled::import(dir.path(), &mut io::BufReader::new(from)).err();
        let failed = failed.unwrap().to_string();
        assert!(failed.contains("the medium is gone"), "{failed}");
        assert_eq!(names(dir.path()), ["LOCK"], "at byte {byte}");
    }
    let brought = Sled::import(dir.path(), &mut text.as_bytes()).unwrap();
    brought.finish().unwrap();
    assert_eq!(exported(&Sled::open(dir.path()).unwrap()).await.1, text);
}

/// Changes every record while the export is taken, a piece at a time, and adds and removes some.
async fn change(store: &dyn Store, turn: usize) {
    let changes = batch(|batch| {
        for number in (turn % 7..1_500).step_by(7) {
            let part = format!("{number:04}");
            let record = Key::new("p", "many", &[&part]);
            if number % 3 == 0 {
                batch.delete(record, Expect::Any);
            } else {
                batch.put(record, format!("later {turn}"), Expect::Any);
            }
        }
        let new = Key::new("p", "many", &["0007", &turn.to_string()]);
        batch.put(new, "new", Expect::Any).add(key("n"), 1)
    });
    store.commit(changes).await.unwrap();
    enqueue(store, [job(&format!("late-{turn}"), "g", "m")]).await;
}

async fn shows_one_moment(store: &dyn Store) {
    fill(store).await;
    let (_, before) = exported(store).await;
    let (to, mut pieces) = mpsc::channel(1);
    let during = async {
        let (mut text, mut turns) = (Vec::new(), 0);
        while let Some(piece) = pieces.recv().await {
            text.extend(piece);
            turns += 1;
            change(store, turns).await;
            if turns == 1 {
                let second = try_export(store).await.0;
                assert!(matches!(second, Err(Error::ExportUnderWay)), "{second:?}");
            }
        }
        assert!(turns > 5, "too few pieces to show anything");
        String::from_utf8(text).unwrap()
    };
    let (totals, during) = tokio::join!(store.export(moment(), to), during);
    totals.unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&during), lines(&before));
    let (_, after) = exported(store).await;
    assert!(after.contains("later 3") && after != before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_shows_one_moment_while_everything_is_changed() {
    shows_one_moment(&Memory::new()).await;
    let bed = Bed::sled();
    shows_one_moment(&*bed.store()).await;
}

#[tokio::test(start_paused = true)]
async fn an_export_that_nobody_takes_ends_and_the_next_one_may_begin() {
    let store = Memory::new();
    fill(&store).await;
    let (to, gone) = mpsc::channel(1);
    drop(gone);
    let ended = store.export(moment(), to).await;
    assert!(matches!(ended, Err(Error::ExportAbandoned)), "{ended:?}");
    let (to, _stays) = mpsc::channel(1);
    let ended = store.export(moment(), to).await;
    assert!(matches!(ended, Err(Error::ExportAbandoned)), "{ended:?}");
    assert_eq!(exported(&store).await.0.jobs, 3);
}

#[tokio::test]
async fn an_export_that_falls_too_far_behind_says_so() {
    let store = Memory::new();
    fill(&store).await;
    let large = vec![b'x'; limits::MAX_VALUE_BYTES];
    let names: Vec<String> = (0..18).map(|number| format!("z{number}")).collect();
    let put = async |value: &[u8]| {
        for name in &names {
            let one = batch(|batch| batch.put(key(name), value, Expect::Any));
            store.commit(one).await.unwrap();
        }
    };
    put(&large).await;
    let (to, mut pieces) = mpsc::channel(1);
    let take = async {
        pieces.recv().await.unwrap();
        put(b"small").await;
        while pieces.recv().await.is_some() {}
    };
    let (ended, ()) = tokio::join!(store.export(moment(), to), take);
    assert!(
        matches!(ended, Err(Error::ExportBehind { .. })),
        "{ended:?}"
    );
}

/// Seals by one byte, of which the second one does not open what the first one sealed.
struct Byte(u8);

impl Cipher for Byte {
    fn seal(&self, _: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        Some([&[b'~', self.0], plain].concat())
    }

    fn open(&self, _: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        sealed.strip_prefix(&[b'~', self.0]).map(<[u8]>::to_vec)
    }

    fn is_sealed(&self, value: &[u8]) -> bool {
        value.first() == Some(&b'~')
    }

    fn is_current(&self, value: &[u8]) -> bool {
        self.open(&[], value).is_some()
    }
}

#[tokio::test]
async fn secrets_stay_sealed_and_only_their_key_opens_them() {
    let store = std::sync::Arc::new(Memory::new());
    let cipher = std::sync::Arc::new(Byte(b'1'));
    let sealed = Sealed::open(store, cipher, &["secret"]).await.unwrap();
    let put = batch(|batch| batch.put(Key::new("p", "secret", &[]), "s3cret", Expect::Any));
    sealed.commit(put).await.unwrap();
    let text = exported(&sealed).await.1;
    assert!(text.contains("~1s3cret"), "as it lies in the store: {text}");
    let check = |cipher| check_export(&mut text.as_bytes(), cipher);
    assert!(check(None).unwrap().is_sealed);
    assert!(check(Some(&Byte(b'1'))).unwrap().is_sealed);
    let other = check(Some(&Byte(b'2'))).unwrap_err();
    assert!(matches!(other, Error::OtherKey { .. }), "{other:?}");
}
