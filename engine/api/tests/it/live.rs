//! Watching a run: what is told while it is under way, and that nothing is left of somebody who has
//! gone away.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::plans::Billing;

/// Longer than a run that goes on takes to be seen going on; the clock stands still meanwhile.
const STILL: Duration = Duration::from_secs(5);

/// The most calls that the run makes.
const CALLS_MAX: usize = 100;

type Events = Pin<Box<dyn Stream<Item = Value> + Send>>;

/// The events of a run that was just begun.
async fn watched(billing: &Billing) -> Events {
    let begun = json!({ "pipeline": "bill_usage" });
    let begun = billing.post("sync", &begun).await;
    let run = begun["runs"][0].as_str().unwrap();
    let path = format!("{}/runs/{run}/events", billing.here);
    let answer = billing.world.get(&path).begin().await;
    assert_eq!(answer.status(), 200);
    let chunks = answer.into_body().into_data_stream();
    Box::pin(chunks.filter_map(|chunk| async move {
        let chunk = chunk.unwrap();
        let text = std::str::from_utf8(&chunk).unwrap().trim();
        // A line that begins with a colon keeps the connection open and says nothing.
        let data = text.strip_prefix("event: run\ndata: ")?;
        Some(serde_json::from_str(data).unwrap())
    }))
}

fn done(run: &Value) -> u64 {
    let counts = run["counts"].as_object().unwrap();
    counts.values().filter_map(Value::as_u64).sum()
}

fn is_running(run: &Value) -> bool {
    run["status"] == "running"
}

#[tokio::test(start_paused = true)]
async fn what_a_run_has_done_is_told_in_order_while_it_is_under_way() {
    let (billing, _) = Billing::billed().await;
    let gate = billing.desk.close();
    let mut events = watched(&billing).await;
    let (mut told, mut is_over) = (vec![events.next().await.unwrap()], false);
    for _ in 0..CALLS_MAX {
        // It stands still until its next call is answered, and then it has done more.
        match tokio::time::timeout(STILL, events.next()).await {
            Ok(Some(run)) => told.push(run),
            Ok(None) => {
                is_over = true;
                break;
            }
            Err(_) => gate.add_permits(1),
        }
    }
    let (last, before) = told.split_last().unwrap();
    assert_eq!(last["status"], "succeeded", "{last:#}");
    assert!(before.len() >= 3, "told while it was under way: {told:#?}");
    assert!(before.iter().all(is_running), "{told:#?}");
    let steps: Vec<u64> = before.iter().map(done).collect();
    assert!(steps.is_sorted_by(|one, next| one < next), "{steps:?}");
    assert!(done(last) >= *steps.last().unwrap(), "{told:#?}");
    assert!(is_over, "the answer ends with the run");
}

/// Whether all of the engine is gone, after it was given the time for that.
async fn is_gone(desk: &Weak<Desk>) -> bool {
    tokio::time::sleep(Duration::from_mins(1)).await;
    desk.upgrade().is_none()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_somebody_who_goes_away_in_the_middle() {
    let (billing, _) = Billing::billed().await;
    billing.desk.close();
    let mut events = watched(&billing).await;
    assert!(is_running(&events.next().await.unwrap()));
    let desk = Arc::downgrade(&billing.desk);
    billing.stop.send_replace(true);
    drop(billing);
    assert!(!is_gone(&desk).await, "somebody still watches");
    drop(events);
    assert!(is_gone(&desk).await, "nobody does any more");
}
