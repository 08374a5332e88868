//! The credentials beside those in use: what is said of them, and when they are forgotten.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use store::{Key, Store as _};
use tokio::sync::watch;

use crate::desk::Desk;
use crate::world::{Call, World};

const INTEGRATIONS: &str = "/api/v1/partners/msp-1/integrations";

/// An integration whose first credentials gave way to others.
async fn replaced(world: &World) -> String {
    let new = json!({ "connector": "desk", "credentials": { "token": "first-token" } });
    let made = ok(world.post(INTEGRATIONS).partner("msp-1").json(&new)).await;
    let here = format!("{INTEGRATIONS}/{}", made["id"].as_str().unwrap());
    let others = json!({ "credentials": { "token": "second-token" } });
    let report = ok(world.put(&format!("{here}/credentials")).json(&others)).await;
    assert_eq!(report["ok"], true, "{report}");
    here
}

async fn ok(call: Call<'_>) -> Value {
    let answer = call.send().await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()
}

async fn stored(world: &World, here: &str) -> String {
    let id = here.rsplit('/').next().unwrap();
    let key = Key::new("msp-1", "integration", &[id]);
    let stored = world.store.get(&key).await.unwrap().unwrap();
    String::from_utf8(stored.value).unwrap()
}

#[tokio::test(start_paused = true)]
async fn former_credentials_are_forgotten_when_their_time_is_over() {
    let world = World::with_desk(Arc::new(Desk::default())).await;
    let (_stop, stopped) = watch::channel(false);
    let runtime = world.runtime.clone();
    tokio::spawn(async move { runtime.work(stopped, Duration::ZERO).await });
    let here = replaced(&world).await;
    let known = ok(world.get(&here)).await["credentials"].clone();
    assert_eq!(known["entered"]["by"], "Operator through the API");
    assert_eq!(
        known["spare"]["entered"]["by"],
        "Administrator through the API"
    );
    assert!(
        known["spare"]["former"]["kept_until"].is_string(),
        "{known}"
    );
    assert!(stored(&world, &here).await.contains("first-token"));

    tokio::time::advance(runtime::FORMER_KEPT).await;
    let known = ok(world.get(&here)).await["credentials"].clone();
    assert_eq!(known["spare"], Value::Null, "nobody can go back to them");
    let path = format!("{here}/credentials/spare/use");
    world.post(&path).send().await.expect_status(404);
    let mut looks = 0;
    while stored(&world, &here).await.contains("first-token") {
        looks += 1;
        assert!(looks < 200, "they lie in the store for ever");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_credentials_once_more_are_no_former_ones() {
    let world = World::with_desk(Arc::new(Desk::default())).await;
    let here = replaced(&world).await;
    let path = format!("{here}/credentials/spare");
    world
        .call(Method::DELETE, &path)
        .send()
        .await
        .expect_status(204);
    let same = json!({ "credentials": { "token": "second-token" } });
    ok(world.put(&format!("{here}/credentials")).json(&same)).await;
    let known = ok(world.get(&here)).await["credentials"].clone();
    assert_eq!(known["spare"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_disconnected_integration_forgets_both() {
    let world = World::with_desk(Arc::new(Desk::default())).await;
    let here = replaced(&world).await;
    ok(world.post(&format!("{here}/disconnect"))).await;
    let text = stored(&world, &here).await;
    assert!(
        !text.contains("first-token") && !text.contains("second-token"),
        "{text}"
    );
}
