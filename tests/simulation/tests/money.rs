//! Many seeds of billing. `DOVETAIL_SEEDS=500` plays so many; `DOVETAIL_SEED=17` plays that one
//! alone.

#![expect(clippy::print_stdout, reason = "a test should say what it saw")]

use simulation::many::{asked_or, play_all};
use simulation::money::{Tally, play_one};

/// How many seeds are played when nothing else is asked for. Setting up a world that bills takes
/// longer than what is then tried in it.
const SEEDS: u64 = 30;

#[test]
fn every_seed_bills_what_was_used_and_nothing_twice() {
    let (mut tallies, mut broken) = (Vec::new(), Vec::new());
    for (seed, played) in play_all(asked_or(SEEDS), play_one) {
        let replay = "cargo test -p dovetail-simulation --test money";
        match played {
            Ok(tally) => tallies.push(tally),
            Err(why) => broken.push(format!("replay: DOVETAIL_SEED={seed} {replay}\n{why}")),
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
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
