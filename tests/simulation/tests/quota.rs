//! The limit on requests that all users of a PSA's database live from: the engine keeps to its
//! share however many integrations it has there, and tickets go before billing.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use std::time::Duration;

use axum::http::Method;
use model::billing::Mode;
use model::{Class, Outcome, Run, Secret};
use serde_json::json;
use simulation::World;
use simulation::billing::Bill;
use simulators::Autotask;
use tokio::time::{Instant, sleep};

/// The share of what the PSA allows in an hour that the engine takes here, and how many calls
/// that is.
const SHARE: &str = "1%";
const CALLS: usize = 100;

/// The most calls within any hour, but for those that ask where the database is.
fn busiest_hour(psa: &Autotask) -> usize {
    let mut calls = psa.calls();
    calls.retain(|call| !call.path.contains("zoneInformation"));
    let within = |first: usize| {
        let (_, rest) = calls.split_at(first);
        let begun = rest.first().map(|call| call.at);
        let hour = |at| begun.is_some_and(|begun| at < begun + jiff::SignedDuration::from_hours(1));
        rest.iter().take_while(|call| hour(call.at)).count()
    };
    (0..calls.len()).map(within).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn two_integrations_on_one_database_live_from_one_share() {
    let world = World::with_share(1, 0, SHARE).await;
    let (one, engine) = (world.set_up().await, world.engine());
    let credentials = world.psa.credentials("http://psa.simulated");
    let secret = |(name, text)| (name, Secret::new(text));
    let credentials = credentials.into_iter().map(secret).collect();
    let two = engine
        .create_integration(
            &world.partner,
            world.psa.connector(),
            credentials,
            "a person",
        )
        .await
        .unwrap()
        .id;
    for _ in 0..60 {
        for id in [&one, &two] {
            let started = engine
                .sync(&world.partner, id, Some("read_directory"))
                .await;
            started.unwrap();
        }
        sleep(Duration::from_mins(2)).await;
    }
    let busiest = busiest_hour(world.autotask());
    assert!(busiest <= CALLS, "{busiest} calls in an hour");
    assert!(
        busiest >= CALLS / 2,
        "{busiest} calls in an hour prove nothing"
    );
    for id in [&one, &two] {
        let runs = engine.runs(&world.partner, id, 500).await.unwrap();
        let good = |run: &&Run| run.outcome == Outcome::Succeeded;
        assert!(runs.iter().filter(good).count() > 5, "{runs:#?}");
    }
    assert_eq!(world.psa.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_does_not_wait_for_what_billing_has_used_up() {
    let bill = Bill::with_share(2, 60, SHARE).await;
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    bill.everybody_uses("5").await;
    bill.until_async("billing waits for the limit", || limited(&bill))
        .await;
    let billed = bill.adjustments();
    assert!(billed > 0 && billed < bill.customers.len(), "{billed}");

    let begun = Instant::now();
    report(&bill, "r-1").await;
    bill.until("the ticket is there", || {
        bill.world.psa.tickets().len() == 1
    })
    .await;
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "{:?}",
        begun.elapsed()
    );

    bill.planned("billing has gone on by itself", |lines| {
        lines.len() == bill.customers.len() && lines.iter().all(|line| line.actual == line.desired)
    })
    .await;
    assert_eq!(bill.adjustments(), bill.customers.len(), "each line once");
    assert!(busiest_hour(bill.world.autotask()) <= CALLS);
    assert_eq!(bill.world.psa.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_others_have_used_up_is_waited_for_and_the_ticket_comes_first() {
    for bill in Bill::with_each(3).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.world.psa.leave_calls(0);
        bill.everybody_uses("5").await;
        bill.until_async("billing meets the limit", || limited(&bill))
            .await;
        report(&bill, "r-1").await;
        while bill.world.psa.tickets().is_empty() {
            assert_eq!(bill.adjustments(), 0, "the ticket comes first");
            sleep(Duration::from_millis(50)).await;
        }
        bill.until("all is billed", || {
            (0..bill.customers.len()).all(|at| bill.units(at) == Some(5))
        })
        .await;
        assert_eq!(bill.adjustments(), bill.customers.len(), "each line once");
    }
}

#[tokio::test(start_paused = true)]
async fn an_apply_whose_calls_run_out_in_the_middle_goes_on_and_doubles_nothing() {
    for bill in Bill::with_each(4).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.everybody_uses("5").await;
        bill.until("the first line is billed", || bill.adjustments() > 0)
            .await;
        bill.world.psa.leave_calls(1);
        bill.until_async("the limit stops it", || limited(&bill))
            .await;
        assert!(bill.adjustments() < bill.customers.len());
        bill.planned("it has gone on by itself", |lines| {
            lines.len() == bill.customers.len()
                && lines.iter().all(|line| line.actual == line.desired)
        })
        .await;
        assert!((0..bill.customers.len()).all(|at| bill.units(at) == Some(5)));
        assert_eq!(bill.adjustments(), bill.customers.len(), "each line once");
    }
}

/// Whether a run of billing says that the limit on requests stopped it.
async fn limited(bill: &Bill) -> bool {
    let runs = bill.engine().runs(&bill.world.partner, &bill.id, 500).await;
    let limited = |run: &Run| match &run.outcome {
        Outcome::Failed { class, .. } => *class == Some(Class::RateLimited),
        _ => false,
    };
    let mut runs = runs.unwrap().into_iter();
    runs.any(|run| run.pipeline == "bill_usage" && limited(&run))
}

async fn report(bill: &Bill, id: &str) {
    let (customer, _) = bill.customers.first().unwrap();
    let request = json!({ "id": id, "customer_id": customer, "report_type": "url_block" });
    let path = format!("/api/v1/partners/{}/requests", bill.world.partner);
    let answer = bill
        .world
        .try_call(Method::POST, &path, Some(&request))
        .await;
    assert_eq!(answer.unwrap().status, 202);
}
