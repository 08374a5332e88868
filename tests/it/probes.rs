//! What other engines are known to get wrong, done to this one: lists that end too soon or come
//! twice, keys with a slip in them, many calls that need one token, secrets that come back.
//!
//! Each is done from outside, to the built program, by a small system that misbehaves in just this
//! way; and what a person is told about it is looked at, too.

mod desk;
mod reads;
mod secrets;
mod slips;
mod token;
