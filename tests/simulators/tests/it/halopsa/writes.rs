//! What every write has in common: arrays, ids, partial changes, values of the wrong shape.

use serde_json::{Value, json};
use simulators::halopsa::{ErrorShape, Treatment, Violation};

use super::client::Api;

#[tokio::test]
async fn a_record_without_an_id_is_created_and_one_with_an_id_is_changed_in_part() {
    let api = Api::start().await;
    let created = api.post("/Tickets", &json!([api.ticket()])).await;
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_i64().unwrap();
    let changed = api
        .post("/Tickets", &json!([{ "id": id, "summary": "Other" }]))
        .await;
    assert_eq!(changed.status, 200);
    let ticket = api.get(&format!("/Tickets/{id}")).await.json();
    assert_eq!(ticket["summary"], "Other");
    assert_eq!(ticket["client_id"], api.client());
    assert_eq!(api.halo.creation_calls(), [201]);
}

#[tokio::test]
async fn the_last_record_is_the_answer_unless_all_are_asked_for() {
    let api = Api::start().await;
    let two = json!([api.ticket(), api.ticket_with("summary", json!("Second"))]);
    let last = api.post("/Tickets", &two).await.json();
    assert_eq!(last["summary"], "Second");
    let all = api.post("/Tickets?returnall=true", &two).await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(api.halo.tickets().len(), 4);
}

#[tokio::test]
async fn records_before_one_that_is_refused_stay() {
    let api = Api::start().await;
    let body = json!([api.ticket(), { "summary": "For nobody" }, api.ticket()]);
    assert_eq!(api.post("/Tickets", &body).await.status, 400);
    assert_eq!(api.halo.tickets().len(), 1);
}

#[tokio::test]
async fn a_bare_object_is_refused_or_taken_as_the_tenant_is() {
    let api = Api::start().await;
    assert_eq!(api.post("/Tickets", &api.ticket()).await.status, 400);
    assert_eq!(api.halo.violations(), [Violation::BareObject]);
    assert_eq!(api.post("/Tickets", &json!([])).await.status, 400);
    let lenient = Api::start_with_quirks(|quirks| quirks.bare_object = Treatment::Accept).await;
    assert_eq!(
        lenient.post("/Tickets", &lenient.ticket()).await.status,
        201
    );
}

#[tokio::test]
async fn unknown_and_mis_shaped_fields_are_ignored_without_a_word() {
    let api = Api::start().await;
    let mut ticket = api.ticket();
    let fields = ticket.as_object_mut().unwrap();
    fields.remove("tickettype_id");
    fields.insert("tickettype".to_owned(), json!({ "id": api.ticket_type() }));
    fields.insert("userlookup".to_owned(), json!({ "id": -1 }));
    fields.insert("agent_id".to_owned(), json!({ "id": 9 }));
    let id = api.write("/Tickets", ticket).await["id"].as_i64().unwrap();
    assert_eq!(
        api.halo.ticket(id).unwrap().ticket_type,
        "Incident",
        "the default type"
    );
    let ignored = api.halo.ignored_fields();
    assert_eq!(
        ignored,
        [
            "Tickets.tickettype",
            "Tickets.userlookup",
            "Tickets.agent_id"
        ]
    );
}

#[tokio::test]
async fn a_decimal_where_a_whole_number_belongs_is_refused() {
    let api = Api::start().await;
    for value in [json!(95.0), json!("95.0")] {
        let body = json!([api.ticket_with("site_id", value)]);
        let answer = api.post("/Tickets", &body).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.json()["errors"]["$[0].site_id"].is_array(),
            "{}",
            answer.text
        );
    }
    assert_eq!(api.halo.violations(), [Violation::DecimalForInteger; 2]);
    let site = api.site().to_string();
    api.write("/Tickets", api.ticket_with("site_id", json!(site)))
        .await;
}

#[tokio::test]
async fn an_unknown_id_is_refused_and_a_malformed_one_is_the_frameworks_own_refusal() {
    let api = Api::start().await;
    let refused = api
        .refused("/Tickets", json!({ "id": 5, "summary": "x" }))
        .await;
    assert_eq!(refused, "Ticket 5 was not found.");
    assert_eq!(api.get("/Tickets/5").await.status, 404);
    let malformed = api.get("/Tickets/abc").await;
    assert_eq!(malformed.status, 400);
    assert_eq!(
        malformed.json()["errors"]["id"][0],
        "The value 'abc' is not valid."
    );
    let strict = Api::start_with_quirks(|quirks| quirks.unknown_id_status = 404).await;
    let body = json!([{ "id": 5, "summary": "x" }]);
    assert_eq!(strict.post("/Tickets", &body).await.status, 404);
}

#[tokio::test]
async fn a_refusal_comes_in_any_of_six_shapes() {
    for (shape, pointer) in [
        (ErrorShape::Exception, "/Message"),
        (ErrorShape::Message, "/Message"),
        (ErrorShape::ResultCode, "/errorMessage"),
        (ErrorShape::Error, "/error_description"),
        (ErrorShape::Problem, "/errors//0"),
    ] {
        let api = Api::start_with_quirks(|quirks| quirks.error_shape = shape).await;
        let answer = api
            .post("/Tickets", &json!([{ "summary": "For nobody" }]))
            .await;
        assert_eq!(answer.status, 400);
        let text = answer.json().pointer(pointer).cloned();
        let expected = Value::from("Please select a Customer for this Ticket.");
        assert_eq!(text, Some(expected), "{shape:?}: {}", answer.text);
    }
    let api = Api::start_with_quirks(|quirks| quirks.error_shape = ErrorShape::Text).await;
    let answer = api
        .post("/Tickets", &json!([{ "summary": "For nobody" }]))
        .await;
    assert_eq!(answer.text, "Please select a Customer for this Ticket.");
}

#[tokio::test]
async fn statuses_of_success_can_be_switched() {
    let api = Api::start_with_quirks(|quirks| quirks.created_status = 200).await;
    assert_eq!(
        api.post("/Tickets", &json!([api.ticket()])).await.status,
        200
    );
}

#[tokio::test]
async fn there_is_no_put() {
    let api = Api::start().await;
    let request = api.request(reqwest::Method::PUT, "/Tickets");
    let request = crate::client::with_body(request, &json!([api.ticket()]));
    assert_eq!(crate::client::answer(request).await.status, 405);
    assert_eq!(api.halo.violations(), [Violation::WrongVerb]);
}

#[tokio::test]
async fn a_write_that_was_carried_out_can_warn() {
    let api = Api::start_with_quirks(|quirks| quirks.warning = Some("Mind the step".to_owned()));
    let api = api.await;
    assert_eq!(
        api.write("/Tickets", api.ticket()).await["_warning"],
        "Mind the step"
    );
}
