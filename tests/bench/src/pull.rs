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
    let store = engine.folder().join("by-hand").display().to_string();
    let mut ours = Turns::default();
    let by_hand = [
        ("read and forgotten", "by-hand-read", None),
        ("each page kept on disk", "by-hand-keep", Some(&file)),
        (
            "without types, kept in our store",
            "by-hand-store",
            Some(&store),
        ),
    ];
    let mut theirs: [Turns; 3] = Default::default();
    for _ in 0..ROUNDS {
        let before = engine.process.worked();
        let took = pull(&engine).await;
        let worked = engine.process.worked().zip(before);
        ours.add(
            took,
            worked.map(|(after, before)| after.saturating_sub(before)),
        );
        for ((_, name, place), turns) in by_hand.iter().zip(&mut theirs) {
            let mut arguments = vec![psa.url.as_str()];
            arguments.extend(place.map(String::as_str));
            let began = Instant::now();
            let (peak, worked) = Process::start(&mut role(name, &arguments)).end().await;
            turns.add(began.elapsed(), worked);
            turns.peak = peak;
        }
    }
    ours.peak = engine.process.peak();
    let mut table = Table::new(format!(
        "{COMPANIES} companies in pages of {PAGE}, {ROUNDS} turns"
    ));
    table.row(
        "checked, proven complete and kept",
        ours.rate(),
        ours.each(),
    );
    for ((what, ..), turns) in by_hand.iter().zip(&theirs) {
        table.row(&format!("by hand, {what}"), turns.rate(), turns.each());
    }
    for ((what, ..), turns) in by_hand.iter().zip(&theirs) {
        let what = format!("ratio to: {what}");
        table.row(&what, beside(&ours.rates, &turns.rates), "");
        let by_work = beside(&turns.worked, &ours.worked);
        table.row(&format!("{what}, by processor time"), by_work, "");
    }
    engine.kill().await;
    table
}

/// What one of them did in its turns.
#[derive(Debug, Default)]
struct Turns {
    /// Companies per second.
    rates: Vec<f64>,
    /// Processor time per company, in microseconds; empty where the system does not tell.
    worked: Vec<f64>,
    /// The most memory, in bytes.
    peak: Option<u64>,
}

impl Turns {
    fn add(&mut self, took: Duration, worked: Option<Duration>) {
        self.rates.push(COMPANIES as f64 / took.as_secs_f64());
        let each = |worked: Duration| worked.as_secs_f64() * 1e6 / COMPANIES as f64;
        self.worked.extend(worked.map(each));
    }

    fn rate(&self) -> String {
        per_second(median(self.rates.iter().copied()))
    }

    fn each(&self) -> String {
        let worked = median(self.worked.iter().copied());
        format!("{worked:.1} µs of a core each, {}", memory(self.peak))
    }
}

fn beside(ours: &[f64], theirs: &[f64]) -> String {
    let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs.iter().copied()).collect();
    ratio(&pairs)
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
