//! The world without faults: every leg once.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

use axum::http::Method;
use serde_json::json;
use simulation::{Partner, World};

#[tokio::test(start_paused = true)]
async fn requests_become_tickets_and_their_closing_comes_back() {
    let world = World::new(1);
    let partner = Partner::set_up(&world, json!({})).await;
    for request in world.product.requests().iter().take(4) {
        let reported = simulation::partner::reported(request);
        partner.report(&world, &reported).await;
    }
    let in_state = async |state: &str| {
        let requests = partner.requests(&world).await;
        requests.iter().filter(|one| one["state"] == state).count()
    };
    world
        .until("each request has its ticket", || async {
            in_state("ticketed").await == 4
        })
        .await;
    let tickets = world.psa.tickets();
    assert_eq!(tickets.len(), 4);
    assert!(partner.issues(&world).await.is_empty());
    for ticket in &tickets {
        let closed = world.psa.close_ticket(&ticket.reference);
        closed.expect("a ticket that can be closed");
    }
    world
        .until("each request is closed and the product knows", || async {
            world.product.received_of("request.closed").len() == 4
        })
        .await;
    assert_eq!(in_state("closed").await, 4);
    let requests = partner.requests(&world).await;
    assert!(requests.iter().all(|one| one["closed_by"] == "psa"));
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_while_the_engine_is_dead() {
    let mut world = World::new(1);
    let partner = Partner::set_up(&world, json!({})).await;
    world.kill().await;
    let lost = world.try_call(Method::GET, "/healthz", None).await;
    assert!(lost.is_err());
    world.start(simulation::fuse::Fuse::endless());
    assert_eq!(partner.ledger(&world).await["accepted"], 0);
}
