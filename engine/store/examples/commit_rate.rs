//! How many small commits a second the embedded store makes durable, and how they share flushes.
//!
//! ```text
//! cargo run --release -p dovetail-store --example commit_rate -- [callers] [commits of each] [dir]
//! ```

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use model::Timestamp;
use store::{Batch, Expect, Key, NewJob, Sled, Store};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let callers: usize = arguments
        .next()
        .unwrap_or_else(|| "128".to_owned())
        .parse()?;
    let each: usize = arguments
        .next()
        .unwrap_or_else(|| "1000".to_owned())
        .parse()?;
    let temporary = tempfile::tempdir()?;
    let dir = arguments
        .next()
        .map_or_else(|| temporary.path().to_owned(), Into::into);

    for (what, with_job) in [("a record", false), ("a record and a job", true)] {
        let store = Arc::new(Sled::open(dir.join(if with_job {
            "jobs"
        } else {
            "records"
        }))?);
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                for number in 0..each {
                    store.commit(request(caller, number, with_job)).await?;
                }
                Ok::<(), store::Error>(())
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        let took = started.elapsed().as_secs_f64();
        let flushes = store.flushes();
        let commits = u32::try_from(flushes.commits)?;
        let rate = f64::from(commits) / took;
        let flushes = flushes.flushes;
        println!(
            "{what}: {callers} callers, {commits} commits, {rate:.0} a second, {flushes} flushes"
        );
    }
    Ok(())
}

fn request(caller: usize, number: usize, with_job: bool) -> Batch {
    let id = format!("{caller}-{number}");
    let mut batch = Batch::new();
    batch.put(
        Key::new("acme", "request", &[&id]),
        vec![b'x'; 200],
        Expect::Absent,
    );
    if with_job {
        batch.enqueue(NewJob {
            id: id.clone(),
            group: "acme".to_owned(),
            lane: id,
            priority: 1,
            due: Timestamp::from_millis(0),
            fold: None,
            payload: vec![b'x'; 100],
        });
    }
    batch
}
