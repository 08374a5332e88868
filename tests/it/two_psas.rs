//! One partner with two PSAs: a request goes where its customer is mapped, and each PSA closes its
//! own, both ways. What is used is billed once.

use harness::Msp;
use serde_json::json;

/// The places of a partner's PSAs, the older one first.
const OLDER: usize = 0;
const NEWER: usize = 1;

async fn both() -> Msp {
    let names = simulators::psa_names();
    assert_eq!(names.len(), 2, "{names:?}");
    Msp::start(&names).await
}

#[tokio::test]
async fn a_request_goes_where_its_customer_is_mapped_and_is_closed_from_either_end() {
    let msp = both().await;
    msp.map(OLDER, "alpha").await;
    msp.map(NEWER, "beta").await;
    for (id, customer, place) in [
        ("r-1", "alpha", OLDER),
        ("r-2", "beta", NEWER),
        ("r-3", "alpha", OLDER),
        ("r-4", "beta", NEWER),
    ] {
        msp.send(id, customer).await;
        msp.is(id, "ticketed").await;
        let (there, ticket) = msp.ticket(id);
        assert_eq!((there, ticket.company.as_str()), (place, customer));
    }
    for (id, place) in [("r-1", OLDER), ("r-2", NEWER)] {
        msp.sides[place].psa.close_ticket(id).expect("a ticket");
        assert_eq!(msp.is(id, "closed").await["closed_by"], "psa");
    }
    for id in ["r-3", "r-4"] {
        msp.close(id, "Allowed by policy").await;
        assert_eq!(msp.is(id, "closed").await["closed_by"], "product");
        assert!(msp.ticket(id).1.closed, "{id}");
    }
    let ledger = msp.api.get(&msp.path("/ledger")).await;
    assert_eq!(ledger["adds_up"], true, "{ledger}");
    assert_eq!(msp.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_of_a_customer_that_is_mapped_in_neither_waits_for_the_mapping_in_either() {
    let msp = both().await;
    for (id, customer, place) in [("r-1", "alpha", OLDER), ("r-2", "beta", NEWER)] {
        msp.send(id, customer).await;
        msp.is(id, "parked").await;
        let issues = msp.issues().await;
        assert_eq!(issues.len(), 1, "{issues:?}");
        let (title, remedy) = (&issues[0]["title"], &issues[0]["remedy"]);
        for text in [title, remedy].map(|text| text.as_str().unwrap_or_default()) {
            let names = ["Autotask", "HaloPSA", customer];
            assert!(names.iter().all(|name| text.contains(name)), "{text}");
        }
        // Either mapping shows who waits, since either lets it go on.
        for place in [OLDER, NEWER] {
            let lines = msp.here(place, "/mappings/companies").await;
            let lines = lines["mappings"].as_array().cloned().unwrap_or_default();
            let line = lines.iter().find(|line| line["customer"]["id"] == customer);
            assert_eq!(line.map(|line| &line["waiting"]), Some(&json!(1)));
        }
        assert_eq!(msp.map(place, customer).await["released"], 1);
        msp.is(id, "ticketed").await;
        assert_eq!(msp.ticket(id).0, place);
        msp.no_issues().await;
    }
}

#[tokio::test]
async fn a_customer_that_is_mapped_in_both_gets_its_tickets_in_the_older_one() {
    let msp = both().await;
    msp.map(NEWER, "alpha").await;
    msp.send("r-1", "alpha").await;
    msp.is("r-1", "ticketed").await;
    msp.map(OLDER, "alpha").await;
    msp.send("r-2", "alpha").await;
    msp.is("r-2", "ticketed").await;
    assert_eq!((msp.ticket("r-1").0, msp.ticket("r-2").0), (NEWER, OLDER));
    // A ticket that was opened before is closed where it is.
    msp.close("r-1", "Allowed by policy").await;
    msp.is("r-1", "closed").await;
    assert!(msp.ticket("r-1").1.closed);
    msp.unmap(OLDER, "alpha").await;
    msp.send("r-3", "alpha").await;
    msp.is("r-3", "ticketed").await;
    assert_eq!(msp.ticket("r-3").0, NEWER);
}

#[tokio::test]
async fn who_is_mapped_nowhere_goes_to_the_stand_in_of_the_one_that_has_one() {
    let msp = both().await;
    msp.send("r-1", "stray").await;
    msp.is("r-1", "parked").await;
    let found = msp.here(NEWER, "/companies?search=gamma").await;
    let stand_in = found["companies"][0]["id"].clone();
    msp.set(NEWER, json!({ "catch_all_company": stand_in }))
        .await;
    msp.is("r-1", "ticketed").await;
    let (place, ticket) = msp.ticket("r-1");
    assert_eq!((place, ticket.company.as_str()), (NEWER, "gamma"));
    msp.no_issues().await;
}

#[tokio::test]
async fn what_both_could_bill_is_billed_in_the_older_one_alone() {
    let msp = both().await;
    let target = json!({ "create": { "name": "Browsing", "price": "3.5" } });
    let products = json!({ "mappings": [{ "product": "browsing", "target": target }] });
    for place in [OLDER, NEWER] {
        msp.bill(place).await;
        msp.map(place, "alpha").await;
        let path = msp.side_path(place, "/mappings/products");
        msp.api.put(&path, products.clone()).await;
    }
    let used = json!({ "customer_id": "alpha", "product_id": "browsing", "status": "active",
        "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": "7" });
    let usage = json!({ "usage": [used] });
    msp.api.put(&msp.path("/usage"), usage).await;
    let why = async |place| {
        let run = msp.run(place, "bill_usage").await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let plan = msp.here(place, "/plan").await;
        plan["unbilled"][0]["why"].clone()
    };
    let elsewhere = json!({ "billed_elsewhere": msp.here(OLDER, "").await["title"] });
    assert_eq!(why(OLDER).await, "no_agreement");
    assert_eq!(why(NEWER).await, elsewhere);
    // Once it is not the older one's to bill any more, it is the other one's, which plans anew.
    msp.unmap(OLDER, "alpha").await;
    msp.until("the other one has planned anew", async || {
        let plan = msp.here(NEWER, "/plan").await;
        (plan["unbilled"][0]["why"] == "no_agreement").then_some(())
    })
    .await;
}

/// A company that both PSAs have, with an agreement that can bill it.
const SHARED: &str = "Ionic Architects Ltd.";

/// What the product is billed as.
const ITEM: &str = "Browsing";

/// Bills the customer's usage to the shared company in one of the PSAs, without a person.
async fn bill_shared(msp: &Msp, place: usize, customer: &str) {
    let found = msp.here(place, "/companies?search=Ionic").await;
    let company = found["companies"][0]["id"].clone();
    let mapping = json!({ "mappings": [{ "customer": customer, "company": company }] });
    let path = |rest: &str| msp.side_path(place, rest);
    msp.api.put(&path("/mappings/companies"), mapping).await;
    msp.bill(place).await;
    let mut policy = msp.here(place, "/billing").await;
    policy["mode"] = json!("automatic");
    policy["guards"] = json!({ "share_max": null, "change_max": null,
        "hold_zero": false, "hold_new": false });
    msp.api.put(&path("/billing"), policy).await;
    msp.run(place, "bill_usage").await;
    let accept = path("/mappings/agreements/accept");
    msp.api.post(&accept, json!({})).await;
    let target = json!({ "create": { "name": ITEM, "price": "3.5" } });
    let products = json!({ "mappings": [{ "product": "browsing", "target": target }] });
    msp.api.put(&path("/mappings/products"), products).await;
}

#[tokio::test]
async fn what_an_older_psa_takes_over_is_taken_down_in_the_newer_one_by_a_person() {
    let msp = both().await;
    let used = json!({ "customer_id": "alpha", "product_id": "browsing", "status": "active",
        "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": "7" });
    let usage = json!({ "usage": [used] });
    msp.api.put(&msp.path("/usage"), usage).await;
    let planned = async |place: usize| {
        let run = msp.run(place, "bill_usage").await;
        assert_eq!(run["status"], "succeeded", "{run}");
        msp.here(place, "/plan").await["lines"][0].clone()
    };
    let billed = |place: usize, line: &serde_json::Value| {
        let day = line["effective"].as_str().expect("a day").to_owned();
        msp.sides[place].psa.billed(SHARED, ITEM, &day)
    };
    bill_shared(&msp, NEWER, "alpha").await;
    let line = planned(NEWER).await;
    assert_eq!(billed(NEWER, &line), Some(7.0), "{line}");

    bill_shared(&msp, OLDER, "alpha").await;
    let line = planned(OLDER).await;
    assert_eq!(billed(OLDER, &line), Some(7.0), "{line}");
    let held = planned(NEWER).await;
    assert_eq!(
        (&held["state"], &held["change"]),
        (&json!("held"), &json!(-7)),
        "{held}"
    );
    assert_eq!(held["holds"], json!(["billed_elsewhere"]), "{held}");
    assert_eq!(billed(NEWER, &held), Some(7.0), "nobody has approved it");

    let report = msp.api.get(&msp.path("/reconciliation")).await;
    let lines = report["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 2, "{report:#}");
    assert_eq!(
        lines[0]["line"], held["id"],
        "differences come first: {report:#}"
    );
    assert_eq!(lines[1]["difference"], 0, "{report:#}");
    assert_eq!(report["unbilled"], json!([]), "one of them bills it");
    let path = msp.path("/reconciliation/report");
    let sheet = msp.api.call(reqwest::Method::GET, &path, None).await.text;
    assert!(sheet.starts_with("integration,company,"), "{sheet}");
    assert_eq!(sheet.lines().count(), 3, "{sheet}");

    let lines = json!({ "lines": [held["id"]] });
    let approve = msp.side_path(NEWER, "/plan/approve");
    msp.api.post(&approve, lines).await;
    let line = planned(NEWER).await;
    assert!(billed(NEWER, &held).unwrap_or_default() < 0.5, "{line}");
    let line = planned(OLDER).await;
    assert_eq!(billed(OLDER, &line), Some(7.0));
    msp.no_issues().await;
    assert_eq!(msp.misuse(), Vec::<String>::new());
}
