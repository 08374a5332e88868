//! What can go wrong in the store, named by what was attempted.
//!
//! Three are part of normal work and meant to be matched: [`Error::Conflict`],
//! [`Error::JobExists`] and [`Error::LeaseLost`]. All others are the operator's to mend, and say
//! how.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Key;

/// An error of the database below, shared by every caller whose batch was in the failed group.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the store did not do what was asked. Unless a variant says otherwise, nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record was not as the batch expected it. Read again, decide again.
    #[error("record {key} was changed by someone else in the meantime")]
    Conflict {
        /// The record whose expectation failed first.
        key: Key,
    },
    /// A job of this id is in the queue already.
    #[error("job {id:?} is queued already")]
    JobExists {
        /// The id that was to be enqueued.
        id: String,
    },
    /// The lease ran out and the job was given to another worker, or it was settled before.
    #[error("the lease on job {job:?} was lost to another worker")]
    LeaseLost {
        /// The id of the job.
        job: String,
    },
    /// Something exceeds one of [`crate::limits`].
    #[error("{what} is too large: {size}, at most {max} is allowed")]
    TooLarge {
        /// What is measured, with its unit.
        what: &'static str,
        /// What was given.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// The queue holds as many jobs as it may.
    #[error("the queue is full: it holds {max} jobs; find out why they are not being worked off")]
    QueueFull {
        /// The limit.
        max: usize,
    },
    /// Too little free space to write safely. Commits work again as soon as there is more.
    #[error(
        "disk full: {free} bytes are free at {dir}, {needed} are needed; free some space, nothing \
         has to be restarted", dir = dir.display()
    )]
    DiskFull {
        /// Where the store lies.
        dir: PathBuf,
        /// Free bytes there.
        free: u64,
        /// Bytes that this commit would need to find.
        needed: u64,
    },
    /// Another process (or another part of this one) has the store open.
    #[error(
        "the store at {dir} is in use by another process; stop that one first, or give this one \
         a folder of its own", dir = dir.display()
    )]
    Locked {
        /// Where the store lies.
        dir: PathBuf,
    },
    /// The folder, or a file in it, cannot be created, read or written.
    #[error("cannot use {path} for the store; it must be a folder that can be read and written \
             by this user", path = path.display())]
    Folder {
        /// What could not be used.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: Cause,
    },
    /// The store was written by a newer version of the program.
    #[error(
        "the store at {dir} has format {found}, this version knows up to {known}; run the version \
         that wrote it, or a newer one", dir = dir.display()
    )]
    NewerStore {
        /// Where the store lies.
        dir: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The folder holds something that is not, or not completely, a store.
    #[error("{dir} is not a whole store: {why}", dir = dir.display())]
    NotAStore {
        /// The folder.
        dir: PathBuf,
        /// What is wrong and how to mend it.
        why: &'static str,
    },
    /// An import must not mix with what is there.
    #[error("{dir} holds a store already; choose a new folder", dir = dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// A stored entry has an envelope that only a newer version of the program knows.
    #[error(
        "{what} was written in envelope format {found}, this version knows up to {known}; run the \
         version that wrote it, or a newer one"
    )]
    NewerEnvelope {
        /// Which entry.
        what: String,
        /// Its envelope format.
        found: u8,
        /// The newest known here.
        known: u8,
    },
    /// A typed record has a format that only a newer version of the program knows.
    #[error(
        "a record of {table} has format {found}, this version knows up to {known}; run the \
         version that wrote it, or a newer one"
    )]
    NewerFormat {
        /// The table.
        table: &'static str,
        /// Its format.
        found: u16,
        /// The newest known here.
        known: u16,
    },
    /// A typed record has an old format from which no upgrade is known.
    #[error("a record of {table} has format {found}, which cannot be upgraded to {known}")]
    OlderFormat {
        /// The table.
        table: &'static str,
        /// Its format.
        found: u16,
        /// The format of this version.
        known: u16,
    },
    /// A typed value could not be written as JSON.
    #[error("cannot write a record of {table} as JSON")]
    Encode {
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// The JSON of a typed record does not fit its type.
    #[error("cannot read record {key} as {table}")]
    Decode {
        /// The record.
        key: Key,
        /// The table.
        table: &'static str,
        /// Why.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// A stored entry cannot be understood at all.
    #[error("{what} is damaged; restore the last backup, and keep the folder for inquiry")]
    Damaged {
        /// Which entry.
        what: String,
    },
    /// A value was sealed with a key that is not here.
    #[error(
        "{key} is sealed with another key; give the key file that the store was last used with, \
         nothing is lost"
    )]
    OtherKey {
        /// The record.
        key: Key,
    },
    /// A value could not be sealed, so that it was not written.
    #[error("{key} cannot be sealed: the system gives no random numbers")]
    Unsealable {
        /// The record.
        key: Key,
    },
    /// The database could not read.
    #[error("cannot read from the store")]
    Read {
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// The database could not write or flush. Whether the batch took hold shows only after a
    /// restart; until then the store reads as it was before and refuses further commits and claims.
    #[error("cannot write to the store; mend the disk and restart, nothing acknowledged is lost")]
    Write {
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// The store was closed while, or before, this was asked of it. Whether a batch took hold
    /// shows when it is opened again.
    #[error("the store is closed")]
    Closed,
    /// One export at a time: each holds what is changed meanwhile.
    #[error("another export is under way; begin again when it has ended")]
    ExportUnderWay,
    /// More was changed while the export was read than is held for it.
    #[error(
        "more than {max} bytes were changed while the export was under way; take it at a quieter \
         time, or over a faster connection"
    )]
    ExportBehind {
        /// How much is held.
        max: usize,
    },
    /// Whoever asked for the export has gone, or took nothing for too long.
    #[error("nobody takes the export any more")]
    ExportAbandoned,
    /// A line of an import could not be used.
    #[error("line {line} cannot be used: {why}")]
    Import {
        /// Counting from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// Whether reading again and deciding again is the answer, rather than a person.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::JobExists { .. })
    }
}
