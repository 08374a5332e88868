//! The console, called in process: `world` (a console over a simulated PSA, and a browser without
//! script), `entry` (who gets in), `set_up` (Integrations and Create), `mapping`, `tickets`,
//! `billed` (an integration that bills), `billing`, `plan` (Reconciliation), `overview` (the
//! same over all integrations), `tokens`, `notices`, `provider` (an account elsewhere), `reader`
//! (who may look and change nothing), `live` (a run that somebody waits for).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod billed;
mod billing;
mod entry;
mod live;
mod mapping;
mod notices;
mod operation;
mod overview;
mod plan;
mod provider;
mod reader;
mod set_up;
mod tickets;
mod tokens;
mod world;
