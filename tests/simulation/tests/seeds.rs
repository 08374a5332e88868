//! Many seeds. `DOVETAIL_SEEDS=200` plays so many; `DOVETAIL_SEED=17` plays that one alone.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a failed test should panic, and say what it saw"
)]

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Tally, play};

/// How many seeds are played when nothing else is asked for.
const SEEDS: u64 = 1_000;

#[test]
fn every_seed_keeps_the_promises() {
    let asked = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match asked("DOVETAIL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("DOVETAIL_SEEDS").unwrap_or(SEEDS),
    };
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| play_all(&next, seeds.end)))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    println!(
        "{} seeds: {} requests, {} deaths, {} closed in the PSA, {} closed by the product, \
         {} added to a ticket, {} opened one again, {} test tickets, {} calls",
        tallies.len(),
        sum(|tally| tally.requests),
        sum(|tally| tally.deaths),
        sum(|tally| tally.closed_in_psa),
        sum(|tally| tally.closed_by_product),
        sum(|tally| tally.joined),
        sum(|tally| tally.reopened),
        sum(|tally| tally.tests),
        sum(|tally| tally.calls),
    );
    if tallies.len() >= 100 {
        // Seeds that never reach what they are for prove nothing.
        assert!(sum(|tally| tally.deaths) > tallies.len());
        assert!(sum(|tally| tally.closed_in_psa) > tallies.len() / 2);
        assert!(sum(|tally| tally.closed_by_product) > tallies.len() / 2);
        assert!(sum(|tally| tally.tests) > tallies.len() / 4);
        assert!(sum(|tally| tally.joined) > tallies.len() / 4);
        assert!(sum(|tally| tally.reopened) > tallies.len() / 10);
    }
}

fn play_all(next: &AtomicU64, end: u64) -> Vec<Tally> {
    let mut tallies = Vec::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return tallies;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(seed))));
        match played {
            Ok(tally) => tallies.push(tally),
            Err(cause) => {
                eprintln!(
                    "replay: DOVETAIL_SEED={seed} cargo test -p dovetail-simulation --test seeds"
                );
                std::panic::resume_unwind(cause);
            }
        }
    }
}
