//! A directory of 50,000 companies, read in pages of 500, beside loops written by hand.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::child::{Process, role};
use crate::engine::Engine;
use crate::psa::{COMPANIES, PAGE, Psa};
use crate::table::{Table, median, memory, per_second, ratio};

/// How often each takes its turn.
const ROUNDS: usize = 7;

pub(crate) async fn run() -> Table {
    let psa = Psa::start().await;
    let engine = Engine::start(&psa, 1_000_000_000).await;
    let file = engine
        .folder()
        .join("companies.jsonl")
        .display()
        .to_string();
    let (mut ours, mut reading, mut keeping) = (Vec::new(), Vec::new(), Vec::new());
    let (mut peak_reading, mut peak_keeping) = (None, None);
    for _ in 0..ROUNDS {
        ours.push(rate(pull(&engine).await));
        let began = Instant::now();
        peak_reading = Process::start(&mut role("by-hand-read", &[&psa.url]))
            .end()
            .await;
        reading.push(rate(began.elapsed()));
        let began = Instant::now();
        peak_keeping = Process::start(&mut role("by-hand-keep", &[&psa.url, &file]))
            .end()
            .await;
        keeping.push(rate(began.elapsed()));
    }
    let beside = |theirs: &[f64]| {
        let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs.iter().copied()).collect();
        ratio(&pairs)
    };
    let middle = |rates: &[f64]| per_second(median(rates.iter().copied()));
    let mut table = Table::new(format!(
        "{COMPANIES} companies in pages of {PAGE}, {ROUNDS} turns"
    ));
    table.row(
        "checked, proven complete and kept",
        middle(&ours),
        memory(engine.process.peak()),
    );
    table.row(
        "by hand, read and forgotten",
        middle(&reading),
        memory(peak_reading),
    );
    table.row(
        "by hand, each page kept on disk",
        middle(&keeping),
        memory(peak_keeping),
    );
    table.row("ratio to reading alone", beside(&reading), "");
    table.row("ratio to reading and keeping", beside(&keeping), "");
    engine.kill().await;
    table
}

fn rate(took: Duration) -> f64 {
    COMPANIES as f64 / took.as_secs_f64()
}

/// One read of the directory, from asking for it until its run has ended.
async fn pull(engine: &Engine) -> Duration {
    let began = Instant::now();
    let asked = json!({ "pipeline": "read_directory" });
    let runs = engine.api.post(&engine.here("sync"), asked).await;
    let run = runs["runs"][0].as_str().expect("a run's id").to_owned();
    let path = engine.here(&format!("runs/{run}"));
    engine
        .until("the companies are read", async || {
            let run = engine.api.get(&path).await;
            let ended = run["ended_at"] != Value::Null;
            assert!(!ended || run["status"] == "succeeded", "{run}");
            ended
        })
        .await;
    began.elapsed()
}
