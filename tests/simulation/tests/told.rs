//! The product is told once of each close, also by a run that fails halfway.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

use std::time::Duration;

use serde_json::{Value, json};
use simulation::{Partner, World};
use simulators::callout::Mishap;
use simulators::faults::{Fault, Planned};

/// More than any number of tries that one run makes of one call.
const TRIES: u32 = 20;

/// Two tickets are closed, both callouts get lost, and the poll that finds both cannot read the
/// second one again.
#[tokio::test(start_paused = true)]
async fn a_run_that_fails_on_one_ticket_tells_of_the_other_once() {
    let world = World::new(1);
    let partner = Partner::set_up(&world, json!({})).await;
    partner.poll_every(&world, "10s").await;
    for request in world.product.requests().iter().take(2) {
        let reported = simulation::partner::reported(request);
        partner.report(&world, &reported).await;
    }
    let all_in = async |state: &str| {
        let requests = partner.requests(&world).await;
        requests.iter().all(|request| request["state"] == state)
    };
    world
        .until("both have their ticket", || all_in("ticketed"))
        .await;
    // The first look at the PSA's rights reads from there, too.
    tokio::time::sleep(Duration::from_mins(1)).await;
    for fault in [Fault::Slow { milliseconds: 1 }, Fault::PlainError] {
        let times = if fault == Fault::PlainError { TRIES } else { 1 };
        let read = Planned::next(fault).method("GET").entity("Tickets");
        world.psa.faults().add(read.times(times));
    }
    for ticket in world.psa.tickets() {
        world.psa.add_mishap(Mishap::Lost);
        let closed = world.psa.close_ticket(&ticket.reference);
        closed.expect("a ticket that can be closed");
    }
    world
        .until("the first one is closed", || async {
            let requests = partner.requests(&world).await;
            requests.iter().any(|request| request["state"] == "closed")
        })
        .await;
    assert!(!all_in("closed").await, "the second one was read");
    world.psa.faults().clear();
    world.until("both are closed", || all_in("closed")).await;
    // Whatever else is to be told is told by then.
    tokio::time::sleep(Duration::from_mins(5)).await;
    let told = world.product.received_of("request.closed");
    let told = told.iter().map(|event| &event.body["data"]["request"]);
    let mut told: Vec<&Value> = told.collect();
    let count = told.len();
    told.sort_by_key(ToString::to_string);
    told.dedup();
    assert_eq!((count, told.len()), (2, 2), "told of {told:?}");
}
