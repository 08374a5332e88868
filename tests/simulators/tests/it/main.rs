//! The simulators over a real loopback connection: every refusal, limit and fault they promise.
//!
//! One file per concern; those of HaloPSA are in a folder of their own. Only `client` has no
//! tests: it starts a simulator and calls it as a connector would.
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
mod halopsa;
mod limits;
mod metadata;
mod product;
mod queries;
mod refusals;
mod simulator;
mod tickets;
mod user_defined_fields;
mod writes;
