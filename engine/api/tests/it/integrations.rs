//! Integrations with a PSA that cannot be reached, whichever it is.

use serde_json::{Map, Value, json};

use crate::world::World;

const INTEGRATIONS: &str = "/api/v1/partners/msp-1/integrations";

/// A connector, and credentials for it that are as long as they need to be.
async fn connection(world: &World) -> Value {
    let connectors = world
        .get("/api/v1/connectors")
        .partner("msp-1")
        .send()
        .await;
    let connectors = connectors.expect_status(200).json();
    let connector = connectors["connectors"][0].clone();
    let credentials: Map<String, Value> = connector["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["name"].as_str().unwrap().to_owned(), json!("hunter2")))
        .collect();
    assert!(!credentials.is_empty(), "{connector}");
    json!({"connector": connector["name"], "credentials": credentials})
}

#[tokio::test(start_paused = true)]
async fn a_psa_that_cannot_be_reached_fails_the_test_and_is_not_kept() {
    let world = World::new().await;
    let connection = connection(&world).await;
    let test = world
        .post(&format!("{INTEGRATIONS}/test"))
        .json(&connection)
        .send()
        .await;
    assert!(!test.text().contains("hunter2"), "{}", test.text());
    let create = world.post(INTEGRATIONS).json(&connection).send().await;
    assert!(create.status.is_client_error() || create.status.is_server_error());
    assert!(!create.problem().is_empty() && create.json()["detail"].is_string());
    assert!(!create.text().contains("hunter2"), "{}", create.text());
    let kept = world.get(INTEGRATIONS).send().await.expect_status(200);
    assert_eq!(kept.json(), json!({"integrations": []}));
}

#[tokio::test]
async fn a_credential_that_is_no_text_is_refused_without_being_repeated() {
    let world = World::new().await;
    let mut connection = connection(&world).await;
    let name = connection["credentials"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    connection["credentials"][&name] = json!(53_090_117);
    let answer = world
        .post(INTEGRATIONS)
        .json(&connection)
        .send()
        .await
        .expect_status(422);
    assert_eq!(
        answer.json()["faults"][0]["pointer"],
        json!(format!("/credentials/{name}"))
    );
    assert!(!answer.text().contains("53090117"), "{}", answer.text());
}

#[tokio::test]
async fn a_callout_name_with_a_colon_is_refused() {
    let world = World::new().await;
    let call = world.put(&format!("{INTEGRATIONS}/i-1/callout"));
    let body = json!({"username": "a:b", "password": "hunter2"});
    let answer = call.json(&body).send().await.expect_status(422);
    assert_eq!(answer.json()["faults"][0]["pointer"], "/username");
    assert!(!answer.text().contains("hunter2"));
}

#[tokio::test]
async fn what_is_the_vendors_own_is_refused_to_partners() {
    let world = World::new().await;
    let listed = world.get("/api/v1/connectors").send().await.json();
    let of_vendor = |one: &&Value| one["connected_by"] == "operator";
    let connectors = listed["connectors"].as_array().unwrap();
    let connector = connectors.iter().find(of_vendor).unwrap();
    let body = json!({ "connector": connector["name"], "credentials": {} });
    for path in [INTEGRATIONS.to_owned(), format!("{INTEGRATIONS}/test")] {
        let call = world.post(&path).json(&body).partner("msp-1");
        let refused = call.send().await.expect_status(403);
        assert!(
            refused.text().contains("only an operator"),
            "{}",
            refused.text()
        );
        world
            .post(&path)
            .json(&body)
            .send()
            .await
            .expect_status(422);
    }
}
