//! An integration that people hold: work waits for it, nothing is lost and nothing doubled; and
//! finding again what went through it.

use harness::Stage;
use reqwest::Method;
use serde_json::{Value, json};

/// How many tickets of this request there are in the PSA.
fn tickets_of(partner: &harness::Partner, request: &str) -> usize {
    let all = partner.autotask.tickets().into_iter();
    all.filter(|ticket| ticket.external_id.as_deref() == Some(request))
        .count()
}

#[tokio::test]
async fn what_comes_while_it_is_paused_waits_and_goes_on_once() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.api.post(&partner.here("pause"), json!({})).await;
    partner.send("r-1", "alpha").await;
    let request = partner.wait_state("r-1", "parked").await;
    let issue = partner.wait_issue("held").await;
    assert_eq!(request["issue"], issue["id"]);
    assert!(partner.autotask.tickets().is_empty());
    let (status, problem) = refused(&partner, "sync").await;
    let said = "The call was not made: the integration is paused.";
    assert_eq!((status, &problem["detail"]), (409, &json!(said)));
    partner.api.post(&partner.here("resume"), json!({})).await;
    partner.wait_state("r-1", "ticketed").await;
    partner.wait_no_issues().await;
    assert_eq!(tickets_of(&partner, "r-1"), 1);
}

#[tokio::test]
async fn a_disconnected_one_forgets_its_credentials_and_keeps_its_tickets() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    let calls = partner.autotask.calls().len();
    let address = partner.callout_url().await;
    let gone = partner
        .api
        .post(&partner.here("disconnect"), json!({}))
        .await;
    assert_eq!(gone["held"]["how"], "disconnected");
    // A close of what it had begun waits; what is new has nowhere to go.
    partner.close("r-1", "allowed").await;
    partner.send("r-2", "alpha").await;
    partner.wait_state("r-2", "parked").await;
    partner.wait_issue("held").await;
    partner.wait_issue("no_ticket_integration").await;
    assert_eq!(partner.autotask.calls().len(), calls, "nothing is sent");
    let path = address.replace(partner.api.base(), "");
    let answer = partner
        .api
        .call(Method::POST, &path, Some(&json!({ "id": 1 })))
        .await;
    assert_eq!(answer.status, 404);
    let (status, _) = refused(&partner, "resume").await;
    assert_eq!(status, 409, "credentials are wanted");
    // Working credentials connect it again, and all of it goes on.
    let report = partner.put_here("credentials", partner.credentials()).await;
    assert_eq!(report["ok"], true, "{report:#}");
    partner.wait_state("r-1", "closed").await;
    partner.wait_state("r-2", "ticketed").await;
    partner.wait_no_issues().await;
    assert_eq!(partner.callout_url().await, address);
    assert_eq!(
        (tickets_of(&partner, "r-1"), tickets_of(&partner, "r-2")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_request_is_found_by_what_people_know_of_it_and_seen_to_once_more() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    for number in 1..=5 {
        partner.send(&format!("r-{number}"), "alpha").await;
    }
    partner.send("other", "stray").await;
    let request = partner.wait_state("r-3", "ticketed").await;
    let number = request["ticket"]["number"].as_str().expect("a number");
    let ticket = request["ticket"]["id"].to_string();
    for (find, found) in [
        ("r-3", vec!["r-3"]),
        (number, vec!["r-3"]),
        (ticket.as_str(), vec!["r-3"]),
        ("STRAY", vec!["other"]),
        ("nowhere.example", vec![]),
    ] {
        assert_eq!(
            ids(&find_in(&partner, &format!("find={find}")).await),
            found,
            "{find}"
        );
    }
    // Newest first, page by page.
    let first = find_in(&partner, "limit=4").await;
    let next = first["next"].as_str().expect("more").to_owned();
    let second = find_in(&partner, &format!("limit=4&after={next}")).await;
    assert_eq!(ids(&first), ["other", "r-5", "r-4", "r-3"]);
    assert_eq!(ids(&second), ["r-2", "r-1"]);
    assert_eq!(second["next"], Value::Null);
    // One whose ticket was closed unseen is seen to; one that waits is tried again.
    let path = partner.path("requests/r-3/replay");
    assert_eq!(
        partner.api.post(&path, json!({})).await["replayed"],
        "ticket_read"
    );
    partner.wait_state("other", "parked").await;
    let path = partner.path("requests/other/replay");
    assert_eq!(
        partner.api.post(&path, json!({})).await["replayed"],
        "tried_again"
    );
    partner.wait_state("other", "parked").await;
    assert_eq!(tickets_of(&partner, "r-3"), 1);
}

async fn find_in(partner: &harness::Partner, query: &str) -> Value {
    partner
        .api
        .get(&partner.path(&format!("activity?{query}")))
        .await
}

fn ids(found: &Value) -> Vec<&str> {
    let requests = found["requests"].as_array().expect("requests");
    requests
        .iter()
        .filter_map(|request| request["id"].as_str())
        .collect()
}

async fn refused(partner: &harness::Partner, rest: &str) -> (u16, Value) {
    let answer = partner
        .api
        .call(Method::POST, &partner.here(rest), Some(&json!({})))
        .await;
    (answer.status, answer.json)
}
