//! The index of the queue: which job may run next. In memory only, rebuilt from stored headers.
//!
//! Only the first job of a lane (its head) can be claimed. A head is in exactly one of three sets:
//! waiting (by due time), ready (its group's, by priority), leased (by the end of its lease); a job
//! behind a head is in none. Time enters with [`Queue::claim`] alone.
//!
//! A **held** job is part of a commit on its way to the disk. It is not given out until that commit
//! is durable, because a worker must see what the commit wrote, or must not get the job at all.
//! No iteration follows the order of a hash, so that equal histories give equal claims.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use model::Timestamp;

use crate::job::{Header, Token};
use crate::store::Claim;

/// A map whose hash is quick over short names, seeded so that nobody can choose colliding ones.
pub(crate) type Map<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A set, likewise.
pub(crate) type Set<T> = std::collections::HashSet<T, RandomState>;

/// The index of the queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    epoch: u64,
    /// The serial number of the last lease.
    serial: u64,
    entries: Map<u64, Entry>,
    ids: Map<Arc<str>, u64>,
    groups: BTreeMap<String, Group>,
    waiting: BTreeSet<(Timestamp, u64)>,
    leased: BTreeSet<(Timestamp, u64)>,
    /// The groups that have ready jobs.
    ready: BTreeSet<String>,
    held: Set<u64>,
    /// The group that was served last; the next one in order is next.
    served: String,
    /// What the last claim allowed each group.
    per_group: usize,
}

/// What is known of a job. There may be a million, so names are shared with what leads to them.
#[derive(Debug)]
struct Entry {
    id: Arc<str>,
    group: Arc<str>,
    lane: Arc<str>,
    fold: Option<Arc<str>>,
    priority: u8,
    due: Timestamp,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Behind,
    Waiting,
    Ready,
    Leased {
        token: Token,
        until: Timestamp,
    },
    /// Ready again, since the lease ran out; its holder may still settle it until it is claimed.
    Expired {
        token: Token,
    },
}

#[derive(Debug, Default)]
struct Group {
    name: Arc<str>,
    jobs: BTreeSet<u64>,
    lanes: Map<Arc<str>, Line>,
    folds: Map<Arc<str>, Line>,
    ready: BTreeSet<(u8, Timestamp, u64)>,
    leased: usize,
}

/// Jobs in the order they were enqueued. Most lines are of one, and only the last may be a new one.
type Line = VecDeque<u64>;

/// A job that was given out.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) sequence: u64,
    pub(crate) token: Token,
    pub(crate) until: Timestamp,
}

impl Queue {
    /// An empty queue; leases of other epochs are not valid in it.
    pub(crate) fn new(epoch: u64) -> Self {
        Self {
            epoch,
            per_group: usize::MAX,
            ..Self::default()
        }
    }

    /// How many jobs there are.
    pub(crate) fn depth(&self) -> usize {
        self.entries.len()
    }

    /// The job of this id.
    pub(crate) fn find(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    /// When the job is due.
    pub(crate) fn due(&self, sequence: u64) -> Option<Timestamp> {
        self.entries.get(&sequence).map(|entry| entry.due)
    }

    /// The jobs of `group` after `after`, in the order they were enqueued.
    pub(crate) fn of_group(&self, group: &str, after: Option<u64>, limit: usize) -> Vec<u64> {
        let Some(group) = self.groups.get(group) else {
            return Vec::new();
        };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        group
            .jobs
            .range((start, Bound::Unbounded))
            .take(limit)
            .copied()
            .collect()
    }

    /// A job that stands for an equal one to be enqueued: the same fold, and nobody has it. One
    /// with a lease does not count, even when that ran out: its holder may have read already.
    pub(crate) fn foldable(&self, group: &str, fold: &str) -> Option<u64> {
        let equal = self.groups.get(group)?.folds.get(fold)?;
        equal
            .iter()
            .copied()
            .find(|sequence| self.is_pending(*sequence))
    }

    /// Whether nobody holds a lease on the job, not even one that ran out.
    pub(crate) fn is_pending(&self, sequence: u64) -> bool {
        let place = self.entries.get(&sequence).map(|entry| entry.place);
        matches!(place, Some(Place::Behind | Place::Waiting | Place::Ready))
    }

    /// Whether `token` is the last lease that was given on the job.
    pub(crate) fn is_leased(&self, sequence: u64, token: Token) -> bool {
        match self.entries.get(&sequence).map(|entry| entry.place) {
            Some(Place::Leased { token: held, .. } | Place::Expired { token: held }) => {
                held == token
            }
            _ => false,
        }
    }

    /// Keeps the job from being given out; false when it was held already.
    pub(crate) fn hold(&mut self, sequence: u64) -> bool {
        self.held.insert(sequence)
    }

    /// Lets the job be given out again.
    pub(crate) fn release(&mut self, sequence: u64) {
        self.held.remove(&sequence);
    }

    /// Adds a job at the end of its lane.
    pub(crate) fn insert(&mut self, sequence: u64, header: Header) {
        let id: Arc<str> = header.id.into();
        self.ids.insert(Arc::clone(&id), sequence);
        let due = Timestamp::from_millis(header.due_ms);
        let group = self
            .groups
            .entry(header.group)
            .or_insert_with_key(|name| Group {
                name: name.as_str().into(),
                ..Group::default()
            });
        group.jobs.insert(sequence);
        let fold = header
            .fold
            .map(|fold| join(&mut group.folds, fold, sequence).0);
        let (lane, is_head) = join(&mut group.lanes, header.lane, sequence);
        let entry = Entry {
            id,
            group: Arc::clone(&group.name),
            lane,
            fold,
            priority: header.priority,
            due,
            place: Place::Behind,
        };
        self.entries.insert(sequence, entry);
        if is_head {
            self.wait(sequence);
        }
    }

    /// Removes a job. If it was the head of its lane, the next one becomes that.
    pub(crate) fn remove(&mut self, sequence: u64) {
        let was_head = self.displace(sequence);
        let Some(entry) = self.entries.remove(&sequence) else {
            return;
        };
        self.ids.remove(&entry.id);
        let Some(group) = self.groups.get_mut(&*entry.group) else {
            return;
        };
        group.jobs.remove(&sequence);
        if let Some(fold) = &entry.fold {
            leave(&mut group.folds, fold, sequence);
        }
        let head = leave(&mut group.lanes, &entry.lane, sequence);
        if group.jobs.is_empty() {
            self.groups.remove(&*entry.group);
        }
        if let Some(head) = head.filter(|_| was_head) {
            self.wait(head);
        }
    }

    /// Takes the job from its holder; it waits at the head of its lane until it is `due`.
    pub(crate) fn put_back(&mut self, sequence: u64, due: Timestamp) {
        self.displace(sequence);
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.due = due;
            self.wait(sequence);
        }
    }

    /// Changes when a job that nobody holds becomes due.
    pub(crate) fn hasten(&mut self, sequence: u64, due: Timestamp) {
        if !self.is_pending(sequence) {
            return;
        }
        let was_head = self.displace(sequence);
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.due = due;
            if was_head {
                self.wait(sequence);
            }
        }
    }

    /// Gives out what may run at the moment of the claim.
    pub(crate) fn claim(&mut self, claim: &Claim) -> Vec<Picked> {
        self.per_group = claim.per_group;
        self.advance(claim.now);
        let until = claim.now.after(claim.lease_for);
        let mut picked = Vec::new();
        while picked.len() < claim.limit {
            let Some((group, sequence)) = self.next() else {
                break;
            };
            self.served = group;
            self.serial += 1;
            let token = Token {
                epoch: self.epoch,
                serial: self.serial,
            };
            self.lease(sequence, token, until);
            picked.push(Picked {
                sequence,
                token,
                until,
            });
        }
        picked
    }

    /// Takes back a job that was picked but could not be given out.
    pub(crate) fn abandon(&mut self, sequence: u64) {
        if self.displace(sequence) {
            self.wait(sequence);
        }
    }

    /// Lets the holder keep the job longer; false when it is no longer the holder.
    pub(crate) fn extend(&mut self, sequence: u64, token: Token, until: Timestamp) -> bool {
        let valid = self.is_leased(sequence, token);
        if valid {
            self.displace(sequence);
            self.lease(sequence, token, until);
        }
        valid
    }

    /// See [`crate::Store::next_due`].
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let waiting = self.waiting.first().map(|(due, _)| *due);
        let leased = self.leased.first().map(|(until, _)| *until);
        let ready = self.ready.iter().find_map(|name| self.available(name));
        let ready = ready.map(|(_, due, _)| due);
        [waiting, leased, ready].into_iter().flatten().min()
    }

    /// The group whose turn it is, and the best of its ready jobs.
    fn next(&self) -> Option<(String, u64)> {
        let later = (Bound::Excluded(self.served.as_str()), Bound::Unbounded);
        let sooner = (Bound::Unbounded, Bound::Included(self.served.as_str()));
        let mut turns = self
            .ready
            .range::<str, _>(later)
            .chain(self.ready.range::<str, _>(sooner));
        turns.find_map(|name| Some((name.clone(), self.available(name)?.2)))
    }

    /// The best ready job of the group, unless the group has its share.
    fn available(&self, name: &str) -> Option<(u8, Timestamp, u64)> {
        let group = self
            .groups
            .get(name)
            .filter(|group| group.leased < self.per_group)?;
        group
            .ready
            .iter()
            .find(|(_, _, sequence)| !self.held.contains(sequence))
            .copied()
    }

    /// Makes ready what is due, and what was leased until now.
    fn advance(&mut self, now: Timestamp) {
        while let Some(&(due, sequence)) = self.waiting.first().filter(|(due, _)| *due <= now) {
            self.waiting.remove(&(due, sequence));
            self.make_ready(sequence, Place::Ready);
        }
        while let Some(&(until, sequence)) = self.leased.first().filter(|(until, _)| *until <= now)
        {
            self.leased.remove(&(until, sequence));
            let place = self.entries.get(&sequence).map(|entry| entry.place);
            if let Some(Place::Leased { token, .. }) = place {
                self.displace(sequence);
                self.make_ready(sequence, Place::Expired { token });
            }
        }
    }

    fn wait(&mut self, sequence: u64) {
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.place = Place::Waiting;
            self.waiting.insert((entry.due, sequence));
        }
    }

    fn make_ready(&mut self, sequence: u64, place: Place) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        entry.place = place;
        if let Some(group) = self.groups.get_mut(&*entry.group) {
            group.ready.insert((entry.priority, entry.due, sequence));
            self.ready.insert(entry.group.to_string());
        }
    }

    fn lease(&mut self, sequence: u64, token: Token, until: Timestamp) {
        self.displace(sequence);
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        entry.place = Place::Leased { token, until };
        self.leased.insert((until, sequence));
        if let Some(group) = self.groups.get_mut(&*entry.group) {
            group.leased += 1;
        }
    }

    /// Takes the job out of the set it is in; whether it was in one.
    fn displace(&mut self, sequence: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return false;
        };
        let place = std::mem::replace(&mut entry.place, Place::Behind);
        let due = entry.due;
        let Some(group) = self.groups.get_mut(&*entry.group) else {
            return false;
        };
        match place {
            Place::Behind => return false,
            Place::Waiting => {
                self.waiting.remove(&(due, sequence));
            }
            Place::Leased { until, .. } => {
                self.leased.remove(&(until, sequence));
                group.leased = group.leased.saturating_sub(1);
            }
            Place::Ready | Place::Expired { .. } => {
                group.ready.remove(&(entry.priority, due, sequence));
                if group.ready.is_empty() {
                    self.ready.remove(&*entry.group);
                }
            }
        }
        true
    }
}

/// Puts a job at the end of the line of that name; gives the name, and whether it is alone there.
fn join(lines: &mut Map<Arc<str>, Line>, name: String, sequence: u64) -> (Arc<str>, bool) {
    let name: Arc<str> = match lines.get_key_value(name.as_str()) {
        Some((name, _)) => Arc::clone(name),
        None => name.into(),
    };
    let line = lines.entry(Arc::clone(&name)).or_default();
    line.push_back(sequence);
    (name, line.len() == 1)
}

/// Takes a job out of the line of that name; gives the first that is left.
fn leave(lines: &mut Map<Arc<str>, Line>, name: &str, sequence: u64) -> Option<u64> {
    let line = lines.get_mut(name)?;
    if let Ok(at) = line.binary_search(&sequence) {
        line.remove(at);
    }
    let first = line.front().copied();
    if first.is_none() {
        lines.remove(name);
    }
    first
}
