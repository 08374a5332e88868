//! Tokens that are listed: shown once, good until they are revoked, and never further than whose
//! they are.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::World;

const TOKENS: &str = "/api/v1/partners/msp-1/tokens";
const PARTNER: &str = "/api/v1/partners/msp-1";

async fn made(world: &World, path: &str, body: &Value) -> (String, String) {
    let made = world.post(path).json(body).send().await.expect_status(201);
    let (token, id) = (&made.json()["token"], &made.json()["listed"]["id"]);
    (
        token.as_str().unwrap().to_owned(),
        id.as_str().unwrap().to_owned(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_listed_token_is_good_until_it_is_revoked() {
    let world = World::new().await;
    let (token, id) = made(&world, TOKENS, &json!({ "name": "nightly" })).await;
    let list = world.get(TOKENS).partner("msp-1").send().await.json();
    assert_eq!(list["tokens"][0]["used_on"], Value::Null);
    assert_eq!(
        list["tokens"][0]["entered"]["by"],
        "Operator through the API"
    );
    assert!(!list.to_string().contains(&token), "{list}");

    world
        .get(PARTNER)
        .bearer(&token)
        .send()
        .await
        .expect_status(200);
    let list = world.get(TOKENS).bearer(&token).send().await.json();
    assert!(list["tokens"][0]["used_on"].is_string(), "{list}");
    // What it makes says who made it.
    let body = json!({ "name": "by a token", "read_only": true, "expires": "90d" });
    let second = world.post(TOKENS).bearer(&token).json(&body).send().await;
    let second = second.expect_status(201).json();
    let by = &second["listed"]["entered"]["by"];
    assert_eq!(by, "The token \u{201c}nightly\u{201d}");
    let reads = second["token"].as_str().unwrap();
    world
        .get(PARTNER)
        .bearer(reads)
        .send()
        .await
        .expect_status(200);
    let refused = world.post(TOKENS).bearer(reads).json(&body).send().await;
    assert_eq!(refused.expect_status(403).problem(), "forbidden");

    let path = format!("{TOKENS}/{id}");
    world
        .call(Method::DELETE, &path)
        .send()
        .await
        .expect_status(204);
    let refused = world.get(PARTNER).bearer(&token).send().await;
    assert_eq!(refused.expect_status(401).problem(), "unauthenticated");
    world
        .get(PARTNER)
        .bearer(reads)
        .send()
        .await
        .expect_status(200);
    world
        .call(Method::DELETE, &path)
        .send()
        .await
        .expect_status(404);
}

#[tokio::test(start_paused = true)]
async fn a_token_reaches_no_further_than_whose_it_is() {
    let world = World::new().await;
    let (token, id) = made(&world, TOKENS, &json!({ "name": "own" })).await;
    let operators = "/api/v1/tokens";
    for path in [operators, "/api/v1/partners/other/tokens"] {
        let call = world.get(path).bearer(&token);
        call.send().await.expect_status(403);
    }
    let make = world
        .post(operators)
        .bearer(&token)
        .json(&json!({ "name": "more" }));
    make.send().await.expect_status(403);
    let (operator, its_id) = made(&world, operators, &json!({ "name": "deploy" })).await;
    world
        .get("/api/v1/partners")
        .bearer(&operator)
        .send()
        .await
        .expect_status(200);
    // An id is found under its owner only.
    for path in [format!("{operators}/{id}"), format!("{TOKENS}/{its_id}")] {
        world
            .call(Method::DELETE, &path)
            .send()
            .await
            .expect_status(404);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_made_is_said_with_its_place_and_the_list_has_an_end() {
    let world = World::new().await;
    for (body, pointer) in [
        (json!({ "name": " " }), "/name"),
        (json!({ "name": "x", "expires": "soon" }), "/expires"),
        (json!({ "name": "x", "expires": "0d" }), "/expires"),
    ] {
        let refused = world
            .post(TOKENS)
            .json(&body)
            .send()
            .await
            .expect_status(422);
        assert_eq!(
            refused.json()["faults"][0]["pointer"],
            pointer,
            "{}",
            refused.text()
        );
    }
    let short = json!({ "name": "short", "expires": "1s" });
    for _ in 0..runtime::TOKENS_MAX {
        made(&world, TOKENS, &short).await;
    }
    let refused = world.post(TOKENS).json(&short).send().await;
    assert_eq!(refused.expect_status(422).problem(), "invalid");
    // Those that are over make room.
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    made(&world, TOKENS, &short).await;
    let list = world.get(TOKENS).send().await.json();
    assert_eq!(list["tokens"].as_array().unwrap().len(), 1);
}
