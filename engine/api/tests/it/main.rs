//! Tests of the API from outside: over a real runtime with the shipped definitions, a store in
//! memory and no network. No connector is named; whichever is loaded will do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod backup;
mod callouts;
mod credentials;
mod desk;
mod envelope;
mod integrations;
mod live;
mod logs;
mod notices;
mod plans;
mod problems;
mod requests;
mod sockets;
mod tokens;
mod usage;
mod world;
