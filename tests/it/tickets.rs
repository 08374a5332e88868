//! The life of a request: it becomes a ticket, either side closes, nothing is lost or doubled.

use std::time::Duration;

use futures::future::join_all;
use harness::{FLAG, Partner, SOON, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::{Config, Limits, Violation};
use simulators::faults::{Fault, Planned};

/// Ids of `count` requests.
fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("r-{number}")).collect()
}

/// Hands in requests all at once, in turn for the mapped customers.
async fn send_all(partner: &Partner, ids: &[String]) {
    let customers = ["alpha", "beta", "gamma"].into_iter().cycle();
    let sent = ids
        .iter()
        .zip(customers)
        .map(|(id, customer)| partner.send(id, customer));
    join_all(sent).await;
}

/// Waits until they are all in that state.
async fn wait_all(partner: &Partner, ids: &[String], state: &str) {
    for id in ids {
        partner.wait_state(id, state).await;
    }
}

/// Checks that each of them has exactly one ticket.
fn check_one_each(partner: &Partner, ids: &[String]) {
    for id in ids {
        partner.ticket(id);
    }
}

/// How many calls the PSA has had with that method and entity.
fn calls(partner: &Partner, method: &str, entity: &str) -> usize {
    let all = partner.autotask.calls();
    all.iter()
        .filter(|call| call.method == method && call.entity == entity)
        .count()
}

fn state_count(ledger: &Value, state: &str) -> i64 {
    ledger["states"][state].as_i64().unwrap_or_default()
}

#[tokio::test]
async fn a_request_becomes_one_ticket_with_all_that_the_partner_chose() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    let request = partner.wait_state("r-1", "ticketed").await;
    let ticket = partner.ticket("r-1");
    let company = partner
        .autotask
        .companies()
        .into_iter()
        .find(|it| it.name == "alpha");
    assert_eq!(Some(ticket.company_id), company.map(|company| company.id));
    assert_eq!(
        json!(ticket.queue_id),
        partner.choice("queues", "Service Desk").await
    );
    assert_eq!(
        json!(ticket.status),
        partner.choice("statuses", "New").await
    );
    assert_eq!(ticket.user_defined_fields[FLAG], "Yes");
    let description = ticket.description.unwrap_or_default();
    for said in ["files.example", "Needed for the tender", "Dana Reyes"] {
        assert!(description.contains(said), "{said}: {description}");
    }
    assert_eq!(request["ticket"]["id"], ticket.id);
    let events = request["history"].as_array().expect("a history");
    assert!(events.len() >= 2, "{request}");
    assert!(partner.violations().is_empty());
}

#[tokio::test]
async fn the_same_request_again_is_one_request_and_other_content_is_refused() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    join_all((0..10).map(|_| partner.send("r-1", "alpha"))).await;
    partner.wait_state("r-1", "ticketed").await;
    partner.send("r-1", "alpha").await;
    let other = partner.try_send("r-1", "beta").await.expect("an answer");
    let text = other.problem(409, "id-taken");
    assert!(text.contains("r-1"), "{text}");
    partner.ticket("r-1");
    assert_eq!(calls(&partner, "POST", "Tickets"), 1 + queries(&partner));
    assert_eq!(partner.ledger().await["accepted"], 1);
}

/// Reads by POST, which this API has.
fn queries(partner: &Partner) -> usize {
    let all = partner.autotask.calls();
    all.iter()
        .filter(|call| call.path.ends_with("/Tickets/query"))
        .count()
}

#[tokio::test]
async fn a_ticket_that_is_closed_in_the_psa_closes_its_request() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    let ticket = partner.ticket("r-1").id;
    partner
        .autotask
        .close_ticket_as_technician(ticket)
        .expect("a ticket");
    let request = partner.wait_state("r-1", "closed").await;
    assert_eq!(request["closed_by"], "psa");
    let told = |product: &simulators::Product| product.received_of("request.closed").len() == 1;
    partner
        .product
        .wait_for("the product is told", told, SOON)
        .await
        .expect("a webhook");
    assert_eq!(
        calls(&partner, "PATCH", "Tickets"),
        0,
        "a close is not sent back"
    );
    assert!(
        partner.product.rejected().is_empty(),
        "every webhook is signed rightly"
    );
}

#[tokio::test]
async fn a_request_that_is_closed_in_the_product_closes_its_ticket() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    partner.close("r-1", "Allowed for the whole team").await;
    let request = partner.wait_state("r-1", "closed").await;
    assert_eq!(request["closed_by"], "product");
    let ticket = partner.ticket("r-1");
    assert_eq!(
        json!(ticket.status),
        partner.choice("statuses", "Complete").await
    );
    let notes = partner.autotask.notes(ticket.id);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].description.contains("whole team"), "{notes:?}");
    partner.close("r-1", "Again").await;
    assert_eq!(partner.autotask.notes(ticket.id).len(), 1);
}

#[tokio::test]
async fn both_sides_may_close_at_once() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let ids = ids(12);
    send_all(&partner, &ids).await;
    wait_all(&partner, &ids, "ticketed").await;
    for id in &ids {
        let ticket = partner.ticket(id).id;
        partner
            .autotask
            .close_ticket_as_technician(ticket)
            .expect("a ticket");
    }
    // The callouts of those are on their way by now.
    join_all(ids.iter().map(|id| partner.close(id, "Solved"))).await;
    wait_all(&partner, &ids, "closed").await;
    for id in &ids {
        assert!(partner.ticket(id).is_closed(), "{id}");
    }
    let closed = state_count(&partner.ledger().await, "closed");
    assert_eq!(closed, 12);
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_close_that_comes_before_the_ticket_waits_for_it() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.close("r-1", "Solved itself").await;
    partner.wait_state("r-1", "closed").await;
    let tickets = partner.autotask.tickets_by_external_id("r-1");
    assert!(tickets.len() <= 1, "{tickets:?}");
    assert!(
        tickets.iter().all(simulators::autotask::Ticket::is_closed),
        "{tickets:?}"
    );
}

#[tokio::test]
async fn a_request_of_an_unmapped_customer_waits_for_the_mapping() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "stray").await;
    let parked = partner.wait_state("r-1", "parked").await;
    let issue = partner.wait_issue("unmapped_customer").await;
    assert_eq!(parked["issue"], issue["id"]);
    assert_eq!(issue["behind"], 1);
    let company = partner.autotask.companies()[1].id;
    let mapping = json!({ "mappings": [{ "customer": "stray", "company": company }] });
    partner.put_here("mappings/companies", mapping).await;
    partner.wait_state("r-1", "ticketed").await;
    assert_eq!(partner.ticket("r-1").company_id, company);
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_request_of_an_ignored_customer_makes_no_ticket() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let mapping = json!({ "mappings": [{ "customer": "stray", "ignore": true }] });
    partner.put_here("mappings/companies", mapping).await;
    partner.send("r-1", "stray").await;
    partner.wait_state("r-1", "ignored").await;
    assert_eq!(partner.autotask.tickets_by_external_id("r-1"), []);
    let ledger = partner.ledger().await;
    assert_eq!(state_count(&ledger, "ignored"), 1, "{ledger}");
}

#[tokio::test]
async fn an_inactive_company_is_an_issue_until_it_is_mended() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let company = partner
        .autotask
        .companies()
        .into_iter()
        .find(|it| it.name == "alpha");
    let company = company.expect("a company").id;
    partner
        .autotask
        .set_company_active(company, false)
        .expect("a company");
    partner.send("r-1", "alpha").await;
    partner.send("r-2", "beta").await;
    partner.wait_state("r-1", "failed").await;
    partner.wait_state("r-2", "ticketed").await;
    let issue = partner.wait_issue("refused").await;
    assert!(
        issue["remedy"].to_string().contains("Activate alpha"),
        "{issue}"
    );
    partner
        .autotask
        .set_company_active(company, true)
        .expect("a company");
    let id = issue["id"].as_str().expect("an id");
    let again = partner
        .api
        .post(&partner.path(&format!("issues/{id}/retry")), json!({}))
        .await;
    assert_eq!(again["retried"], 1);
    partner.wait_state("r-1", "ticketed").await;
    partner.ticket("r-1");
    partner.wait_no_issues().await;
}

/// How many calls the PSA has refused for their credentials.
fn rejected_calls(partner: &Partner) -> usize {
    let all = partner.autotask.calls();
    all.iter().filter(|call| call.status == 401).count()
}

/// Waits until that much work waits for other credentials.
async fn wait_behind_credentials(partner: &Partner, count: usize) {
    partner
        .wait_for("everything waits for credentials", SOON, async || {
            let issues = partner.issues("credentials_rejected").await;
            (issues.first()?["behind"] == count).then_some(())
        })
        .await;
}

/// The partner saves new credentials, or the same again once they are honoured.
async fn save_credentials(partner: &Partner) {
    partner.autotask.restore_credentials();
    let credentials = partner.autotask.credentials();
    let new = json!({ "username": credentials.username, "secret": credentials.secret });
    let new = json!({ "credentials": new });
    let report = partner.put_here("credentials", new).await;
    assert_eq!(report["ok"], true, "{report}");
}

#[tokio::test]
async fn rejected_credentials_stop_the_integration_after_one_call() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let ids = ids(40);
    partner.send(&ids[0], "alpha").await;
    partner.wait_state(&ids[0], "ticketed").await;
    partner.autotask.revoke_credentials();
    partner.send(&ids[1], "alpha").await;
    let issue = partner.wait_issue("credentials_rejected").await;
    assert!(issue["remedy"].to_string().contains("key"), "{issue}");
    send_all(&partner, &ids[2..]).await;
    partner.close(&ids[0], "Solved").await;
    wait_behind_credentials(&partner, 40).await;
    let health = partner.get_here("").await["health"].clone();
    assert_eq!(health["good"], false, "{health}");
    assert_eq!(rejected_calls(&partner), 1);

    save_credentials(&partner).await;
    wait_all(&partner, &ids[..1], "closed").await;
    wait_all(&partner, &ids[1..], "ticketed").await;
    check_one_each(&partner, &ids);
    partner.wait_no_issues().await;
    assert_eq!(rejected_calls(&partner), 1);
}

#[tokio::test]
async fn credentials_that_are_revoked_under_way_lock_no_account() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let ids = ids(60);
    let half_way = |autotask: &simulators::Autotask| autotask.tickets().len() >= 10;
    let (before, ()) = futures::join!(
        partner
            .autotask
            .wait_for("the first tickets", half_way, SOON),
        send_all(&partner, &ids),
    );
    before.expect("tickets");
    partner.autotask.revoke_credentials();
    let late: Vec<String> = (61..=80).map(|number| format!("r-{number}")).collect();
    send_all(&partner, &late).await;
    partner.wait_issue("credentials_rejected").await;
    let all: Vec<String> = ids.into_iter().chain(late).collect();
    partner
        .wait_for("nothing is under way", SOON, async || {
            (state_count(&partner.ledger().await, "waiting") == 0).then_some(())
        })
        .await;
    // Two may be under way at once; nothing is sent once the first of them is answered.
    assert!(
        (1..=2).contains(&rejected_calls(&partner)),
        "{}",
        partner.picture().await
    );
    assert!(!partner.autotask.is_locked());
    save_credentials(&partner).await;
    wait_all(&partner, &all, "ticketed").await;
    check_one_each(&partner, &all);
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn each_request_has_one_ticket_after_a_storm_of_faults() {
    let stage = Stage::impatient().await;
    let partner = stage.partner("north").await;
    let faults = [
        (
            Fault::TooManyRequests {
                retry_after: Some(1),
            },
            6,
        ),
        (Fault::TooManyRequests { retry_after: None }, 6),
        (Fault::PlainError, 6),
        (Fault::Unavailable, 6),
        (Fault::GatewayTimeout, 4),
        (Fault::DropAnswer, 6),
        (Fault::DropRequest, 4),
        (Fault::CutBody, 4),
        (Fault::Hang, 2),
        (Fault::HangAfter, 2),
    ];
    for (fault, times) in faults {
        let planned = Planned::next(fault)
            .entity("Tickets")
            .times(times)
            .per_mille(500);
        partner.autotask.faults().add(planned);
    }
    let ids = ids(40);
    send_all(&partner, &ids).await;
    wait_all(&partner, &ids, "ticketed").await;
    check_one_each(&partner, &ids);
    assert_eq!(
        partner.autotask.faults().planned(),
        [],
        "every fault was met"
    );
    assert_eq!(partner.violations(), []);
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_close_survives_a_lost_answer() {
    let stage = Stage::impatient().await;
    let partner = stage.partner("north").await;
    let ids = ids(6);
    send_all(&partner, &ids).await;
    wait_all(&partner, &ids, "ticketed").await;
    for entity in ["Tickets", "TicketNotes"] {
        for fault in [Fault::DropAnswer, Fault::HangAfter, Fault::GatewayTimeout] {
            partner
                .autotask
                .faults()
                .add(Planned::next(fault).entity(entity).times(2));
        }
    }
    join_all(ids.iter().map(|id| partner.close(id, "Solved"))).await;
    wait_all(&partner, &ids, "closed").await;
    for id in &ids {
        let ticket = partner.ticket(id);
        assert!(ticket.is_closed(), "{id}");
        assert_eq!(partner.autotask.notes(ticket.id).len(), 1, "notes of {id}");
    }
}

#[tokio::test]
async fn the_product_is_told_once_however_often_it_fails() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let ids = ids(5);
    send_all(&partner, &ids).await;
    wait_all(&partner, &ids, "ticketed").await;
    for fault in [
        Fault::PlainError,
        Fault::DropRequest,
        Fault::DropAnswer,
        Fault::Unavailable,
    ] {
        partner.product.faults().add(Planned::next(fault).times(2));
    }
    for id in &ids {
        let ticket = partner.ticket(id).id;
        partner
            .autotask
            .close_ticket_as_technician(ticket)
            .expect("a ticket");
    }
    let told = |product: &simulators::Product| product.received_of("request.closed").len() >= 5;
    partner
        .product
        .wait_for("the product is told", told, SOON)
        .await
        .expect("webhooks");
    wait_all(&partner, &ids, "closed").await;
    let events = partner.product.received_of("request.closed");
    let mut about: Vec<_> = events
        .iter()
        .map(|event| event.body["data"]["request"].clone())
        .collect();
    about.sort_by_key(ToString::to_string);
    assert_eq!(
        about,
        ids.iter().map(|id| json!(id)).collect::<Vec<_>>(),
        "{events:?}"
    );
}

#[tokio::test]
async fn partners_do_not_see_each_other() {
    let stage = Stage::start().await;
    let (north, south) = (stage.partner("north").await, stage.partner("south").await);
    north.send("r-1", "alpha").await;
    south.send("r-1", "beta").await;
    let of_north = north.wait_state("r-1", "ticketed").await;
    let of_south = south.wait_state("r-1", "ticketed").await;
    assert_eq!(of_north["ticket"]["id"], north.ticket("r-1").id);
    assert_eq!(of_south["ticket"]["id"], south.ticket("r-1").id);
    assert_eq!(of_south["request"]["customer_id"], "beta");

    let token = stage.token(&["--partner", "north"]).await;
    let api = stage.api.with_token(&token);
    assert_eq!(api.get(&north.path("requests/r-1")).await["id"], "r-1");
    for path in [
        south.path("requests/r-1"),
        south.here(""),
        south.path("issues"),
    ] {
        api.call(Method::GET, &path, None)
            .await
            .problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_noisy_partner_does_not_starve_another() {
    let stage = Stage::start().await;
    let slow = Limits {
        latency: Duration::from_millis(300),
        ..Limits::default()
    };
    let loud = stage
        .partner_with(
            "loud",
            Config {
                limits: slow,
                ..Config::default()
            },
        )
        .await;
    let quiet = stage.partner("quiet").await;
    let ids = ids(400);
    send_all(&loud, &ids).await;
    quiet.send("r-1", "alpha").await;
    quiet.wait_state("r-1", "ticketed").await;
    let waiting = state_count(&loud.ledger().await, "waiting");
    assert!(
        waiting > 200,
        "the loud partner should still be busy: {waiting} wait"
    );
    assert!(!loud.violations().contains(&Violation::TooManyThreads));
}
