//! The callout listener, as far as it goes without a PSA behind it.

use crate::world::World;

#[tokio::test]
async fn an_address_not_in_use_gives_nothing_away() {
    let world = World::new().await;
    let long = "a".repeat(2000);
    let mut answers = Vec::new();
    for token in ["R2h0bGVuZ3RoYW5kcmFuZG9t", "x", "a%2Fb", &long] {
        let path = format!("/callouts/{token}");
        for call in [
            world.get(&path),
            world.post(&path).body("application/json", "{\"id\":1}"),
        ] {
            let answer = call
                .without("authorization")
                .send()
                .await
                .expect_status(404);
            assert_eq!(answer.problem(), "callout-unknown");
            answers.push(answer.text());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_callout_of_more_than_a_megabyte_is_refused() {
    let world = World::new().await;
    let body = vec![b'x'; (1 << 20) + 1];
    let answer = world
        .post("/callouts/x")
        .body("text/plain", body)
        .send()
        .await;
    assert_eq!(answer.expect_status(413).problem(), "body-too-large");
}

#[tokio::test]
async fn callouts_come_by_get_or_post() {
    let world = World::new().await;
    let answer = world.put("/callouts/x").send().await.expect_status(405);
    assert_eq!(answer.problem(), "method-not-allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
}

#[tokio::test]
async fn a_path_below_a_callout_address_is_not_repeated() {
    let world = World::new().await;
    let answer = world
        .post("/callouts/R2h0bGVuZ3Ro/extra")
        .send()
        .await
        .expect_status(404);
    assert!(!answer.text().contains("R2h0bGVuZ3Ro"), "{}", answer.text());
}
