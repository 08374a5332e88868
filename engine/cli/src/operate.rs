//! Operating a partner's integration from the shell, over the API of a running server.
//!
//! `sync` runs pipelines and waits for them; `plan`, `apply` and `undo` are billing; `issues` lists
//! what a person has to mend, and `replay` tries again what waits behind it. All of it goes through
//! the API, so a token for one partner reaches that partner only. What was asked for goes to
//! standard output, as a table for people or as the API's own JSON; progress goes to standard
//! error while that is a terminal.

mod follow;
mod issues;
mod plan;
mod server;
mod sync;
mod table;

pub(crate) use issues::{list_open as list_issues, replay};
pub(crate) use plan::{apply, show as show_plan, undo};
pub(crate) use server::refusal;
pub(crate) use sync::run as sync;
