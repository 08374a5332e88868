//! What the plan promises, by examples and by whatever history chance makes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod counting;
mod history;
mod lines;
mod made;
