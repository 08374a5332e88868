//! User-defined fields: definitions, list items, values on tickets, queries by them.

use serde_json::{Value, json};

use crate::client::Api;

const FLAG: &str = "Is DefensX Ticket?";

/// The value of a picklist as the API lists it, found by its label.
async fn listed(api: &Api, field: &str, label: &str) -> Value {
    let path = "/UserDefinedFieldDefinitions/entityInformation/fields";
    let fields = api.get(path).await.json()["fields"]
        .as_array()
        .cloned()
        .unwrap();
    let field = fields
        .into_iter()
        .find(|known| known["name"] == field)
        .unwrap();
    let values = field["picklistValues"].as_array().cloned().unwrap();
    values
        .into_iter()
        .find(|value| value["label"] == label)
        .unwrap()["value"]
        .clone()
}

async fn list_field(api: &Api) -> i64 {
    let definition = json!({
        "id": 0, "name": FLAG, "isActive": true, "description": "Set by the integration",
        "udfType": listed(api, "udfType", "Ticket").await,
        "dataType": listed(api, "dataType", "List").await,
    });
    let id = api
        .post("/UserDefinedFieldDefinitions", &definition)
        .await
        .id();
    for value in ["Yes", "No"] {
        let item = json!({ "valueForDisplay": value, "valueForExport": value, "isActive": true });
        api.post(&format!("/UserDefinedFields/{id}/ListItems"), &item)
            .await
            .id();
    }
    id
}

fn flagged(api: &Api, name: &str, value: &str) -> Value {
    api.ticket_with(
        "userDefinedFields",
        json!([{ "name": name, "value": value }]),
    )
}

#[tokio::test]
async fn a_list_field_is_made_shown_set_and_queried() {
    let api = Api::start().await;
    list_field(&api).await;
    let described = api
        .get("/Tickets/entityInformation/userDefinedFields")
        .await
        .json();
    let described = described["fields"][0].clone();
    assert_eq!(
        (&described["name"], &described["isPickList"]),
        (&json!(FLAG), &json!(true))
    );
    assert_eq!(described["picklistValues"][0]["value"], "Yes");
    let id = api.post("/Tickets", &flagged(&api, FLAG, "Yes")).await.id();
    api.open_ticket().await;
    let by_flag = json!([{ "op": "eq", "field": FLAG, "udf": true, "value": "Yes" }]);
    let found = api.find("Tickets", by_flag).await;
    assert_eq!(found.len(), 1);
    let found = found.first().unwrap();
    assert_eq!(found["id"], id);
    assert_eq!(
        found["userDefinedFields"],
        json!([{ "name": FLAG, "value": "Yes" }])
    );
    api.patch("/Tickets", &json!({ "id": id, "title": "x" }))
        .await
        .id();
    assert_eq!(
        api.autotask.ticket(id).unwrap().user_defined_fields.len(),
        1
    );
}

#[tokio::test]
async fn unknown_names_and_values_are_refused() {
    let api = Api::start().await;
    list_field(&api).await;
    let unknown = api
        .post("/Tickets", &flagged(&api, "is defensx ticket?", "Yes"))
        .await;
    assert_eq!(
        unknown.error(),
        "Unable to find is defensx ticket? in the Ticket Entity."
    );
    let value = api.post("/Tickets", &flagged(&api, FLAG, "Maybe")).await;
    assert_eq!(
        value.error(),
        format!("Picklist value [Maybe] does not exist for {FLAG}.")
    );
    assert!(api.autotask.tickets().is_empty());
}

#[tokio::test]
async fn a_query_names_one_user_defined_field_and_says_so() {
    let api = Api::start().await;
    list_field(&api).await;
    let condition = json!({ "op": "eq", "field": FLAG, "udf": true, "value": "Yes" });
    let twice = json!({ "filter": [{ "op": "or", "items": [condition, condition] }] });
    let answer = api.post("/Tickets/query", &twice).await;
    assert_eq!(answer.status, 500);
    assert!(
        answer
            .error()
            .contains("You can only query by one user-defined field at a time")
    );
    let unmarked = json!({ "filter": [{ "op": "eq", "field": FLAG, "value": "Yes" }] });
    let answer = api.post("/Tickets/query", &unmarked).await;
    assert_eq!(
        answer.error(),
        format!("Unable to find {FLAG} in the Ticket Entity.")
    );
}

#[tokio::test]
async fn a_replacement_clears_values_that_it_does_not_mention() {
    let api = Api::start().await;
    list_field(&api).await;
    let id = api.post("/Tickets", &flagged(&api, FLAG, "Yes")).await.id();
    let mut whole = api.ticket();
    whole["id"] = json!(id);
    api.put("/Tickets", &whole).await.id();
    assert!(
        api.autotask
            .ticket(id)
            .unwrap()
            .user_defined_fields
            .is_empty()
    );
}

#[tokio::test]
async fn names_and_items_are_unique_and_nothing_is_deleted() {
    let api = Api::start().await;
    let id = list_field(&api).await;
    let again = json!({ "name": FLAG,
        "udfType": listed(&api, "udfType", "Ticket").await,
        "dataType": listed(&api, "dataType", "String").await });
    assert_eq!(
        api.post("/UserDefinedFieldDefinitions", &again)
            .await
            .status,
        500
    );
    let item = json!({ "valueForDisplay": "Yes", "valueForExport": "Y" });
    assert_eq!(
        api.post(&format!("/UserDefinedFields/{id}/ListItems"), &item)
            .await
            .status,
        500
    );
    assert_eq!(
        api.delete(&format!("/UserDefinedFieldDefinitions/{id}"))
            .await
            .status,
        405
    );
    let hidden = json!({ "id": id, "isActive": false });
    api.patch("/UserDefinedFieldDefinitions", &hidden)
        .await
        .id();
    assert_eq!(
        api.post("/Tickets", &flagged(&api, FLAG, "Yes"))
            .await
            .status,
        500
    );
}
