//! Queued work: what a caller enqueues, what a worker claims, and how a job lies on the medium.
//!
//! A stored job is its envelope format (one byte), the length of its header (four bytes), the
//! header as JSON and the payload as it was given. The header alone rebuilds the queue's index, so
//! payloads need not stay in memory.

use std::ops::RangeInclusive;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::limits::{MAX_NAME_BYTES, MAX_VALUE_BYTES, within};

/// The envelope format of stored jobs.
const FORMAT: u8 = 1;
const LENGTH_BYTES: RangeInclusive<usize> = 1..=4;
const HEADER_AT: usize = 5;

/// Work to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Unique among the jobs in the queue; free again once the job is completed.
    pub id: String,
    /// Who gets a fair share of the workers: the partner.
    pub group: String,
    /// Jobs of one lane of a group run one at a time, in the order they were enqueued.
    pub lane: String,
    /// Within a group the lower number goes first.
    pub priority: u8,
    /// Not to be run before this moment.
    pub due: Timestamp,
    /// Makes this job unnecessary while an equal one of the same group still waits to be claimed.
    pub fold: Option<String>,
    /// What the worker needs. The store does not look at it.
    pub payload: Vec<u8>,
}

impl NewJob {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fold = self.fold.as_deref().unwrap_or_default();
        for name in [&self.id, &self.group, &self.lane, fold] {
            within("the name of a job in bytes", name.len(), MAX_NAME_BYTES)?;
        }
        within(
            "the payload of a job in bytes",
            self.payload.len(),
            MAX_VALUE_BYTES,
        )
    }

    pub(crate) fn bytes(&self) -> usize {
        let fold = self.fold.as_ref().map_or(0, String::len);
        self.id.len() + self.group.len() + self.lane.len() + fold + self.payload.len()
    }
}

/// Work in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// See [`NewJob::id`].
    pub id: String,
    /// See [`NewJob::group`].
    pub group: String,
    /// See [`NewJob::lane`].
    pub lane: String,
    /// See [`NewJob::priority`].
    pub priority: u8,
    /// Not to be run before this moment.
    pub due: Timestamp,
    /// See [`NewJob::fold`].
    pub fold: Option<String>,
    /// What the worker needs.
    pub payload: Vec<u8>,
    /// How many times it was handed back with a retry.
    pub attempts: u32,
    /// Its place in the order of everything ever enqueued.
    pub sequence: u64,
}

/// A job in the hands of one worker, until the lease runs out and another worker claims it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub job: Job,
    /// From this moment on another worker may claim it, unless the lease is extended.
    pub until: Timestamp,
    pub(crate) token: Token,
}

/// Tells leases apart. The epoch changes whenever a store is opened, which voids all leases that
/// were given before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) epoch: u64,
    pub(crate) serial: u64,
}

/// What the index keeps of a job, and the head of its stored form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) lane: String,
    pub(crate) priority: u8,
    pub(crate) due_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fold: Option<String>,
    #[serde(default)]
    pub(crate) attempts: u32,
}

impl Header {
    pub(crate) fn of(new: &NewJob) -> Self {
        Self {
            id: new.id.clone(),
            group: new.group.clone(),
            lane: new.lane.clone(),
            priority: new.priority,
            due_ms: new.due.as_millis(),
            fold: new.fold.clone(),
            attempts: 0,
        }
    }

    pub(crate) fn due(&self) -> Timestamp {
        Timestamp::from_millis(self.due_ms)
    }

    pub(crate) fn into_job(self, sequence: u64, payload: Vec<u8>) -> Job {
        let due = self.due();
        let Self {
            id,
            group,
            lane,
            priority,
            fold,
            attempts,
            ..
        } = self;
        Job {
            id,
            group,
            lane,
            priority,
            due,
            fold,
            payload,
            attempts,
            sequence,
        }
    }
}

/// The stored form of a job.
pub(crate) fn encode(header: &Header, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let damaged = || Error::Damaged {
        what: format!("the header of job {:?}", header.id),
    };
    let json = serde_json::to_vec(header).map_err(|_| damaged())?;
    let length = u32::try_from(json.len()).map_err(|_| damaged())?;
    let mut bytes = Vec::with_capacity(HEADER_AT + json.len() + payload.len());
    bytes.push(FORMAT);
    bytes.extend(length.to_be_bytes());
    bytes.extend(json);
    bytes.extend(payload);
    Ok(bytes)
}

/// Reads the stored form of the job at `sequence`.
pub(crate) fn decode(sequence: u64, bytes: &[u8]) -> Result<(Header, &[u8]), Error> {
    let what = || format!("queued job {sequence}");
    match bytes.first() {
        Some(&FORMAT) => {}
        Some(&found) if found > FORMAT => {
            return Err(Error::NewerEnvelope {
                what: what(),
                found,
                known: FORMAT,
            });
        }
        _ => return Err(Error::Damaged { what: what() }),
    }
    split(bytes).ok_or_else(|| Error::Damaged { what: what() })
}

fn split(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let length = u32::from_be_bytes(bytes.get(LENGTH_BYTES)?.try_into().ok()?);
    let (json, payload) = bytes
        .get(HEADER_AT..)?
        .split_at_checked(usize::try_from(length).ok()?)?;
    Some((serde_json::from_slice(json).ok()?, payload))
}
