//! Usage as the product reports it.

use serde_json::{Value, json};

use crate::world::World;

const USAGE: &str = "/api/v1/partners/msp-1/usage";

fn usage(quantity: &Value) -> Value {
    json!({ "customer_id": "c-7", "product_id": "web-security", "term_start": "2026-07-01",
        "term_end": "2026-07-31T23:59:59Z", "status": "active", "quantity": quantity,
        "details": [{ "user": "sam@fabrikam.example", "quantity": 0.8 }] })
}

async fn put(world: &World, usages: &[Value]) -> Value {
    let sent = world
        .put(USAGE)
        .json(&json!({ "usage": usages }))
        .send()
        .await;
    sent.expect_status(200).json()
}

fn receipt(received: usize, added: usize, changed: usize, outdated: usize) -> Value {
    json!({ "received": received, "added": added, "changed": changed, "outdated": outdated })
}

#[tokio::test]
async fn the_same_usage_again_changes_nothing() {
    let world = World::new().await;
    assert_eq!(
        put(&world, &[usage(&json!(11.8))]).await,
        receipt(1, 1, 0, 0)
    );
    assert_eq!(
        put(&world, &[usage(&json!(11.8))]).await,
        receipt(1, 0, 0, 0)
    );
    assert_eq!(put(&world, &[usage(&json!(12))]).await, receipt(1, 0, 1, 0));
    let mut before = usage(&json!(3));
    before["term_start"] = json!("2026-06-01");
    before["term_end"] = json!("2026-06-30");
    assert_eq!(put(&world, &[before]).await, receipt(1, 0, 0, 1));
}

#[tokio::test]
async fn what_is_wrong_with_usage_is_said_with_its_place_and_nothing_is_kept() {
    let world = World::new().await;
    let mut backwards = usage(&json!(1));
    backwards["term_end"] = json!("2026-06-30");
    let mut long = usage(&json!(1));
    long["subscription_id"] = json!("x".repeat(65));
    for (usages, place) in [
        (json!([usage(&json!(-1))]), "/usage/0/quantity"),
        (json!([usage(&json!("many"))]), "/usage/0/quantity"),
        (json!([usage(&json!(1)), usage(&json!(2))]), "/usage/1"),
        (json!([backwards]), "/usage/0/term_end"),
        (json!([long]), "/usage/0/subscription_id"),
    ] {
        let sent = world
            .put(USAGE)
            .json(&json!({ "usage": usages }))
            .send()
            .await;
        assert!(sent.status.is_client_error(), "{usages}");
        assert!(!sent.problem().is_empty());
        assert!(sent.text().contains(place), "{place}: {}", sent.text());
    }
    assert_eq!(put(&world, &[usage(&json!(1))]).await, receipt(1, 1, 0, 0));
}

#[tokio::test]
async fn a_partner_does_not_report_its_own_usage() {
    let world = World::new().await;
    let body = json!({ "usage": [usage(&json!(1))] });
    let sent = world.put(USAGE).json(&body).partner("msp-1").send().await;
    sent.expect_status(403);
}

#[tokio::test]
async fn what_the_schema_allows_is_what_the_api_takes() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/product/usage.json"
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document = World::new()
        .await
        .get("/api/openapi.json")
        .send()
        .await
        .json();
    let keys = |schema: &Value| {
        let mut keys: Vec<String> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        keys.sort();
        keys
    };
    let taken = &document["components"]["schemas"]["UsageInput"];
    assert_eq!(keys(&schema), keys(taken));
}
