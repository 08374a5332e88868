//! `dovetail sync`: run pipelines now, and wait until they have ended.

use serde_json::{Value, json};

use super::follow;
use super::server::Integration;
use super::table::{Column, field, list, table};
use crate::args::SyncArgs;
use crate::error::Error;
use crate::exit::Exit;

const COLUMNS: [Column; 4] = [
    ("PIPELINE", |run| field(run, "pipeline")),
    ("STATUS", |run| field(run, "status")),
    ("COUNTS", counts),
    ("WHY", |run| field(run, "failure/message")),
];

pub(crate) async fn run(args: SyncArgs) -> Result<Exit, Error> {
    let of = Integration::choose(&args.of, None).await?;
    let started = of
        .post("sync", json!({ "pipeline": args.pipeline }))
        .await?;
    let mut runs = Vec::new();
    for id in list(&started, "runs") {
        let id = id.as_str().unwrap_or_default();
        runs.push(follow::run(&of, id, args.wait).await?);
    }
    let failed = runs.iter().any(|run| field(run, "status") != "succeeded");
    let told = json!({ "runs": runs });
    of.server
        .print(&told, |told| table(&COLUMNS, &list(told, "runs")))?;
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}

fn counts(run: &Value) -> String {
    let counts = run.get("counts").and_then(Value::as_object);
    let shown = counts.into_iter().flatten();
    let shown = shown.map(|(name, count)| format!("{name} {count}"));
    shown.collect::<Vec<_>>().join(", ")
}
