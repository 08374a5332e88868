//! Outbound HTTP: one path for every call, with auth, pages, limits, retry and error classes.
//!
//! The crate is mechanical: what to send, which limits to keep and what an answer means is given
//! by the caller as plain values and small traits. It knows no connector, evaluates no expression
//! and stores nothing. Read `exchange` first: it is the path; the other modules are its stations.

pub mod allowance;
pub mod answer;
mod attempt;
pub mod auth;
pub mod broker;
pub mod classify;
pub mod clock;
pub mod error;
pub mod exchange;
pub mod failure;
mod hex;
pub mod hosts;
pub mod limits;
pub mod multipart;
pub mod network;
pub mod outline;
pub mod paging;
mod public;
pub mod request;
pub mod retry;
pub mod scrub;
pub mod stats;
pub mod structured;
pub mod transport;
pub mod version;

pub use allowance::{Allowance, Left, Reset, ResetForm};
pub use answer::{Answer, Content, RawAnswer};
pub use auth::{
    Auth, Grant, Hmac, Jwt, OAuth1, OAuth2, Placement, Proof, SecretPlace, Session, Token,
    TokenKeeper,
};
pub use broker::{Broker, Credential};
pub use classify::{Cause, Classify, Defaults, Kind, Rejection, default_class};
pub use clock::{Clock, Random, SeededRandom, SystemClock, SystemRandom, TokioClock};
pub use error::Error;
pub use exchange::{About, Exchange, PATIENCE_DEFAULT, Terms};
pub use failure::Failure;
pub use hosts::{Hosts, Pass};
pub use limits::{Limit, Priority};
pub use multipart::Part;
pub use network::{Download, Network, NetworkOptions};
pub use outline::Outline;
pub use paging::{Page, PageRead, Pager, Pages, Paging, Position, Stop, Verdict};
pub use request::{Body, Expect, Method, Request};
pub use retry::{Budget, Retry};
pub use scrub::Scrub;
pub use stats::Stats;
pub use transport::{Lack, Sent, Transport, TransportError};
pub use version::Version;
