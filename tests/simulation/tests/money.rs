//! Many seeds of billing. `DOVETAIL_MONEY_SEEDS=500` plays so many; `DOVETAIL_MONEY_SEED=17` plays
//! that one alone.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a failed test should panic, and say what it saw"
)]

use std::panic::AssertUnwindSafe;

use simulation::money::{Tally, play};

/// How many seeds are played when nothing else is asked for. Setting up a world that bills takes
/// longer than what is then tried in it.
const SEEDS: u64 = 10;

#[test]
fn every_seed_bills_what_was_used_and_nothing_twice() {
    let asked = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seeds = match asked("DOVETAIL_MONEY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("DOVETAIL_MONEY_SEEDS").unwrap_or(SEEDS),
    };
    let tallies: Vec<Tally> = seeds.map(played).collect();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    println!(
        "{} seeds: {} reports of usage, {} deaths, {} adjustments, {} looked for",
        tallies.len(),
        sum(|tally| tally.reports),
        sum(|tally| tally.deaths),
        sum(|tally| tally.adjustments),
        sum(|tally| tally.looked_for),
    );
    if tallies.len() >= 50 {
        // Seeds that never reach what they are for prove nothing.
        assert!(sum(|tally| tally.deaths) > tallies.len());
        assert!(sum(|tally| tally.adjustments) > tallies.len() * 3);
        assert!(sum(|tally| tally.looked_for) > tallies.len() / 2);
    }
}

fn played(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let played = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(seed))));
    played.unwrap_or_else(|cause| {
        let replay = "cargo test -p dovetail-simulation --test money";
        eprintln!("replay: DOVETAIL_MONEY_SEED={seed} {replay}");
        std::panic::resume_unwind(cause)
    })
}
