//! The simulated HaloPSA: one file per concern, each fact of its API a test.

mod actions;
mod client;
mod customers;
mod lists;
mod rights;
mod tickets;
mod tokens;
mod writes;
