//! States that are brought back from a backup, under many seeds. `DOVETAIL_SEEDS=500` plays so
//! many, `DOVETAIL_SEED=17` that one alone.

#![expect(
    clippy::print_stdout,
    reason = "a failed test should panic, and say what it saw"
)]

use simulation::Promise;
use simulation::many::{asked_or, on_paused_time, play_all};
use simulation::restored::{Outcome, Told, play};

/// How many seeds are played when nothing else is asked for.
const SEEDS: u64 = 40;

/// Within so many seeds it must show that a state which nobody told of its restore doubles tickets.
const SHOWN_WITHIN: u64 = 20;

/// Plays one seed.
fn play_one(seed: u64, told: Told) -> Outcome {
    on_paused_time(play(seed, told))
}

#[test]
fn a_state_that_is_brought_back_doubles_no_ticket_and_loses_no_close() {
    let played = play_all(asked_or(SEEDS), |seed| play_one(seed, Told::Restored));
    let sum = |of: fn(&Outcome) -> usize| played.iter().map(|(_, one)| of(one)).sum::<usize>();
    let (made, closed) = (sum(|one| one.made_since), sum(|one| one.closed_since));
    println!(
        "{} seeds: {} requests; after the backup {made} tickets were made and {closed} closed",
        played.len(),
        sum(|one| one.requests),
    );
    let broken: Vec<String> = played
        .iter()
        .filter_map(|(seed, one)| Some(format!("seed {seed}: {}", one.broken.as_ref()?)))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    if played.len() >= 40 {
        // Seeds in which nothing happened after the backup prove nothing.
        assert!(made > played.len() && closed > played.len() / 2);
    }
}

#[test]
fn a_state_that_is_not_told_of_its_restore_would_double_tickets() {
    let doubles = |seed: &u64| {
        let broken = play_one(*seed, Told::Nothing).broken;
        broken.is_some_and(|broken| broken.promise == Promise::OneTicket)
    };
    assert!((0..SHOWN_WITHIN).any(|seed| doubles(&seed)), "none does");
}
