//! Every bound of the store by name, so that nothing grows without one.
//!
//! A bound that is exceeded is an error that names it ([`crate::Error::TooLarge`],
//! [`crate::Error::QueueFull`]); nothing is ever cut short in silence.

use std::time::Duration;

use crate::Error;

/// The longest key, in encoded bytes. Identifiers have at most 200 bytes, keys about four of them.
pub const MAX_KEY_BYTES: usize = 1_024;

/// The largest value of a record and the largest payload of a job, in bytes. A billing plan of ten
/// thousand lines fits; a larger thing belongs into several records.
pub const MAX_VALUE_BYTES: usize = 4 * 1_024 * 1_024;

/// The most operations in one batch. Bulk callers split, so that one of them never makes all
/// others wait for long.
pub const MAX_BATCH_OPS: usize = 10_000;

/// The most bytes of keys, values and payloads in one batch.
pub const MAX_BATCH_BYTES: usize = 16 * 1_024 * 1_024;

/// The most batches that share one flush.
pub const MAX_GROUP: usize = 1_024;

/// A group takes no further batch once it holds this many bytes.
pub const MAX_GROUP_BYTES: usize = 32 * 1_024 * 1_024;

/// The most batches that wait for the committer; further callers wait for a place.
pub const MAX_WAITING: usize = 4_096;

/// The most records one scan, and jobs one inspection, may ask for.
pub const MAX_SCAN: usize = 10_000;

/// The most jobs one claim may ask for: their payloads are read while the caller waits.
pub const MAX_CLAIM: usize = 256;

/// The most jobs that may wait in the queue. About 500 bytes of memory each, where groups have few.
pub const MAX_QUEUED: usize = 2_000_000;

/// The longest id, group, lane or fold of a job, in bytes.
pub const MAX_NAME_BYTES: usize = 512;

/// The longest line an import reads, in bytes: a value of the largest size, with every byte
/// escaped in the way that takes the most room (`\u0000`).
pub const MAX_LINE_BYTES: usize = 6 * MAX_VALUE_BYTES + 64 * 1_024;

/// How many entries an export reads at once: few enough that nobody notices the reading.
pub const EXPORT_STRIDE: usize = 250;

/// What keys held when an export began, and hold no more, is kept up to so many bytes until the
/// export has read it. One that is so slow that more is changed meanwhile is broken off.
pub const EXPORT_HELD_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// How long an export waits until its taker takes the next piece.
pub const EXPORT_PATIENCE: Duration = Duration::from_mins(1);

/// An import writes so many entries, or so many bytes, at once.
pub const IMPORT_STRIDE: usize = 500;

/// See [`IMPORT_STRIDE`].
pub const IMPORT_STRIDE_BYTES: usize = MAX_BATCH_BYTES;

/// Free space that a commit must leave on the disk, in bytes. Below it commits are refused while
/// the database can still write what it has already accepted.
pub const MIN_FREE_BYTES: u64 = 64 * 1_024 * 1_024;

/// How much of the database is kept in memory, in bytes.
pub const CACHE_BYTES: u64 = 256 * 1_024 * 1_024;

/// How long opening waits for the threads of a store that was closed just before.
pub const REOPEN_WAIT: Duration = Duration::from_secs(5);

/// Refuses what exceeds a limit.
pub(crate) fn within(what: &'static str, size: usize, max: usize) -> Result<(), Error> {
    if size > max {
        Err(Error::TooLarge { what, size, max })
    } else {
        Ok(())
    }
}
