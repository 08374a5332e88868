//! The simulators over a real loopback connection: every refusal, limit and fault they promise.
//!
//! One file per concern. `client` is the only one without tests: it starts a simulator and calls
//! it as a connector would.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod authentication;
mod billing;
mod callouts;
mod client;
mod faults;
mod limits;
mod metadata;
mod product;
mod queries;
mod refusals;
mod simulator;
mod tickets;
mod user_defined_fields;
mod writes;
