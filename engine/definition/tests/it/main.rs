//! Tests of the crate from outside, on real files.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

mod problems;
mod shipped;
