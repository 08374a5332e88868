//! The backup over the API: whole, for operators only, one at a time.

use axum::http::{Method, header};
use serde_json::json;

use crate::world::World;

const BACKUP: &str = "/api/v1/backup";

#[tokio::test(start_paused = true)]
async fn an_operator_gets_all_of_it_and_can_tell_that_it_is_whole() {
    let world = World::new().await;
    let body = json!({ "name": "Northwind" });
    let put = world.call(Method::PUT, "/api/v1/partners/msp-2");
    put.json(&body).send().await.expect_status(200);
    let answer = world.get(BACKUP).send().await.expect_status(200);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/x-ndjson");
    let whole = store::check_export(&mut answer.body.as_slice(), None).unwrap();
    assert_eq!(whole.bytes, answer.body.len() as u64);
    let copy = store::Memory::import(&mut answer.body.as_slice()).unwrap();
    let names = runtime::partner_names(&copy, None, 10).await.unwrap();
    assert_eq!(names, ["msp-1", "msp-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_partner_gets_none() {
    let world = World::new().await;
    let refused = world.get(BACKUP).partner("msp-1").send().await;
    assert_eq!(refused.expect_status(403).problem(), "forbidden");
}

#[tokio::test(start_paused = true)]
async fn there_is_one_at_a_time_and_one_that_is_given_up_makes_room() {
    let world = World::new().await;
    // More than the pieces that lie ready for a caller who takes none.
    for number in 0..1_500 {
        let path = format!("/api/v1/partners/p-{number}");
        let put = world.call(Method::PUT, &path).json(&json!({ "name": "p" }));
        put.send().await.expect_status(200);
    }
    let untaken = world.get(BACKUP).begin().await;
    let second = world.get(BACKUP).send().await.expect_status(503);
    assert_eq!(second.problem(), "busy");
    assert!(second.headers.contains_key(header::RETRY_AFTER));
    drop(untaken);
    // It waits to give the next piece, and learns that nobody takes it as soon as it runs.
    tokio::task::yield_now().await;
    world.get(BACKUP).send().await.expect_status(200);
}
