//! Queries: forms, operators, pages, counts, and what is refused in them.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::{Config, Violation};

use crate::client::{Api, answer, config};

async fn names(api: &Api, filter: Value) -> Vec<String> {
    let found = api.find("Companies", filter).await;
    found
        .iter()
        .map(|row| row["companyName"].as_str().unwrap().to_owned())
        .collect()
}

async fn check(filter: Value, expected: &[&str]) {
    let api = Api::start().await;
    assert_eq!(names(&api, filter.clone()).await, expected, "{filter}");
}

#[tokio::test]
async fn every_operator_selects_what_it_says() {
    let named =
        |op: &str, value: Value| json!([{ "op": op, "field": "companyname", "value": value }]);
    check(named("eq", json!("fabrikam gmbh")), &["FABRIKAM GMBH"]).await;
    check(named("beginsWith", json!("Delta")), &["Delta Dental Group"]).await;
    check(named("endsWith", json!("Ltd.")), &["Ionic Architects Ltd."]).await;
    check(
        named("contains", json!("& Sons")),
        &["Baker & Sons Logistics LLC"],
    )
    .await;
    let two = ["Café Lumière", "Juniper Insurance Agency"];
    check(named("in", json!(two)), &two).await;
    check(
        json!([{ "op": "eq", "field": "isActive", "value": false }]),
        &["Lakeside Veterinary Clinic"],
    )
    .await;
    check(
        json!([{ "op": "notExist", "field": "webAddress" }]),
        &["Juniper Insurance Agency"],
    )
    .await;
}

#[tokio::test]
async fn orders_negations_and_groups_combine() {
    let api = Api::start().await;
    let all = api.autotask.companies().len();
    let count = async |filter: Value| names(&api, filter).await.len();
    let third = api.autotask.companies()[2].id;
    let id = |op: &str, value: Value| json!([{ "op": op, "field": "id", "value": value }]);
    assert_eq!(count(id("gt", json!(third))).await, all - 3);
    assert_eq!(count(id("gte", json!(third))).await, all - 2);
    assert_eq!(count(id("lt", json!(third))).await, 2);
    assert_eq!(count(id("lte", json!(third))).await, 3);
    assert_eq!(count(id("noteq", json!(third))).await, all - 1);
    assert_eq!(count(id("notIn", json!([0, third]))).await, all - 2);
    assert_eq!(count(json!([{ "op": "exist", "field": "id" }])).await, all);
    let grouped = json!([{ "op": "or", "items": [
        { "op": "eq", "field": "id", "value": 0 },
        { "op": "and", "items": [
            { "op": "gt", "field": "id", "value": third },
            { "op": "eq", "field": "isActive", "value": false },
        ] },
    ] }]);
    assert_eq!(count(grouped).await, 2);
}

#[tokio::test]
async fn dates_compare_as_moments_whatever_their_form() {
    let api = Api::start().await;
    api.open_ticket().await;
    let since = |value: &str| json!([{ "op": "gte", "field": "lastActivityDate", "value": value }]);
    for at_or_before in [
        "2026-05-27T10:30:00.250",
        "2026-05-27T12:30:00.250+02:00",
        "2026-05-27",
    ] {
        assert_eq!(
            api.find("Tickets", since(at_or_before)).await.len(),
            1,
            "{at_or_before}"
        );
    }
    assert_eq!(
        api.find("Tickets", since("2026-05-27T10:30:00.251Z"))
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn a_get_query_and_a_count_answer_as_the_post_does() {
    let api = Api::start().await;
    let search = "%7B%22filter%22%3A%5B%7B%22op%22%3A%22exist%22%2C%22field%22%3A%22id%22%7D%5D%7D";
    let all = api.autotask.companies().len();
    assert_eq!(
        api.get(&format!("/Companies/query?search={search}"))
            .await
            .items()
            .len(),
        all
    );
    let counted = api
        .get(&format!("/companies/QUERY/count?search={search}"))
        .await;
    assert_eq!(counted.json(), json!({ "queryCount": all }));
    let body = json!({ "filter": [{ "op": "exist", "field": "id" }] });
    assert_eq!(
        api.post("/Companies/query/count", &body).await.json()["queryCount"],
        all
    );
    let long = format!("/Companies/query?search={search}{}", "%20".repeat(700));
    assert_eq!(api.get(&long).await.status, 404);
}

#[tokio::test]
async fn pages_ascend_by_id_and_the_last_one_has_no_next() {
    let api = Api::start_with(Config {
        generated_companies: 1_200,
        ..config()
    })
    .await;
    let body = json!({ "MaxRecords": 500, "IncludeFields": ["id"],
        "Filter": [{ "op": "gte", "field": "id", "value": 0 }] });
    let mut ids: Vec<i64> = Vec::new();
    let mut sizes = Vec::new();
    let mut url = "/Companies/query".to_owned();
    loop {
        let page = api.post(&url, &body).await;
        sizes.push(page.items().len());
        ids.extend(page.items().iter().map(|row| row["id"].as_i64().unwrap()));
        let details = page.json()["pageDetails"].clone();
        assert_eq!(details["requestCount"], 500);
        assert_eq!(details["prevPageUrl"].is_null(), sizes.len() == 1);
        let Some(next) = details["nextPageUrl"].as_str() else {
            break;
        };
        url = next.to_owned();
    }
    assert_eq!(sizes, [500, 500, 213]);
    assert!(ids.is_sorted_by(|left, right| left < right));
    assert_eq!(ids.len(), api.autotask.companies().len());
}

#[tokio::test]
async fn a_page_is_bound_to_its_verb_and_its_query() {
    let api = Api::start().await;
    let body = json!({ "MaxRecords": 5, "Filter": [{ "op": "exist", "field": "id" }] });
    let first = api.post("/Companies/query", &body).await.json();
    let next = first["pageDetails"]["nextPageUrl"].as_str().unwrap();
    let wrong = api.get(next).await;
    assert_eq!(wrong.status, 405);
    let text = "The requested resource does not support http method 'GET'.";
    assert_eq!(wrong.json(), json!({ "Message": text }));
    assert_eq!(api.autotask.violations(), [Violation::WrongVerb]);
    let other = json!({ "MaxRecords": 5, "Filter": [{ "op": "gt", "field": "id", "value": 0 }] });
    assert_eq!(api.post(next, &other).await.status, 500);
    let second = api.post(next, &body).await.json();
    let back = second["pageDetails"]["prevPageUrl"].as_str().unwrap();
    assert_eq!(api.post(back, &body).await.json()["items"], first["items"]);
}

#[tokio::test]
async fn included_fields_are_absent_otherwise_and_all_fields_are_null_by_default() {
    let api = Api::start().await;
    let filter = json!([{ "op": "eq", "field": "id", "value": 0 }]);
    let body = json!({ "includeFields": ["ID", "companyName"], "filter": filter });
    let item = api.post("/Companies/query", &body).await.items().remove(0);
    let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "companyName", "userDefinedFields"]);
    let whole = api.get("/Companies/0").await.json();
    assert_eq!(whole["item"]["fax"], Value::Null);
    assert_eq!(whole["item"].as_object().unwrap().len(), 61);
}

#[tokio::test]
async fn nothing_found_is_an_empty_page_and_a_missing_record_404() {
    let api = Api::start().await;
    let body = json!({ "filter": [{ "op": "eq", "field": "id", "value": 99 }] });
    let empty = api.post("/Tickets/query", &body).await.json();
    assert_eq!(empty["items"], json!([]));
    assert_eq!(empty["pageDetails"]["count"], 0);
    assert_eq!(api.get("/Tickets/99").await.status, 404);
}

async fn refused(entity: &str, body: Value) -> String {
    let api = Api::start().await;
    let answer = api.post(&format!("/{entity}/query"), &body).await;
    assert_eq!(answer.status, 500, "{body}");
    answer.error()
}

#[tokio::test]
async fn queries_that_are_not_right_are_refused() {
    for body in [
        json!({}),
        json!({ "filter": [] }),
        json!({ "filter": [{ "op": "EQ", "field": "id", "value": 1 }] }),
        json!({ "filter": [{ "op": "eq", "field": "id" }] }),
        json!({ "filter": [{ "op": "in", "field": "id", "value": 1 }] }),
        json!({ "filter": [{ "op": "or", "items": [] }] }),
        json!({ "MaxRecords": 501, "filter": [{ "op": "exist", "field": "id" }] }),
        json!({ "MaxRecords": 0, "filter": [{ "op": "exist", "field": "id" }] }),
        json!({ "filter": [{ "op": "eq", "field": "creatorType", "value": 1 }] }),
        json!({ "filter": [{ "op": "in", "field": "id", "value": vec![1; 501] }] }),
    ] {
        refused("Tickets", body).await;
    }
}

#[tokio::test]
async fn some_entities_cannot_be_queried_at_all() {
    let api = Api::start().await;
    let body = json!({ "filter": [{ "op": "exist", "field": "id" }] });
    let answer = api.post("/ContractServiceAdjustments/query", &body).await;
    assert_eq!(answer.status, 404);
    let put = answer_of_put(&api).await;
    assert_eq!(put, 405);
}

async fn answer_of_put(api: &Api) -> u16 {
    answer(api.request(Method::PUT, "/Tickets/query").body("{}"))
        .await
        .status
}
