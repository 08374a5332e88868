//! Every fault does what it says, to the calls it is meant for and as often as it should.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::NoAnswer;
use simulators::autotask::Autotask;
use simulators::faults::{Fault, Plan, Planned};

use crate::client::{Api, config, with_body};

fn posting() -> Planned {
    Planned::next(Fault::DropAnswer)
        .method("POST")
        .entity("Tickets")
}

async fn lost(api: &Api) -> bool {
    let request = with_body(api.request(Method::POST, "/Tickets"), &api.ticket());
    request.send().await.is_err()
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_ticket_stored() {
    let api = Api::start().await;
    api.autotask.faults().add(posting());
    assert!(lost(&api).await, "the client sees a broken connection");
    assert_eq!(api.autotask.tickets().len(), 1, "but the ticket is there");
    assert_eq!(
        api.post("/Tickets", &api.ticket()).await.status,
        200,
        "the next call is well"
    );
}

#[tokio::test]
async fn a_dropped_request_leaves_nothing() {
    let api = Api::start().await;
    api.autotask.faults().add(Planned {
        fault: Fault::DropRequest,
        ..posting()
    });
    assert!(lost(&api).await);
    assert_eq!(api.autotask.tickets(), []);
}

#[tokio::test]
async fn a_dropped_answer_is_marked_for_callers_in_process() {
    let autotask = Autotask::new(config());
    autotask.faults().add(Planned::next(Fault::DropRequest));
    let response = in_process(&autotask, "/ATServicesRest/versioninformation").await;
    assert!(response.extensions().get::<NoAnswer>().is_some());
    let response = in_process(&autotask, "/ATServicesRest/versioninformation").await;
    assert!(response.extensions().get::<NoAnswer>().is_none());
}

async fn in_process(autotask: &Autotask, path: &str) -> axum::response::Response {
    autotask
        .answer(Request::builder().uri(path).body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn a_gateway_timeout_is_html_after_the_ticket_was_stored() {
    let api = Api::start().await;
    api.autotask.faults().add(Planned {
        fault: Fault::GatewayTimeout,
        ..posting()
    });
    let answer = api.post("/Tickets", &api.ticket()).await;
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (504, "text/html")
    );
    assert_eq!(api.autotask.tickets().len(), 1);
}

#[tokio::test]
async fn refusing_faults_process_nothing() {
    let api = Api::start().await;
    for (fault, status, retry_after) in [
        (
            Fault::TooManyRequests {
                retry_after: Some(7),
            },
            429,
            Some("7"),
        ),
        (Fault::TooManyRequests { retry_after: None }, 429, None),
        (Fault::PlainError, 500, None),
        (Fault::Unavailable, 503, None),
    ] {
        api.autotask.faults().add(Planned { fault, ..posting() });
        let answer = api.post("/Tickets", &api.ticket()).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.retry_after.as_deref(), retry_after);
        let json = serde_json::from_str::<Value>(&answer.text).is_ok();
        assert_eq!(json, status == 429, "{}", answer.text);
    }
    assert_eq!(api.autotask.tickets(), []);
}

#[tokio::test]
async fn a_cut_body_begins_well_and_breaks() {
    let api = Api::start().await;
    api.autotask
        .faults()
        .add(Planned::next(Fault::CutBody).entity("companies"));
    let response = api
        .request(Method::GET, "/Companies/0")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.text().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn slow_and_hanging_answers_take_their_time() {
    let autotask = Autotask::new(config());
    let path = "/ATServicesRest/versioninformation";
    autotask.faults().add(Planned::next(Fault::Slow {
        milliseconds: 2_500,
    }));
    let before = tokio::time::Instant::now();
    let response = in_process(&autotask, path).await;
    assert_eq!(before.elapsed(), Duration::from_millis(2_500));
    assert!(to_bytes(response.into_body(), 1_000).await.is_ok());
    autotask.faults().add(Planned::next(Fault::HangAfter));
    let hangs = tokio::time::timeout(Duration::from_hours(1), in_process(&autotask, path));
    assert!(hangs.await.is_err());
}

#[tokio::test]
async fn faults_are_set_and_cleared_over_http() {
    let api = Api::start().await;
    let fault = json!({ "fault": { "too_many_requests": { "retry_after": 3 } }, "method": "GET",
        "entity": "Companies", "times": 2 });
    assert_eq!(
        api.control(Method::POST, "/faults", Some(fault))
            .await
            .status,
        204
    );
    let simple = json!({ "fault": "drop_answer" });
    assert_eq!(
        api.control(Method::POST, "/faults", Some(simple))
            .await
            .status,
        204
    );
    let wrong = json!({ "fault": "plain_error", "count": 2 });
    assert_eq!(
        api.control(Method::POST, "/faults", Some(wrong))
            .await
            .status,
        422
    );
    assert_eq!(api.get("/Companies/0").await.status, 429);
    assert_eq!(
        api.control(Method::GET, "/faults", None)
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        api.control(Method::DELETE, "/faults", None).await.status,
        204
    );
    assert_eq!(api.get("/Companies/0").await.status, 200);
}

#[tokio::test]
async fn faults_by_chance_are_the_same_for_the_same_seed() {
    let struck = async |seed| {
        let autotask = Autotask::new(simulators::autotask::Config { seed, ..config() });
        let chance = Planned::next(Fault::Unavailable)
            .times(u32::MAX)
            .per_mille(300);
        autotask.faults().add(chance);
        let mut statuses = Vec::new();
        for _ in 0..100 {
            let path = "/ATServicesRest/versioninformation";
            statuses.push(in_process(&autotask, path).await.status().as_u16());
        }
        statuses
    };
    let first = struck(1).await;
    assert_eq!(first, struck(1).await);
    assert_ne!(first, struck(2).await);
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((10..60).contains(&struck), "{struck}");
}

#[test]
fn a_plan_keeps_its_order_and_its_limit() {
    let plan = Plan::new(1);
    for _ in 0..simulators::faults::PLANNED_MAX + 5 {
        plan.add(Planned::next(Fault::Hang));
    }
    assert_eq!(plan.planned().len(), simulators::faults::PLANNED_MAX);
    plan.clear();
    assert_eq!(plan.planned(), []);
}
