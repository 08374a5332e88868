//! A group of batches on its way to the medium: what it will write, and what that replaces.
//!
//! Batches are staged one after the other, each seeing those before it; one that fails is taken
//! back and leaves no trace, so a conflict concerns its own caller only. Nothing is written here.

use std::sync::Mutex;

use model::Timestamp;
use model::sabotage::{Bug, sabotaged};

use crate::batch::{Checked, Expect, Leased, Op, Outcome};
use crate::envelope::{self, COUNTER, RECORD, SEQUENCE};
use crate::job::{self, Header, NewJob, Token};
use crate::limits::MAX_QUEUED;
use crate::medium::{Medium, Writes};
use crate::queue::{Map, Queue, Set};
use crate::state::lock;
use crate::{Error, Key, Version};

/// What will happen to the queue's index once the group is durable, in this order.
#[derive(Debug)]
pub(crate) enum Change {
    Insert { sequence: u64, header: Header },
    Remove { sequence: u64 },
    PutBack { sequence: u64, due: Timestamp },
    Hasten { sequence: u64, due: Timestamp },
}

/// A group that is ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) writes: Writes,
    /// What the keys that were read or will be written hold until then.
    pub(crate) before: Writes,
    pub(crate) changes: Vec<Change>,
    /// Jobs that are not given out until the group is durable.
    pub(crate) held: Vec<u64>,
    pub(crate) sequence: u64,
}

/// A group in the making.
pub(crate) struct Stage<'a, M> {
    medium: &'a M,
    queue: &'a Mutex<Queue>,
    group: Group,
    /// Ids of jobs that this group enqueues or moves.
    ids: Map<String, u64>,
    /// Folds of jobs that this group enqueues or hands back.
    folds: Set<(String, String)>,
    /// Leased jobs that this group settles; true for those that stay in the queue.
    settled: Map<u64, bool>,
    undo: Vec<Undo>,
}

/// How to take one effect of a batch back.
enum Undo {
    Write(Vec<u8>),
    Rewrite(Vec<u8>, Option<Vec<u8>>),
    /// The id, and the place in the queue that it had in this group before.
    Id(String, Option<u64>),
    Fold((String, String)),
    Settled(u64),
    Held,
    Change,
}

impl<'a, M: Medium> Stage<'a, M> {
    /// An empty group; the numbers it gives start after `sequence`.
    pub(crate) fn new(medium: &'a M, queue: &'a Mutex<Queue>, sequence: u64) -> Self {
        Self {
            medium,
            queue,
            group: Group {
                sequence,
                ..Group::default()
            },
            ids: Map::default(),
            folds: Set::default(),
            settled: Map::default(),
            undo: Vec::new(),
        }
    }

    /// Adds all of `batch`, or nothing and says why.
    pub(crate) fn add(&mut self, batch: Checked) -> Result<Version, Error> {
        let version = self.next_number();
        match batch
            .ops
            .into_iter()
            .try_for_each(|op| self.apply(op, version))
        {
            Ok(()) => {
                self.undo.clear();
                Ok(Version(version))
            }
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    /// The group, with the last number it gave among its writes.
    pub(crate) fn finish(mut self) -> Group {
        if !self.group.writes.is_empty() {
            let sequence = envelope::seal(self.group.sequence, &[]);
            self.group.writes.insert(SEQUENCE.to_vec(), Some(sequence));
        }
        self.group
    }

    fn apply(&mut self, op: Op, version: u64) -> Result<(), Error> {
        match op {
            Op::Put { key, value, expect } => {
                let raw = self.expect(key, expect)?;
                self.write(raw, Some(envelope::seal(version, &value)))
            }
            Op::Delete { key, expect } => {
                let raw = self.expect(key, expect)?;
                self.write(raw, None)
            }
            Op::Require { key, expect } => self.expect(key, expect).map(drop),
            Op::Add { key, delta } => self.count(&key, delta),
            Op::Enqueue(job) => self.enqueue(&job),
            Op::Settle { leased, outcome } => self.settle(leased, outcome),
            Op::Hasten { id, due } => {
                let sequence = self.pending(&id);
                self.hasten(sequence, due)
            }
            Op::HastenFold { group, fold, due } => {
                let sequence = self.foldable(&group, &fold);
                self.hasten(sequence, due)
            }
            Op::StepBehind { id } => self.step_behind(&id),
        }
    }

    /// The raw key of the record, when it is as expected.
    fn expect(&mut self, key: Key, expect: Expect) -> Result<Vec<u8>, Error> {
        let raw = envelope::raw(RECORD, &key);
        if expect == Expect::Any || sabotaged(Bug::LosesUpdates) {
            return Ok(raw);
        }
        let found = match self.read(&raw)? {
            Some(bytes) => Expect::Version(envelope::stored(key.clone(), &bytes)?.version),
            None => Expect::Absent,
        };
        if found == expect {
            Ok(raw)
        } else {
            Err(Error::Conflict { key })
        }
    }

    /// A counter at zero takes no room.
    fn count(&mut self, key: &Key, delta: i64) -> Result<(), Error> {
        let raw = envelope::raw(COUNTER, key);
        let old = self
            .read(&raw)?
            .map_or(Ok(0), |bytes| envelope::count(key, &bytes))?;
        let new = old.saturating_add(delta);
        self.write(
            raw,
            (new != 0).then(|| envelope::seal(new.cast_unsigned(), &[])),
        )
    }

    fn enqueue(&mut self, new: &NewJob) -> Result<(), Error> {
        if self.fold(new) {
            return Ok(());
        }
        let (queued, depth) = {
            let queue = lock(self.queue);
            (queue.find(&new.id), queue.depth())
        };
        let leaves = queued.is_none_or(|sequence| self.settled.get(&sequence) == Some(&false));
        if !leaves || self.ids.contains_key(&new.id) {
            return Err(Error::JobExists { id: new.id.clone() });
        }
        if depth + self.ids.len() >= MAX_QUEUED {
            return Err(Error::QueueFull { max: MAX_QUEUED });
        }
        self.insert(Header::of(new), &new.payload)
    }

    /// Whether an equal job stands for `new`. It is held: were it claimed before this group is
    /// durable, its worker would not see what the batch wrote, and nobody would look again.
    fn fold(&mut self, new: &NewJob) -> bool {
        let Some(fold) = &new.fold else { return false };
        if self.folds.contains(&(new.group.clone(), fold.clone())) {
            return true;
        }
        self.foldable(&new.group, fold).is_some()
    }

    /// The waiting job that would stand for an equal one, held.
    fn foldable(&mut self, group: &str, fold: &str) -> Option<u64> {
        let mut queue = lock(self.queue);
        let equal = queue.foldable(group, fold)?;
        if queue.hold(equal) {
            self.group.held.push(equal);
            self.undo.push(Undo::Held);
        }
        Some(equal)
    }

    /// Notes that after this group the job waits unclaimed, to stand for equal ones.
    fn waits(&mut self, header: &Header) {
        let Some(fold) = &header.fold else { return };
        let fold = (header.group.clone(), fold.clone());
        if self.folds.insert(fold.clone()) {
            self.undo.push(Undo::Fold(fold));
        }
    }

    fn settle(&mut self, leased: Leased, outcome: Outcome) -> Result<(), Error> {
        let Leased {
            sequence,
            token,
            id,
        } = leased;
        if self.settled.contains_key(&sequence) || !self.hold_leased(sequence, token) {
            return Err(Error::LeaseLost { job: id });
        }
        self.settled
            .insert(sequence, matches!(outcome, Outcome::Again { .. }));
        self.undo.push(Undo::Settled(sequence));
        let raw = envelope::raw_job(sequence);
        match outcome {
            Outcome::Complete => {
                self.write(raw, None)?;
                self.change(Change::Remove { sequence });
            }
            Outcome::Again {
                due,
                attempt,
                payload,
            } => {
                let (mut header, old) = self.read_job(sequence)?;
                header.due_ms = due.as_millis();
                header.attempts = header.attempts.saturating_add(attempt);
                self.waits(&header);
                self.write(raw, Some(job::encode(&header, &payload.unwrap_or(old))?))?;
                self.change(Change::PutBack { sequence, due });
            }
        }
        Ok(())
    }

    fn hasten(&mut self, sequence: Option<u64>, due: Timestamp) -> Result<(), Error> {
        let Some(sequence) = sequence.filter(|one| !self.is_due_by(*one, due)) else {
            return Ok(());
        };
        let (mut header, payload) = self.read_job(sequence)?;
        if header.due() <= due {
            return Ok(());
        }
        header.due_ms = due.as_millis();
        self.write(
            envelope::raw_job(sequence),
            Some(job::encode(&header, &payload)?),
        )?;
        self.change(Change::Hasten { sequence, due });
        Ok(())
    }

    fn step_behind(&mut self, id: &str) -> Result<(), Error> {
        let Some(old) = self.pending(id) else {
            return Ok(());
        };
        let (header, payload) = self.read_job(old)?;
        if header.fold.is_some() {
            return Ok(());
        }
        self.write(envelope::raw_job(old), None)?;
        self.change(Change::Remove { sequence: old });
        self.insert(header, &payload)
    }

    /// Adds a job at the end of its lane.
    fn insert(&mut self, header: Header, payload: &[u8]) -> Result<(), Error> {
        let sequence = self.next_number();
        self.write_new(envelope::raw_job(sequence), job::encode(&header, payload)?);
        let before = self.ids.insert(header.id.clone(), sequence);
        self.undo.push(Undo::Id(header.id.clone(), before));
        self.waits(&header);
        self.change(Change::Insert { sequence, header });
        Ok(())
    }

    /// Whether the job is due by then already. The index tells of jobs that this group does not
    /// settle; nothing else makes one due later. Most calls end here, without reading the job.
    fn is_due_by(&self, sequence: u64, due: Timestamp) -> bool {
        let known = lock(self.queue).due(sequence);
        !self.settled.contains_key(&sequence) && known.is_some_and(|known| known <= due)
    }

    /// The job of this id, held, when nobody will have a lease on it after this group.
    fn pending(&mut self, id: &str) -> Option<u64> {
        if let Some(sequence) = self.ids.get(id) {
            return Some(*sequence);
        }
        let mut queue = lock(self.queue);
        let sequence = queue.find(id)?;
        if let Some(stays) = self.settled.get(&sequence) {
            return stays.then_some(sequence);
        }
        let pending = queue.is_pending(sequence);
        if pending && queue.hold(sequence) {
            self.group.held.push(sequence);
            self.undo.push(Undo::Held);
        }
        pending.then_some(sequence)
    }

    /// Holds the job for the holder of its lease; false when that is no longer `token`.
    fn hold_leased(&mut self, sequence: u64, token: Token) -> bool {
        let mut queue = lock(self.queue);
        let valid = queue.is_leased(sequence, token);
        if valid && queue.hold(sequence) {
            self.group.held.push(sequence);
            self.undo.push(Undo::Held);
        }
        valid
    }

    fn change(&mut self, change: Change) {
        self.group.changes.push(change);
        self.undo.push(Undo::Change);
    }

    fn next_number(&mut self) -> u64 {
        self.group.sequence += 1;
        self.group.sequence
    }

    fn read_job(&mut self, sequence: u64) -> Result<(Header, Vec<u8>), Error> {
        let bytes = self.read(&envelope::raw_job(sequence))?;
        let bytes = bytes.ok_or_else(|| Error::Damaged {
            what: format!("queued job {sequence}, now gone,"),
        })?;
        let (header, payload) = job::decode(sequence, &bytes)?;
        Ok((header, payload.to_vec()))
    }

    /// The entry as the operations before leave it.
    fn read(&mut self, raw: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(staged) = self.group.writes.get(raw) {
            return Ok(staged.clone());
        }
        if let Some(before) = self.group.before.get(raw) {
            return Ok(before.clone());
        }
        let before = self.medium.get(raw)?;
        self.group.before.insert(raw.to_vec(), before.clone());
        Ok(before)
    }

    /// Writes an entry, and remembers what readers see until the group is durable.
    fn write(&mut self, raw: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), Error> {
        if !self.group.before.contains_key(&raw) {
            let before = self.medium.get(&raw)?;
            self.group.before.insert(raw.clone(), before);
        }
        let replaced = self.group.writes.insert(raw.clone(), value);
        self.undo.push(match replaced {
            Some(replaced) => Undo::Rewrite(raw, replaced),
            None => Undo::Write(raw),
        });
        Ok(())
    }

    /// Writes an entry under a key that was never used.
    fn write_new(&mut self, raw: Vec<u8>, value: Vec<u8>) {
        self.group.before.insert(raw.clone(), None);
        self.group.writes.insert(raw.clone(), Some(value));
        self.undo.push(Undo::Write(raw));
    }

    fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Rewrite(raw, value) => {
                    self.group.writes.insert(raw, value);
                }
                // What readers see may stay remembered: it is what the medium holds anyway.
                Undo::Write(raw) => {
                    self.group.writes.remove(&raw);
                }
                Undo::Id(id, Some(before)) => {
                    self.ids.insert(id, before);
                }
                Undo::Id(id, None) => {
                    self.ids.remove(&id);
                }
                Undo::Fold(fold) => {
                    self.folds.remove(&fold);
                }
                Undo::Settled(sequence) => {
                    self.settled.remove(&sequence);
                }
                Undo::Held => {
                    if let Some(sequence) = self.group.held.pop() {
                        lock(self.queue).release(sequence);
                    }
                }
                Undo::Change => {
                    self.group.changes.pop();
                }
            }
        }
    }
}
