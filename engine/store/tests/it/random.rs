//! Random histories: each store must answer as a simple model does that keeps everything in lists.
//!
//! The model has no index, no staging and no flush. What it says is what the documentation of
//! [`store::Store`] says, in the plainest form.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use store::{Batch, Claim, Error, Expect, Key, Lease, NewJob, Store, Version};

use crate::bed::{Bed, at, key};

/// One thing that happens. Small ranges make things meet.
#[derive(Clone, Debug)]
enum Event {
    Commit(Vec<Change>),
    Claim {
        later: i64,
        limit: usize,
        per_group: usize,
        lease_for: u64,
    },
    Extend {
        lease: usize,
        more: i64,
    },
    Reopen,
}

#[derive(Clone, Debug)]
enum Change {
    Put {
        part: u8,
        expect: Guess,
    },
    Delete {
        part: u8,
        expect: Guess,
    },
    Add {
        part: u8,
        delta: i64,
    },
    Enqueue {
        id: u8,
        group: u8,
        lane: u8,
        priority: u8,
        due: i64,
        fold: Option<u8>,
    },
    Complete {
        lease: usize,
    },
    Retry {
        lease: usize,
        due: i64,
        payload: bool,
    },
    Release {
        lease: usize,
        due: i64,
    },
    Hasten {
        id: u8,
        due: i64,
    },
    StepBehind {
        id: u8,
    },
}

#[derive(Clone, Copy, Debug)]
enum Guess {
    Any,
    Absent,
    Current,
    Old,
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![
        Just(Guess::Any),
        Just(Guess::Absent),
        Just(Guess::Current),
        Just(Guess::Old)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let enqueue = (
        0..12_u8,
        0..3_u8,
        0..2_u8,
        0..3_u8,
        0..40_i64,
        prop::option::of(0..2_u8),
    );
    prop_oneof![
        2 => (0..3_u8, guess()).prop_map(|(part, expect)| Change::Put { part, expect }),
        1 => (0..3_u8, guess()).prop_map(|(part, expect)| Change::Delete { part, expect }),
        1 => (0..3_u8, -2..3_i64).prop_map(|(part, delta)| Change::Add { part, delta }),
        6 => enqueue.prop_map(|(id, group, lane, priority, due, fold)| {
            Change::Enqueue { id, group, lane, priority, due, fold }
        }),
        4 => (0..6_usize).prop_map(|lease| Change::Complete { lease }),
        2 => (0..6_usize, 0..40_i64, any::<bool>())
            .prop_map(|(lease, due, payload)| Change::Retry { lease, due, payload }),
        1 => (0..6_usize, 0..40_i64).prop_map(|(lease, due)| Change::Release { lease, due }),
        1 => (0..12_u8, 0..40_i64).prop_map(|(id, due)| Change::Hasten { id, due }),
        1 => (0..12_u8).prop_map(|id| Change::StepBehind { id }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let claim = (0..8_i64, 0..5_usize, 1..4_usize, 1..20_u64);
    prop_oneof![
        10 => prop::collection::vec(change(), 1..4).prop_map(Event::Commit),
        8 => claim.prop_map(|(later, limit, per_group, lease_for)| {
            Event::Claim { later, limit, per_group, lease_for }
        }),
        2 => (0..6_usize, 0..20_i64).prop_map(|(lease, more)| Event::Extend { lease, more }),
        1 => Just(Event::Reopen),
    ]
}

#[derive(Clone, Debug)]
struct Entry {
    job: NewJob,
    attempts: u32,
    /// The lease as a place in the list of all leases ever given, and its end.
    lease: Option<(usize, i64)>,
}

#[derive(Clone, Debug, Default)]
struct Model {
    /// Part to the number of the commit that wrote it.
    records: BTreeMap<u8, usize>,
    counters: BTreeMap<u8, i64>,
    jobs: Vec<Entry>,
    served: String,
    now: i64,
    leases: usize,
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Conflict,
    Exists,
    Lost,
}

impl Model {
    fn apply(
        &mut self,
        changes: &[Change],
        commit: usize,
        recent: &[usize],
    ) -> Result<(), Refusal> {
        let mut next = self.clone();
        changes
            .iter()
            .try_for_each(|change| next.change(change, commit, recent))?;
        *self = next;
        Ok(())
    }

    fn change(&mut self, change: &Change, commit: usize, recent: &[usize]) -> Result<(), Refusal> {
        match *change {
            Change::Put { part, expect } => {
                self.expect(part, expect, commit)?;
                self.records.insert(part, commit);
            }
            Change::Delete { part, expect } => {
                self.expect(part, expect, commit)?;
                self.records.remove(&part);
            }
            Change::Add { part, delta } => *self.counters.entry(part).or_default() += delta,
            Change::Enqueue { .. } => return self.enqueue(&new_job(change)),
            Change::Complete { lease } => {
                let at = self.leased(lease, recent)?;
                self.jobs.remove(at);
            }
            Change::Retry {
                lease,
                due,
                payload,
            } => {
                let at = self.leased(lease, recent)?;
                self.jobs[at].attempts += 1;
                if payload {
                    self.jobs[at].job.payload = vec![7];
                }
                self.put_back(at, due);
            }
            Change::Release { lease, due } => {
                let at = self.leased(lease, recent)?;
                self.put_back(at, due);
            }
            Change::Hasten { id, due } => {
                let id = id.to_string();
                let entry = self.jobs.iter_mut().find(|entry| entry.job.id == id);
                if let Some(entry) = entry.filter(|entry| entry.lease.is_none()) {
                    entry.job.due = entry.job.due.min(at(due));
                }
            }
            Change::StepBehind { id } => {
                let id = id.to_string();
                let moves = |entry: &Entry| entry.lease.is_none() && entry.job.fold.is_none();
                let place = self.jobs.iter().position(|entry| entry.job.id == id);
                if let Some(place) = place.filter(|place| moves(&self.jobs[*place])) {
                    let entry = self.jobs.remove(place);
                    self.jobs.push(entry);
                }
            }
        }
        Ok(())
    }

    /// A guess at the current version is one at what was there before the batch, as a caller's is.
    fn expect(&self, part: u8, expect: Guess, commit: usize) -> Result<(), Refusal> {
        let found = self.records.get(&part);
        let holds = match expect {
            Guess::Any => true,
            Guess::Absent => found.is_none(),
            Guess::Current => found.is_some_and(|found| *found != commit),
            Guess::Old => false,
        };
        if holds {
            Ok(())
        } else {
            Err(Refusal::Conflict)
        }
    }

    fn enqueue(&mut self, job: &NewJob) -> Result<(), Refusal> {
        let equal = |entry: &Entry| {
            job.fold.is_some() && entry.job.fold == job.fold && entry.job.group == job.group
        };
        if self
            .jobs
            .iter()
            .any(|entry| equal(entry) && entry.lease.is_none())
        {
            return Ok(());
        }
        if self.jobs.iter().any(|entry| entry.job.id == job.id) {
            return Err(Refusal::Exists);
        }
        self.jobs.push(Entry {
            job: job.clone(),
            attempts: 0,
            lease: None,
        });
        Ok(())
    }

    fn leased(&self, lease: usize, recent: &[usize]) -> Result<usize, Refusal> {
        let number = recent.get(lease).copied().ok_or(Refusal::Lost)?;
        let held = |entry: &Entry| entry.lease.is_some_and(|(held, _)| held == number);
        self.jobs.iter().position(held).ok_or(Refusal::Lost)
    }

    fn put_back(&mut self, position: usize, due: i64) {
        self.jobs[position].job.due = at(due);
        self.jobs[position].lease = None;
    }

    /// The places of the jobs that the claim gives out, in order.
    fn claim(&mut self, claim: &Claim) -> Vec<usize> {
        let mut given = Vec::new();
        while given.len() < claim.limit {
            let mut open: Vec<usize> = (0..self.jobs.len())
                .filter(|at| self.open(*at, claim.per_group))
                .collect();
            // Groups in turn after the one that was served last, then the best job of the group.
            open.sort_by_key(|at| {
                let job = &self.jobs[*at].job;
                (
                    job.group <= self.served,
                    job.group.clone(),
                    job.priority,
                    job.due,
                    *at,
                )
            });
            let Some(at) = open.first().copied() else {
                break;
            };
            let until = self.now + i64::try_from(claim.lease_for.as_secs()).unwrap();
            self.jobs[at].lease = Some((self.leases, until));
            self.leases += 1;
            self.served.clone_from(&self.jobs[at].job.group);
            given.push(at);
        }
        given
    }

    fn open(&self, position: usize, per_group: usize) -> bool {
        let Entry { job, lease, .. } = &self.jobs[position];
        let same_lane = |other: &Entry| other.job.group == job.group && other.job.lane == job.lane;
        let is_head = !self.jobs[..position].iter().any(same_lane);
        let free = lease.map_or(job.due <= at(self.now), |(_, until)| until <= self.now);
        let held = self.jobs.iter().filter(|other| {
            other.job.group == job.group && other.lease.is_some_and(|(_, until)| until > self.now)
        });
        is_head && free && held.count() < per_group
    }
}

fn new_job(change: &Change) -> NewJob {
    let Change::Enqueue {
        id,
        group,
        lane,
        priority,
        due,
        fold,
    } = change
    else {
        panic!("not a job: {change:?}")
    };
    NewJob {
        id: id.to_string(),
        group: group.to_string(),
        lane: lane.to_string(),
        priority: *priority,
        due: at(*due),
        fold: fold.map(|fold| fold.to_string()),
        payload: vec![*id],
    }
}

/// A history as it unfolds on a store and in the model.
struct Course {
    bed: Bed,
    store: std::sync::Arc<dyn Store>,
    model: Model,
    leases: Vec<Lease>,
    /// The version of each commit, refused ones included as the greatest before them.
    versions: Vec<Version>,
}

impl Course {
    fn new(bed: Bed) -> Self {
        let store = bed.store();
        Self {
            bed,
            store,
            model: Model::default(),
            leases: Vec::new(),
            versions: Vec::new(),
        }
    }

    /// The last leases, newest first, as places in the list of all.
    fn recent(&self) -> Vec<usize> {
        (0..self.leases.len()).rev().collect()
    }

    async fn run(mut self, events: &[Event]) -> Result<(), TestCaseError> {
        for event in events {
            match event {
                Event::Commit(changes) => self.commit(changes).await?,
                Event::Claim {
                    later,
                    limit,
                    per_group,
                    lease_for,
                } => {
                    self.model.now += later;
                    let claim = Claim {
                        now: at(self.model.now),
                        lease_for: Duration::from_secs(*lease_for),
                        limit: *limit,
                        per_group: *per_group,
                    };
                    self.claim(claim).await?;
                }
                Event::Extend { lease, more } => self.extend(*lease, *more).await?,
                Event::Reopen => self.reopen(),
            }
            self.compare().await?;
        }
        Ok(())
    }

    async fn commit(&mut self, changes: &[Change]) -> Result<(), TestCaseError> {
        let recent = self.recent();
        let known = |change: &&Change| match change {
            Change::Complete { lease }
            | Change::Retry { lease, .. }
            | Change::Release { lease, .. } => *lease < recent.len(),
            _ => true,
        };
        let changes: Vec<Change> = changes.iter().filter(known).cloned().collect();
        let mut batch = Batch::new();
        for change in &changes {
            self.fill(&mut batch, change, &recent);
        }
        let outcome = self.store.commit(batch).await;
        let expected = self.model.apply(&changes, self.versions.len(), &recent);
        let refusal = match &outcome {
            Ok(_) => Ok(()),
            Err(Error::Conflict { .. }) => Err(Refusal::Conflict),
            Err(Error::JobExists { .. }) => Err(Refusal::Exists),
            Err(Error::LeaseLost { .. }) => Err(Refusal::Lost),
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(refusal, expected);
        let last = self.versions.last().copied();
        if let Ok(version) = &outcome {
            let mut others = self
                .model
                .records
                .values()
                .filter_map(|at| self.versions.get(*at));
            prop_assert!(others.all(|other| other < version));
        }
        self.versions.extend(outcome.ok().or(last).or(Some(FIRST)));
        Ok(())
    }

    fn fill(&self, batch: &mut Batch, change: &Change, recent: &[usize]) {
        let lease = |lease: &usize| &self.leases[recent[*lease]];
        match change {
            Change::Put { part, expect } => {
                batch.put(part_key(*part), vec![*part], self.guess(*part, *expect))
            }
            Change::Delete { part, expect } => {
                batch.delete(part_key(*part), self.guess(*part, *expect))
            }
            Change::Add { part, delta } => batch.add(part_key(*part), *delta),
            Change::Enqueue { .. } => batch.enqueue(new_job(change)),
            Change::Complete { lease: at } => batch.complete(lease(at)),
            Change::Retry {
                lease: place,
                due,
                payload: true,
            } => batch.retry_with(lease(place), at(*due), vec![7]),
            Change::Retry {
                lease: place, due, ..
            } => batch.retry(lease(place), at(*due)),
            Change::Release { lease: place, due } => batch.release(lease(place), at(*due)),
            Change::Hasten { id, due } => batch.hasten(id.to_string(), at(*due)),
            Change::StepBehind { id } => batch.step_behind(id.to_string()),
        };
    }

    fn guess(&self, part: u8, guess: Guess) -> Expect {
        let current = self
            .model
            .records
            .get(&part)
            .map(|commit| self.versions[*commit]);
        match guess {
            Guess::Any => Expect::Any,
            Guess::Absent => Expect::Absent,
            Guess::Current => Expect::Version(current.unwrap_or(FIRST)),
            Guess::Old => Expect::Version(FIRST),
        }
    }

    async fn claim(&mut self, claim: Claim) -> Result<(), TestCaseError> {
        let leases = self.store.claim(claim).await.unwrap();
        let given = self.model.claim(&claim);
        let given: Vec<_> = given.iter().map(|at| &self.model.jobs[*at]).collect();
        let found: Vec<_> = leases.iter().map(|lease| lease.job.id.as_str()).collect();
        let expected: Vec<_> = given.iter().map(|entry| entry.job.id.as_str()).collect();
        prop_assert_eq!(found, expected);
        for (lease, entry) in leases.iter().zip(&given) {
            prop_assert_eq!(&lease.job.payload, &entry.job.payload);
            prop_assert_eq!(lease.job.attempts, entry.attempts);
            prop_assert_eq!(Some(lease.until), entry.lease.map(|(_, until)| at(until)));
        }
        self.leases.extend(leases);
        Ok(())
    }

    async fn extend(&mut self, lease: usize, more: i64) -> Result<(), TestCaseError> {
        let recent = self.recent();
        let Some(place) = recent.get(lease) else {
            return Ok(());
        };
        let until = self.model.now + more;
        let outcome = self.store.extend(&self.leases[*place], at(until)).await;
        let expected = self.model.leased(lease, &recent);
        prop_assert_eq!(outcome.is_ok(), expected.is_ok());
        if let Ok(at) = expected {
            self.model.jobs[at].lease = Some((*place, until));
        }
        Ok(())
    }

    fn reopen(&mut self) {
        self.store = std::sync::Arc::new(store::Memory::new());
        self.store = self.bed.reopen();
        self.model.served.clear();
        for entry in &mut self.model.jobs {
            entry.lease = None;
        }
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        let page = self
            .store
            .scan(&Key::prefix("p", "t", &[]), None, 100)
            .await
            .unwrap();
        let found: Vec<_> = page
            .iter()
            .map(|stored| (stored.value[0], stored.version))
            .collect();
        let records = self.model.records.iter();
        let expected: Vec<_> = records
            .map(|(part, commit)| (*part, self.versions[*commit]))
            .collect();
        prop_assert_eq!(found, expected);
        for part in 0..3 {
            let count = self.store.counter(&part_key(part)).await.unwrap();
            prop_assert_eq!(count, self.model.counters.get(&part).copied().unwrap_or(0));
        }
        prop_assert_eq!(self.store.depth().await.unwrap(), self.model.jobs.len());
        for group in ["0", "1", "2"] {
            let jobs = self.store.jobs(group, None, 100).await.unwrap();
            let found: Vec<_> = jobs
                .iter()
                .map(|job| (&job.id, job.due, job.attempts))
                .collect();
            let entries = self
                .model
                .jobs
                .iter()
                .filter(|entry| entry.job.group == group);
            let expected: Vec<_> = entries
                .map(|entry| (&entry.job.id, entry.job.due, entry.attempts))
                .collect();
            prop_assert_eq!(found, expected);
        }
        Ok(())
    }
}

/// A version that no record ever has.
const FIRST: Version = Version::NONE;

fn part_key(part: u8) -> Key {
    key(&part.to_string())
}

fn run(bed: Bed, events: &[Event]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(Course::new(bed).run(events))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn memory_answers_as_the_model_does(events in prop::collection::vec(event(), 1..60)) {
        run(Bed::memory(), &events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn sled_answers_as_the_model_does(events in prop::collection::vec(event(), 1..60)) {
        run(Bed::sled(), &events)?;
    }
}
