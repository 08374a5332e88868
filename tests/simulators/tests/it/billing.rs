//! Services, contracts, and units that only adjustments can change.

use serde_json::{Value, json};
use simulators::autotask::{Config, PostedPeriod, Quirks};

use crate::client::{Api, config};

fn contract(api: &Api) -> i64 {
    let company = api.company();
    api.record("Contracts", |row| row["companyID"] == company)["id"]
        .as_i64()
        .unwrap()
}

fn code(api: &Api, name: &str) -> Value {
    api.record("BillingCodes", |row| row["name"] == name)["id"].clone()
}

async fn new_service(api: &Api) -> i64 {
    let service = json!({ "name": "Web Security", "unitPrice": 4.5, "unitCost": 2,
        "periodType": api.choice("Services", "periodType", "Monthly"),
        "billingCodeID": code(api, "Managed Security") });
    api.post("/Services", &service).await.id()
}

/// Units and period of every row of a service on a contract, by start.
async fn rows(api: &Api, contract: i64, service: i64) -> Vec<(String, String, i64)> {
    let filter = json!([
        { "op": "eq", "field": "contractID", "value": contract },
        { "op": "eq", "field": "serviceID", "value": service },
    ]);
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let found = api.find("ContractServiceUnits", filter).await;
    let row = |row: &Value| {
        (
            text(row, "startDate"),
            text(row, "endDate"),
            row["units"].as_i64().unwrap(),
        )
    };
    let mut rows: Vec<_> = found.iter().map(row).collect();
    rows.sort();
    rows
}

/// Units in force on a date.
async fn units(api: &Api, contract: i64, service: i64, date: &str) -> Option<i64> {
    let date = format!("{date}T00:00:00");
    let rows = rows(api, contract, service).await;
    rows.into_iter()
        .rfind(|(start, end, _)| *start <= date && *end >= date)
        .map(|row| row.2)
}

fn change(contract: i64, service: i64, by: i64, from: &str) -> Value {
    json!({ "contractID": contract, "serviceID": service, "unitChange": by, "effectiveDate": from })
}

#[tokio::test]
async fn a_service_needs_an_active_recurring_code_and_a_period() {
    let api = Api::start().await;
    let mut service = json!({ "name": "x", "unitPrice": 1 });
    service["billingCodeID"] = code(&api, "Managed Security");
    let missing = api.post("/Services", &service).await.error();
    assert_eq!(missing, "Missing Required Field: periodType");
    service["periodType"] = json!(2);
    for (name, status) in [
        ("Remote Support", 500),
        ("Legacy Services", 500),
        ("Managed Security", 200),
    ] {
        service["billingCodeID"] = code(&api, name);
        assert_eq!(
            api.post("/Services", &service).await.status,
            status,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_adjustment_opens_the_line_and_later_ones_are_relative() {
    let api = Api::start().await;
    let (contract, service) = (contract(&api), new_service(&api).await);
    let flat = "/ContractServiceAdjustments";
    api.post(flat, &change(contract, service, 5, "2026-05-01"))
        .await
        .id();
    assert_eq!(units(&api, contract, service, "2026-04-30").await, None);
    assert_eq!(units(&api, contract, service, "2026-05-27").await, Some(5));
    let nested = format!("/Contracts/{contract}/ServiceAdjustments");
    api.post(
        &nested,
        &change(contract, service, 3, "2026-06-01T00:00:00Z"),
    )
    .await
    .id();
    assert_eq!(units(&api, contract, service, "2026-05-27").await, Some(5));
    assert_eq!(units(&api, contract, service, "2026-06-15").await, Some(8));
    assert_eq!(units(&api, contract, service, "2026-12-01").await, Some(8));
    let line = api.record("ContractServices", |row| row["serviceID"] == service);
    assert_eq!((&line["unitPrice"], line.get("units")), (&json!(4.5), None));
}

#[tokio::test]
async fn an_adjustment_within_a_period_splits_its_row() {
    let api = Api::start().await;
    let (contract, service) = (contract(&api), new_service(&api).await);
    let path = "/ContractServiceAdjustments";
    api.post(path, &change(contract, service, 5, "2026-05-01"))
        .await
        .id();
    api.post(path, &change(contract, service, 2, "2026-05-20"))
        .await
        .id();
    let rows = rows(&api, contract, service).await;
    let may: Vec<_> = rows
        .into_iter()
        .filter(|row| row.0.starts_with("2026-05"))
        .collect();
    let row = |start: &str, end: &str, units| {
        (
            format!("{start}T00:00:00"),
            format!("{end}T00:00:00"),
            units,
        )
    };
    assert_eq!(
        may,
        [
            row("2026-05-01", "2026-05-19", 5),
            row("2026-05-20", "2026-05-31", 7)
        ]
    );
}

#[tokio::test]
async fn an_adjustment_that_is_not_right_changes_nothing() {
    let api = Api::start().await;
    let (contract, service) = (contract(&api), new_service(&api).await);
    let path = "/ContractServiceAdjustments";
    api.post(path, &change(contract, service, 5, "2026-05-01"))
        .await
        .id();
    let before = api.autotask.records("ContractServiceUnits");
    let mut undated = change(contract, service, 1, "2026-05-01");
    undated.as_object_mut().unwrap().remove("effectiveDate");
    for wrong in [
        change(contract, service, -6, "2026-06-01"),
        change(contract, service, 1, "1999-01-01"),
        change(contract, 1, 1, "2026-06-01"),
        json!({ "effectiveDate": "2026-06-01", "unitChange": 1 }),
        undated,
    ] {
        assert_eq!(api.post(path, &wrong).await.status, 500, "{wrong}");
    }
    assert_eq!(api.autotask.records("ContractServiceUnits"), before);
    assert_eq!(
        api.get(&format!("{path}/1")).await.status,
        405,
        "it cannot be read back"
    );
}

#[tokio::test]
async fn a_second_line_of_a_service_must_be_allowed() {
    let api = Api::start().await;
    let (contract, service) = (contract(&api), new_service(&api).await);
    let path = "/ContractServiceAdjustments";
    api.post(path, &change(contract, service, 5, "2026-05-01"))
        .await
        .id();
    let mut repeat = change(contract, service, 1, "2026-05-01");
    repeat["allowRepeatService"] = json!(true);
    api.post(path, &repeat).await.id();
    let of_service = json!([{ "op": "eq", "field": "serviceID", "value": service }]);
    let lines = api.find("ContractServices", of_service).await;
    assert_eq!(lines.len(), 2);
    let ambiguous = api
        .post(path, &change(contract, service, 1, "2026-06-01"))
        .await;
    assert_eq!(ambiguous.status, 500);
    let named = json!({ "contractServiceID": lines[0]["id"], "unitChange": 1,
        "effectiveDate": "2026-06-01", "adjustedUnitPrice": 9.5 });
    api.post(path, &named).await.id();
    let line = lines[0]["id"].as_i64().unwrap();
    assert_eq!(
        api.autotask.record("ContractServices", line).unwrap()["unitPrice"],
        9.5
    );
}

#[tokio::test]
async fn a_posted_period_is_left_as_it_is_or_refused() {
    for (posted_period, status, in_june) in [
        (PostedPeriod::NextPeriod, 200, 6),
        (PostedPeriod::Refused, 500, 5),
    ] {
        let quirks = Quirks {
            posted_period,
            ..Quirks::default()
        };
        let api = Api::start_with(Config { quirks, ..config() }).await;
        let (contract, service) = (contract(&api), new_service(&api).await);
        let path = "/ContractServiceAdjustments";
        api.post(path, &change(contract, service, 5, "2026-05-01"))
            .await
            .id();
        let may = api.record("ContractServiceUnits", |row| {
            row["serviceID"] == service && row["startDate"] == "2026-05-01T00:00:00"
        });
        api.autotask
            .post_units(may["id"].as_i64().unwrap())
            .unwrap();
        let answer = api
            .post(path, &change(contract, service, 1, "2026-05-10"))
            .await;
        assert_eq!(answer.status, status);
        assert_eq!(units(&api, contract, service, "2026-05-27").await, Some(5));
        assert_eq!(
            units(&api, contract, service, "2026-06-15").await,
            Some(in_june)
        );
    }
}

#[tokio::test]
async fn a_line_is_created_under_its_contract_with_the_services_price() {
    let api = Api::start().await;
    let (contract, service) = (contract(&api), new_service(&api).await);
    let path = format!("/Contracts/{contract}/Services");
    let line = api.post(&path, &json!({ "serviceID": service })).await.id();
    assert_eq!(
        api.autotask.record("ContractServices", line).unwrap()["unitPrice"],
        4.5
    );
    assert_eq!(units(&api, contract, service, "2026-05-27").await, Some(1));
    assert_eq!(
        api.post(&path, &json!({ "serviceID": service }))
            .await
            .status,
        500
    );
    let renamed = json!({ "id": line, "invoiceDescription": "Web", "unitPrice": 99 });
    api.patch(&path, &renamed).await.id();
    assert_eq!(
        api.autotask.record("ContractServices", line).unwrap()["unitPrice"],
        4.5
    );
    assert_eq!(api.delete(&format!("{path}/{line}")).await.status, 405);
}

#[tokio::test]
async fn only_active_recurring_contracts_carry_services() {
    let api = Api::start().await;
    let service = new_service(&api).await;
    let mut body = json!({ "companyID": api.company(), "contractName": "Hours",
        "contractType": 4, "startDate": "2026-01-01", "endDate": "2026-12-31", "status": 1,
        "timeReportingRequiresStartAndStopTimes": 0 });
    let hours = api.post("/Contracts", &body).await.id();
    let adjustment = change(hours, service, 1, "2026-05-01");
    assert_eq!(
        api.post("/ContractServiceAdjustments", &adjustment)
            .await
            .status,
        500
    );
    body["contractType"] = json!(7);
    let missing = api.post("/Contracts", &body).await.error();
    assert_eq!(missing, "Missing Required Field: contractPeriodType");
}
