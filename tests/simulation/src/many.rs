//! Many seeds at once: each in a runtime and on a thread of its own, so that nothing passes from
//! one to the next.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::scenario::{Outcome, play};

/// Plays to the end on paused time.
pub fn on_paused_time<F: Future>(played: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(played)
}

/// Plays one seed.
pub fn play_one(seed: u64) -> Outcome {
    on_paused_time(play(seed))
}

/// The seeds that the environment asks for: `DOVETAIL_SEED` that one alone, `DOVETAIL_SEEDS` so
/// many, from `DOVETAIL_SEEDS_FROM` on where that is said. Else the first `count`.
pub fn asked_or(count: u64) -> Range<u64> {
    let asked = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if let Some(seed) = asked("DOVETAIL_SEED") {
        return seed..seed + 1;
    }
    let first = asked("DOVETAIL_SEEDS_FROM").unwrap_or(0);
    first..first + asked("DOVETAIL_SEEDS").unwrap_or(count)
}

/// Plays `seeds` on all cores, in about their order. Gives what came of each, by seed.
pub fn play_all<T: Send>(seeds: Range<u64>, play: impl Fn(u64) -> T + Sync) -> Vec<(u64, T)> {
    let next = AtomicU64::new(seeds.start);
    let played = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = play(seed);
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
