//! The world without faults: every leg once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test should panic, and say what it saw"
)]

use std::time::Duration;

use model::{Content, CustomerId, RequestId, State};
use simulation::World;

#[tokio::test(start_paused = true)]
async fn requests_become_tickets_and_closes_go_both_ways() {
    let world = World::new(1);
    world.set_up().await;
    let engine = world.engine();
    for request in world.product.requests().iter().take(4) {
        let content = Content {
            id: RequestId::new(&request.id).unwrap(),
            customer_id: CustomerId::new(&request.customer_id).unwrap(),
            report_type: request.report_type.clone(),
            hostname: Some(request.hostname.clone()),
            url: Some(request.url.clone()),
            reason: Some(request.reason.clone()),
            user: None,
            opened_at: None,
        };
        engine.accept(&world.partner, content).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    for request in engine
        .requests(&world.partner, None, None, 100)
        .await
        .unwrap()
    {
        println!(
            "{:?} {:?} {:?}",
            request.content.id, request.state, request.history
        );
    }
    for view in engine.issues(&world.partner).await.unwrap() {
        println!("{view:?}");
    }
    assert_eq!(world.psa.tickets().len(), 4);
    let open = engine
        .requests(&world.partner, Some(State::Ticketed), None, 100)
        .await
        .unwrap();
    assert_eq!(open.len(), 4);
}
