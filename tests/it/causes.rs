//! Failures that name their cause: one issue gathers all that is due to it, other work goes on, and
//! what waits goes on by itself once the cause is mended.

use futures::future::join_all;
use harness::{Partner, SOON, Stage, copy_connector};
use serde_json::{Value, json};

/// A program that tries again after a second what the shipped connector tries after ten minutes.
async fn quick() -> Stage {
    Stage::start_with(|folder| {
        let connectors = folder.join("connectors");
        copy_connector(&connectors.join("autotask"), |text| {
            text.replace("recheck: 10m", "recheck: 1s")
        });
        vec!["--connectors".to_owned(), connectors.display().to_string()]
    })
    .await
}

/// The id of a company by its name.
fn company(partner: &Partner, name: &str) -> i64 {
    let mut all = partner.autotask.companies().into_iter();
    all.find(|it| it.name == name).expect("a company").id
}

/// The one open issue of that cause.
async fn issue_of(partner: &Partner, cause: &str) -> Option<Value> {
    let all = partner.api.get(&partner.path("issues")).await;
    let all = all["issues"].as_array().cloned().unwrap_or_default();
    let mut found = all.into_iter().filter(|issue| issue["cause"] == cause);
    let first = found.next();
    assert_eq!(found.next(), None, "one cause about one thing is one issue");
    first
}

#[tokio::test]
async fn ten_of_fifty_requests_wait_behind_one_issue_and_go_on_by_themselves() {
    let stage = quick().await;
    let partner = stage.partner("north").await;
    let alpha = company(&partner, "alpha");
    partner
        .autotask
        .set_company_active(alpha, false)
        .expect("a company");
    let ids: Vec<String> = (1..=50).map(|number| format!("r-{number}")).collect();
    let customers = ["alpha", "beta", "gamma", "beta", "gamma"]
        .into_iter()
        .cycle();
    let sent = ids.iter().zip(customers);
    join_all(
        sent.clone()
            .map(|(id, customer)| partner.send(id, customer)),
    )
    .await;
    for (id, customer) in sent.clone() {
        let state = if customer == "alpha" {
            "failed"
        } else {
            "ticketed"
        };
        partner.wait_state(id, state).await;
    }
    let issue = partner
        .wait_for("ten wait behind one issue", SOON, async || {
            let issue = issue_of(&partner, "company_inactive").await?;
            (issue["behind"] == 10).then_some(issue)
        })
        .await;
    assert_eq!(issue["about"], alpha.to_string(), "{issue}");
    assert!(issue["title"].to_string().contains("alpha"), "{issue}");
    assert_eq!(issue["foreseen"], false, "{issue}");
    let made = ids
        .iter()
        .filter(|id| !partner.autotask.tickets_by_external_id(id).is_empty());
    assert_eq!(made.count(), 40, "the others do not wait");

    partner
        .autotask
        .set_company_active(alpha, true)
        .expect("a company");
    for id in &ids {
        partner.wait_state(id, "ticketed").await;
        partner.ticket(id);
    }
    partner.wait_no_issues().await;
    assert_eq!(partner.violations(), []);
}

#[tokio::test]
async fn a_retry_by_hand_tries_all_that_waits() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let alpha = company(&partner, "alpha");
    partner
        .autotask
        .set_company_active(alpha, false)
        .expect("a company");
    for id in ["r-1", "r-2"] {
        partner.send(id, "alpha").await;
        partner.wait_state(id, "failed").await;
    }
    let issue = issue_of(&partner, "company_inactive")
        .await
        .expect("one issue");
    partner
        .autotask
        .set_company_active(alpha, true)
        .expect("a company");
    let id = issue["id"].as_str().expect("an id");
    let path = partner.path(&format!("issues/{id}/retry"));
    let again = partner.api.post(&path, json!({})).await;
    assert_eq!(again["retried"], 2, "{again}");
    for id in ["r-1", "r-2"] {
        partner.wait_state(id, "ticketed").await;
    }
    partner.wait_no_issues().await;
}
