//! What every call and answer has in common: request ids, tokens, headers.

use api::Scope;
use model::Timestamp;

use crate::world::{START, World};

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let world = World::new().await;
    let given = world
        .get("/healthz")
        .header("x-request-id", "a-1_2.3:4")
        .send()
        .await;
    assert_eq!(given.header("x-request-id"), Some("a-1_2.3:4"));
    let long = "x".repeat(65);
    for odd in ["", "a b", "a\"b", "<script>", &long] {
        let answer = world
            .get("/healthz")
            .header("x-request-id", odd)
            .send()
            .await;
        let made = answer.header("x-request-id").unwrap();
        assert!(made != odd && made.len() == 16, "{odd}: {made}");
    }
    let first = world.get("/healthz").without("x-request-id").send().await;
    let second = world.get("/healthz").without("x-request-id").send().await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn answers_are_not_cached_and_not_guessed_at() {
    let world = World::new().await;
    for path in ["/api/v1/partners/msp-1", "/nowhere", "/api/openapi.json"] {
        let answer = world.get(path).send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_open_takes_no_token() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz", "/api/openapi.json"] {
        world
            .get(path)
            .without("authorization")
            .send()
            .await
            .expect_status(200);
    }
}

/// Every documented route is called as documented, with nobody's token and with another partner's:
/// none lets either through, so that a route added later is guarded or this test fails.
#[tokio::test]
async fn every_other_route_takes_a_token_of_its_partner() {
    let world = World::new().await;
    let document = world.get("/api/openapi.json").send().await.json();
    let open = [
        "/healthz",
        "/readyz",
        "/api/openapi.json",
        "/callouts/{token}",
    ];
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if open.contains(&path.as_str()) {
                continue;
            }
            tried += 1;
            let method = method.to_uppercase().parse::<axum::http::Method>().unwrap();
            let concrete = path.replace("{partner}", "msp-1").replace(['{', '}'], "");
            let call = || world.call(method.clone(), &concrete);
            let answer = call()
                .without("authorization")
                .send()
                .await
                .expect_status(401);
            assert_eq!(answer.problem(), "unauthenticated", "{method} {path}");
            assert!(
                answer
                    .header("www-authenticate")
                    .unwrap()
                    .starts_with("Bearer")
            );
            if path.contains("{partner}") {
                let answer = call().partner("msp-2").send().await.expect_status(403);
                assert_eq!(answer.problem(), "forbidden", "{method} {path}");
            }
        }
    }
    assert!(tried > 25, "{tried}");
}

#[tokio::test]
async fn a_partner_sends_no_partners_customers_or_requests() {
    let world = World::new().await;
    let calls = [
        world.get("/api/v1/partners"),
        world.put("/api/v1/partners/msp-1"),
        world.put("/api/v1/partners/msp-1/customers"),
        world.post("/api/v1/partners/msp-1/requests"),
        world.post("/api/v1/partners/msp-1/requests/7/close"),
        world.get("/metrics"),
    ];
    for call in calls {
        assert_eq!(
            call.partner("msp-1")
                .send()
                .await
                .expect_status(403)
                .problem(),
            "forbidden"
        );
    }
    for path in [
        "",
        "/customers",
        "/requests",
        "/ledger",
        "/issues",
        "/integrations",
    ] {
        let path = format!("/api/v1/partners/msp-1{path}");
        world
            .get(&path)
            .partner("msp-1")
            .send()
            .await
            .expect_status(200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_until_it_expires() {
    let world = World::new().await;
    let end = Timestamp::from_millis(START.as_millis() + 60_000);
    let token = world.token(Scope::Operator, Some(end));
    world
        .get("/api/v1/partners")
        .bearer(&token)
        .send()
        .await
        .expect_status(200);
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    let answer = world
        .get("/api/v1/partners")
        .bearer(&token)
        .send()
        .await
        .expect_status(401);
    assert!(answer.text().contains("expired"), "{}", answer.text());
}

#[tokio::test]
async fn operation_is_reported() {
    let world = World::new().await;
    let answer = world.get("/metrics").send().await.expect_status(200);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    assert!(
        answer
            .text()
            .contains("# TYPE dovetail_commits_total counter"),
        "{}",
        answer.text()
    );
    let answer = world
        .get("/api/openapi.json")
        .send()
        .await
        .expect_status(200);
    assert_eq!(answer.text(), api::document());
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let world = World::new().await;
    world.store.crash().unwrap();
    let body = serde_json::json!({"id": "1", "customer_id": "c-7", "report_type": "url_block"});
    let call = world.post("/api/v1/partners/msp-1/requests").json(&body);
    let answer = call.send().await.expect_status(503);
    assert_eq!(answer.problem(), "not-kept");
    assert!(answer.header("retry-after").is_some());
}
