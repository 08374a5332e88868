//! What a caller reads who did something wrong: one snapshot of all of it, to be read in review.

use api::{Scope, TokenKey};
use model::Timestamp;
use serde_json::{Map, Value, json};

use crate::world::{Answer, START, World};

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "a list of mistakes, one call each")]
async fn problems_say_what_and_where_and_how_to_mend_it() {
    let world = World::new().await;
    let mut seen = Map::new();
    let mut keep = |what: &str, answer: Answer| {
        assert!(!answer.problem().is_empty());
        seen.insert(what.to_owned(), answer.json());
    };

    let partner = "/api/v1/partners/msp-1";
    let requests = format!("{partner}/requests");
    let good = json!({"id": "1", "customer_id": "c-7", "report_type": "url_block"});
    world
        .post(&requests)
        .json(&good)
        .send()
        .await
        .expect_status(202);

    keep(
        "no token",
        world.get(partner).without("authorization").send().await,
    );
    keep(
        "basic for bearer",
        world
            .get(partner)
            .header("authorization", "Basic YTpi")
            .send()
            .await,
    );
    keep(
        "half a token",
        world.get(partner).bearer("dvt_eyJz").send().await,
    );
    let other = TokenKey::from_bytes([8; 32]);
    let claims = api::Claims {
        scope: Scope::Operator,
        id: None,
        issued_at: START,
        expires_at: None,
    };
    keep(
        "another key's token",
        world
            .get(partner)
            .bearer(other.mint(&claims).expose())
            .send()
            .await,
    );
    let old = world.token(
        Scope::Operator,
        Some(Timestamp::from_millis(START.as_millis() - 1)),
    );
    keep(
        "an expired token",
        world.get(partner).bearer(&old).send().await,
    );
    keep(
        "another partner's token",
        world.get(partner).partner("msp-2").send().await,
    );
    keep(
        "a partner's request",
        world
            .post(&requests)
            .partner("msp-1")
            .json(&good)
            .send()
            .await,
    );

    keep(
        "a misspelt path",
        world.get("/api/v1/partner/msp-1/request").send().await,
    );
    keep(
        "a path like nothing",
        world.get("/wp-login.php").send().await,
    );
    keep(
        "a wrong method",
        world.call(axum::http::Method::DELETE, partner).send().await,
    );
    keep(
        "an id that cannot be one",
        world.get("/api/v1/partners/a%20b").send().await,
    );
    keep(
        "a limit of 0",
        world.get(&format!("{requests}?limit=0")).send().await,
    );
    keep(
        "a limit of many",
        world.get(&format!("{requests}?limit=many")).send().await,
    );
    keep(
        "an unknown parameter",
        world.get(&format!("{requests}?stat=open")).send().await,
    );
    keep(
        "an unknown state",
        world.get(&format!("{requests}?state=open")).send().await,
    );
    keep(
        "an unknown partner",
        world.get("/api/v1/partners/msp-9").send().await,
    );
    keep(
        "an unknown request",
        world.get(&format!("{requests}/9")).send().await,
    );

    let sent = |body: &'static str| world.post(&requests).body("application/json", body).send();
    keep(
        "no body",
        world
            .post(&requests)
            .header("content-type", "application/json")
            .send()
            .await,
    );
    keep("a body that is no JSON", sent("id=1").await);
    keep(
        "a body cut short",
        sent(r#"{"id": "1", "customer_id": "#).await,
    );
    keep(
        "a form",
        world
            .post(&requests)
            .body("application/x-www-form-urlencoded", "id=1")
            .send()
            .await,
    );
    keep(
        "a misspelt field",
        sent(r#"{"id": "2", "custmer_id": "c", "report_type": "x"}"#).await,
    );
    keep(
        "a number for a text",
        sent(r#"{"id": 2, "customer_id": "c", "report_type": "x"}"#).await,
    );
    keep(
        "a missing field",
        sent(r#"{"id": "2", "customer_id": "c"}"#).await,
    );
    let mut changed = good.clone();
    changed["report_type"] = json!("malware");
    keep(
        "an id that is taken",
        world.post(&requests).json(&changed).send().await,
    );
    let large = vec![b' '; 10 << 20];
    keep(
        "10 MB",
        world
            .post(&requests)
            .body("application/json", large)
            .send()
            .await,
    );

    let integrations = format!("{partner}/integrations");
    let unknown = json!({"connector": "nothing", "credentials": {}});
    keep(
        "an unknown connector",
        world.post(&integrations).json(&unknown).send().await,
    );
    keep(
        "an unknown integration",
        world.get(&format!("{integrations}/i-9")).send().await,
    );
    keep(
        "an unknown issue",
        world
            .post(&format!("{partner}/issues/x/retry"))
            .send()
            .await,
    );
    keep(
        "a callout to nowhere",
        world
            .post("/callouts/R2h0bGVuZ3Ro")
            .body("text/plain", "")
            .send()
            .await,
    );

    insta::assert_json_snapshot!(Value::Object(seen));
}
