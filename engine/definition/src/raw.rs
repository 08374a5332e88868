//! The files as they are written: one serde type per map of YAML, and nothing more.
//!
//! These types are the grammar. The JSON Schemas that editors complete from are generated from
//! them, doc comments included, so what stands here is what an author reads while typing. What a
//! name means, and whether an expression fits, is not decided here but in `check`.

pub(crate) mod auth;
pub(crate) mod connector;
pub(crate) mod example;
pub(crate) mod family;
pub(crate) mod operation;
pub(crate) mod pipeline;
pub(crate) mod preflight;
pub(crate) mod value;
