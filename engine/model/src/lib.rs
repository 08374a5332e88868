//! The words of Dovetail as types.
//!
//! Every other crate speaks in these. Nothing here does I/O, reads a clock or knows a connector by
//! name; a value that exists is a value that was checked.

pub mod class;
pub mod id;
pub mod problem;
pub mod secret;
pub mod span;
pub mod timestamp;

pub use class::Class;
pub use id::{CustomerId, IntegrationId, IssueId, PartnerId, RequestId, RunId};
pub use problem::{Place, Problem, Severity};
pub use secret::Secret;
pub use timestamp::Timestamp;
