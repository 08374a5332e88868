//! A store over any medium: reads of what is durable, groups of commits, and the queue.
//!
//! While a group is being written and flushed, [`State::before`] holds what its keys held until
//! then, and readers see that instead. A reader keeps the lock for the whole of its read, and the
//! group waits for readers twice: before it starts to write and before it shows what it wrote. So
//! every read is of one durable moment, and readers wait for memory only, never for a flush.

mod past;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use model::Timestamp;
use tokio::sync::watch;

use crate::batch::Checked;
use crate::envelope::{self, COUNTER, EPOCH, JOB, RECORD, SEQUENCE};
use crate::job;
use crate::limits::{MAX_CLAIM, MAX_SCAN, within};
use crate::medium::{Entry, Medium, Writes};
use crate::queue::{Picked, Queue};
use crate::staging::{Change, Group, Stage};
use crate::{Claim, Edge, Error, Flushes, Job, Key, Lease, Stored, Version};

use past::Past;

/// How many entries are read at once when all are walked.
const STRIDE: usize = 1_000;

/// A store over a medium.
pub(crate) struct State<M> {
    medium: M,
    /// What the keys of the group that is being written held before it; empty between groups.
    before: RwLock<Writes>,
    queue: Mutex<Queue>,
    /// The last number given to a version or a job. Locked for as long as a group takes.
    sequence: Mutex<u64>,
    /// What an export under way must not see changed.
    past: Mutex<Option<Past>>,
    edge: watch::Sender<u64>,
    /// Why a group could not be written. What the medium holds is uncertain from then on.
    failed: OnceLock<Error>,
    commits: AtomicU64,
    flushes: AtomicU64,
}

/// What is durable, at one moment.
pub(crate) struct Snapshot<'a, M> {
    medium: &'a M,
    before: RwLockReadGuard<'a, Writes>,
}

/// A panic elsewhere must not become one here; every holder leaves its data whole at each step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Medium> State<M> {
    /// Opens what lies on `medium`. The epoch that this begins is durable before it returns, so
    /// that leases from before are void.
    pub(crate) fn open(medium: M) -> Result<Self, Error> {
        let number = |raw: &[u8]| {
            let bytes = medium.get(raw)?;
            let what = || format!("the store's entry {:?}", String::from_utf8_lossy(raw));
            bytes.map_or(Ok(0), |bytes| {
                envelope::unseal(&bytes, what).map(|(number, _)| number)
            })
        };
        let sequence = number(SEQUENCE)?;
        let epoch = number(EPOCH)?.saturating_add(1);
        let queue = index(&medium, epoch)?;
        medium.write(&Writes::from([(
            EPOCH.to_vec(),
            Some(envelope::seal(epoch, &[])),
        )]))?;
        Ok(Self::of(medium, sequence, queue))
    }

    /// The first state of a medium that holds nothing and is not kept.
    pub(crate) fn empty(medium: M) -> Self {
        Self::of(medium, 0, Queue::new(0))
    }

    fn of(medium: M, sequence: u64, queue: Queue) -> Self {
        Self {
            medium,
            before: RwLock::default(),
            queue: Mutex::new(queue),
            sequence: Mutex::new(sequence),
            past: Mutex::default(),
            edge: watch::Sender::new(1),
            failed: OnceLock::new(),
            commits: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
        }
    }

    pub(crate) fn medium(&self) -> &M {
        &self.medium
    }

    /// What is durable now. Commits wait while it is held.
    pub(crate) fn snapshot(&self) -> Snapshot<'_, M> {
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            medium: &self.medium,
            before,
        }
    }

    pub(crate) fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        let bytes = self.snapshot().get(&envelope::raw(RECORD, key))?;
        bytes
            .map(|bytes| envelope::stored(key.clone(), &bytes))
            .transpose()
    }

    pub(crate) fn version(&self, key: &Key) -> Result<Option<Version>, Error> {
        let bytes = self.snapshot().get(&envelope::raw(RECORD, key))?;
        bytes
            .map(|bytes| envelope::version(key, &bytes))
            .transpose()
    }

    pub(crate) fn counter(&self, key: &Key) -> Result<i64, Error> {
        let bytes = self.snapshot().get(&envelope::raw(COUNTER, key))?;
        bytes.map_or(Ok(0), |bytes| envelope::count(key, &bytes))
    }

    pub(crate) fn scan(
        &self,
        prefix: &Key,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Stored>, Error> {
        within("the limit of a scan", limit, MAX_SCAN)?;
        let prefix = envelope::raw(RECORD, prefix);
        let after = after.map(|key| envelope::raw(RECORD, key));
        let page = self.snapshot().page(&prefix, after.as_deref(), limit)?;
        page.iter()
            .map(|(raw, bytes)| envelope::stored(envelope::key_of(raw)?, bytes))
            .collect()
    }

    /// Commits each of the batches, in order, with one flush for all; says how each of them fared.
    pub(crate) fn commit(&self, batches: Vec<Checked>) -> Vec<Result<Version, Error>> {
        let mut sequence = lock(&self.sequence);
        let bytes = batches.iter().map(|batch| batch.bytes).sum();
        let able = self.failed.get().cloned().map_or(Ok(()), Err);
        if let Err(error) = able.and_then(|()| self.medium.room(bytes)) {
            return batches.iter().map(|_| Err(error.clone())).collect();
        }
        let mut stage = Stage::new(&self.medium, &self.queue, *sequence);
        let mut outcomes: Vec<_> = batches.into_iter().map(|batch| stage.add(batch)).collect();
        let group = stage.finish();
        *sequence = group.sequence;
        let applied = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        match self.write(group) {
            Ok(()) => {
                self.commits.fetch_add(applied as u64, Ordering::Relaxed);
            }
            Err(error) => {
                for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                    *outcome = Err(error.clone());
                }
            }
        }
        outcomes
    }

    /// Makes the group durable, then visible: records first, so that whoever is given a job sees
    /// all that was committed with it.
    fn write(&self, group: Group) -> Result<(), Error> {
        let Group {
            writes,
            before,
            changes,
            held,
            ..
        } = group;
        if !writes.is_empty() {
            if let Some(past) = &mut *lock(&self.past) {
                past.note(&before);
            }
            *self.before.write().unwrap_or_else(PoisonError::into_inner) = before;
            self.medium.write(&writes).inspect_err(|error| {
                tracing::error!(%error, "the store could not write and takes no further commits");
                self.failed.get_or_init(|| error.clone());
            })?;
            self.before
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
            self.flushes.fetch_add(1, Ordering::Relaxed);
        }
        if !(changes.is_empty() && held.is_empty()) {
            self.settle(changes, &held);
            self.edge.send_modify(|edge| *edge += 1);
        }
        Ok(())
    }

    fn settle(&self, changes: Vec<Change>, held: &[u64]) {
        let mut queue = lock(&self.queue);
        for change in changes {
            match change {
                Change::Insert { sequence, header } => queue.insert(sequence, header),
                Change::Remove { sequence } => queue.remove(sequence),
                Change::PutBack { sequence, due } => queue.put_back(sequence, due),
                Change::Hasten { sequence, due } => queue.hasten(sequence, due),
            }
        }
        for sequence in held {
            queue.release(*sequence);
        }
    }

    /// Does not wait for anything, so a caller that is dropped never leaves with a lease.
    pub(crate) fn claim(&self, claim: &Claim) -> Result<Vec<Lease>, Error> {
        within("the limit of a claim", claim.limit, MAX_CLAIM)?;
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone());
        }
        let picked = lock(&self.queue).claim(claim);
        let leases: Result<Vec<_>, _> = picked.iter().map(|picked| self.fill(picked)).collect();
        leases.inspect_err(|_| {
            let mut queue = lock(&self.queue);
            for picked in &picked {
                queue.abandon(picked.sequence);
            }
        })
    }

    /// A job that was given out is not part of a group that is being written, so the medium holds
    /// its durable form.
    fn fill(&self, picked: &Picked) -> Result<Lease, Error> {
        let job = read_job(|raw| self.medium.get(raw), picked.sequence)?;
        let job = job.ok_or_else(|| Error::Damaged {
            what: format!("queued job {}, which the medium lacks,", picked.sequence),
        })?;
        Ok(Lease {
            job,
            until: picked.until,
            token: picked.token,
        })
    }

    pub(crate) fn extend(&self, lease: &Lease, until: Timestamp) -> Result<(), Error> {
        if lock(&self.queue).extend(lease.job.sequence, lease.token, until) {
            return Ok(());
        }
        Err(Error::LeaseLost {
            job: lease.job.id.clone(),
        })
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        lock(&self.queue).next_due()
    }

    pub(crate) fn depth(&self) -> usize {
        lock(&self.queue).depth()
    }

    /// The sender lives as long as this, so that waiting can end only with an edge.
    pub(crate) async fn queued(&self, seen: Edge) -> Edge {
        let mut edges = self.edge.subscribe();
        let reached = edges.wait_for(|edge| *edge != seen.0).await;
        reached.map_or(seen, |edge| Edge(*edge))
    }

    /// A job that is settled between the look at the index and the look at the medium is left out.
    pub(crate) fn jobs(
        &self,
        group: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Job>, Error> {
        within("the limit of an inspection", limit, MAX_SCAN)?;
        let sequences = lock(&self.queue).of_group(group, after, limit);
        let snapshot = self.snapshot();
        let jobs = sequences
            .into_iter()
            .map(|sequence| read_job(|raw| snapshot.get(raw), sequence));
        jobs.filter_map(Result::transpose).collect()
    }

    pub(crate) fn flushes(&self) -> Flushes {
        Flushes {
            commits: self.commits.load(Ordering::Relaxed),
            flushes: self.flushes.load(Ordering::Relaxed),
        }
    }
}

impl<M: Medium> Snapshot<'_, M> {
    /// The entry at `raw`.
    pub(crate) fn get(&self, raw: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.before.get(raw) {
            Some(before) => Ok(before.clone()),
            None => self.medium.get(raw),
        }
    }

    /// At most `limit` entries under `prefix`, in order, strictly after `after`.
    pub(crate) fn page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let mut page = Vec::new();
        let mut after = after.map(<[u8]>::to_vec);
        while page.len() < limit {
            let found = self.medium.page(prefix, after.as_deref(), limit)?;
            let more = found.len() == limit;
            let end = found.last().filter(|_| more).map(|(raw, _)| raw.clone());
            let stretch = Stretch {
                prefix,
                after: after.as_deref(),
                end: end.as_deref(),
            };
            page.extend(stretch.as_in(&self.before, found));
            if !more {
                break;
            }
            after = end;
        }
        page.truncate(limit);
        Ok(page)
    }

    /// Shows every entry under `prefix` to `visit`, in order.
    pub(crate) fn walk(
        &self,
        prefix: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.page(prefix, after.as_deref(), STRIDE)?;
            page.iter().try_for_each(|(raw, bytes)| visit(raw, bytes))?;
            match page.into_iter().nth(STRIDE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}

/// The entries under a prefix, behind one and up to another.
struct Stretch<'a> {
    prefix: &'a [u8],
    after: Option<&'a [u8]>,
    end: Option<&'a [u8]>,
}

impl Stretch<'_> {
    /// What was `found` there, with what `before` says about it instead of what it says itself.
    fn as_in(&self, before: &Writes, found: Vec<Entry>) -> Vec<Entry> {
        let within = |raw: &[u8]| {
            raw.starts_with(self.prefix)
                && self.after.is_none_or(|after| raw > after)
                && self.end.is_none_or(|end| raw <= end)
        };
        let before: Vec<_> = before.iter().filter(|(raw, _)| within(raw)).collect();
        if before.is_empty() {
            return found;
        }
        let mut entries: BTreeMap<_, _> = found.into_iter().collect();
        for (raw, value) in before {
            match value {
                Some(value) => entries.insert(raw.clone(), value.clone()),
                None => entries.remove(raw),
            };
        }
        entries.into_iter().collect()
    }
}

/// Builds the index from the stored jobs.
fn index<M: Medium>(medium: &M, epoch: u64) -> Result<Queue, Error> {
    let mut queue = Queue::new(epoch);
    let nothing = RwLock::default();
    let before = nothing.read().unwrap_or_else(PoisonError::into_inner);
    Snapshot { medium, before }.walk(&[JOB], |raw, bytes| {
        let sequence = envelope::job_sequence(raw)?;
        queue.insert(sequence, job::decode(sequence, bytes)?.0);
        Ok(())
    })?;
    Ok(queue)
}

fn read_job(
    get: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, Error>,
    sequence: u64,
) -> Result<Option<Job>, Error> {
    let Some(bytes) = get(&envelope::raw_job(sequence))? else {
        return Ok(None);
    };
    let (header, payload) = job::decode(sequence, &bytes)?;
    Ok(Some(header.into_job(sequence, payload.to_vec())))
}

#[cfg(test)]
mod tests;
