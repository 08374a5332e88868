//! The test ticket: it goes the way of all tickets, is verified and leaves nothing behind.

use harness::{Partner, SOON, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::Ticket;
use simulators::faults::{Fault, Planned};

/// Asks for a test ticket, and gives the run once it has ended.
async fn test(partner: &Partner, whom: Value) -> Value {
    let asked = partner.api.post(&partner.here("test-ticket"), whom).await;
    let run = asked["run"].as_str().expect("a run").to_owned();
    ended(partner, &run).await
}

async fn ended(partner: &Partner, run: &str) -> Value {
    let path = format!("runs/{run}");
    partner
        .wait_for("the test ends", SOON, async || {
            let run = partner.get_here(&path).await;
            (run["status"] != "running").then_some(run)
        })
        .await
}

/// The tickets that were made for tests.
fn made(partner: &Partner) -> Vec<Ticket> {
    let all = partner.autotask.tickets().into_iter();
    let is_test = |ticket: &Ticket| ticket.title.starts_with("Test ticket");
    all.filter(is_test).collect()
}

#[tokio::test]
async fn a_test_ticket_is_made_verified_and_closed_and_nobody_is_told() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let run = test(&partner, json!({ "customer": "beta" })).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let checks = run["checks"].as_array().expect("checks");
    assert!(checks.len() >= 8, "{run:#}");
    assert!(checks.iter().all(|check| check["holds"] == true), "{run:#}");
    let tickets = made(&partner);
    assert_eq!(tickets.len(), 1, "{tickets:?}");
    assert!(tickets[0].is_closed());
    let company = partner.autotask.companies().into_iter();
    let company = company.filter(|it| it.name == "beta").map(|it| it.id);
    assert_eq!(company.collect::<Vec<_>>(), [tickets[0].company_id]);
    assert_eq!(partner.ledger().await["accepted"], 0);
    assert!(partner.product.received_of("request.closed").is_empty());
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_refused_test_ticket_says_why_and_ends() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let status = partner.choice("statuses", "New").await;
    let status = status.as_i64().expect("a status");
    partner
        .autotask
        .set_picklist_active("Tickets", "status", status, false);
    let run = test(&partner, json!({})).await;
    assert_eq!(run["status"], "failed", "{run:#}");
    let remedy = run["failure"]["remedy"].as_str().unwrap_or_default();
    assert!(remedy.contains("no longer active"), "{run:#}");
    assert!(made(&partner).is_empty());
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_test_ticket_that_cannot_be_closed_is_closed_once_that_is_mended() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let status = partner.choice("statuses", "Complete").await;
    let status = status.as_i64().expect("a status");
    let set = |active| {
        partner
            .autotask
            .set_picklist_active("Tickets", "status", status, active)
    };
    set(false);
    let run = test(&partner, json!({ "customer": "alpha" })).await;
    assert_eq!(run["status"], "failed", "{run:#}");
    let issue = partner.wait_issue("refused").await;
    assert_eq!(issue["behind"], 1, "{issue}");
    let open = made(&partner);
    assert!(open.iter().all(|ticket| !ticket.is_closed()), "{open:?}");
    set(true);
    let id = issue["id"].as_str().expect("an id");
    let retry = partner.path(&format!("issues/{id}/retry"));
    partner.api.post(&retry, json!({})).await;
    partner
        .wait_for("the test ticket is closed", SOON, async || {
            made(&partner)[0].is_closed().then_some(())
        })
        .await;
    assert_eq!(made(&partner).len(), 1);
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_test_ticket_whose_answer_is_lost_is_still_one() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let lost = Planned::next(Fault::DropAnswer)
        .method("POST")
        .entity("Tickets");
    partner.autotask.faults().add(lost);
    let run = test(&partner, json!({ "customer": "alpha" })).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let tickets = made(&partner);
    assert_eq!(tickets.len(), 1, "{tickets:?}");
    assert!(tickets[0].is_closed());
}

#[tokio::test]
async fn a_test_ticket_for_nobody_is_refused_at_once() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    for whom in [json!({ "customer": "stray" }), json!({ "company": 4 })] {
        let path = partner.here("test-ticket");
        let answer = partner.api.call(Method::POST, &path, Some(&whom)).await;
        answer.problem(422, "invalid");
    }
    assert!(made(&partner).is_empty());
}
