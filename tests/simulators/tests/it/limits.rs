//! Threads per entity, the rolling hour, and the waiting time near its end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use simulators::autotask::{Autotask, Config, Limits, Quirks, Violation};
use simulators::faults::{Fault, Planned};
use simulators::{Clock, TokioClock};

use crate::client::{Api, SOON, config};

fn get(autotask: &Autotask, path: &str) -> Request<Body> {
    let credentials = autotask.credentials();
    Request::builder()
        .method(Method::GET)
        .uri(format!(
            "http://simulated.example/ATServicesRest/V1.0{path}"
        ))
        .header("ApiIntegrationCode", credentials.integration_code)
        .header("UserName", credentials.username)
        .header("Secret", credentials.secret)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_fourth_concurrent_call_to_an_entity_is_429() {
    let api = Api::start().await;
    api.autotask
        .faults()
        .add(Planned::next(Fault::Hang).entity("Companies").times(3));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let request = api.request(Method::GET, "/Companies/0");
        calls.spawn(async move { request.send().await.is_ok() });
    }
    let three = |autotask: &Autotask| autotask.calls().len() == 3;
    api.autotask
        .wait_for("three calls under way", three, SOON)
        .await
        .unwrap();
    let fourth = api.get("/Companies/entityInformation/fields").await;
    assert_eq!(fourth.status, 429);
    assert_eq!(
        fourth.error(),
        "API thread threshold of 3 threads has been exceeded"
    );
    assert_eq!(fourth.retry_after, None);
    assert_eq!(
        api.get("/Tickets/entityInformation").await.status,
        200,
        "threads are per entity"
    );
    assert_eq!(api.autotask.violations(), [Violation::TooManyThreads]);
    calls.abort_all();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_its_caller_gives_up_frees_its_thread() {
    let autotask = Autotask::new(config());
    autotask.faults().add(Planned::next(Fault::Hang).times(4));
    for _ in 0..4 {
        let call = autotask.answer(get(&autotask, "/Companies/0"));
        assert!(
            tokio::time::timeout(Duration::from_secs(5), call)
                .await
                .is_err()
        );
    }
    let response = autotask.answer(get(&autotask, "/Companies/0")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(autotask.violations(), []);
}

#[tokio::test(start_paused = true)]
async fn the_hour_rolls() {
    let start: Timestamp = "2026-05-27T10:00:00Z".parse().unwrap();
    let limits = Limits {
        hourly: 3,
        ..Limits::default()
    };
    let quirks = Quirks {
        retry_after: Some(60),
        ..Quirks::default()
    };
    let clock = Arc::new(TokioClock::starting_at(start));
    let autotask = Autotask::new(Config {
        clock,
        limits,
        quirks,
        ..Config::default()
    });
    let status = async || {
        autotask
            .answer(get(&autotask, "/Companies/0"))
            .await
            .status()
    };
    assert_eq!(status().await, 200);
    tokio::time::advance(Duration::from_mins(30)).await;
    assert_eq!(
        (status().await.as_u16(), status().await.as_u16()),
        (200, 200)
    );
    let full = autotask.answer(get(&autotask, "/Companies/0")).await;
    assert_eq!(full.status(), 429);
    assert_eq!(full.headers().get("retry-after").unwrap(), "60");
    assert_eq!(autotask.violations(), [Violation::HourlyLimit]);
    tokio::time::advance(Duration::from_mins(30)).await;
    assert_eq!(
        (status().await.as_u16(), status().await.as_u16()),
        (200, 429)
    );
}

#[tokio::test]
async fn the_threshold_counts_every_call_and_those_of_others() {
    let api = Api::start().await;
    api.get("/Companies/0").await;
    api.control(Method::POST, "/hour", Some(json!({ "calls": 100 })))
        .await;
    let threshold = api.get("/ThresholdInformation").await.json();
    assert_eq!(
        threshold,
        json!({
            "externalRequestThreshold": 10_000,
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": 102,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn calls_slow_down_from_half_of_the_hour_on() {
    let start: Timestamp = "2026-05-27T10:00:00Z".parse().unwrap();
    let limits = Limits {
        hourly: 100,
        slows_down: true,
        ..Limits::default()
    };
    let clock = TokioClock::starting_at(start);
    let autotask = Autotask::new(Config {
        clock: Arc::new(clock),
        limits,
        ..Config::default()
    });
    let took = async |used: usize| {
        autotask.use_up_hour(used);
        let before = clock.now();
        autotask.answer(get(&autotask, "/Companies/0")).await;
        clock.now().duration_since(before)
    };
    assert_eq!(took(10).await, SignedDuration::ZERO);
    assert!(took(40).await >= SignedDuration::from_millis(500));
    assert!(took(30).await >= SignedDuration::from_secs(1));
}
