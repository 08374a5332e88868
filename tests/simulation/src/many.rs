//! Many seeds at once: each in a runtime and on a thread of its own, so that nothing passes from
//! one to the next.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::scenario::{Outcome, play};

/// Plays one seed on paused time.
pub fn play_one(seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(play(seed))
}

/// Plays `seeds` on all cores, in about their order, until `enough` says so of one of them. Gives
/// what was played, by seed.
pub fn play_all(
    seeds: Range<u64>,
    enough: impl Fn(&Outcome) -> bool + Sync,
) -> Vec<(u64, Outcome)> {
    let next = AtomicU64::new(seeds.start);
    let (over, played) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let work = || {
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = play_one(seed);
            over.fetch_or(enough(&outcome), Ordering::Relaxed);
            let mut played = played.lock().expect("no player panics with it");
            played.push((seed, outcome));
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let mut played = played.into_inner().expect("no player panics with it");
    played.sort_by_key(|(seed, _)| *seed);
    played
}
