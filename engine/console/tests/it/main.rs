//! The console, called in process: `world` (a console over a simulated PSA, and a browser without
//! script), `entry` (who gets in), `set_up` (Integrations and Create), `mapping`, `tickets`,
//! `billed` (an integration that bills), `plan` (Reconciliation).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test should panic"
)]

mod billed;
mod entry;
mod mapping;
mod plan;
mod set_up;
mod tickets;
mod world;
