//! The catalogue of texts that the real API is known to refuse with.

use serde_json::{Value, json};

use crate::client::Api;

async fn refused(api: &Api, body: Value) -> String {
    let tickets = api.autotask.tickets();
    let answer = api.post("/Tickets", &body).await;
    assert_eq!(answer.status, 500, "{body}");
    assert_eq!(
        api.autotask.tickets(),
        tickets,
        "a refused ticket must not be stored"
    );
    answer.error()
}

#[tokio::test]
async fn a_picklist_value_that_does_not_exist() {
    let api = Api::start().await;
    let text = refused(&api, api.ticket_with("priority", json!(99))).await;
    assert_eq!(text, "Picklist value [99] does not exist for priority.");
}

#[tokio::test]
async fn a_picklist_value_that_became_inactive() {
    let api = Api::start().await;
    let queue = api.choice("Tickets", "queueID", "Security");
    let ticket = api.open_ticket().await;
    assert!(
        api.autotask
            .set_picklist_active("Tickets", "queueID", queue, false)
    );
    let text = refused(&api, api.ticket()).await;
    assert_eq!(
        text,
        format!("Picklist value [{queue}] does not exist for queueID.")
    );
    let unrelated = json!({ "id": ticket, "title": "still fine", "queueID": queue });
    assert_eq!(api.patch("/Tickets", &unrelated).await.id(), ticket);
}

#[tokio::test]
async fn a_dependent_picklist_value_needs_its_parent() {
    let api = Api::start().await;
    let vpn = api.choice("Tickets", "subIssueType", "VPN");
    let mut ticket = api.ticket_with("subIssueType", json!(vpn));
    ticket["issueType"] = json!(api.choice("Tickets", "issueType", "Security"));
    let text = refused(&api, ticket.clone()).await;
    assert_eq!(
        text,
        format!("Picklist value [{vpn}] does not exist for subIssueType.")
    );
    ticket["issueType"] = json!(api.choice("Tickets", "issueType", "Network"));
    assert_eq!(api.post("/Tickets", &ticket).await.status, 200);
}

#[tokio::test]
async fn a_reference_to_nothing() {
    let api = Api::start().await;
    let text = refused(&api, api.ticket_with("companyID", json!(12))).await;
    assert_eq!(
        text,
        "Value does not reference an existing entity for companyID . "
    );
}

#[tokio::test]
async fn a_reference_to_something_inactive() {
    let api = Api::start().await;
    let company = api.company();
    let inactive = |row: &Value| row["companyID"] == company && row["isActive"] == 0;
    let contact = api.record("Contacts", inactive)["id"].clone();
    let text = refused(&api, api.ticket_with("contactID", contact)).await;
    let expected =
        "Reference value on field: contactID of type: Contact does not exist or is invalid.";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_contact_of_another_company() {
    let api = Api::start().await;
    let company = api.company();
    let elsewhere = |row: &Value| row["companyID"] != company && row["isActive"] == 1;
    let contact = api.record("Contacts", elsewhere)["id"].clone();
    let text = refused(&api, api.ticket_with("contactID", contact)).await;
    assert!(
        text.starts_with("Reference value on field: contactID"),
        "{text}"
    );
}

#[tokio::test]
async fn a_contact_who_left_fails_even_an_unrelated_change() {
    let api = Api::start().await;
    let company = api.company();
    let active = |row: &Value| row["companyID"] == company && row["isActive"] == 1;
    let contact = api.record("Contacts", active)["id"].as_i64().unwrap();
    let ticket = api
        .post("/Tickets", &api.ticket_with("contactID", json!(contact)))
        .await
        .id();
    api.autotask.set_contact_active(contact, false).unwrap();
    let answer = api
        .patch("/Tickets", &json!({ "id": ticket, "title": "new" }))
        .await;
    assert_eq!(answer.status, 500);
    assert!(answer.error().contains("contactID"));
}

#[tokio::test]
async fn a_company_that_became_inactive() {
    let api = Api::start().await;
    api.autotask
        .set_company_active(api.company(), false)
        .unwrap();
    let lakeside = api
        .autotask
        .companies()
        .into_iter()
        .find(|company| !company.active);
    let text = refused(
        &api,
        api.ticket_with("companyID", json!(lakeside.unwrap().id)),
    )
    .await;
    assert!(
        text.starts_with("Reference value on field: companyID"),
        "{text}"
    );
}

#[tokio::test]
async fn a_missing_required_field() {
    let api = Api::start().await;
    let mut ticket = api.ticket();
    ticket.as_object_mut().unwrap().remove("title");
    assert_eq!(refused(&api, ticket).await, "Missing Required Field: title");
}

#[tokio::test]
async fn a_field_that_the_ticket_category_requires() {
    let api = Api::start().await;
    let category = api.choice("Tickets", "ticketCategory", "Security");
    api.autotask.require_for_category(category, "issueType");
    let ticket = api.ticket_with("ticketCategory", json!(category));
    assert_eq!(
        refused(&api, ticket).await,
        "Missing Required Field: issueType"
    );
    assert_eq!(api.post("/Tickets", &api.ticket()).await.status, 200);
}

#[tokio::test]
async fn a_resource_without_a_role() {
    let api = Api::start().await;
    let resource = api.record("Resources", |row| row["firstName"] == "Priya")["id"].clone();
    let text = refused(&api, api.ticket_with("assignedResourceID", resource)).await;
    let expected = "Data violation: When assigning a Resource, you must assign both a \
                    assignedResourceID and assignedResourceRoleID.";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn neither_queue_nor_resource() {
    let api = Api::start().await;
    let mut ticket = api.ticket();
    ticket.as_object_mut().unwrap().remove("queueID");
    let text = refused(&api, ticket.clone()).await;
    assert!(
        text.starts_with("Data violation: AssignedResourceID"),
        "{text}"
    );
    let pair = api.autotask.records("ResourceRoles").remove(0);
    ticket["assignedResourceID"] = pair["resourceID"].clone();
    ticket["assignedResourceRoleID"] = pair["roleID"].clone();
    assert_eq!(api.post("/Tickets", &ticket).await.status, 200);
}

#[tokio::test]
async fn an_unknown_field_in_a_body_or_a_filter() {
    let api = Api::start().await;
    let text = refused(&api, api.ticket_with("severity", json!(1))).await;
    assert_eq!(text, "Unable to find severity in the Ticket Entity.");
    let filter = json!({ "filter": [{ "op": "eq", "field": "severity", "value": 1 }] });
    let answer = api.post("/Tickets/query", &filter).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.error(),
        "Unable to find severity in the Ticket Entity."
    );
}

#[tokio::test]
async fn a_text_where_a_filter_needs_a_number() {
    let api = Api::start().await;
    let filter = json!({ "filter": [{ "op": "eq", "field": "status", "value": "material" }] });
    let answer = api.post("/Tickets/query", &filter).await;
    assert_eq!(answer.status, 500);
    let text = "Conversion failed when converting varchar 'material' to data type int";
    assert_eq!(answer.error(), text);
}

#[tokio::test]
async fn a_boolean_where_an_integer_is_expected() {
    let api = Api::start().await;
    let contact = json!({ "firstName": "Ada", "lastName": "Byron", "isActive": true });
    let answer = api
        .post(&format!("/Companies/{}/Contacts", api.company()), &contact)
        .await;
    assert_eq!(answer.status, 500);
    let text = answer.error();
    assert!(
        text.starts_with("Unexpected character encountered while parsing value: t"),
        "{text}"
    );
}

#[tokio::test]
async fn a_delete_of_a_missing_row() {
    let api = Api::start().await;
    let answer = api
        .delete(&format!("/Companies/{}/Contacts/1", api.company()))
        .await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.error(), "No matching records found");
}

#[tokio::test]
async fn an_unknown_entity_is_a_page_of_html() {
    let api = Api::start().await;
    let answer = api.get("/Widgets/1").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.content_type, "text/html");
    assert!(answer.text.contains("404 - File or directory not found."));
}

#[tokio::test]
async fn a_null_on_create() {
    let api = Api::start().await;
    refused(&api, api.ticket_with("description", Value::Null)).await;
}

#[tokio::test]
async fn a_text_that_is_too_long() {
    let api = Api::start().await;
    refused(&api, api.ticket_with("title", json!("x".repeat(256)))).await;
    let fits = api.ticket_with("title", json!("ü".repeat(255)));
    assert_eq!(api.post("/Tickets", &fits).await.status, 200);
}
