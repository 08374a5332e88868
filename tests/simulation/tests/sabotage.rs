//! The simulation bites: each of these deliberate bugs is found by some of the first seeds, which
//! pass without it. Needs `--features sabotage`, which compiles the bugs in.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failed test should panic, and say what it saw"
)]

use std::sync::Mutex;
use std::thread;

use model::sabotage::{Bug, plant};
use simulation::many::play_one;
use simulation::{Broken, Promise, money};

/// Each bug, the promise that it breaks, and within how many seeds that must be seen.
const BUGS: [(Bug, Promise, u64); 13] = [
    (Bug::AcknowledgesBeforeFlush, Promise::Kept, 60),
    (Bug::SendsWithoutLooking, Promise::OneTicket, 30),
    (Bug::ForgetsIntent, Promise::OneTicket, 60),
    (Bug::EchoesClose, Promise::ProductIsTold, 30),
    (Bug::ShowsRejectedCredentials, Promise::CredentialsRest, 100),
    (Bug::LimitsReadsOnly, Promise::LimitsKept, 100),
    (Bug::IgnoresRetryAfter, Promise::RetryAfterObeyed, 60),
    (Bug::TakesIdTwice, Promise::LedgerAddsUp, 60),
    (Bug::ForgetsCounters, Promise::LedgerAddsUp, 30),
    (Bug::DropsEvents, Promise::Settles, 60),
    (Bug::LosesUpdates, Promise::LedgerAddsUp, 60),
    (Bug::SharesUnguarded, Promise::ClosesAgree, 100),
    (Bug::ForgetsTooSoon, Promise::OneTicket, 60),
];

/// Each bug about money, what is said about it, and within how many seeds of billing.
const BUGS_OF_MONEY: [(Bug, &str, u64); 1] = [(Bug::RepeatsChange, "was billed", 10)];

/// What was broken in which seed.
type InSeed = (u64, Broken);

/// The first seed in which `bug` breaks `promise`, and how; and what else it broke before that.
fn found(bug: Bug, promise: Promise, seeds: u64) -> (Option<InSeed>, Vec<InSeed>) {
    let mut others = Vec::new();
    for seed in 0..seeds {
        plant(Some(bug));
        let broken = play_one(seed).broken;
        plant(None);
        match broken {
            Some(broken) if broken.promise == promise => return (Some((seed, broken)), others),
            Some(broken) => others.push((seed, broken)),
            None => {}
        }
    }
    (None, others)
}

fn judge(bug: Bug, promise: Promise, seeds: u64) -> Result<(), String> {
    let (found, others) = found(bug, promise, seeds);
    let others: Vec<String> = others
        .iter()
        .map(|(seed, broken)| format!("{:?} in {seed}", broken.promise))
        .collect();
    let others = others.join(", ");
    let Some((seed, broken)) = found else {
        return Err(format!(
            "{bug:?} breaks {promise:?} in none of {seeds} seeds; {others}"
        ));
    };
    let how: String = broken.seen.chars().take(100).collect();
    println!("{bug:?} breaks {promise:?} in seed {seed}: {how} (before: {others})");
    match play_one(seed).broken {
        None => Ok(()),
        Some(broken) => Err(format!("seed {seed} fails without {bug:?}, too: {broken}")),
    }
}

fn wanted(bug: Bug) -> bool {
    let only = std::env::var("DOVETAIL_BUG").ok();
    only.is_none_or(|only| format!("{bug:?}") == only)
}

#[test]
fn every_deliberate_bug_about_money_is_found() {
    for (bug, says, seeds) in BUGS_OF_MONEY.into_iter().filter(|(bug, ..)| wanted(*bug)) {
        plant(Some(bug));
        let breaks = |seed: &u64| money::play_one(*seed).is_err_and(|why| why.contains(says));
        let found = (0..seeds).find(breaks);
        plant(None);
        let seed = found.unwrap_or_else(|| panic!("{bug:?}: nothing {says} in {seeds} seeds"));
        println!("{bug:?} is found in seed {seed} of billing");
        let without = money::play_one(seed);
        assert!(without.is_ok(), "seed {seed} without {bug:?}: {without:?}");
    }
}

#[test]
fn every_deliberate_bug_is_found() {
    let left: Vec<_> = BUGS.into_iter().filter(|(bug, ..)| wanted(*bug)).collect();
    let (left, missed) = (Mutex::new(left), Mutex::new(Vec::new()));
    let work = || {
        while let Some((bug, promise, seeds)) = { left.lock().unwrap().pop() } {
            if let Err(why) = judge(bug, promise, seeds) {
                missed.lock().unwrap().push(why);
            }
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
