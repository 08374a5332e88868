//! Recurring invoices: negative ids, where lines show, what writing them does.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::faults::{Fault, Planned};
use simulators::halopsa::{UpdatedLines, Violation};

use super::client::Api;
use crate::client::with_body;

/// The active monthly invoice of the first client, by itself.
async fn invoice(api: &Api) -> Value {
    let path = format!("/RecurringInvoice?client_id={}", api.client());
    let rows = api.rows(&path, "invoices").await;
    let row = rows
        .iter()
        .find(|row| row["name"] == "Managed Services")
        .unwrap();
    detail(api, &row["id"]).await
}

async fn detail(api: &Api, id: &Value) -> Value {
    let path = format!("/RecurringInvoice/{id}?includedetails=true");
    let answer = api.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn invoices_have_negative_ids_and_lines_only_by_themselves_or_on_request() {
    let api = Api::start().await;
    let list = api.get("/RecurringInvoice").await.json();
    assert_eq!(list["page_size"], 50);
    let rows = list["invoices"].as_array().unwrap();
    assert_eq!(list["record_count"], rows.len());
    assert!(rows.iter().all(|row| row["id"].as_i64().unwrap() <= -2));
    assert!(rows.iter().all(|row| row.get("lines").is_none()));
    let with = api
        .rows("/RecurringInvoice?includelines=true", "invoices")
        .await;
    assert!(
        with.iter()
            .any(|row| row["lines"].as_array().unwrap().len() == 2)
    );
    let bare = Api::start_with_quirks(|quirks| quirks.bare_recurring_invoices = true).await;
    assert_eq!(bare.bare_rows("/RecurringInvoice").await.len(), rows.len());
    let path = "/RecurringInvoice?pageinate=true&page_size=5";
    assert_eq!(bare.rows(path, "invoices").await.len(), 5);
}

#[tokio::test]
async fn a_client_has_invoices_that_do_not_qualify() {
    let api = Api::start().await;
    let path = format!("/RecurringInvoice?client_id={}", api.client());
    let rows = api.rows(&path, "invoices").await;
    let named = |name| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(named("Old Agreement")["disabled"], true);
    assert_eq!(named("Domain Renewals")["period"], 3);
    let monthly = invoice(&api).await;
    assert_eq!(
        (&monthly["period"], &monthly["periodname"]),
        (&json!(2), &json!("Monthly"))
    );
    assert_eq!(monthly["nextcreationdate"], "2026-06-01T00:00:00");
    assert_eq!(monthly["enddate"], "1900-01-01T00:00:00");
    let moved = Api::start_with_quirks(|quirks| quirks.monthly_period = 1).await;
    assert_eq!(invoice(&moved).await["period"], 1);
}

#[tokio::test]
async fn an_update_of_lines_changes_those_and_leaves_the_others() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let line = &before["lines"][0];
    let change = json!([{ "id": line["id"], "ihid": before["id"], "qty_order": 12 }]);
    let answer = api.post("/RecurringInvoice/updatelines", &change).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["qty_order"], 12.0);
    let after = detail(&api, &before["id"]).await;
    assert_eq!(after["lines"][0]["net_amount"], 540.0);
    assert_eq!(after["lines"][0]["tax_amount"], 108.0);
    assert_eq!(after["lines"][1], before["lines"][1]);
    assert_eq!(
        (&after["revenue"], &after["total"]),
        (&json!(580.0), &json!(696.0))
    );
}

#[tokio::test]
async fn lines_need_the_invoice_they_are_of() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let id = &before["lines"][0]["id"];
    for wrong in [
        json!([{ "id": id, "qty_order": 12 }]),
        json!([{ "id": id, "ihid": -1, "qty_order": 12 }]),
        json!([{ "id": 1, "ihid": before["id"], "qty_order": 12 }]),
    ] {
        let answer = api.post("/RecurringInvoice/updatelines", &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(invoice(&api).await, before);
}

#[tokio::test]
async fn a_new_line_takes_text_and_price_from_its_item() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let fields = json!({ "name": "Web Security", "recurringprice": 3.5, "costprice": 1 });
    let item = api.write("/Item", fields).await;
    let line = json!([{ "ihid": before["id"], "_itemid": item["id"], "qty_order": 4,
        "discount_perc": 50 }]);
    let made = api
        .post("/RecurringInvoice/updatelines", &line)
        .await
        .json();
    assert_eq!(made["item_shortdescription"], "Web Security");
    assert_eq!(made["net_amount"], 7.0);
    assert_eq!(
        detail(&api, &before["id"]).await["lines"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let unknown = json!([{ "ihid": before["id"], "_itemid": 1, "qty_order": 4 }]);
    assert_eq!(
        api.post("/RecurringInvoice/updatelines", &unknown)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_quantity_of_a_calculated_line_stays() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let line = &before["lines"][1];
    assert_eq!(line["_is_calculated_line"], true);
    assert_eq!(before["contains_calculated_quantity"], true);
    let change = json!([{ "id": line["id"], "ihid": before["id"], "qty_order": 99 }]);
    assert_eq!(
        api.post("/RecurringInvoice/updatelines", &change)
            .await
            .status,
        200
    );
    assert_eq!(invoice(&api).await["lines"], before["lines"]);
    assert_eq!(api.halo.violations(), [Violation::CalculatedLineWritten]);
}

#[tokio::test]
async fn a_full_write_replaces_the_lines() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let mut all = before["lines"].clone();
    all[0]["qty_order"] = json!(9);
    let whole = json!({ "id": before["id"], "lines": all });
    let after = api.write("/RecurringInvoice", whole).await;
    assert_eq!(after["lines"][0]["qty_order"], 9.0);
    assert_eq!(after["lines"].as_array().unwrap().len(), 2);
    assert_eq!(api.halo.violations(), []);
    let part = json!({ "id": before["id"], "lines": [before["lines"][0]] });
    let after = api.write("/RecurringInvoice", part.clone()).await;
    assert_eq!(after["lines"].as_array().unwrap().len(), 1);
    assert_eq!(api.halo.violations(), [Violation::LinesDropped]);
    let keeps = Api::start_with_quirks(|quirks| quirks.keeps_omitted_lines = true).await;
    let after = keeps.write("/RecurringInvoice", part).await;
    assert_eq!(after["lines"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_invoice_that_is_written_without_lines_keeps_them() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let change = json!({ "id": before["id"], "reference": "PO 7", "total": 1 });
    let after = api.write("/RecurringInvoice", change).await;
    assert_eq!(after["lines"], before["lines"]);
    assert_eq!(
        (&after["reference"], &after["total"]),
        (&json!("PO 7"), &before["total"])
    );
}

#[tokio::test]
async fn what_an_update_of_lines_answers_can_be_switched() {
    for (answers, count) in [
        (UpdatedLines::Invoice, Some(2)),
        (UpdatedLines::Empty, None),
    ] {
        let api = Api::start_with_quirks(|quirks| quirks.updated_lines = answers).await;
        let before = invoice(&api).await;
        let line = &before["lines"][0]["id"];
        let change = json!([{ "id": line, "ihid": before["id"], "qty_order": 6 }]);
        let answer = api.post("/RecurringInvoice/updatelines", &change).await;
        assert_eq!(answer.status, 200);
        let lines = count.map(|_| answer.json()["lines"].as_array().unwrap().len());
        assert_eq!(lines, count);
        assert_eq!(answer.text.is_empty(), count.is_none());
    }
}

#[tokio::test]
async fn a_new_invoice_is_monthly_for_the_main_site() {
    let api = Api::start().await;
    let fields = json!({ "client_id": api.client(), "name": "Web Security",
        "lines": [{ "item_shortdescription": "Seats", "qty_order": 2, "unit_price": 1.005 }] });
    let made = api.write("/RecurringInvoice", fields).await;
    assert!(made["id"].as_i64().unwrap() <= -2);
    assert_eq!(made["site_name"], "Main");
    assert_eq!(made["periodname"], "Monthly");
    assert_eq!(made["revenue"], 2.01);
    api.refused("/RecurringInvoice", json!({ "name": "For nobody" }))
        .await;
    let path = format!("/RecurringInvoice/{}", made["id"]);
    assert_eq!(api.delete(&path).await.status, 200);
    assert_eq!(api.get(&path).await.status, 404);
}

#[tokio::test]
async fn real_invoices_are_never_made() {
    let api = Api::start().await;
    let answer = api.post("/RecurringInvoice/process", &json!([-94])).await;
    assert_eq!(answer.status, 400);
    assert_eq!(api.halo.violations(), [Violation::InvoicesProcessed]);
}

#[tokio::test]
async fn items_and_suppliers_are_made_and_found() {
    let api = Api::start().await;
    let supplier = api
        .write("/Supplier", json!({ "name": "Example Vendor" }))
        .await;
    let fields = json!({ "name": "Web Security", "supplier_id": supplier["id"],
        "externalreference": "WEB-SECURITY", "isrecurringitem": true });
    let item = api.write("/Item", fields).await;
    assert_eq!(item["supplier_name"], "Example Vendor");
    let found = api.get("/Item?search=web%20sec").await.json();
    assert_eq!(found["record_count"], 1);
    assert_eq!(found["items"][0]["externalreference"], "WEB-SECURITY");
    assert_eq!(
        api.rows("/Item?excluderecurring=true", "items").await,
        Vec::<Value>::new()
    );
    assert_eq!(api.rows("/Supplier", "suppliers").await.len(), 2);
    api.refused("/Item", json!({ "description": "x" })).await;
}

#[tokio::test]
async fn lines_before_one_that_is_refused_stay() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let line = &before["lines"][0]["id"];
    let change = json!([
        { "id": line, "ihid": before["id"], "qty_order": 8 },
        { "id": 1, "ihid": before["id"], "qty_order": 8 },
    ]);
    let answer = api.post("/RecurringInvoice/updatelines", &change).await;
    assert_eq!(answer.status, 400);
    assert_eq!(invoice(&api).await["lines"][0]["qty_order"], 8.0);
}

#[tokio::test]
async fn one_line_can_be_refused_among_good_ones() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let line = before["lines"][0]["id"].as_i64().unwrap();
    let change = json!([{ "id": line, "ihid": before["id"], "qty_order": 8 }]);
    api.halo.lock_line(line, Some("The line is being edited."));
    let answer = api.post("/RecurringInvoice/updatelines", &change).await;
    assert_eq!(answer.json()["Message"], "The line is being edited.");
    assert_eq!(invoice(&api).await, before);
    api.halo.lock_line(line, None);
    assert_eq!(
        api.post("/RecurringInvoice/updatelines", &change)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_lost_answer_leaves_the_quantity_written() {
    let api = Api::start().await;
    let before = invoice(&api).await;
    let line = &before["lines"][0]["id"];
    let change = json!([{ "id": line, "ihid": before["id"], "qty_order": 8 }]);
    let lost = Planned::next(Fault::DropAnswer).method("POST");
    api.halo.faults().add(lost.entity("RecurringInvoice"));
    let request = api.request(Method::POST, "/RecurringInvoice/updatelines");
    assert!(with_body(request, &change).send().await.is_err());
    assert_eq!(invoice(&api).await["lines"][0]["qty_order"], 8.0);
}
