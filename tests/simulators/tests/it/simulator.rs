//! The simulator's own controls, its log, and that it starts and stops.

use reqwest::Method;
use serde_json::json;
use simulators::Error;
use simulators::autotask::Autotask;

use crate::client::{Api, config};

#[tokio::test]
async fn people_work_on_tickets_and_companies_over_http() {
    let api = Api::start().await;
    let created = api
        .control(Method::POST, "/tickets", Some(api.ticket()))
        .await
        .json();
    let id = created["id"].as_i64().unwrap();
    let edit = json!({ "title": "by hand" });
    let path = format!("/tickets/{id}");
    assert_eq!(
        api.control(Method::PATCH, &path, Some(edit)).await.status,
        204
    );
    assert_eq!(
        api.control(Method::GET, &path, None).await.json()["title"],
        "by hand"
    );
    let status = format!("{path}/status");
    let wrong = api
        .control(Method::POST, &status, Some(json!({ "status": 77 })))
        .await;
    assert_eq!(wrong.status, 422);
    let missing = api.control(Method::GET, "/tickets/1", None).await;
    assert_eq!(
        (missing.status, &missing.json()["error"]),
        (404, &json!("there is no Ticket 1"))
    );
    let company = json!({ "name": "Quarry Bank" });
    let company = api
        .control(Method::POST, "/companies", Some(company))
        .await
        .json();
    let active = format!("/companies/{}/active", company["id"]);
    let off = Some(json!({ "active": false }));
    assert_eq!(api.control(Method::POST, &active, off).await.status, 204);
    let companies = api.control(Method::GET, "/companies", None).await.json();
    let quarry = companies.as_array().unwrap().last().cloned().unwrap();
    assert_eq!(
        (&quarry["name"], &quarry["active"]),
        (&json!("Quarry Bank"), &json!(false))
    );
    let tickets = api.control(Method::GET, "/tickets", None).await.json();
    assert_eq!(tickets.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_picklist_value_is_made_inactive_over_http() {
    let api = Api::start().await;
    let queue = api.choice("Tickets", "queueID", "Security");
    let off = json!({ "entity": "Tickets", "field": "queueID", "value": queue, "active": false });
    assert_eq!(
        api.control(Method::POST, "/picklists", Some(off))
            .await
            .status,
        204
    );
    assert_eq!(api.post("/Tickets", &api.ticket()).await.status, 500);
    let none = json!({ "entity": "Tickets", "field": "queueID", "value": 1, "active": false });
    assert_eq!(
        api.control(Method::POST, "/picklists", Some(none))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn rights_and_records_are_made_over_http() {
    let api = Api::start().await;
    let none = json!({ "entity": "Services", "action": "create", "right": "none" });
    assert_eq!(
        api.control(Method::POST, "/rights", Some(none))
            .await
            .status,
        204
    );
    let info = api.get("/Services/entityInformation").await.json();
    assert_eq!(info["info"]["userAccessForCreate"], "None");
    let contact = json!({ "companyID": api.company(), "firstName": "Ada", "lastName": "Byron",
        "isActive": 1 });
    let made = api
        .control(Method::POST, "/records/Contacts", Some(contact))
        .await
        .json();
    assert_eq!(
        api.get(&format!("/Contacts/{}", made["id"])).await.status,
        200
    );
}

#[tokio::test]
async fn calls_are_logged_and_counted_per_entity() {
    let api = Api::start().await;
    api.open_ticket().await;
    api.get("/Tickets/1").await;
    api.get("/Nothing").await;
    let log = api.control(Method::GET, "/calls", None).await.json();
    assert_eq!(log["counts"]["Tickets"], 2);
    assert_eq!(
        log["counts"][""], 1,
        "paths to nothing are counted together"
    );
    let last = log["calls"].as_array().unwrap().last().cloned().unwrap();
    assert_eq!(
        (&last["path"], &last["status"]),
        (&json!("/ATServicesRest/V1.0/Nothing"), &json!(404))
    );
    let overview = api.control(Method::GET, "", None).await.json();
    assert_eq!(overview["violations"], json!([]));
    assert_eq!(overview["calls_by_entity"]["Tickets"], 2);
    let credentials = api.control(Method::GET, "/credentials", None).await.json();
    assert_eq!(credentials["username"], api.autotask.credentials().username);
}

#[tokio::test]
async fn the_same_seed_is_the_same_tenant() {
    let records = |seed| {
        let autotask = Autotask::new(simulators::autotask::Config { seed, ..config() });
        [
            "Companies",
            "Contacts",
            "Resources",
            "Contracts",
            "ContractServiceUnits",
        ]
        .map(|entity| autotask.records(entity))
    };
    assert_eq!(records(1), records(1));
    assert_ne!(records(1), records(2));
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_a_stopped_simulator_frees_its_own() {
    let api = Api::start().await;
    let address = api.running.address;
    let taken = Autotask::new(config()).serve(address).await;
    assert!(matches!(taken, Err(Error::Bind { address: refused, .. }) if refused == address));
    let Api {
        running, autotask, ..
    } = api;
    running.stop().await;
    assert!(autotask.serve(address).await.is_ok());
}
