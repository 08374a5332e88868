//! The words of Dovetail as types.
//!
//! Every other crate speaks in these. Nothing here does I/O, reads a clock or knows a connector by
//! name; an identifier that exists is one that was checked. Start with [`request`], which is what
//! the whole program is about, then [`issue`], which is how it says that a person is needed.

pub mod billing;
pub mod class;
pub mod credentials;
pub mod exchanged;
pub mod id;
pub mod integration;
pub mod issue;
pub mod ledger;
pub mod partner;
pub mod problem;
pub mod request;
pub mod run;
pub mod sabotage;
pub mod secret;
pub mod sheet;
pub mod span;
pub mod timestamp;
pub mod token;

pub use class::Class;
pub use credentials::{Entered, Former, Spare};
pub use exchanged::{EXCERPT_CHARS_MAX, EXCHANGES_MAX, Exchanged};
pub use id::{
    CustomerId, IntegrationId, InvalidId, IssueId, PartnerId, ProductId, RequestId, RunId,
};
pub use integration::{Health, Held, Integration, Mapping, Rule, Section, Ticks};
pub use issue::{Issue, IssueKind};
pub use ledger::{Ledger, State};
pub use partner::{Customer, Partner, Webhook};
pub use problem::{Place, Problem, Severity};
pub use request::{ClosedBy, Content, HistoryEntry, Request, TicketKey, User};
pub use run::{Check, Outcome, Run, Trigger, Verdict};
pub use secret::Secret;
pub use timestamp::Timestamp;
pub use token::ApiToken;
