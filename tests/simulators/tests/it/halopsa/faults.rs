//! Limits and faults: before a write, and after it took hold.

use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::json;
use simulators::faults::{Fault, Planned};
use simulators::halopsa::{Config, Limits, Violation};

use super::client::{Api, config};
use crate::client::{answer, moving, with_body};

#[tokio::test]
async fn five_minutes_hold_so_many_calls_and_roll_on() {
    let (clock, seconds) = moving();
    let mut config = Config {
        clock,
        limits: Limits {
            requests: 3,
            ..Limits::default()
        },
        ..config()
    };
    config.quirks.retry_after = Some(7);
    let api = Api::start_with(config).await;
    assert_eq!(api.get("/Status").await.status, 200);
    assert_eq!(api.get("/Status").await.status, 200);
    let refused = api.get("/Status").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.retry_after.as_deref(), Some("7"));
    assert_eq!(
        api.ask_token(&api.form()).await.status,
        429,
        "the token endpoint, too"
    );
    assert_eq!(api.halo.violations(), [Violation::RateLimit; 2]);
    seconds.store(299, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 429);
    seconds.store(300, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 200);
    api.halo.use_up_limit(3);
    assert_eq!(api.get("/Status").await.status, 429);
}

#[tokio::test]
async fn a_fault_before_the_write_leaves_nothing_behind() {
    let api = Api::start().await;
    for (fault, status) in [
        (Fault::TooManyRequests { retry_after: None }, 429),
        (Fault::Unauthorized, 401),
        (Fault::Forbidden, 403),
        (Fault::PlainError, 500),
        (Fault::Unavailable, 503),
    ] {
        api.halo
            .faults()
            .add(Planned::next(fault).method("POST").entity("Tickets"));
        let answer = api.post("/Tickets", &json!([api.ticket()])).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert_eq!(answer.retry_after, None);
    }
    assert_eq!(api.halo.tickets(), []);
    api.open_ticket().await;
    assert_eq!(api.halo.creation_calls(), [429, 401, 403, 500, 503, 201]);
}

#[tokio::test]
async fn a_fault_after_the_write_leaves_the_ticket() {
    let api = Api::start().await;
    let fault = |fault| Planned::next(fault).method("POST").entity("Tickets");
    api.halo.faults().add(fault(Fault::GatewayTimeout));
    let answered = api.post("/Tickets", &json!([api.ticket()])).await;
    assert_eq!(answered.status, 504);
    assert!(answered.content_type.starts_with("text/html"));
    api.halo.faults().add(fault(Fault::DropAnswer));
    let request = api.request(Method::POST, "/Tickets");
    let lost = with_body(request, &json!([api.ticket()])).send().await;
    assert!(lost.is_err());
    assert_eq!(api.halo.tickets().len(), 2);
    assert_eq!(api.halo.creation_calls(), [201, 201]);
}

#[tokio::test]
async fn the_token_endpoint_has_faults_of_its_own() {
    let api = Api::start().await;
    let fault = Planned::next(Fault::Unavailable).entity("token");
    api.halo.faults().add(fault);
    assert_eq!(api.get("/Status").await.status, 200);
    assert_eq!(api.ask_token(&api.form()).await.status, 503);
    assert_eq!(api.ask_token(&api.form()).await.status, 200);
}

#[tokio::test]
async fn faults_are_set_and_cleared_over_http() {
    let api = Api::start().await;
    let fault = json!({ "fault": "forbidden", "entity": "Client", "times": 2 });
    let set = api.control(Method::POST, "/faults", Some(fault)).await;
    assert_eq!(set.status, 204);
    assert_eq!(api.get("/Client").await.status, 403);
    let planned = api.control(Method::GET, "/faults", None).await.json();
    assert_eq!(planned[0]["times"], 1);
    api.control(Method::DELETE, "/faults", None).await;
    assert_eq!(api.get("/Client").await.status, 200);
}

#[tokio::test]
async fn the_controls_say_what_happened() {
    let api = Api::start().await;
    let id = api.open_ticket().await;
    api.get("/Tickets?page_no=2").await;
    let overview = api.control(Method::GET, "", None).await.json();
    assert_eq!(overview["system"], "halopsa");
    assert_eq!(overview["tickets"], 1);
    assert_eq!(overview["violations"], json!(["page_without_pageinate"]));
    let calls = api.control(Method::GET, "/calls", None).await.json();
    assert_eq!(calls["counts"]["Tickets"], 2);
    let path = format!("/tickets/{id}/status");
    let closed = api
        .control(Method::POST, &path, Some(json!({ "status": 9 })))
        .await;
    assert_eq!(closed.status, 204);
    assert!(api.halo.ticket(id).unwrap().is_closed());
    let missing = api.control(
        Method::POST,
        "/tickets/1/status",
        Some(json!({ "status": 9 })),
    );
    assert_eq!(missing.await.status, 404);
    let path = format!("/sites/{}/general-user", api.site());
    assert_eq!(api.control(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(api.control(Method::DELETE, &path, None).await.status, 404);
    assert_eq!(api.control(Method::POST, &path, None).await.status, 204);
    assert_eq!(
        answer(api.bare(Method::GET, "/elsewhere")).await.status,
        404
    );
}

#[tokio::test]
async fn open_questions_are_answered_in_another_way_while_it_runs() {
    let api = Api::start().await;
    let mut quirks = api.control(Method::GET, "/quirks", None).await.json();
    assert_eq!(quirks["error_shape"], "exception");
    quirks["error_shape"] = json!("result_code");
    let set = api.control(Method::PUT, "/quirks", Some(quirks)).await;
    assert_eq!(set.status, 204);
    let answer = api
        .post("/Tickets", &json!([{ "summary": "For nobody" }]))
        .await;
    assert_eq!(answer.json()["resultCode"], "Error");
    let unknown = json!({ "error_shapes": "text" });
    let refused = api.control(Method::PUT, "/quirks", Some(unknown)).await;
    assert_eq!(refused.status, 422);
}
