//! Requests that come again: added to the open ticket of the first, or opening a closed one again;
//! and customers whom nobody mapped.

use futures::future::join_all;
use harness::{Partner, SOON, Stage};
use serde_json::{Value, json};

/// Saves the ticket settings with `more` changed.
async fn choose(partner: &Partner, more: Value) {
    let now = partner.get_here("settings/tickets").await;
    let mut values = now["values"].as_object().cloned().unwrap_or_default();
    values.extend(more.as_object().cloned().unwrap_or_default());
    partner
        .put_here("settings/tickets", json!({ "on": true, "values": values }))
        .await;
}

/// The id of the ticket that a request has.
async fn ticket_of(partner: &Partner, request: &str) -> i64 {
    let request = partner.wait_state(request, "ticketed").await;
    request["ticket"]["id"].as_i64().expect("a ticket")
}

/// How many notes of that title a ticket has.
fn notes(partner: &Partner, ticket: i64, title: &str) -> usize {
    let notes = partner.autotask.notes(ticket);
    notes
        .iter()
        .filter(|note| note.title.as_deref() == Some(title))
        .count()
}

/// Waits until the product has been told of `count` closes, and gives what it was told.
async fn told(partner: &Partner, count: usize) -> Vec<Value> {
    let enough =
        |product: &simulators::Product| product.received_of("request.closed").len() == count;
    partner
        .product
        .wait_for("the product is told", enough, SOON)
        .await
        .expect("webhooks");
    let told = partner.product.received_of("request.closed");
    told.iter().map(|one| one.body["data"].clone()).collect()
}

#[tokio::test]
async fn without_the_setting_each_request_has_its_own_ticket() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    for id in ["r-1", "r-2"] {
        partner.send(id, "alpha").await;
        partner.wait_state(id, "ticketed").await;
        partner.ticket(id);
    }
}

#[tokio::test]
async fn repeats_that_come_all_at_once_share_one_ticket_and_close_with_it() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    choose(&partner, json!({ "append_repeats_within": "2h" })).await;
    let ids: Vec<String> = (1..=8).map(|number| format!("r-{number}")).collect();
    join_all(ids.iter().map(|id| partner.send(id, "alpha"))).await;
    partner.send("other", "beta").await;
    let ticket = ticket_of(&partner, "r-1").await;
    for id in &ids {
        assert_eq!(ticket_of(&partner, id).await, ticket, "{id}");
    }
    assert_ne!(ticket_of(&partner, "other").await, ticket);
    let opened = partner.autotask.tickets();
    assert_eq!(opened.len(), 2, "{opened:?}");
    let came = ids
        .iter()
        .map(|id| notes(&partner, ticket, &format!("Request {id} came again")));
    assert_eq!(
        came.sum::<usize>(),
        ids.len() - 1,
        "one note for each repeat"
    );
    partner
        .autotask
        .close_ticket_as_technician(ticket)
        .expect("a ticket");
    for id in &ids {
        let request = partner.wait_state(id, "closed").await;
        assert_eq!(request["closed_by"], "psa");
    }
    assert_eq!(told(&partner, ids.len()).await.len(), ids.len());
    partner.wait_state("other", "ticketed").await;
    assert!(partner.violations().is_empty());
}

#[tokio::test]
async fn the_product_closes_a_shared_ticket_with_its_last_request() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    choose(&partner, json!({ "append_repeats_within": "2h" })).await;
    partner.send("r-1", "alpha").await;
    let ticket = ticket_of(&partner, "r-1").await;
    partner.send("r-2", "alpha").await;
    assert_eq!(ticket_of(&partner, "r-2").await, ticket);
    partner.close("r-1", "Allowed for Dana").await;
    partner.wait_state("r-1", "closed").await;
    let still = partner.autotask.ticket(ticket).expect("a ticket");
    assert!(!still.is_closed(), "r-2 keeps it open");
    let all = partner.autotask.notes(ticket);
    let why = all
        .iter()
        .find(|note| note.title.as_deref() == Some("Request r-1 was closed"))
        .expect("a note");
    for said in ["Allowed for Dana", "r-2"] {
        assert!(why.description.contains(said), "{why:?}");
    }
    partner.close("r-2", "Allowed for all").await;
    partner.wait_state("r-2", "closed").await;
    let ended = partner.autotask.ticket(ticket).expect("a ticket");
    assert!(ended.is_closed());
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn a_request_that_comes_back_opens_its_ticket_again_and_it_closes_again() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    choose(&partner, json!({ "reopen_within": "3d" })).await;
    partner.send("r-1", "alpha").await;
    let ticket = ticket_of(&partner, "r-1").await;
    partner.close("r-1", "Solved").await;
    partner.wait_state("r-1", "closed").await;
    partner.send("r-2", "alpha").await;
    assert_eq!(ticket_of(&partner, "r-2").await, ticket);
    let again = partner.autotask.ticket(ticket).expect("a ticket");
    assert!(!again.is_closed(), "{again:?}");
    assert_eq!(notes(&partner, ticket, "Request r-2 came again"), 1);
    partner.wait_state("r-1", "closed").await;
    let edited = json!({ "resolution": "The site is safe." });
    partner
        .autotask
        .edit_ticket(ticket, edited)
        .expect("a ticket");
    partner
        .autotask
        .close_ticket_as_technician(ticket)
        .expect("a ticket");
    let request = partner.wait_state("r-2", "closed").await;
    assert_eq!(request["closed_by"], "psa");
    let told = told(&partner, 1).await;
    assert_eq!(told[0]["request"], "r-2");
    assert_eq!(told[0]["resolution"], "The site is safe.");
    assert_eq!(told[0]["ticket"]["number"], json!(again.number));
}

#[tokio::test]
async fn a_ticket_is_known_by_its_number_and_its_address() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    let request = partner.wait_state("r-1", "ticketed").await;
    let ticket = partner.ticket("r-1");
    assert_eq!(request["ticket"]["number"], json!(ticket.number));
    let url = request["ticket"]["url"].as_str().unwrap_or_default();
    assert!(
        url.ends_with(&format!("ticketId={}", ticket.id)),
        "{request}"
    );
    assert!(request["history"].to_string().contains(&ticket.number));
}

#[tokio::test]
async fn the_catch_all_company_takes_customers_that_nobody_mapped() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "stray").await;
    partner.wait_state("r-1", "parked").await;
    partner.wait_issue("unmapped_customer").await;
    let company = partner.autotask.companies()[1].id;
    choose(&partner, json!({ "catch_all_company": company })).await;
    partner.wait_state("r-1", "ticketed").await;
    partner.send("r-2", "stray").await;
    partner.wait_state("r-2", "ticketed").await;
    for id in ["r-1", "r-2"] {
        let ticket = partner.ticket(id);
        assert_eq!(ticket.company_id, company);
        let text = ticket.description.unwrap_or_default();
        assert!(text.contains("stray"), "whose it is: {text}");
    }
    partner.wait_no_issues().await;
}
