//! How long the program takes until it serves, in a new folder and in one that has been used.

use std::path::Path;
use std::time::Instant;

use crate::engine::{Engine, listening, serve};
use crate::psa::{COMPANIES, Psa};
use crate::table::{Table, median, memory};

/// How often each is started.
const ROUNDS: usize = 7;

pub(crate) async fn run() -> Table {
    let mut table = Table::new(format!("From start to listening, {ROUNDS} times"));
    let (mut took, mut peak) = (Vec::new(), None);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (millis, bytes) = start(folder.path()).await;
        took.push(millis);
        peak = bytes;
    }
    table.row(
        "in a new folder",
        format!("{:.0} ms", median(took)),
        memory(peak),
    );
    let psa = Psa::start().await;
    let folder = Engine::start(&psa, 1_000_000_000).await.kill().await;
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let (millis, bytes) = start(folder.path()).await;
        took.push(millis);
        peak = bytes;
    }
    let what = format!("with {COMPANIES} companies, after a kill");
    table.row(&what, format!("{:.0} ms", median(took)), memory(peak));
    table
}

async fn start(folder: &Path) -> (f64, Option<u64>) {
    let began = Instant::now();
    let (port, process) = serve(folder);
    listening(port).await;
    let millis = began.elapsed().as_secs_f64() * 1_000.0;
    let peak = process.peak();
    process.kill().await;
    (millis, peak)
}
