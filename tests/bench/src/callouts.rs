//! Callouts that are durable when they are answered, beside a bare handler that only answers.

use std::time::Duration;

use crate::child::{Process, role};
use crate::engine::{Engine, free_port, listening};
use crate::load::post;
use crate::psa::Psa;
use crate::table::{Table, median, memory, per_second, ratio};

/// Callers at once.
const CALLERS: u64 = 512;
/// How long one turn lasts.
const TURN: Duration = Duration::from_secs(2);
/// How often each takes its turn.
const ROUNDS: usize = 7;
/// How many calls a second the engine may make: what a callout causes is left for later, as it is
/// with a PSA that has limits.
const CALLS: u32 = 1;

pub(crate) async fn run() -> Table {
    let psa = Psa::start().await;
    let engine = Engine::start(&psa, CALLS).await;
    let seen = engine.api.get(engine.here("").trim_end_matches('/')).await;
    let url = seen["callout"]["url"].as_str().unwrap_or_default();
    let path = url.find("/callouts/").map(|at| url[at..].to_owned());
    let path = path.expect("a callout address has this path");
    let port = free_port();
    let bare = Process::start(&mut role("by-hand-answer", &[&port.to_string()]));
    listening(port).await;
    let (kept_port, kept) = on_our_store(&engine, "by-hand-accept").await;
    let (queued_port, queued) = on_our_store(&engine, "by-hand-enqueue").await;
    let sides = [
        (engine.port, &engine.process),
        (port, &bare),
        (kept_port, &kept),
        (queued_port, &queued),
    ];
    let mut rounds: Vec<Vec<Turn>> = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        for side in sides {
            round.push(turn(side, &path).await);
        }
        rounds.push(round);
    }
    let mut table = Table::new(format!(
        "Callouts, {CALLERS} callers, {ROUNDS} turns of {TURN:?}"
    ));
    let about = [
        "durable before the answer",
        "a bare axum handler",
        "by hand, in our store before the answer",
        "by hand, in our store's queue before the answer",
    ];
    for (at, what) in about.into_iter().enumerate() {
        let of_all =
            |figure: fn(&Turn) -> f64| median(rounds.iter().map(|round| figure(&round[at])));
        let slow = of_all(|turn| turn.slow.as_secs_f64() * 1e3);
        let (work, peak) = (of_all(|turn| turn.work), memory(sides[at].1.peak()));
        let more = format!("99 of 100 within {slow:.1} ms, {work:.1} µs of a core each, {peak}");
        table.row(what, per_second(of_all(|turn| turn.rate)), more);
    }
    for (at, what) in [
        (1, "ratio to the bare handler"),
        (2, "ratio to our store alone"),
        (3, "ratio to our store's queue alone"),
    ] {
        let pairs = |figure: fn(&Turn) -> f64| -> Vec<(f64, f64)> {
            let both = |round: &Vec<Turn>| (figure(&round[0]), figure(&round[at]));
            rounds.iter().map(both).collect()
        };
        table.row(what, ratio(&pairs(|turn| turn.rate)), "");
        let by_work = ratio(&pairs(|turn| turn.work.recip()));
        table.row(&format!("{what}, by processor time"), by_work, "");
    }
    engine.kill().await;
    bare.kill().await;
    kept.kill().await;
    queued.kill().await;
    table
}

/// A listener by hand that keeps what comes in our store before it answers.
async fn on_our_store(engine: &Engine, played: &str) -> (u16, Process) {
    let port = free_port();
    let folder = engine.folder().join(played).display().to_string();
    let process = Process::start(&mut role(played, &[&port.to_string(), &folder]));
    listening(port).await;
    (port, process)
}

/// What was found in one turn.
struct Turn {
    /// Answers per second.
    rate: f64,
    /// How long all but one of a hundred callers waited at most.
    slow: Duration,
    /// The processor time of the process, in microseconds per answer.
    work: f64,
}

async fn turn((port, process): (u16, &Process), path: &str) -> Turn {
    let before = process.worked().unwrap_or_default();
    let mut found = post(port, path, CALLERS, TURN, body).await;
    let worked = process.worked().unwrap_or_default().saturating_sub(before);
    Turn {
        rate: found.rate(),
        slow: found.all_but(100),
        work: worked.as_secs_f64() * 1e6 / found.answered as f64,
    }
}

/// Each callout is about a ticket of its own, so that none stands for another.
fn body(number: u64) -> String {
    // Turns begin anew with the number; the moment makes tickets differ between them.
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = moment.map(|moment| moment.as_millis()).unwrap_or_default() % 100_000_000;
    format!(r#"{{"id":"{millis}{number:07}","event":"ticket.updated","by":"a technician"}}"#)
}
