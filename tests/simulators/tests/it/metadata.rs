//! Entity information, and that it says what the entities do.

use serde_json::{Value, json};
use simulators::autotask::{Autotask, Config};

use crate::client::Api;

async fn field(api: &Api, entity: &str, name: &str) -> Value {
    let fields = api
        .get(&format!("/{entity}/entityInformation/fields"))
        .await
        .json();
    let fields = fields["fields"].as_array().cloned().unwrap();
    fields
        .into_iter()
        .find(|field| field["name"] == name)
        .unwrap()
}

#[tokio::test]
async fn an_entity_tells_what_it_can_do() {
    let api = Api::start().await;
    let info = api.get("/Tickets/entityInformation").await.json();
    assert_eq!(
        info,
        json!({ "info": {
            "name": "Ticket", "canCreate": true, "canDelete": false, "canQuery": true,
            "canUpdate": true, "userAccessForCreate": "All", "userAccessForDelete": "None",
            "userAccessForQuery": "All", "userAccessForUpdate": "All",
            "hasUserDefinedFields": true, "supportsWebhookCallouts": true,
        } })
    );
    let codes = api.get("/billingcodes/ENTITYINFORMATION").await.json();
    assert_eq!(codes["info"]["canCreate"], false);
    let notes = api.get("/Tickets/1/Notes/entityInformation").await.json();
    assert_eq!(notes["info"]["name"], "TicketNote");
}

#[tokio::test]
async fn a_picklist_lists_texts_while_records_hold_numbers() {
    let api = Api::start().await;
    let status = field(&api, "Tickets", "status").await;
    assert_eq!(status["isPickList"], true);
    assert_eq!(status["isRequired"], true);
    let values = status["picklistValues"].as_array().unwrap();
    let labelled = |label: &str| values.iter().find(|value| value["label"] == label).unwrap();
    assert_eq!(labelled("New")["value"], "1");
    assert_eq!(labelled("Complete")["value"], "5");
    assert_eq!(labelled("Complete")["isSystem"], true);
    assert_eq!(labelled("Dispatched (old)")["isActive"], false);
    let ticket = api.open_ticket().await;
    assert_eq!(api.autotask.record("Tickets", ticket).unwrap()["status"], 1);
}

#[tokio::test]
async fn references_dependent_lists_and_create_only_fields_are_described() {
    let api = Api::start().await;
    let company = field(&api, "Tickets", "companyID").await;
    assert_eq!(
        (&company["isReference"], &company["referenceEntityType"]),
        (&json!(true), &json!("Company"))
    );
    let sub = field(&api, "Tickets", "subIssueType").await;
    assert_eq!(sub["picklistParentValueField"], "issueType");
    let parent = sub["picklistValues"][0]["parentValue"].as_str().unwrap();
    let issue = api.choice("Tickets", "issueType", "Security");
    assert_eq!(parent, issue.to_string());
    let period = field(&api, "Services", "periodType").await;
    assert_eq!(
        (&period["isRequired"], &period["isReadOnly"]),
        (&json!(true), &json!(true))
    );
    let creator = field(&api, "Tickets", "creatorType").await;
    assert_eq!(creator["isQueryable"], false);
    let active = field(&api, "Contacts", "isActive").await;
    assert_eq!(active["dataType"], "integer");
}

#[test]
fn ids_are_the_tenants_own_except_those_that_everybody_has() {
    let value = |seed, label| {
        let tenant = Autotask::new(Config::seeded(seed));
        tenant.picklist_value("Tickets", "status", label)
    };
    assert_eq!(value(1, "Complete"), value(2, "Complete"));
    assert_ne!(value(1, "In Progress"), value(2, "In Progress"));
    assert_eq!(value(1, "In Progress"), value(1, "In Progress"));
}

#[test]
fn companies_are_believable_and_as_many_as_wanted() {
    let tenant = Autotask::new(Config {
        generated_companies: 3_000,
        ..Config::seeded(5)
    });
    let companies = tenant.companies();
    assert_eq!(companies.len(), 3_013);
    assert_eq!(companies.first().map(|own| own.id), Some(0));
    let mut names: Vec<&str> = companies
        .iter()
        .map(|company| company.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), companies.len());
}
