//! Every way of talking that a connector can ask for, from its YAML to what a server sees.
//!
//! Each case is a small connector and a server that behaves as some real API does; the server
//! refuses what it does not understand, so that what arrives proves what was sent.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should panic"
)]

mod answers;
mod auth;
mod bodies;
mod jobs;
mod limits;
mod reads;
mod remedies;
mod secrets;
mod signed;
mod turns;
mod world;
