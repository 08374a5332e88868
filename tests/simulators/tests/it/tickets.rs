//! What the system does to tickets by itself: numbers, dates, closing and reopening.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde_json::json;
use simulators::autotask::Config;

use crate::client::Api;

/// A tenant whose clock the test moves, in seconds from the start of May 27, 2026.
async fn with_clock() -> (Api, Arc<AtomicI64>) {
    let start: Timestamp = "2026-05-27T00:00:00Z".parse().unwrap();
    let seconds = Arc::new(AtomicI64::new(0));
    let read = Arc::clone(&seconds);
    let clock = move || {
        let passed = read.load(Ordering::SeqCst);
        Timestamp::from_second(start.as_second() + passed).unwrap()
    };
    let config = Config {
        clock: Arc::new(clock),
        ..Config::seeded(3)
    };
    (Api::start_with(config).await, seconds)
}

#[tokio::test]
async fn numbers_count_per_day() {
    let (api, seconds) = with_clock().await;
    let number = async || {
        let id = api.open_ticket().await;
        api.autotask.ticket(id).unwrap().number
    };
    assert_eq!(number().await, "T20260527.0001");
    assert_eq!(number().await, "T20260527.0002");
    seconds.store(86_400, Ordering::SeqCst);
    assert_eq!(number().await, "T20260528.0001");
}

#[tokio::test]
async fn every_change_and_every_note_is_activity() {
    let (api, seconds) = with_clock().await;
    let id = api.open_ticket().await;
    let activity = || api.autotask.ticket(id).unwrap().last_activity_date;
    assert_eq!(activity(), "2026-05-27T00:00:00", "UTC without a suffix");
    seconds.store(60, Ordering::SeqCst);
    api.patch("/Tickets", &json!({ "id": id, "title": "x" }))
        .await
        .id();
    assert_eq!(activity(), "2026-05-27T00:01:00");
    seconds.store(120, Ordering::SeqCst);
    let note = json!({ "description": "x", "noteType": 1, "publish": 1 });
    api.post(&format!("/Tickets/{id}/Notes"), &note).await.id();
    assert_eq!(activity(), "2026-05-27T00:02:00");
}

#[tokio::test]
async fn every_closing_status_fills_the_completed_date_and_reopening_clears_it() {
    let (api, _) = with_clock().await;
    let quiet = api.choice("Tickets", "status", "Complete - No Notify");
    for status in [5, quiet] {
        let id = api.open_ticket().await;
        api.patch("/Tickets", &json!({ "id": id, "status": status }))
            .await
            .id();
        assert!(api.autotask.ticket(id).unwrap().is_closed(), "{status}");
        api.patch("/Tickets", &json!({ "id": id, "status": 1 }))
            .await
            .id();
        assert!(!api.autotask.ticket(id).unwrap().is_closed(), "{status}");
    }
}

#[tokio::test]
async fn a_technician_closes_a_ticket_as_a_person_would() {
    let (api, _) = with_clock().await;
    let id = api.open_ticket().await;
    api.autotask.close_ticket_as_technician(id).unwrap();
    let ticket = api.autotask.record("Tickets", id).unwrap();
    let dana = api.record("Resources", |row| row["firstName"] == "Dana");
    assert_eq!(ticket["completedByResourceID"], dana["id"]);
    assert_eq!(ticket["impersonatorCreatorResourceID"], json!(null));
    assert!(api.autotask.close_ticket_as_technician(1).is_err());
}

#[tokio::test]
async fn tickets_are_found_by_the_reference_of_their_creator() {
    let (api, _) = with_clock().await;
    api.post("/Tickets", &api.ticket_with("externalID", json!("REQ-1")))
        .await
        .id();
    api.open_ticket().await;
    let filter = json!([{ "op": "eq", "field": "externalID", "value": "REQ-1" }]);
    assert_eq!(api.find("Tickets", filter).await.len(), 1);
    assert_eq!(api.autotask.tickets_by_external_id("REQ-1").len(), 1);
}

#[tokio::test]
async fn a_contract_of_another_company_cannot_be_booked_on() {
    let (api, _) = with_clock().await;
    let company = api.company();
    let contract = |own: bool| {
        let fits = move |row: &serde_json::Value| (row["companyID"] == company) == own;
        api.record("Contracts", fits)["id"].clone()
    };
    let foreign = api
        .post("/Tickets", &api.ticket_with("contractID", contract(false)))
        .await;
    assert_eq!(foreign.status, 500);
    let own = api
        .post("/Tickets", &api.ticket_with("contractID", contract(true)))
        .await;
    assert_eq!(own.status, 200);
}
