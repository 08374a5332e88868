//! What is visible while a group is on its way to the disk, and after it failed to get there.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::*;
use crate::medium::Ram;
use crate::{Batch, Expect, NewJob};

/// How the flush of a group ends.
type End = Result<(), Error>;

/// A medium on which, as in a database, a write can be read before its flush has ended; the test
/// says when and how that is.
struct Gate {
    ram: Ram,
    closed: AtomicBool,
    written: Sender<()>,
    ends: Mutex<Receiver<End>>,
}

impl Medium for Gate {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.ram.get(key)
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, Error> {
        self.ram.page(prefix, after, limit)
    }

    fn room(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, writes: &Writes) -> Result<(), Error> {
        self.ram.write(writes)?;
        if !self.closed.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.written.send(()).unwrap();
        lock(&self.ends).recv().unwrap()
    }
}

struct Test {
    state: Arc<State<Gate>>,
    written: Receiver<()>,
    ends: Sender<End>,
}

impl Test {
    fn new() -> Self {
        let (sender, written) = channel();
        let (ends, receiver) = channel();
        let ram = Ram::default();
        let closed = AtomicBool::new(false);
        let gate = Gate {
            ram,
            closed,
            written: sender,
            ends: Mutex::new(receiver),
        };
        Self {
            state: Arc::new(State::open(gate).unwrap()),
            written,
            ends,
        }
    }

    fn commit(&self, fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Result<Version, Error> {
        self.state.commit(vec![checked(fill)]).remove(0)
    }

    /// Starts to commit; returns when the group is written and its flush has begun.
    fn begin(
        &self,
        fill: impl FnOnce(&mut Batch) -> &mut Batch,
    ) -> JoinHandle<Vec<Result<Version, Error>>> {
        self.state.medium.closed.store(true, Ordering::SeqCst);
        let (state, batch) = (Arc::clone(&self.state), checked(fill));
        let commit = std::thread::spawn(move || state.commit(vec![batch]));
        self.written.recv().unwrap();
        commit
    }

    fn end(
        &self,
        commit: JoinHandle<Vec<Result<Version, Error>>>,
        end: End,
    ) -> Result<Version, Error> {
        self.ends.send(end).unwrap();
        let outcome = commit.join().unwrap().remove(0);
        self.state.medium.closed.store(false, Ordering::SeqCst);
        outcome
    }

    fn claim(&self, now: i64) -> Vec<Lease> {
        self.state.claim(&claim(now)).unwrap()
    }

    /// All that can be read, in one text.
    fn seen(&self) -> String {
        let scan = self.state.scan(&Key::everything(), None, 100).unwrap();
        let mut values: Vec<_> = scan
            .iter()
            .map(|stored| String::from_utf8_lossy(&stored.value).into_owned())
            .collect();
        let one = self.state.get(&key("a")).unwrap();
        values.push(one.map_or("-".into(), |one| String::from_utf8_lossy(&one.value).into()));
        values.push(self.state.counter(&key("n")).unwrap().to_string());
        let jobs = self.state.jobs("g", None, 100).unwrap();
        values.extend(
            jobs.iter()
                .map(|job| format!("{}@{}", job.id, job.due.as_millis())),
        );
        values.join(" ")
    }
}

fn checked(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Checked {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch.check().unwrap()
}

fn claim(now: i64) -> Claim {
    let lease_for = Duration::from_millis(10);
    Claim {
        now: Timestamp::from_millis(now),
        lease_for,
        limit: 10,
        per_group: 10,
    }
}

fn key(part: &str) -> Key {
    Key::new("p", "t", &[part])
}

fn job(id: &str, fold: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        group: "g".to_owned(),
        lane: id.to_owned(),
        priority: 1,
        due: Timestamp::from_millis(0),
        fold: Some(fold.to_owned()),
        payload: Vec::new(),
    }
}

fn broken() -> Error {
    Error::Write {
        source: Arc::new(std::io::Error::other("the disk is gone")),
    }
}

#[test]
fn nothing_is_seen_before_it_is_durable() {
    let test = Test::new();
    let fill = |batch: &mut Batch| {
        batch
            .put(key("a"), "a1", Expect::Any)
            .put(key("b"), "b1", Expect::Any);
        batch.add(key("n"), 1).enqueue(job("j", "j"));
    };
    test.commit(|batch| {
        fill(batch);
        batch
    })
    .unwrap();
    let lease = test.claim(0).remove(0);
    let before = test.seen();
    assert_eq!(before, "a1 b1 a1 1 j@0");

    let commit = test.begin(|batch| {
        batch
            .put(key("a"), "a2", Expect::Any)
            .delete(key("b"), Expect::Any);
        batch.put(key("aa"), "new", Expect::Any).add(key("n"), 1);
        batch
            .retry(&lease, Timestamp::from_millis(5))
            .enqueue(job("k", "k"))
    });
    assert_eq!(test.seen(), before);
    assert_eq!(test.claim(7), [], "neither the retried job nor the new one");
    assert_eq!(test.state.depth(), 1);

    test.end(commit, Ok(())).unwrap();
    assert_eq!(test.seen(), "a2 new a2 2 j@5 k@0");
    assert_eq!(test.claim(7).len(), 2);
}

#[test]
fn a_page_is_full_although_much_of_it_is_not_durable() {
    let test = Test::new();
    for part in ["c", "f", "i"] {
        test.commit(|batch| batch.put(key(part), part, Expect::Any))
            .unwrap();
    }
    let commit = test.begin(|batch| {
        for part in ["a", "b", "d", "e", "g", "h"] {
            batch.put(key(part), "new", Expect::Any);
        }
        batch.delete(key("i"), Expect::Any)
    });
    let page = |after: Option<&str>| {
        let after = after.map(key);
        let page = test
            .state
            .scan(&Key::everything(), after.as_ref(), 2)
            .unwrap();
        page.iter()
            .flat_map(|stored| stored.key.parts())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None), ["c", "f"]);
    assert_eq!(page(Some("c")), ["f", "i"]);
    assert_eq!(page(Some("f")), ["i"]);
    test.end(commit, Ok(())).unwrap();
    assert_eq!(page(None), ["a", "b"]);
}

/// Were it given out, its worker would read what was before the batch that it stands for.
#[test]
fn a_job_that_stands_for_another_is_not_given_out_before_both_are_durable() {
    let test = Test::new();
    test.commit(|batch| batch.enqueue(job("first", "f")))
        .unwrap();
    let commit = test.begin(|batch| {
        batch
            .put(key("a"), "new", Expect::Any)
            .enqueue(job("second", "f"))
    });
    assert_eq!(test.claim(0), []);
    test.end(commit, Ok(())).unwrap();
    assert_eq!(test.claim(0).len(), 1);
    assert_eq!(test.state.get(&key("a")).unwrap().unwrap().value, b"new");
    assert_eq!(test.state.depth(), 1);
}

#[test]
fn a_job_that_is_being_completed_is_not_given_to_another() {
    let test = Test::new();
    test.commit(|batch| batch.enqueue(job("j", "j"))).unwrap();
    let lease = test.claim(0).remove(0);
    let commit = test.begin(|batch| batch.complete(&lease));
    assert_eq!(test.claim(1_000), [], "although its lease ran out");
    test.end(commit, Ok(())).unwrap();
    assert_eq!(test.claim(1_000), []);
    assert_eq!(test.state.depth(), 0);
}

#[test]
fn a_batch_that_fails_leaves_no_job_held() {
    let test = Test::new();
    test.commit(|batch| {
        batch
            .enqueue(job("j", "f"))
            .enqueue(job("k", "k"))
            .put(key("a"), "1", Expect::Any)
    })
    .unwrap();
    let lease = test.claim(0).remove(0);
    let outcome = test.commit(|batch| {
        batch
            .retry(&lease, Timestamp::from_millis(0))
            .enqueue(job("l", "k"));
        batch
            .hasten("k", Timestamp::from_millis(-1))
            .put(key("a"), "2", Expect::Absent)
    });
    assert!(matches!(outcome, Err(Error::Conflict { .. })));
    let all = test.claim(1_000);
    assert_eq!(all.len(), 2, "{all:?}");
}

#[test]
fn after_a_failed_write_the_store_reads_as_before_and_takes_nothing_more() {
    let test = Test::new();
    test.commit(|batch| {
        batch
            .put(key("a"), "a1", Expect::Any)
            .add(key("n"), 1)
            .enqueue(job("j", "j"))
    })
    .unwrap();
    let before = test.seen();
    let commit = test.begin(|batch| {
        batch
            .put(key("a"), "a2", Expect::Any)
            .add(key("n"), 1)
            .enqueue(job("k", "k"))
    });
    let outcome = test.end(commit, Err(broken()));
    assert!(
        matches!(outcome, Err(Error::Write { .. })),
        "not acknowledged: {outcome:?}"
    );
    assert_eq!(test.seen(), before);
    assert!(matches!(
        test.commit(|batch| batch.add(key("n"), 1)),
        Err(Error::Write { .. })
    ));
    assert!(matches!(
        test.state.claim(&claim(0)),
        Err(Error::Write { .. })
    ));
    assert_eq!(test.seen(), before);
}
