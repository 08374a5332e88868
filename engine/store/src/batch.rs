//! What one commit does: changes of records, counters and the queue that happen together or not
//! at all.
//!
//! Operations apply in the order they were added; each sees the ones before it. A step's result,
//! the end of its job and the work that follows from it belong into one batch.

use model::Timestamp;

use crate::job::{Lease, NewJob, Token};
use crate::limits::{MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_KEY_BYTES, MAX_VALUE_BYTES, within};
use crate::record::{self, Record};
use crate::{Error, Key, Version};

/// What a record must be like for the batch to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Whatever it is.
    Any,
    /// Not there.
    Absent,
    /// Of exactly this version.
    Version(Version),
}

/// Changes that happen together or not at all.
#[derive(Debug, Default)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    ops: Vec<Op>,
    bytes: usize,
    /// The first record that could not be written as JSON; it fails the commit.
    fault: Option<Error>,
}

#[derive(Debug)]
pub(crate) enum Op {
    Put {
        key: Key,
        value: Vec<u8>,
        expect: Expect,
    },
    Delete {
        key: Key,
        expect: Expect,
    },
    Require {
        key: Key,
        expect: Expect,
    },
    Add {
        key: Key,
        delta: i64,
    },
    Enqueue(NewJob),
    Settle {
        leased: Leased,
        outcome: Outcome,
    },
    Hasten {
        id: String,
        due: Timestamp,
    },
    HastenFold {
        group: String,
        fold: String,
        due: Timestamp,
    },
    StepBehind {
        id: String,
    },
}

/// What a batch keeps of a lease.
#[derive(Clone, Debug)]
pub(crate) struct Leased {
    pub(crate) sequence: u64,
    pub(crate) token: Token,
    pub(crate) id: String,
}

/// What becomes of a leased job.
#[derive(Debug)]
pub(crate) enum Outcome {
    Complete,
    /// `attempt` is added to the job's attempts; the payload stays when there is no new one.
    Again {
        due: Timestamp,
        attempt: u32,
        payload: Option<Vec<u8>>,
    },
}

impl Batch {
    /// A batch that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it does, for who changes how values are written.
    pub(crate) fn ops_mut(&mut self) -> &mut [Op] {
        &mut self.ops
    }

    /// Writes `value` at `key`.
    pub fn put(&mut self, key: Key, value: impl Into<Vec<u8>>, expect: Expect) -> &mut Self {
        self.push(Op::Put {
            key,
            value: value.into(),
            expect,
        })
    }

    /// Writes the typed `record` at its key. A record that JSON cannot express fails the commit.
    pub fn put_record<T: Record>(
        &mut self,
        partner: &str,
        parts: &[&str],
        record: &T,
        expect: Expect,
    ) -> &mut Self {
        self.put_record_at(T::key(partner, parts), record, expect)
    }

    /// As [`Batch::put_record`], at a key that a scan of the record's table gave.
    pub fn put_record_at<T: Record>(&mut self, key: Key, record: &T, expect: Expect) -> &mut Self {
        match record::encode(record) {
            Ok(value) => self.put(key, value, expect),
            Err(error) => {
                self.fault.get_or_insert(error);
                self
            }
        }
    }

    /// Removes the record at `key`; that there is none is no error unless a version is expected.
    pub fn delete(&mut self, key: Key, expect: Expect) -> &mut Self {
        self.push(Op::Delete { key, expect })
    }

    /// Makes the batch conflict unless the record at `key` is as expected, and leaves it alone: for
    /// decisions that rest on a record which they do not change.
    pub fn require(&mut self, key: Key, expect: Expect) -> &mut Self {
        self.push(Op::Require { key, expect })
    }

    /// Adds to the counter at `key`, which starts at zero and never conflicts. Counters and records
    /// do not share their keys. At the ends of the range it stays there.
    pub fn add(&mut self, key: Key, delta: i64) -> &mut Self {
        self.push(Op::Add { key, delta })
    }

    /// Queues a job. When its fold is set and an equal one of its group waits unclaimed, that one
    /// stands for both; otherwise a job of the same id is [`Error::JobExists`].
    pub fn enqueue(&mut self, job: NewJob) -> &mut Self {
        self.push(Op::Enqueue(job))
    }

    /// Ends the leased job. A lease that was lost is [`Error::LeaseLost`].
    pub fn complete(&mut self, lease: &Lease) -> &mut Self {
        self.settle(lease, Outcome::Complete)
    }

    /// Hands the leased job back, to be run again when it is `due`; counts an attempt. Until then
    /// it holds its lane.
    pub fn retry(&mut self, lease: &Lease, due: Timestamp) -> &mut Self {
        self.settle(
            lease,
            Outcome::Again {
                due,
                attempt: 1,
                payload: None,
            },
        )
    }

    /// As [`Batch::retry`], and the next run gets `payload`.
    pub fn retry_with(
        &mut self,
        lease: &Lease,
        due: Timestamp,
        payload: impl Into<Vec<u8>>,
    ) -> &mut Self {
        self.settle(
            lease,
            Outcome::Again {
                due,
                attempt: 1,
                payload: Some(payload.into()),
            },
        )
    }

    /// Hands the leased job back without counting an attempt: it could not be tried at all.
    pub fn release(&mut self, lease: &Lease, due: Timestamp) -> &mut Self {
        self.settle(
            lease,
            Outcome::Again {
                due,
                attempt: 0,
                payload: None,
            },
        )
    }

    /// Makes the waiting job `id` due at `due` when it would be later. Does nothing when the job is
    /// leased or gone, since then it is already being seen to.
    pub fn hasten(&mut self, id: impl Into<String>, due: Timestamp) -> &mut Self {
        self.push(Op::Hasten { id: id.into(), due })
    }

    /// Makes the waiting job of this group and fold due at `due` when it would be later. Does
    /// nothing when there is none.
    pub fn hasten_fold(
        &mut self,
        group: impl Into<String>,
        fold: impl Into<String>,
        due: Timestamp,
    ) -> &mut Self {
        self.push(Op::HastenFold {
            group: group.into(),
            fold: fold.into(),
            due,
        })
    }

    /// Moves the waiting job `id` to the end of its lane; it stays due when it is. A job that waits
    /// for its time lets by in this way what was enqueued after it. Does nothing when the job is
    /// leased or gone, or has a fold: then others rely on where it is.
    pub fn step_behind(&mut self, id: impl Into<String>) -> &mut Self {
        self.push(Op::StepBehind { id: id.into() })
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.fault.is_none()
    }

    /// How many operations were added; see [`MAX_BATCH_OPS`].
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    fn settle(&mut self, lease: &Lease, outcome: Outcome) -> &mut Self {
        let leased = Leased {
            sequence: lease.job.sequence,
            token: lease.token,
            id: lease.job.id.clone(),
        };
        self.push(Op::Settle { leased, outcome })
    }

    fn push(&mut self, op: Op) -> &mut Self {
        self.bytes += op.bytes();
        self.ops.push(op);
        self
    }

    /// The operations, when all are within the limits.
    pub(crate) fn check(self) -> Result<Checked, Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        within("a batch in operations", self.ops.len(), MAX_BATCH_OPS)?;
        within("a batch in bytes", self.bytes, MAX_BATCH_BYTES)?;
        self.ops.iter().try_for_each(Op::check)?;
        Ok(Checked {
            ops: self.ops,
            bytes: self.bytes,
        })
    }
}

/// A batch that keeps to the limits.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) ops: Vec<Op>,
    pub(crate) bytes: usize,
}

impl Op {
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Put { key, value, .. } => {
                key_within(key)?;
                within(
                    "the value of a record in bytes",
                    value.len(),
                    MAX_VALUE_BYTES,
                )
            }
            Self::Delete { key, .. } | Self::Require { key, .. } | Self::Add { key, .. } => {
                key_within(key)
            }
            Self::Enqueue(job) => job.check(),
            Self::Settle {
                outcome:
                    Outcome::Again {
                        payload: Some(payload),
                        ..
                    },
                ..
            } => within(
                "the payload of a job in bytes",
                payload.len(),
                MAX_VALUE_BYTES,
            ),
            Self::Settle { .. }
            | Self::Hasten { .. }
            | Self::HastenFold { .. }
            | Self::StepBehind { .. } => Ok(()),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.as_bytes().len() + value.len(),
            Self::Delete { key, .. } | Self::Require { key, .. } | Self::Add { key, .. } => {
                key.as_bytes().len()
            }
            Self::Enqueue(job) => job.bytes(),
            Self::Settle {
                outcome:
                    Outcome::Again {
                        payload: Some(payload),
                        ..
                    },
                ..
            } => payload.len(),
            Self::Settle { .. } => 0,
            Self::Hasten { id, .. } | Self::StepBehind { id } => id.len(),
            Self::HastenFold { group, fold, .. } => group.len() + fold.len(),
        }
    }
}

fn key_within(key: &Key) -> Result<(), Error> {
    within("a key in bytes", key.as_bytes().len(), MAX_KEY_BYTES)
}
