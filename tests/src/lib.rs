//! What the end-to-end tests stand on: the built program, the simulated systems around it, a
//! client, and a way to wait for a condition.
//!
//! A test starts a [`Stage`] and asks it for partners. Each stage is its own program with its own
//! data folder and ports, so tests neither meet nor need an order. Whatever cannot be set up
//! panics, with what was attempted: a test that cannot begin has failed.

mod api;
mod msp;
mod partner;
mod program;
mod stage;
mod visitor;
mod wait;

pub use self::api::{Answer, Api};
pub use self::msp::{Msp, Side};
pub use self::partner::{CUSTOMERS, FLAG, Partner};
pub use self::program::{Beyond, Ended, Program, Serve, command, ended_of, run, run_within};
pub use self::stage::{Stage, copy_connector};
pub use self::visitor::{Page, Visitor};
pub use self::wait::{SOON, wait};
