//! Rights: refused modules, short lists, and that a token keeps what it was given with.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use simulators::halopsa::{Access, Application, Config, Rights};

use super::client::{Api, config};

#[tokio::test]
async fn a_change_of_rights_needs_a_new_token() {
    let mut api = Api::start().await;
    api.halo.set_rights(Rights {
        tickets: Access::None,
        ..Rights::default()
    });
    assert_eq!(api.get("/Tickets").await.status, 200);
    api.renew_token().await;
    assert_eq!(api.get("/Tickets").await.status, 403);
    api.halo.set_rights(Rights::default());
    assert_eq!(api.get("/Tickets").await.status, 403);
    api.renew_token().await;
    assert_eq!(api.get("/Tickets").await.status, 200);
}

#[tokio::test]
async fn a_login_that_is_no_agent_sees_no_tickets() {
    let mut api = Api::start().await;
    let rights = json!({ "login_is_agent": false });
    let set = api.control(Method::PUT, "/rights", Some(rights)).await;
    assert_eq!(set.status, 204);
    api.renew_token().await;
    assert_eq!(api.get("/Tickets").await.status, 403);
    assert_eq!(api.get("/Client").await.status, 200);
}

#[tokio::test]
async fn reading_is_not_writing() {
    let mut api = Api::start().await;
    api.halo.set_rights(Rights {
        tickets: Access::Read,
        administrator: false,
        ..Rights::default()
    });
    api.renew_token().await;
    assert_eq!(api.get("/Tickets").await.status, 200);
    assert_eq!(
        api.post("/Tickets", &json!([api.ticket()])).await.status,
        403
    );
    assert_eq!(
        api.post("/TicketType", &json!([{ "name": "x" }]))
            .await
            .status,
        403
    );
    assert_eq!(api.get("/TicketType").await.status, 200);
    assert_eq!(api.get("/Webhook").await.status, 403);
}

#[tokio::test]
async fn one_record_of_a_module_without_rights_looks_like_a_bad_token() {
    let mut api = Api::start().await;
    api.halo.set_rights(Rights {
        invoices: Access::None,
        ..Rights::default()
    });
    api.renew_token().await;
    assert_eq!(api.get("/RecurringInvoice").await.status, 403);
    assert_eq!(api.get("/RecurringInvoice/-94").await.status, 401);
    assert_eq!(api.get("/Item").await.status, 200);
}

#[tokio::test]
async fn without_a_default_team_the_only_agent_is_unassigned() {
    let mut api = Api::start().await;
    api.halo.set_rights(Rights {
        has_default_team: false,
        ..Rights::default()
    });
    api.renew_token().await;
    let agents = api.bare_rows("/Agent?includeunassigned=true").await;
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0]["name"], "Unassigned");
    assert!(api.get("/Agent/me").await.json().get("team").is_none());
}

#[tokio::test]
async fn lists_are_short_where_the_agent_sees_little() {
    let mut api = Api::start().await;
    let security = api.halo.id_of("Team", "Security").unwrap();
    let ticket = api.open_ticket().await;
    api.write("/Tickets", api.ticket_with("team", json!("Security")))
        .await;
    api.halo.set_rights(Rights {
        teams: Some(BTreeSet::from([security])),
        clients: Some(BTreeSet::from([api.client()])),
        ..Rights::default()
    });
    api.renew_token().await;
    assert_eq!(api.bare_rows("/Team").await.len(), 1);
    assert_eq!(api.bare_rows("/Team?showall=true").await.len(), 3);
    assert_eq!(api.bare_rows("/Agent").await.len(), 1);
    assert_eq!(api.get("/Tickets").await.json()["record_count"], 1);
    assert_eq!(api.get(&format!("/Tickets/{ticket}")).await.status, 404);
    assert_eq!(api.get("/Client").await.json()["record_count"], 1);
}

#[tokio::test]
async fn scopes_limit_what_the_rights_allow() {
    let scopes = ["read:tickets", "read:customers"]
        .map(str::to_owned)
        .to_vec();
    let api = Api::start_with(Config {
        application: Application {
            scopes: [scopes.clone(), vec!["all".to_owned()]].concat(),
            ..Application::default()
        },
        ..config()
    });
    let mut api = api.await;
    let mut form = api.form();
    form.retain(|(name, _)| *name != "scope");
    form.push(("scope", scopes.join(" ")));
    let token = api.ask_token(&form).await.json();
    token["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut api.token);
    assert_eq!(api.get("/Tickets").await.status, 200);
    assert_eq!(api.get("/Status").await.status, 200);
    assert_eq!(
        api.post("/Tickets", &json!([api.ticket()])).await.status,
        403
    );
    assert_eq!(api.get("/Item").await.status, 403);
}
