//! Many callers at once: everything that was acknowledged is there, and nobody waits for long.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use harness::{SOON, Stage};
use serde_json::json;

/// Requests that are handed in.
const REQUESTS: usize = 3_000;

/// Callers that hand them in at the same time.
const CALLERS: usize = 64;

/// How long a caller may wait for an acknowledgement, all but the unluckiest hundredth. It is set
/// for a debug build on a machine that does other things; what it catches is a flush per caller,
/// or one caller waiting for all others.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_requests_are_acknowledged_and_counted() {
    let mut stage = Stage::start().await;
    let partner = stage.partner("north").await;
    // Requests of `stray` park at once, so that this measures what comes in, not the PSA.
    let started = Instant::now();
    let send = async |number: usize| {
        let began = Instant::now();
        partner.send(&format!("r-{number}"), "stray").await;
        began.elapsed()
    };
    let mut waits: Vec<Duration> = stream::iter(0..REQUESTS)
        .map(send)
        .buffer_unordered(CALLERS)
        .collect()
        .await;
    let took = started.elapsed();
    waits.sort_unstable();
    let usual = waits[REQUESTS / 2];
    let unlucky = waits[REQUESTS * 99 / 100];
    let rate = REQUESTS as f64 / took.as_secs_f64();
    println!("{rate:.0} requests/s, half within {usual:?}, 99 of 100 within {unlucky:?}");
    assert!(unlucky < ACKNOWLEDGED_WITHIN, "{unlucky:?}");

    partner
        .wait_for("all are parked", SOON * 2, async || {
            (partner.ledger().await["states"]["parked"] == REQUESTS).then_some(())
        })
        .await;
    let issues = partner.issues("unmapped_customer").await;
    assert_eq!(issues.len(), 1, "one cause is one issue: {issues:?}");
    assert_eq!(issues[0]["behind"], REQUESTS);

    // Power goes, and all is still there; one decision then lets all of it go on.
    stage.kill().await;
    stage.restart().await;
    let mapping = json!({ "mappings": [{ "customer": "stray", "ignore": true }] });
    partner.put_here("mappings/companies", mapping).await;
    partner
        .wait_for("all are ignored", SOON * 2, async || {
            (partner.ledger().await["states"]["ignored"] == REQUESTS).then_some(())
        })
        .await;
    assert_eq!(partner.ledger().await["adds_up"], true);
    partner.wait_no_issues().await;
}
