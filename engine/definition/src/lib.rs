//! Definitions: connector, family, pipeline and script files, read, checked and compiled.
//!
//! [`load`] turns [`Sources`] into a [`Library`] of typed values, and into [`Problem`]s for all
//! that is wrong, each with its file, line, column and remedy. Everything is gathered; nothing
//! stops at the first mistake. What is in the library was checked as a whole: every name in it
//! exists, every expression is compiled, and the runtime never meets a mistake of an author.
//!
//! Where to read next: [`connector`], [`operation`], [`family`] and [`pipeline`] are what the
//! runtime works with; `raw` is the grammar of the files, `check` the rules; [`CODES`] lists the
//! kinds of problem. This crate calls nothing and runs nothing; only [`Sources::read`] and
//! [`check_paths`] touch the disk.
//!
//! [`Problem`]: model::Problem

pub mod address;
pub mod auth;
mod check;
mod codes;
mod configuration;
pub mod connector;
pub mod example;
mod examples;
pub mod family;
mod files;
mod layers;
mod library;
mod near;
pub mod operation;
mod page;
pub mod pipeline;
pub mod preflight;
mod raw;
mod records;
pub mod report;
pub mod rule;
mod schemas;
mod scripts;
pub mod sources;
mod structure;
mod yaml;

pub use codes::CODES;
pub use configuration::{
    Configuration, EXCHANGES_KEPT, KeepText, LogFormat, LogText, REQUESTS_KEPT, RUNS_KEPT,
    RoleText, SignInRuleText, SignInText,
};
pub use connector::Connector;
pub use example::Example;
pub use examples::{Examples, OfConnector, examples};
pub use family::{ConnectedBy, Contract, EffectRule, Family, Gives};
pub use library::{Library, Loaded, check_paths, load, load_as_written};
pub use operation::Operation;
pub use page::Places;
pub use pipeline::{Pipeline, Step, StepKind};
pub use report::{Style, render};
pub use rule::{ErrorRule, Matched};
pub use schemas::schemas;
pub use sources::{Error, Sources};
