//! The program is killed at random moments, again and again, and nothing is lost or doubled.
//!
//! The data folder, the PSA and the product live on; callers repeat what was not acknowledged, as
//! the product does. `DOVETAIL_TEST_SEED` replays a run's moments, as far as a real machine can;
//! `DOVETAIL_TEST_KILLS` asks for more of them.

use std::collections::BTreeSet;
use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use harness::{Partner, Stage};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use simulators::autotask::{Config, Limits, Mishap, Violation};
use simulators::faults::{Fault, Planned};
use tokio::time::{Instant, sleep};

/// Requests that are handed in.
const REQUESTS: usize = 1_000;

/// Callers that hand them in at the same time.
const CALLERS: usize = 24;

/// How often the program is killed while requests come in, and again while they are closed, unless
/// the environment says otherwise.
const KILLS: usize = 100;

/// How long the program lives between two kills, in milliseconds.
const LIFE: std::ops::Range<u64> = 50..400;

/// How long everything may take to settle once the killing is over.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);

fn setting(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn kills() -> usize {
    setting("DOVETAIL_TEST_KILLS").map_or(KILLS, |kills| usize::try_from(kills).unwrap_or(KILLS))
}

/// Random moments that can be had again.
fn dice() -> StdRng {
    let seed = setting("DOVETAIL_TEST_SEED").unwrap_or_else(rand::random);
    println!("the moments of the kills come from DOVETAIL_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

fn ids() -> impl Iterator<Item = String> {
    (0..REQUESTS).map(|number| format!("r-{number:04}"))
}

/// Kills and restarts the program until it was killed `kills` times and `done` says so.
async fn torment(stage: &mut Stage, dice: &mut StdRng, kills: usize, done: impl Fn() -> bool) {
    let mut killed = 0;
    while killed < kills || !done() {
        sleep(Duration::from_millis(dice.random_range(LIFE))).await;
        if killed < kills {
            stage.kill().await;
            killed += 1;
            stage.restart().await;
        }
    }
}

/// Does `attempt` for every id, each until it is acknowledged, by as many callers at once.
async fn by_callers(
    ids: impl Iterator<Item = String>,
    acknowledged: &AtomicUsize,
    attempt: impl AsyncFn(&str) -> bool,
) {
    let until_acknowledged = async |id: String| {
        while !attempt(&id).await {
            sleep(Duration::from_millis(20)).await;
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
    };
    stream::iter(ids)
        .for_each_concurrent(CALLERS, until_acknowledged)
        .await;
}

async fn hand_in(partner: &Partner, id: &str) -> bool {
    let customer = "alpha";
    match partner.try_send(id, customer).await {
        Some(answer) if answer.status == 202 => true,
        Some(answer) => {
            assert_eq!(
                answer.status, 503,
                "only a full or closing store may refuse: {}",
                answer.text
            );
            false
        }
        None => false,
    }
}

async fn close(partner: &Partner, id: &str) -> bool {
    partner
        .try_close(id, "Solved")
        .await
        .is_some_and(|answer| answer.status == 202)
}

/// Waits until the ledger has every request in `state`.
async fn settle(partner: &Partner, state: &str) {
    partner
        .wait_for(
            &format!("all requests are {state}"),
            SETTLED_WITHIN,
            async || (partner.ledger().await["states"][state] == REQUESTS).then_some(()),
        )
        .await;
    let ledger = partner.ledger().await;
    assert_eq!(ledger["adds_up"], true, "{ledger}");
    assert_eq!(ledger["accepted"], REQUESTS, "{ledger}");
    assert_eq!(ledger["recounted"], ledger["states"], "{ledger}");
}

/// Every request has exactly one ticket in the PSA, and every ticket its request.
fn check_tickets(partner: &Partner) {
    let tickets = partner.autotask.tickets();
    let ours: Vec<String> = tickets
        .into_iter()
        .filter_map(|ticket| ticket.external_id)
        .collect();
    let distinct: BTreeSet<&String> = ours.iter().collect();
    assert_eq!(ours.len(), distinct.len(), "a ticket was doubled");
    let expected: Vec<String> = ids().collect();
    assert!(distinct.into_iter().eq(&expected), "a ticket was lost");
}

/// What the tenant would hold against us: being killed is no excuse for breaking its limits. A
/// call that was under way when the program died still counts there for a moment, which the
/// program that follows cannot know.
fn check_manners(partner: &Partner) {
    let mut violations = partner.violations();
    violations.retain(|violation| *violation != Violation::TooManyThreads);
    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_survive_a_program_that_keeps_dying() {
    let mut dice = dice();
    let mut stage = Stage::impatient().await;
    let limits = Limits {
        latency: Duration::from_millis(4),
        jitter: Duration::from_millis(8),
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::seeded(dice.random())
    };
    let partner = stage.partner_with("north", config).await;
    let faults = partner.autotask.faults();
    for fault in [Fault::DropAnswer, Fault::GatewayTimeout, Fault::CutBody] {
        faults.add(
            Planned::next(fault)
                .entity("Tickets")
                .times(10)
                .per_mille(20),
        );
    }

    // Requests come in.
    let started = Instant::now();
    let acknowledged = AtomicUsize::new(0);
    let callers = by_callers(ids(), &acknowledged, async |id: &str| {
        hand_in(&partner, id).await
    });
    let all_in = || acknowledged.load(Ordering::SeqCst) == REQUESTS;
    tokio::join!(callers, torment(&mut stage, &mut dice, kills(), all_in));
    settle(&partner, "ticketed").await;
    check_tickets(&partner);
    println!(
        "{REQUESTS} tickets after {} kills in {:?}",
        kills(),
        started.elapsed()
    );

    // One half is closed in the PSA, where callouts get lost, the other half in the product.
    partner.set_schedule("poll_tickets", "2s").await;
    for _ in 0..20 {
        partner.autotask.add_mishap(Mishap::Lost);
    }
    let in_psa: Vec<String> = ids().step_by(2).collect();
    let acknowledged = AtomicUsize::new(0);
    let technician = async {
        for id in &in_psa {
            let ticket = partner.ticket(id).id;
            partner
                .autotask
                .close_ticket_as_technician(ticket)
                .expect("a ticket");
            sleep(Duration::from_millis(5)).await;
        }
    };
    let product = by_callers(ids().skip(1).step_by(2), &acknowledged, async |id: &str| {
        close(&partner, id).await
    });
    let all_in = || acknowledged.load(Ordering::SeqCst) == REQUESTS / 2;
    tokio::join!(
        technician,
        product,
        torment(&mut stage, &mut dice, kills(), all_in)
    );
    settle(&partner, "closed").await;
    check_tickets(&partner);
    let open = partner
        .autotask
        .tickets()
        .into_iter()
        .filter(|ticket| ticket.external_id.is_some() && !ticket.is_closed());
    assert_eq!(open.count(), 0, "every close is carried");
    partner.wait_no_issues().await;
    check_manners(&partner);
    check_told(&partner).await;
    println!(
        "closed both ways after {} more kills in {:?}",
        kills(),
        started.elapsed()
    );
    assert_eq!(stage.end().await, Some(0), "{}", stage.output());
}

/// The product is told of every close in the PSA, each under one id however often it is sent.
async fn check_told(partner: &Partner) {
    let expected: BTreeSet<String> = ids().step_by(2).collect();
    let told = || -> BTreeSet<String> {
        let events = partner.product.received_of("request.closed");
        let by_psa = events
            .iter()
            .filter(|event| event.body["data"]["closed_by"] == "psa");
        by_psa
            .filter_map(|event| Some(event.body["data"]["request"].as_str()?.to_owned()))
            .collect()
    };
    partner
        .wait_for(
            "the product is told of every close",
            SETTLED_WITHIN,
            async || told().is_superset(&expected).then_some(()),
        )
        .await;
    assert_eq!(told(), expected);
    assert_eq!(partner.product.rejected(), []);
}

#[tokio::test]
async fn an_orderly_stop_hands_back_what_is_under_way() {
    let mut stage = Stage::start().await;
    let limits = Limits {
        latency: Duration::from_millis(50),
        ..Limits::default()
    };
    let partner = stage
        .partner_with(
            "north",
            Config {
                limits,
                ..Config::default()
            },
        )
        .await;
    for number in 0..60 {
        partner.send(&format!("r-{number}"), "alpha").await;
    }
    assert_eq!(stage.end().await, Some(0), "{}", stage.output());
    stage.restart().await;
    for number in 0..60 {
        let id = format!("r-{number}");
        partner.wait_state(&id, "ticketed").await;
        partner.ticket(&id);
    }
    assert_eq!(partner.violations(), []);
}

#[tokio::test]
async fn what_is_set_up_is_there_after_a_kill() {
    let mut stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "stray").await;
    partner.wait_state("r-1", "parked").await;
    let integration = partner.get_here("").await;
    let settings = partner.get_here("settings/tickets").await;
    let url = partner.callout_url().await;
    stage.kill().await;
    stage.restart().await;
    assert_eq!(partner.get_here("settings/tickets").await, settings);
    assert_eq!(partner.get_here("").await["health"], integration["health"]);
    assert_eq!(partner.callout_url().await, url);
    assert_eq!(partner.request("r-1").await["state"], "parked");
    let company = partner.autotask.companies()[1].id;
    let mapping = json!({ "mappings": [{ "customer": "stray", "company": company }] });
    partner.put_here("mappings/companies", mapping).await;
    partner.wait_state("r-1", "ticketed").await;
}
