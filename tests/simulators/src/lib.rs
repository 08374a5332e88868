//! Strict simulators of the outside systems that Dovetail joins, with switchable faults.
//!
//! They refuse what the real systems refuse, page and cap as they do, and ignore what they
//! ignore. They use none of the engine's crates, so they cannot share its mistakes. Each is an
//! axum router behind a cheap-clone handle: served on a port for people and end-to-end tests,
//! called in process by simulation tests. Everything random comes from a seed, all time from a
//! [`Clock`].
//!
//! They do not try to be complete: what no connector of this project touches is not there.

pub mod autotask;
pub mod books;
pub mod callout;
pub mod clock;
mod companies;
mod control;
pub mod faults;
pub mod halopsa;
mod http_sender;
pub mod identity;
mod lock;
mod moment;
pub mod product;
pub mod psa;
mod reply;
pub mod serve;
pub mod traffic;
mod url;
mod wait;

use std::net::SocketAddr;

pub use self::autotask::Autotask;
pub use self::books::Books;
pub use self::clock::{Clock, SystemClock, TokioClock};
pub use self::halopsa::HaloPsa;
pub use self::http_sender::HttpSender;
pub use self::identity::Identity;
pub use self::product::Product;
pub use self::psa::{Psa, Tenant, Tenants, TicketSettings, TicketView, names, psa_names};
pub use self::serve::{NoAnswer, Running};

/// Why a simulator could not do what its owner asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours to listen on.
    #[error("could not listen on {address}")]
    Bind {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A condition that was waited for did not come true in time.
    #[error("{event} did not happen in time")]
    NotInTime {
        /// What was waited for, as the caller named it.
        event: String,
    },
    /// There is no record with that id.
    #[error("there is no {entity} {id}")]
    NoSuchRecord {
        /// Singular entity name.
        entity: &'static str,
        /// The id asked for.
        id: i64,
    },
    /// A change made by the handle was refused as the API would refuse it.
    #[error("the simulator refused the change: {reason}")]
    Refused {
        /// The text an API caller would have got.
        reason: String,
    },
}
