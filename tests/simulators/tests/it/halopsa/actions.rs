//! Actions: their numbers count per ticket, an outcome is mandatory, one field moves the ticket.

use serde_json::{Value, json};
use simulators::halopsa::Violation;

use super::client::Api;

fn note(ticket: i64) -> Value {
    json!({ "ticket_id": ticket, "outcome_id": 7, "note_html": "<p>Restored</p>",
        "hiddenfromuser": true })
}

#[tokio::test]
async fn numbers_count_per_ticket() {
    let api = Api::start().await;
    let (one, other) = (api.open_ticket().await, api.open_ticket().await);
    for (ticket, number) in [(one, 1), (one, 2), (other, 1)] {
        let action = api.write("/Actions", note(ticket)).await;
        assert_eq!(
            (&action["ticket_id"], &action["id"]),
            (&json!(ticket), &json!(number))
        );
    }
    let action = api.get(&format!("/Actions/2?ticket_id={one}")).await.json();
    assert_eq!(action["outcome"], "Private Note");
    assert_eq!(action["note"], "Restored");
    assert_eq!(action["who"], "Dovetail API Agent");
    assert_eq!(
        api.get(&format!("/Actions/2?ticket_id={other}"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_outcome_and_a_ticket_are_mandatory() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    let refused = api
        .refused("/Actions", json!({ "ticket_id": ticket, "note": "x" }))
        .await;
    assert_eq!(refused, "An Outcome must be entered for this Action");
    let hidden = json!({ "ticket_id": ticket, "outcome": "Retired Outcome" });
    let refused = api.refused("/Actions", hidden).await;
    assert_eq!(
        refused,
        "You do not have access to this Action at the moment"
    );
    api.refused("/Actions", json!({ "outcome_id": 7 })).await;
    let by_name = json!({ "ticket_id": ticket, "outcome": "resolved" });
    assert_eq!(api.write("/Actions", by_name).await["outcome_id"], 14);
}

#[tokio::test]
async fn the_new_status_moves_the_ticket_and_a_status_does_not() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    let mut action = note(ticket);
    action["status_id"] = json!(9);
    api.write("/Actions", action).await;
    assert_eq!(api.halo.ticket(ticket).unwrap().status, "New");
    let mut action = note(ticket);
    action["new_status"] = json!(9);
    let written = api.write("/Actions", action).await;
    assert_eq!(
        (&written["old_status"], &written["new_status"]),
        (&json!(1), &json!(9))
    );
    assert!(api.halo.ticket(ticket).unwrap().is_closed());
}

#[tokio::test]
async fn a_list_needs_its_ticket() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    api.write("/Actions", note(ticket)).await;
    let without = api.get("/Actions").await.json();
    assert_eq!(without["record_count"], 0);
    assert_eq!(api.halo.violations(), [Violation::ActionsWithoutTicket]);
    let with = api
        .get(&format!("/Actions?ticket_id={ticket}"))
        .await
        .json();
    assert_eq!(with["ticket_id"], ticket);
    assert_eq!(with["record_count"], 1);
    assert!(with["actions"][0].get("note_html").is_none());
    let path = format!("/Actions?ticket_id={ticket}&includehtmlnote=true");
    let rows = api.rows(&path, "actions").await;
    assert_eq!(rows[0]["note_html"], "<p>Restored</p>");
    let path = format!("/Actions?ticket_id={ticket}&excludeprivate=true");
    assert_eq!(api.rows(&path, "actions").await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_system_keeps_actions_of_its_own() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    api.write("/Tickets", json!({ "id": ticket, "status_id": 2 }))
        .await;
    let path = format!("/Actions?ticket_id={ticket}");
    let rows = api.rows(&path, "actions").await;
    assert_eq!(rows[0]["note"], "Status changed to In Progress");
    let path = format!("{path}&excludesys=true");
    assert_eq!(api.rows(&path, "actions").await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_action_can_be_changed() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    api.write("/Actions", note(ticket)).await;
    let change = json!({ "ticket_id": ticket, "id": 1, "note": "Other" });
    assert_eq!(api.write("/Actions", change).await["note"], "Other");
    assert_eq!(api.halo.actions(ticket).len(), 1);
}
