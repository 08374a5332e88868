//! Many seeds. `DOVETAIL_SEEDS=200` plays so many, from `DOVETAIL_SEEDS_FROM=5000` on where that is
//! said; `DOVETAIL_SEED=17` plays that one alone, and `DOVETAIL_TRACE=1` with it shows what happened, call by call.

#![expect(clippy::print_stdout, reason = "a test should say what it saw")]

use std::time::Instant;

use simulation::Outcome;
use simulation::many::{asked_or, play_all, play_one};

/// How many seeds are played when nothing else is asked for.
const SEEDS: u64 = 1_000;

/// How many seeds are played twice.
const TWICE: u64 = 12;

#[test]
fn every_seed_keeps_the_promises() {
    let began = Instant::now();
    let played = play_all(asked_or(SEEDS), play_one);
    let sum = |of: fn(&Outcome) -> usize| played.iter().map(|(_, one)| of(one)).sum::<usize>();
    println!(
        "{} seeds in {:?}: {} requests, {} deaths, {} closed in the PSA, {} by the product, \
         {} added to a ticket, {} opened one again, {} by notices, {} test tickets",
        played.len(),
        began.elapsed(),
        sum(|one| one.requests),
        sum(|one| one.deaths),
        sum(|one| one.closed_in_psa),
        sum(|one| one.closed_by_product),
        sum(|one| one.joined),
        sum(|one| one.reopened),
        sum(|one| one.noticed),
        sum(|one| one.tests),
    );
    let broken: Vec<String> = played
        .iter()
        .filter_map(|(seed, one)| Some((seed, one.broken.as_ref()?)))
        .map(|(seed, broken)| {
            let replay = "cargo test -p dovetail-simulation --test seeds every_seed";
            format!("replay: DOVETAIL_SEED={seed} {replay}\n{broken}")
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    if played.len() >= 100 {
        // Seeds that never reach what they are for prove nothing.
        assert!(sum(|one| one.deaths) > played.len());
        assert!(sum(|one| one.closed_in_psa) > played.len() / 2);
        assert!(sum(|one| one.closed_by_product) > played.len() / 2);
        assert!(sum(|one| one.noticed) > played.len() / 2);
        assert!(sum(|one| one.tests) > played.len() / 10);
        assert!(sum(|one| one.joined) > played.len() / 4);
        assert!(sum(|one| one.reopened) > played.len() / 10);
    }
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..TWICE {
        let (first, second) = (play_one(seed), play_one(seed));
        assert!(first.trace.1 > 30, "seed {seed}: too little happens");
        assert_eq!(
            first.trace, second.trace,
            "seed {seed} is not the same twice"
        );
    }
    assert_ne!(play_one(0).trace, play_one(1).trace);
}
