//! The product's side: partners, customers, requests, the ledger.

use serde_json::{Value, json};

use crate::world::World;

const REQUESTS: &str = "/api/v1/partners/msp-1/requests";

fn request(id: &str) -> Value {
    json!({
        "id": id,
        "customer_id": "c-7",
        "report_type": "url_block",
        "hostname": "files.example",
        "url": "https://files.example/a",
        "reason": "Needed for the tender",
        "user": {"name": "Dana Reyes", "email": "dana@fabrikam.example"},
        "opened_at": "2026-07-01T11:59:00Z",
    })
}

#[tokio::test(start_paused = true)]
async fn a_request_is_kept_and_found_where_the_answer_says() {
    let world = World::new().await;
    let answer = world
        .post(REQUESTS)
        .json(&request("1650"))
        .send()
        .await
        .expect_status(202);
    let place = answer.header("location").unwrap().to_owned();
    let found = world.get(&place).send().await.expect_status(200);
    assert_eq!(found.json(), answer.json());
    insta::assert_json_snapshot!(found.json());
}

#[tokio::test]
async fn the_same_request_twice_is_one() {
    let world = World::new().await;
    let first = world
        .post(REQUESTS)
        .json(&request("1"))
        .send()
        .await
        .expect_status(202);
    let again = world
        .post(REQUESTS)
        .json(&request("1"))
        .send()
        .await
        .expect_status(202);
    assert_eq!(first.json(), again.json());
    let ledger = world
        .get("/api/v1/partners/msp-1/ledger")
        .send()
        .await
        .json();
    assert_eq!(ledger["accepted"], 1);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let first = world
        .post(REQUESTS)
        .json(&request("1"))
        .send()
        .await
        .expect_status(202);
    let mut other = request("1");
    other["report_type"] = json!("malware");
    let answer = world
        .post(REQUESTS)
        .json(&other)
        .send()
        .await
        .expect_status(409);
    assert_eq!(answer.problem(), "id-taken");
    let kept = world
        .get(&format!("{REQUESTS}/1"))
        .send()
        .await
        .expect_status(200);
    assert_eq!(kept.json(), first.json());
}

#[tokio::test]
async fn a_report_type_has_1_to_100_characters() {
    let world = World::new().await;
    for (length, status) in [(0, 422), (1, 202), (100, 202), (101, 422)] {
        let mut body = request(&format!("r-{length}"));
        body["report_type"] = json!("ü".repeat(length));
        let answer = world
            .post(REQUESTS)
            .json(&body)
            .send()
            .await
            .expect_status(status);
        if status == 422 {
            assert_eq!(answer.json()["faults"][0]["pointer"], "/report_type");
        }
    }
}

#[tokio::test]
async fn a_request_is_closed_with_or_without_a_body() {
    let world = World::new().await;
    for id in ["1", "2"] {
        world
            .post(REQUESTS)
            .json(&request(id))
            .send()
            .await
            .expect_status(202);
    }
    world
        .post(&format!("{REQUESTS}/1/close"))
        .send()
        .await
        .expect_status(202);
    let close = world.post(&format!("{REQUESTS}/2/close"));
    let answer = close
        .json(&json!({"resolution": "Allowed"}))
        .send()
        .await
        .expect_status(202);
    assert!(
        answer.json()["close_asked_at"].is_string(),
        "{}",
        answer.text()
    );
    let answer = world
        .post(&format!("{REQUESTS}/3/close"))
        .send()
        .await
        .expect_status(404);
    assert_eq!(answer.problem(), "not-found");
    let close = world.post(&format!("{REQUESTS}/1/close"));
    let answer = close
        .json(&json!({"reason": "x"}))
        .send()
        .await
        .expect_status(422);
    assert_eq!(answer.json()["faults"][0]["pointer"], "/reason");
}

#[tokio::test]
async fn requests_are_listed_page_by_page() {
    let world = World::new().await;
    for id in ["a", "b", "c", "d", "e"] {
        world
            .post(REQUESTS)
            .json(&request(id))
            .send()
            .await
            .expect_status(202);
    }
    let mut seen = Vec::new();
    let mut next = None;
    for _ in 0..5 {
        let after = next
            .map(|next: String| format!("&after={next}"))
            .unwrap_or_default();
        let path = format!("{REQUESTS}?limit=2&state=waiting{after}");
        let page = world.get(&path).send().await.expect_status(200).json();
        for request in page["requests"].as_array().unwrap() {
            assert!(request.get("history").is_none(), "{request}");
            seen.push(request["id"].as_str().unwrap().to_owned());
        }
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    let closed = world
        .get(&format!("{REQUESTS}?state=closed"))
        .send()
        .await
        .json();
    assert_eq!(closed, json!({"requests": [], "next": null}));
}

#[tokio::test]
async fn the_ledger_adds_up() {
    let world = World::new().await;
    for id in ["1", "2", "3"] {
        world
            .post(REQUESTS)
            .json(&request(id))
            .send()
            .await
            .expect_status(202);
    }
    let ledger = world
        .get("/api/v1/partners/msp-1/ledger")
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&ledger["adds_up"], &ledger["accepted"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(ledger["states"], ledger["recounted"]);
    assert_eq!(ledger["states"]["waiting"], 3);
}

#[tokio::test]
async fn customers_are_given_as_a_whole_list() {
    let world = World::new().await;
    let put = async |customers: Value| {
        let call = world.put("/api/v1/partners/msp-1/customers");
        call.json(&json!({"customers": customers}))
            .send()
            .await
            .expect_status(200)
            .json()
    };
    let fabrikam = json!({"id": "c-7", "name": "Fabrikam", "domains": ["fabrikam.example"]});
    let contoso = json!({"id": "c-8", "name": "Contoso"});
    let receipt = put(json!([fabrikam, contoso])).await;
    assert_eq!(
        receipt,
        json!({"received": 2, "added": 2, "changed": 0, "disabled": 0})
    );
    let receipt = put(json!([fabrikam])).await;
    assert_eq!(
        receipt,
        json!({"received": 1, "added": 0, "changed": 0, "disabled": 1})
    );
    let kept = world
        .get("/api/v1/partners/msp-1/customers")
        .send()
        .await
        .json();
    let enabled: Vec<_> = kept["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["enabled"])
        .collect();
    assert_eq!(enabled, [&json!(true), &json!(false)]);
}

#[tokio::test]
async fn a_customer_that_is_there_twice_is_refused_with_the_whole_list() {
    let world = World::new().await;
    let [one, two] = ["c-7", "c-8"].map(|id| json!({"id": id, "name": "Fabrikam"}));
    let list = json!({"customers": [one, two, one]});
    let answer = world
        .put("/api/v1/partners/msp-1/customers")
        .json(&list)
        .send()
        .await;
    let problem = answer.expect_status(422).json();
    assert_eq!(problem["faults"][0]["pointer"], "/customers/2/id");
    let kept = world
        .get("/api/v1/partners/msp-1/customers")
        .send()
        .await
        .json();
    assert_eq!(kept, json!({"customers": []}));
}

#[tokio::test]
async fn a_webhook_secret_is_shown_to_who_sets_it_and_never_again() {
    let world = World::new().await;
    let body = json!({"name": "Northwind", "webhook": {"url": "https://product.example/hook"}});
    let set = world
        .put("/api/v1/partners/msp-1")
        .json(&body)
        .send()
        .await
        .expect_status(200)
        .json();
    let secret = set["webhook"]["signing_secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(secret.starts_with("whsec_"), "a secret is made");
    let again = world
        .put("/api/v1/partners/msp-1")
        .json(&body)
        .send()
        .await
        .json();
    assert_eq!(
        again["webhook"]["signing_secret"],
        json!(secret),
        "it is kept"
    );
    let read = world
        .get("/api/v1/partners/msp-1")
        .send()
        .await
        .expect_status(200);
    assert_eq!(
        read.json()["webhook"],
        json!({"url": "https://product.example/hook"})
    );
    let list = world
        .get("/api/v1/partners")
        .send()
        .await
        .expect_status(200);
    assert!(!list.text().contains(&secret));
}
