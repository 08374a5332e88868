//! Verbs and paths of writes, and what a body means for what it does not mention.

use serde_json::{Value, json};
use simulators::autotask::{Action, Config, MissingRight, Quirks, Right, Treatment};

use crate::client::{Api, config};

#[tokio::test]
async fn a_ticket_is_created_changed_and_replaced_at_the_collection() {
    let api = Api::start().await;
    let created = api
        .post("/Tickets", &api.ticket_with("description", json!("text")))
        .await;
    let id = created.id();
    assert_eq!(created.json(), json!({ "itemId": id }));
    let patched = api
        .patch("/tickets", &json!({ "ID": id, "TITLE": "Other" }))
        .await;
    assert_eq!(patched.id(), id);
    let ticket = api.get(&format!("/Tickets/{id}")).await.json()["item"].clone();
    assert_eq!(
        (&ticket["title"], &ticket["description"]),
        (&json!("Other"), &json!("text"))
    );
    let mut whole = api.ticket();
    whole["id"] = json!(id);
    assert_eq!(api.put("/Tickets", &whole).await.id(), id);
    let ticket = api.autotask.record("Tickets", id).unwrap();
    assert_eq!(
        ticket["description"],
        Value::Null,
        "PUT clears what it does not mention"
    );
    assert!(
        ticket["ticketNumber"].is_string(),
        "but not what nobody may write"
    );
}

#[tokio::test]
async fn a_replacement_needs_every_required_field() {
    let api = Api::start().await;
    let id = api.open_ticket().await;
    let answer = api
        .put("/Tickets", &json!({ "id": id, "title": "alone" }))
        .await;
    assert_eq!(answer.status, 500);
    assert_eq!(api.autotask.ticket(id).unwrap().title, "Blocked site");
}

#[tokio::test]
async fn writes_to_an_item_or_to_a_flat_child_path_are_405() {
    let api = Api::start().await;
    let id = api.open_ticket().await;
    assert_eq!(
        api.patch(&format!("/Tickets/{id}"), &json!({ "title": "x" }))
            .await
            .status,
        405
    );
    assert_eq!(api.delete(&format!("/Tickets/{id}")).await.status, 405);
    assert_eq!(
        api.post("/TicketNotes", &json!({ "ticketID": id }))
            .await
            .status,
        405
    );
    assert_eq!(
        api.post("/BillingCodes", &json!({ "name": "x" }))
            .await
            .status,
        405
    );
    assert_eq!(api.get("/Tickets").await.status, 405);
}

#[tokio::test]
async fn read_only_fields_in_a_body_change_nothing() {
    let api = Api::start().await;
    let id = api
        .post("/Tickets", &api.ticket_with("ticketNumber", json!("T1")))
        .await
        .id();
    assert_eq!(api.autotask.ticket(id).unwrap().number, "T20260527.0001");
}

#[tokio::test]
async fn the_other_answers_to_open_questions_can_be_chosen() {
    let quirks = Quirks {
        unknown_body_field: Treatment::Ignore,
        null_on_create: Treatment::Ignore,
        read_only_body_field: Treatment::Refuse,
        flat_child_write: Treatment::Ignore,
        oversized_page: Treatment::Ignore,
        missing_right: MissingRight::Forbidden,
        unauthorized_text: Some("Unauthorized".to_owned()),
        ..Quirks::default()
    };
    let api = Api::start_with(Config { quirks, ..config() }).await;
    let mut ticket = api.ticket_with("severity", json!(1));
    ticket["description"] = Value::Null;
    assert_eq!(api.post("/Tickets", &ticket).await.status, 200);
    ticket["ticketNumber"] = json!("T1");
    assert_eq!(api.post("/Tickets", &ticket).await.status, 500);
    assert_eq!(api.post("/TicketNotes", &json!({})).await.status, 404);
    let large = json!({ "MaxRecords": 900, "filter": [{ "op": "exist", "field": "id" }] });
    let page = api.post("/Tickets/query", &large).await.json();
    assert_eq!(page["pageDetails"]["requestCount"], 500);
    api.autotask
        .set_right("Tickets", Action::Query, Right::None);
    assert_eq!(api.post("/Tickets/query", &large).await.status, 403);
    api.autotask.revoke_credentials();
    assert_eq!(api.get("/Tickets/1").await.error(), "Unauthorized");
}

#[tokio::test]
async fn texts_become_numbers_but_a_wrong_body_is_refused() {
    let api = Api::start().await;
    let id = api
        .post("/Tickets", &api.ticket_with("status", json!("1")))
        .await
        .id();
    let stored = api.autotask.record("Tickets", id).unwrap();
    assert_eq!(stored["status"], 1);
    let patched = api
        .patch("/Tickets", &json!({ "id": id.to_string(), "title": "t" }))
        .await;
    assert_eq!(patched.id(), id);
    assert_eq!(api.post("/Tickets", &json!([])).await.status, 500);
    assert_eq!(
        api.patch("/Tickets", &json!({ "id": 1 })).await.error(),
        "No matching records found"
    );
    assert_eq!(
        api.post("/Tickets", &api.ticket_with("id", json!(5)))
            .await
            .status,
        500
    );
}

#[tokio::test]
async fn a_note_is_written_under_its_ticket_and_read_flat() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    let note = json!({ "title": "Closed", "description": "Done.", "noteType": 1, "publish": 2 });
    let path = format!("/Tickets/{ticket}/Notes");
    let id = api.post(&path, &note).await.id();
    let of_ticket = json!([{ "op": "eq", "field": "ticketID", "value": ticket }]);
    assert_eq!(api.find("TicketNotes", of_ticket).await.len(), 1);
    assert_eq!(api.get(&path).await.items().len(), 1);
    assert_eq!(
        api.get(&format!("{path}/{id}")).await.json()["item"]["publish"],
        2
    );
    assert_eq!(api.autotask.notes(ticket).len(), 1);
    let three = json!({ "description": "x", "noteType": 1, "publish": 3 });
    let refused = api.post(&path, &three).await.error();
    assert_eq!(refused, "Picklist value [3] does not exist for publish.");
    let system = json!({ "description": "x", "noteType": 13, "publish": 1 });
    assert_eq!(api.post(&path, &system).await.status, 500);
    let other = api.open_ticket().await;
    let moved = json!({ "id": id, "title": "x" });
    assert_eq!(
        api.patch(&format!("/Tickets/{other}/Notes"), &moved)
            .await
            .status,
        500
    );
    assert_eq!(api.patch(&path, &moved).await.id(), id);
    let mismatch = json!({ "ticketID": 1, "description": "x", "noteType": 1, "publish": 1 });
    assert_eq!(api.post(&path, &mismatch).await.status, 500);
}

#[tokio::test]
async fn a_contact_is_written_and_deleted_under_its_company() {
    let api = Api::start().await;
    let path = format!("/Companies/{}/Contacts", api.company());
    let contact = json!({ "firstName": "Ada", "lastName": "Byron", "isActive": 1 });
    let id = api.post(&path, &contact).await.id();
    let stored = api.get(&format!("/Contacts/{id}")).await.json();
    assert_eq!(stored["item"]["companyID"], api.company());
    assert_eq!(api.delete(&format!("{path}/{id}")).await.id(), id);
    assert_eq!(api.get(&format!("/Contacts/{id}")).await.status, 404);
}
