//! How records and counters lie on the medium: one byte of format, eight of number, the value.
//!
//! The first byte of a raw key says what kind of entry it leads to, so that the four kinds share
//! one ordered space (and thereby one atomic write) and never meet in a scan.

use crate::store::{Stored, Version};
use crate::{Error, Key};

/// The envelope format of records and counters.
const FORMAT: u8 = 1;

/// Records, by [`Key`].
pub(crate) const RECORD: u8 = b'r';
/// Counters, by [`Key`].
pub(crate) const COUNTER: u8 = b'c';
/// Jobs, by sequence.
pub(crate) const JOB: u8 = b'j';

/// The last number that was given to a version or a job. The store's own entries begin with `m`.
pub(crate) const SEQUENCE: &[u8] = b"msequence";
/// How often the store was opened.
pub(crate) const EPOCH: &[u8] = b"mepoch";

/// The raw key of an entry under a [`Key`].
pub(crate) fn raw(kind: u8, key: &Key) -> Vec<u8> {
    let mut raw = Vec::with_capacity(key.as_bytes().len() + 1);
    raw.push(kind);
    raw.extend(key.as_bytes());
    raw
}

/// The raw key of a job.
pub(crate) fn raw_job(sequence: u64) -> Vec<u8> {
    let mut raw = vec![JOB];
    raw.extend(sequence.to_be_bytes());
    raw
}

/// The sequence of the job at a raw key.
pub(crate) fn job_sequence(raw: &[u8]) -> Result<u64, Error> {
    let sequence = raw
        .get(1..)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u64::from_be_bytes);
    sequence.ok_or_else(|| Error::Damaged {
        what: format!("the key of a queued job, {raw:?}"),
    })
}

/// The [`Key`] at a raw key.
pub(crate) fn key_of(raw: &[u8]) -> Result<Key, Error> {
    let key = raw.get(1..).and_then(Key::from_bytes);
    key.ok_or_else(|| Error::Damaged {
        what: format!("the key of a record, {raw:?}"),
    })
}

/// A number in its envelope: a counter, or the version of the value that follows.
pub(crate) fn seal(number: u64, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() + 9);
    bytes.push(FORMAT);
    bytes.extend(number.to_be_bytes());
    bytes.extend(value);
    bytes
}

/// Opens what [`seal`] made; `what` names it should it not be readable.
pub(crate) fn unseal(bytes: &[u8], what: impl Fn() -> String) -> Result<(u64, &[u8]), Error> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => {
            let parts = rest.split_first_chunk::<8>();
            let (number, value) = parts.ok_or_else(|| Error::Damaged { what: what() })?;
            Ok((u64::from_be_bytes(*number), value))
        }
        Some((&found, _)) if found > FORMAT => Err(Error::NewerEnvelope {
            what: what(),
            found,
            known: FORMAT,
        }),
        _ => Err(Error::Damaged { what: what() }),
    }
}

/// A record as callers see it.
pub(crate) fn stored(key: Key, bytes: &[u8]) -> Result<Stored, Error> {
    let (version, value) = unseal(bytes, || format!("record {key}"))?;
    let value = value.to_vec();
    Ok(Stored {
        key,
        version: Version(version),
        value,
    })
}

/// The version of a record.
pub(crate) fn version(key: &Key, bytes: &[u8]) -> Result<Version, Error> {
    unseal(bytes, || format!("record {key}")).map(|(version, _)| Version(version))
}

/// A counter's value; counters may be negative.
pub(crate) fn count(key: &Key, bytes: &[u8]) -> Result<i64, Error> {
    unseal(bytes, || format!("counter {key}")).map(|(number, _)| number.cast_signed())
}
