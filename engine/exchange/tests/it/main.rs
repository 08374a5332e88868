//! The exchange through its public API: over a scripted transport in paused time, and over real
//! sockets on the loopback.
//!
//! `calls` holds the life of one call, `credentials` how calls are signed and tokens renewed,
//! `limits` the gate, `pages` the pager against a model of a server, `logs` what
//! is logged, `network` the real transport. `scripted` is the transport that the others play
//! against.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should panic"
)]
#![expect(clippy::cast_possible_truncation, reason = "test data is small")]
#![expect(
    clippy::unnecessary_wraps,
    reason = "replies are written as the transport gives them"
)]

mod calls;
mod credentials;
mod limits;
mod logs;
mod network;
mod pages;
mod scripted;
