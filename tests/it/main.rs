//! The whole product from outside, and the rules that its sources keep.
//!
//! Every test that needs the program starts its own, with its own data, ports and simulated
//! systems, so that tests run side by side and in any order.

mod backup;
mod bad_input;
mod billing;
mod callouts;
mod causes;
mod crashes;
mod demo;
mod every_psa;
mod exchanges;
mod full_disk;
mod halopsa;
mod hold;
mod layers;
mod load;
mod names;
mod operate;
mod probes;
mod product;
mod rotation;
mod sealing;
mod sharing;
mod sign_in;
mod test_ticket;
mod ticket_texts;
mod tickets;
mod ticks;
mod two_psas;
mod webhook;
