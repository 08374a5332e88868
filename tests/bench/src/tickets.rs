//! Requests that become tickets: how many a second, and what the engine adds to the PSA's own time.

use std::time::{Duration, Instant};

use harness::Api;
use serde_json::json;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::psa::Psa;
use crate::table::{Table, memory, per_second};

/// Requests that are handed in at once.
const REQUESTS: usize = 5_000;
/// Callers that hand them in.
const CALLERS: usize = 32;
/// Requests that are handed in one after the other.
const SINGLE: usize = 300;

pub(crate) async fn run() -> Table {
    let psa = Psa::start().await;
    let engine = Engine::start(&psa, 1_000_000_000).await;
    let mut added = Vec::new();
    for number in 0..SINGLE {
        let id = format!("single-{number}");
        let began = Instant::now();
        report(&engine.api, &id).await;
        let came = loop {
            if let Some(came) = psa.came(&id) {
                break came;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        };
        added.push(came - began);
    }
    added.sort_unstable();
    let before = psa.tickets();
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let api = engine.api.clone();
        callers.spawn(async move {
            for number in (caller..REQUESTS).step_by(CALLERS) {
                report(&api, &format!("many-{number}")).await;
            }
        });
    }
    callers.join_all().await;
    let accepted = began.elapsed();
    engine
        .until("all have a ticket", async || {
            psa.tickets() - before == REQUESTS
        })
        .await;
    let ticketed = began.elapsed();
    let rate = |took: Duration| per_second(REQUESTS as f64 / took.as_secs_f64());
    let mut table = Table::new(format!(
        "{REQUESTS} requests from {CALLERS} callers to tickets"
    ));
    table.row(
        "accepted",
        rate(accepted),
        "durable, while tickets are opened already",
    );
    table.row("ticketed", rate(ticketed), memory(engine.process.peak()));
    let at = |share: usize| {
        format!(
            "{:.1?}",
            added.get(SINGLE * share / 100).copied().unwrap_or_default()
        )
    };
    table.row(
        "from a request to its call of the PSA",
        at(50),
        format!("99 of 100 within {}, with nothing else to do", at(99)),
    );
    engine.kill().await;
    table
}

async fn report(api: &Api, id: &str) {
    let request = json!({
        "id": id, "customer_id": "one", "report_type": "url_block", "hostname": "desk-17",
        "user": { "name": "ada" }, "reason": "I need this for work", "url": "https://blocked.example/page"
    });
    api.post("/api/v1/partners/bench/requests", request).await;
}
