//! The store's tests.
//!
//! - `contract`: what every store promises, run on each implementation
//! - `random`: random histories against a simple model, on each implementation
//! - `queue_edges`: waiting for work misses nothing, with several workers
//! - `crash`: what is left after a crash, a close or a copy of the folder
//! - `sharing`: concurrent callers share flushes, and fail alone
//! - `folder`: who may open a folder, and what of another version is refused
//! - `records`: typed records and their formats
//! - `export`: export and import
//! - `sealed`: values of some tables are sealed below
//!
//! `bed` makes the stores that they run on.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod bed;
mod contract;
mod crash;
mod export;
mod folder;
mod queue_edges;
mod random;
mod records;
mod sealed;
mod sharing;
