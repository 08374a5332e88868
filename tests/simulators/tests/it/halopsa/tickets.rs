//! What the system does to tickets: for whom they are, what is mandatory, closing and re-opening.

use serde_json::json;
use simulators::halopsa::{Rights, Treatment};

use super::client::Api;

#[tokio::test]
async fn a_ticket_without_a_user_lands_on_the_general_user_of_the_site() {
    let api = Api::start().await;
    let ticket = api.write("/Tickets", api.ticket()).await;
    assert_eq!(ticket["user_name"], "General User");
    assert_eq!(ticket["site_id"], api.site());
    assert_eq!(ticket["status_id"], 1);
    assert_eq!(ticket["agent_id"], 1);
    assert_eq!(ticket["team"], "Service Desk");
    assert_eq!(ticket["source"], 0);
}

#[tokio::test]
async fn a_site_without_a_general_user_refuses_tickets_until_it_has_one() {
    let api = Api::start_with_quirks(|quirks| {
        "No user here".clone_into(&mut quirks.no_general_user_text);
    });
    let api = api.await;
    assert!(api.halo.remove_general_user(api.site()));
    assert!(!api.halo.remove_general_user(api.site()));
    assert_eq!(api.refused("/Tickets", api.ticket()).await, "No user here");
    assert_eq!(api.halo.tickets(), []);
    assert!(api.halo.add_general_user(api.site()));
    api.open_ticket().await;
}

#[tokio::test]
async fn a_user_needs_its_site_beside_it() {
    let api = Api::start().await;
    let path = format!("/Users?site_id={}&search=Morgan", api.site());
    let user = api.rows(&path, "users").await.remove(0)["id"].clone();
    let mut ticket = api.ticket_with("user_id", user.clone());
    api.refused("/Tickets", ticket.clone()).await;
    ticket["site_id"] = json!(api.site());
    let written = api.write("/Tickets", ticket).await;
    assert_eq!(written["user_id"], user);
    assert_eq!(written["user_name"], "Morgan Ellis");
    assert_eq!(
        written["user_email"],
        "morgan.ellis@acme-industries.example"
    );
    let other = api.halo.clients().remove(2).id;
    let moved = api
        .write(
            "/Tickets",
            json!({ "id": written["id"], "client_id": other }),
        )
        .await;
    assert_eq!(
        (&moved["user_name"], &moved["user_email"]),
        (&json!("General User"), &json!(""))
    );
}

#[tokio::test]
async fn teams_go_by_name_and_an_unknown_one_is_as_good_as_none() {
    let api = Api::start().await;
    let team = async |name: &str| {
        let ticket = api.ticket_with("team", json!(name));
        api.write("/Tickets", ticket).await["team"].clone()
    };
    assert_eq!(team("Security").await, "Security");
    assert_eq!(team("Nobody").await, "Service Desk");
}

#[tokio::test]
async fn agents_that_cannot_be_assigned_are_refused() {
    let api = Api::start().await;
    let agent = |name| api.halo.id_of("Agent", name).unwrap();
    for name in ["Greg Holloway", "Dovetail API Agent"] {
        api.refused("/Tickets", api.ticket_with("agent_id", json!(agent(name))))
            .await;
    }
    let dana = api.ticket_with("agent_id", json!(agent("Dana Whitfield")));
    let ticket = api.write("/Tickets", dana).await;
    assert_eq!(ticket["agent_name"], "Dana Whitfield");
    api.halo
        .set_agent_enabled(agent("Dana Whitfield"), false)
        .unwrap();
    api.write("/Tickets", json!({ "id": ticket["id"], "status_id": 9 }))
        .await;
}

#[tokio::test]
async fn a_priority_counts_only_under_the_sla_of_the_ticket() {
    let api = Api::start().await;
    api.write("/Tickets", api.ticket_with("priority_id", json!(4)))
        .await;
    let mut ticket = api.ticket_with("priority_id", json!(4));
    ticket["sla_id"] = json!(2);
    api.refused("/Tickets", ticket).await;
}

#[tokio::test]
async fn statuses_are_limited_by_ticket_type() {
    let api = Api::start().await;
    let kind = api.ticket_type();
    api.refused("/Tickets", api.ticket_with("status_id", json!(777)))
        .await;
    api.halo.limit_statuses(kind, &[1, 9]);
    api.refused("/Tickets", api.ticket_with("status_id", json!(8)))
        .await;
    let rows = api
        .bare_rows(&format!("/Status?tickettype_id={kind}"))
        .await;
    assert_eq!(rows.len(), 2);
    let open = api.bare_rows("/Status?excludeclosed=true").await;
    assert!(open.iter().all(|status| status["id"] != 9));
}

#[tokio::test]
async fn mandatory_fields_are_refused_unless_validation_is_off() {
    let api = Api::start().await;
    let kind = api.ticket_type();
    api.halo.require_on_type(kind, &["category_1"]).unwrap();
    let types = api.bare_rows("/TicketType").await;
    let warned = types.iter().find(|row| row["id"] == kind).unwrap();
    assert_eq!(warned["hasmandatorytechfields"], true);
    let detail = api.get(&format!("/TicketType/{kind}")).await.json();
    assert_eq!(detail["fields"][0]["fieldname"], "category_1");
    let refused = api.refused("/Tickets", api.ticket()).await;
    assert!(refused.contains("category_1"), "{refused}");
    api.write(
        "/Tickets",
        api.ticket_with("category_1", json!("Web>Blocked")),
    )
    .await;
    api.write("/Tickets", api.ticket_with("_novalidate", json!(true)))
        .await;
}

#[tokio::test]
async fn closing_sets_its_date_and_reopening_takes_it_back() {
    let api = Api::start().await;
    let id = api.open_ticket().await;
    let closed = api
        .write("/Tickets", json!({ "id": id, "status_id": 9 }))
        .await;
    assert_eq!(closed["hasbeenclosed"], true);
    assert_eq!(closed["dateclosed"], "2026-05-27T10:30:00.250");
    let open = api
        .write("/Tickets", json!({ "id": id, "status_id": 2 }))
        .await;
    assert_eq!(open["hasbeenclosed"], false);
    assert_eq!(open["dateclosed"], "1900-01-01T00:00:00");
    let resolved = api
        .write("/Tickets", json!({ "id": id, "status_id": 8 }))
        .await;
    assert_eq!(resolved["hasbeenclosed"], false, "only status 9 closes");
    let other = Api::start_with_quirks(|quirks| quirks.remembers_closing = true).await;
    let id = other.open_ticket().await;
    other
        .write("/Tickets", json!({ "id": id, "status_id": 9 }))
        .await;
    let open = other
        .write("/Tickets", json!({ "id": id, "status_id": 2 }))
        .await;
    assert_eq!(open["hasbeenclosed"], true);
}

#[tokio::test]
async fn closed_tickets_can_be_out_of_reach() {
    let mut api = Api::start().await;
    api.halo.set_rights(Rights {
        edits_closed_tickets: false,
        ..Rights::default()
    });
    api.renew_token().await;
    let id = api.open_ticket().await;
    api.write("/Tickets", json!({ "id": id, "status_id": 9 }))
        .await;
    api.refused("/Tickets", json!({ "id": id, "status_id": 2 }))
        .await;
    let note = json!({ "ticket_id": id, "outcome_id": 7, "note": "late" });
    let refused = api.refused("/Actions", note).await;
    assert_eq!(
        refused,
        "You do not have access to this Action at the moment"
    );
}

#[tokio::test]
async fn a_deleted_ticket_is_gone_for_callers() {
    let api = Api::start().await;
    let id = api.open_ticket().await;
    assert_eq!(
        api.delete(&format!("/Tickets/{id}?reason=test"))
            .await
            .status,
        200
    );
    assert_eq!(api.get(&format!("/Tickets/{id}")).await.status, 404);
    assert_eq!(api.get("/Tickets").await.json()["record_count"], 0);
    assert!(api.halo.ticket(id).unwrap().deleted);
    let refused = api
        .refused("/Tickets", json!({ "id": id, "status_id": 9 }))
        .await;
    assert!(refused.starts_with("Ticket not found"), "{refused}");
    let note = json!({ "ticket_id": id, "outcome_id": 7, "note": "late" });
    assert_eq!(api.refused("/Actions", note).await, refused);
    api.write("/Tickets", json!({ "id": id, "_recover": true }))
        .await;
    assert!(!api.halo.ticket(id).unwrap().deleted);
}

#[tokio::test]
async fn a_ticket_type_can_be_made_and_used() {
    let api = Api::start().await;
    let made = api
        .write("/TicketType", json!({ "name": "Product Ticket" }))
        .await;
    let ticket = api
        .write(
            "/Tickets",
            api.ticket_with("tickettype_id", made["id"].clone()),
        )
        .await;
    assert_eq!(ticket["tickettype_name"], "Product Ticket");
    api.refused("/TicketType", json!({ "use": "x" })).await;
}

#[tokio::test]
async fn html_and_plain_text_follow_each_other() {
    let api = Api::start().await;
    let html = "<p>One</p><p>Two &amp; three</p>";
    let ticket = api
        .write("/Tickets", api.ticket_with("details_html", json!(html)))
        .await;
    assert_eq!(ticket["details"], "One\nTwo & three");
}

#[tokio::test]
async fn an_inactive_client_gets_no_ticket_unless_the_tenant_lets_it() {
    let refuses = Api::start().await;
    let (client, ticket) = (refuses.client(), refuses.ticket());
    refuses.halo.set_client_active(client, false).unwrap();
    refuses.refused("/Tickets", ticket).await;
    let lets = Api::start_with_quirks(|quirks| quirks.inactive_client = Treatment::Accept).await;
    let (client, ticket) = (lets.client(), lets.ticket());
    lets.halo.set_client_active(client, false).unwrap();
    lets.write("/Tickets", ticket).await;
}

#[tokio::test]
async fn custom_fields_go_by_id_or_by_name_and_unknown_ones_are_ignored() {
    let api = Api::start().await;
    let made = api
        .write("/FieldInfo", json!({ "name": "requestref", "usage": 1 }))
        .await;
    assert_eq!(made["name"], "CFrequestref");
    let values =
        json!([{ "name": "CFrequestref", "value": "R-1" }, { "name": "CFother", "value": 1 }]);
    let ticket = api
        .write("/Tickets", api.ticket_with("customfields", values))
        .await;
    assert_eq!(ticket["customfields"].as_array().unwrap().len(), 1);
    let change = json!({ "id": ticket["id"], "customfields": [{ "id": made["id"], "value": 7 }] });
    let ticket = api.write("/Tickets", change).await;
    assert_eq!(ticket["customfields"][0]["value"], 7);
    assert_eq!(ticket["customfields"][0]["display"], "7");
    let row = api.rows("/Tickets", "tickets").await.remove(0);
    assert!(row.get("customfields").is_none(), "only by itself");
}
