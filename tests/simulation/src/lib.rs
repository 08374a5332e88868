//! The simulation test: the whole engine against a simulated PSA and product, in one process, with
//! a paused clock, under a seed.
//!
//! A seed decides everything: what is asked for when, which calls fail and how, how long the disk
//! takes, and at which await the engine dies. At the end, once faults stop, the promises are held
//! against what can be seen from outside. A failing seed is printed and replays exactly.
//!
//! [`World`] is everything together; `door` is the API through which all enters; [`wire`] joins the
//! engine to the simulated systems; `fuse` says where the engine dies; [`scenario`] plays one seed,
//! `check` holds it against the [`Promise`]s, with [`sharing`] for requests that come again. It
//! knows no PSA by name outside of [`tenant`].

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

mod act;
pub mod billing;
mod check;
pub mod dice;
mod door;
pub mod fuse;
mod manners;
pub mod many;
pub mod money;
mod mortal;
mod notices;
pub mod partner;
mod promise;
pub mod restored;
pub mod scenario;
pub mod sharing;
pub mod tenant;
mod tokens;
mod trace;
mod trouble;
pub mod wire;
pub mod world;

pub use dice::Dice;
pub use door::{Answer, Lost};
pub use partner::Partner;
pub use promise::{Broken, Promise};
pub use scenario::{Outcome, play};
pub use trace::Trace;
pub use world::World;
