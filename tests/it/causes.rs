//! Failures that name their cause: one issue gathers all that is due to it, other work goes on, and
//! what waits goes on by itself once the cause is mended.

use futures::future::join_all;
use harness::{Partner, SOON, Stage, copy_connector};
use serde_json::{Value, json};

/// A program that tries again after a second what the shipped connector tries after ten minutes.
async fn quick() -> Stage {
    Stage::start_with(|folder| {
        let connectors = folder.join("connectors");
        copy_connector("autotask", &connectors.join("autotask"), |text| {
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

#[tokio::test]
async fn what_would_stop_tickets_is_an_issue_before_the_first_one_fails() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let alpha = company(&partner, "alpha");
    let queue = partner
        .autotask
        .picklist_value("Tickets", "queueID", "Service Desk")
        .expect("a queue");
    partner
        .autotask
        .set_company_active(alpha, false)
        .expect("a company");
    assert!(
        partner
            .autotask
            .set_picklist_active("Tickets", "queueID", queue, false)
    );
    partner.run("read_directory").await;
    let ran = partner.run("preflight").await;
    assert_eq!(ran["status"], "succeeded", "{ran}");
    assert_eq!(ran["counts"]["found"], 2, "{ran}");
    let calls = ran["counts"]["calls"].as_u64().expect("a number of calls");
    assert!((1..=6).contains(&calls), "{ran}");
    let gone = issue_of(&partner, "company_inactive")
        .await
        .expect("an issue");
    assert_eq!(
        (&gone["foreseen"], &gone["behind"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(gone["about"], alpha.to_string(), "{gone}");
    let choice = issue_of(&partner, "choice_inactive")
        .await
        .expect("an issue");
    let title = choice["title"].to_string();
    assert!(
        title.contains("Default Queue") && title.contains("Service Desk"),
        "{title}"
    );

    // A request that meets what was foreseen waits behind the same issue.
    assert!(
        partner
            .autotask
            .set_picklist_active("Tickets", "queueID", queue, true)
    );
    partner.send("r-1", "alpha").await;
    let failed = partner.wait_state("r-1", "failed").await;
    assert_eq!(failed["issue"], gone["id"]);

    // What is mended clears itself, and the request goes on without anybody's click.
    partner
        .autotask
        .set_company_active(alpha, true)
        .expect("a company");
    partner.run("read_directory").await;
    partner.run("preflight").await;
    partner.wait_state("r-1", "ticketed").await;
    partner.ticket("r-1");
    partner.wait_no_issues().await;
    assert_eq!(partner.violations(), []);
}

#[tokio::test]
async fn a_right_that_was_taken_away_is_found_and_another_mapping_mends_an_inactive_company() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let (alpha, beta) = (company(&partner, "alpha"), company(&partner, "beta"));
    partner
        .autotask
        .set_company_active(alpha, false)
        .expect("a company");
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "failed").await;
    let mapping = json!({ "mappings": [{ "customer": "alpha", "company": beta }] });
    partner.put_here("mappings/companies", mapping).await;
    partner.wait_state("r-1", "ticketed").await;
    assert_eq!(partner.ticket("r-1").company_id, beta);
    partner.wait_no_issues().await;

    partner.autotask.set_right(
        "Tickets",
        simulators::autotask::Action::Update,
        simulators::autotask::Right::None,
    );
    partner.run("preflight").await;
    let issue = issue_of(&partner, "right_missing").await.expect("an issue");
    assert_eq!(issue["kind"], "right_missing");
    assert_eq!(issue["about"], "Change tickets", "{issue}");
}

#[tokio::test]
async fn a_choice_that_only_a_rule_makes_is_looked_at_before_the_first_ticket_too() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let queue = partner.choice("queues", "Security").await;
    let saved = partner.get_here("settings/tickets").await;
    let settings = json!({
        "on": true,
        "values": saved["values"],
        "rules": { "user_feedback": { "values": { "queue": queue } } },
    });
    partner.put_here("settings/tickets", settings).await;
    let queue = queue.as_i64().expect("a queue");
    let autotask = &partner.autotask;
    assert!(autotask.set_picklist_active("Tickets", "queueID", queue, false));
    partner.run("preflight").await;
    let issue = issue_of(&partner, "choice_inactive").await;
    let title = issue.expect("an issue")["title"].to_string();
    assert!(title.contains("Default Queue for user_feedback"), "{title}");
    assert!(autotask.set_picklist_active("Tickets", "queueID", queue, true));
    partner.run("preflight").await;
    partner.wait_no_issues().await;
}
