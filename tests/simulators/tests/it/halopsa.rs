//! The simulated HaloPSA: one file per concern, each fact of its API a test.

mod actions;
mod billing;
mod client;
mod customers;
mod faults;
mod lists;
mod psa;
mod rights;
mod tickets;
mod tokens;
mod webhooks;
mod writes;
