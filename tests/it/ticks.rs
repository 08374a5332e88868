//! What is done for a customer, tick by tick: without the one for tickets its requests wait, and go
//! on once it is back; without the one for billing nothing of it is billed.

use harness::Msp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::psa_names;

/// The place of the only PSA, or of the older one.
const HERE: usize = 0;
const NEWER: usize = 1;

/// Saves a customer's mapping to the company of its name, with these ticks.
async fn tick(msp: &Msp, place: usize, customer: &str, ticks: Value) -> Value {
    let path = format!("/companies?search={customer}");
    let company = msp.here(place, &path).await["companies"][0]["id"].clone();
    let mut change = json!({ "customer": customer, "company": company });
    for (name, on) in ticks.as_object().into_iter().flatten() {
        change[name] = on.clone();
    }
    let path = msp.side_path(place, "/mappings/companies");
    msp.api.put(&path, json!({ "mappings": [change] })).await
}

/// A customer's line of the mapping.
async fn line(msp: &Msp, place: usize, customer: &str) -> Value {
    let all = msp.here(place, "/mappings/companies").await;
    let lines = all["mappings"].as_array().cloned().unwrap_or_default();
    let mut own = lines
        .into_iter()
        .filter(|line| line["customer"]["id"] == customer);
    own.next().expect("a line")
}

#[tokio::test]
async fn requests_of_a_customer_without_tickets_wait_and_go_on_once_it_is_ticked() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.send("r-1", "alpha").await;
        msp.is("r-1", "ticketed").await;
        tick(&msp, HERE, "alpha", json!({ "tickets": false })).await;
        for id in ["r-2", "r-3"] {
            msp.send(id, "alpha").await;
            msp.is(id, "parked").await;
        }
        let issues = msp.issues().await;
        assert_eq!(issues.len(), 1, "{name}: {issues:?}");
        assert_eq!(issues[0]["kind"], "tickets_off", "{name}");
        let title = issues[0]["title"].as_str().unwrap_or_default();
        assert!(title.contains("alpha") && title.contains("off"), "{title}");
        assert_eq!(line(&msp, HERE, "alpha").await["waiting"], 2, "{name}");
        // The tick that is on stays, and what was begun before is brought to its end.
        assert_eq!(line(&msp, HERE, "alpha").await["billing"], true, "{name}");
        msp.close("r-1", "Allowed by policy").await;
        msp.is("r-1", "closed").await;
        // One that waits may be closed; it never had a ticket.
        msp.close("r-3", "Never mind").await;
        msp.is("r-3", "closed").await;
        let saved = tick(&msp, HERE, "alpha", json!({ "billing": false })).await;
        assert_eq!(saved["released"], 0, "{name}: it is still to wait");
        let saved = tick(&msp, HERE, "alpha", json!({ "tickets": true })).await;
        assert_eq!(saved["released"], 1, "{name}");
        msp.is("r-2", "ticketed").await;
        assert_eq!(line(&msp, HERE, "alpha").await["billing"], false, "{name}");
        assert!(msp.tickets("r-3").is_empty(), "{name}");
        msp.no_issues().await;
        assert_eq!(msp.misuse(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_customer_without_tickets_in_one_psa_gets_them_in_the_other() {
    let msp = Msp::start(&psa_names()).await;
    tick(&msp, HERE, "alpha", json!({ "tickets": false })).await;
    msp.send("r-1", "alpha").await;
    msp.is("r-1", "parked").await;
    assert_eq!(msp.map(NEWER, "alpha").await["released"], 1);
    msp.is("r-1", "ticketed").await;
    assert_eq!(msp.ticket("r-1").0, NEWER);
    // With neither it waits, and either tick lets it go on.
    tick(&msp, NEWER, "alpha", json!({ "tickets": false })).await;
    msp.send("r-2", "alpha").await;
    msp.is("r-2", "parked").await;
    tick(&msp, HERE, "alpha", json!({ "tickets": true })).await;
    msp.is("r-2", "ticketed").await;
    assert_eq!(msp.ticket("r-2").0, HERE);
    msp.no_issues().await;
}

#[tokio::test]
async fn a_tick_of_a_customer_without_a_company_is_refused() {
    let msp = Msp::with(psa_names()[0]).await;
    let path = msp.side_path(HERE, "/mappings/companies");
    for change in [
        json!({ "customer": "stray", "tickets": false }),
        json!({ "customer": "alpha", "ignore": true, "billing": false }),
    ] {
        let body = json!({ "mappings": [change] });
        let refused = msp.api.call(Method::PUT, &path, Some(&body)).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("company"), "{}", refused.text);
    }
    assert_eq!(line(&msp, HERE, "alpha").await["billing"], true);
}
