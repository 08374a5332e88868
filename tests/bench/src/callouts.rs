//! Callouts that are durable when they are answered, beside a bare handler that only answers.

use std::time::Duration;

use crate::child::{Process, role};
use crate::engine::{Engine, free_port, listening};
use crate::load::{Found, post};
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
    let kept_port = free_port();
    let folder = engine.folder().join("by-hand").display().to_string();
    let arguments = [&*kept_port.to_string(), &*folder];
    let kept = Process::start(&mut role("by-hand-accept", &arguments));
    listening(kept_port).await;
    let mut rounds: Vec<[Found; 3]> = Vec::new();
    for _ in 0..ROUNDS {
        let ours = post(engine.port, &path, CALLERS, TURN, body).await;
        let theirs = post(port, &path, CALLERS, TURN, body).await;
        let in_store = post(kept_port, &path, CALLERS, TURN, body).await;
        rounds.push([ours, theirs, in_store]);
    }
    let mut table = Table::new(format!(
        "Callouts, {CALLERS} callers, {ROUNDS} turns of {TURN:?}"
    ));
    let rates: Vec<[f64; 3]> = rounds
        .iter()
        .map(|round| round.each_ref().map(Found::rate))
        .collect();
    let last = rounds.last_mut().expect("there were rounds");
    let about = [
        ("durable before the answer", engine.process.peak()),
        ("a bare axum handler", bare.peak()),
        ("by hand, in our store before the answer", kept.peak()),
    ];
    for (at, ((what, peak), found)) in about.into_iter().zip(last).enumerate() {
        let rate = per_second(median(rates.iter().map(|rates| rates[at])));
        let slow = format!("99 of 100 within {:.1?}", found.all_but(100));
        table.row(what, rate, format!("{slow}, {}", memory(peak)));
    }
    for (at, what) in [
        (1, "ratio to the bare handler"),
        (2, "ratio to our store alone"),
    ] {
        let pairs: Vec<(f64, f64)> = rates.iter().map(|rates| (rates[0], rates[at])).collect();
        table.row(what, ratio(&pairs), "");
    }
    engine.kill().await;
    bare.kill().await;
    kept.kill().await;
    table
}

/// Each callout is about a ticket of its own, so that none stands for another.
fn body(number: u64) -> String {
    // Turns begin anew with the number; the moment makes tickets differ between them.
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = moment.map(|moment| moment.as_millis()).unwrap_or_default() % 100_000_000;
    format!(r#"{{"id":"{millis}{number:07}","event":"ticket.updated","by":"a technician"}}"#)
}
