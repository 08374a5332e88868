//! Tests of the crate from outside, on real files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should panic"
)]

mod configuration;
mod examples;
mod loading;
mod manual;
mod problems;
mod replacing;
mod shipped;
