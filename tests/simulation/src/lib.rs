//! The simulation test: the whole engine against the simulated PSA and product, in one process,
//! with a paused clock, under a seed.
//!
//! A seed decides everything: what is asked for when, which calls fail and how, and at which call
//! or commit the engine dies. At the end, once faults stop, the promises are checked from outside:
//! by what the simulators hold, and by what the engine says of itself. A failing seed is printed
//! and replays exactly.
//!
//! [`World`] is everything together; [`wire`] joins the engine to the simulators and is where
//! crashes happen; [`scenario`] plays one seed and checks it, with [`sharing`] for requests that
//! come again.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

pub mod billing;
pub mod dice;
pub mod money;
pub mod scenario;
pub mod sharing;
pub mod wire;
pub mod world;

pub use dice::Dice;
pub use scenario::{Tally, play};
pub use world::World;
