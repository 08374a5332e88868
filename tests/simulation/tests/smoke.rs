//! The world without faults: every leg once.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use model::{ClosedBy, Content, CustomerId, RequestId, State};
use simulation::World;

#[tokio::test(start_paused = true)]
async fn requests_become_tickets_and_their_closing_comes_back() {
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
    world
        .until("each request has its ticket", || async {
            let open = engine
                .requests(&world.partner, Some(State::Ticketed), None, 100)
                .await;
            open.unwrap().len() == 4
        })
        .await;
    assert_eq!(world.psa.tickets().len(), 4);
    assert!(engine.issues(&world.partner).await.unwrap().is_empty());
    let ids: Vec<i64> = world.psa.tickets().iter().map(|ticket| ticket.id).collect();
    for id in &ids {
        world.psa.close_ticket_as_technician(*id).unwrap();
    }
    world
        .until("each request is closed and the product knows", || async {
            world.product.received_of("request.closed").len() == 4
        })
        .await;
    let closed = engine
        .requests(&world.partner, Some(State::Closed), None, 100)
        .await
        .unwrap();
    assert!(
        closed
            .iter()
            .all(|request| request.closed_by == Some(ClosedBy::Psa))
    );
    assert_eq!(closed.len(), 4);
}
