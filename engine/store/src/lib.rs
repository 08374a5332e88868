//! Durable state: atomic commits, ordered scans and a queue with lanes, over an embedded database.
//!
//! Everything the engine must not forget goes through [`Store`]: records and counters under ordered
//! [`Key`]s, and a queue of [`Job`]s. A [`Batch`] changes all of them together or none. Promised:
//!
//! - **A commit that returned is durable.** Concurrent callers share one flush.
//! - **Nobody sees what is not durable.** Reads and claims show the state of the last flush, so no
//!   answer or effect rests on something that a crash could take back.
//! - **Every read is of one moment**, a scan's page included. Two pages are of two moments.
//! - **Lanes keep order**: jobs of one lane run one at a time, as enqueued. Leases only save work;
//!   a job may run twice, and the second to settle it is told so.
//!
//! It knows nothing of what the bytes mean, reads no clock (callers give the moment) and keeps no
//! history. [`Sled`] is the embedded store; [`Memory`] is for simulation, and can crash.
//! [`Records`] adds types, [`Sealed`] seals the values of some tables.
//!
//! Inside, both are a medium (`medium.rs`: bytes in order) under one [`state`], which stages a
//! group of batches ([`staging`]), writes it, and then moves the queue's index ([`queue`]) along.

mod batch;
mod embedded;
mod envelope;
mod error;
mod export;
mod folder;
mod import;
mod job;
pub mod key;
pub mod limits;
mod medium;
mod memory;
mod pages;
mod queue;
mod recent;
mod record;
mod sealed;
mod staging;
mod state;
mod store;

pub use batch::{Batch, Expect};
pub use embedded::{Brought, Options, Sled};
pub use error::{Cause, Error};
pub use export::Totals;
pub use import::{Exported, check_export};
pub use job::{Job, Lease, NewJob};
pub use key::Key;
pub use memory::Memory;
pub use pages::Pages;
pub use recent::Recent;
pub use record::{Record, Records, Versioned, Wanted};
pub use sealed::{Cipher, Sealed, was_sealed};
pub use store::{Claim, Edge, Flushes, Store, Stored, Version};
