//! Zone discovery, the three headers, the lock, revoked credentials, rights, impersonation.

use reqwest::Method;
use serde_json::json;
use simulators::autotask::{Action, Credentials, Right, Violation};

use crate::client::{Api, answer};

#[tokio::test]
async fn the_zone_is_told_to_anybody_who_names_a_known_user() {
    let api = Api::start().await;
    let user = "dovetail%2Bapi%40northwind-msp.example";
    let zone = answer(api.bare(Method::GET, &format!("/zoneInformation?user={user}"))).await;
    assert_eq!(zone.status, 200);
    assert_eq!(
        zone.json()["url"],
        format!("{}/ATServicesRest/", api.running.url)
    );
    assert!(zone.json()["ci"].is_i64());
    let unknown = answer(api.bare(Method::GET, "/ZoneInformation?user=nobody")).await;
    assert_eq!(unknown.status, 500);
    assert_eq!(unknown.error(), "Zone information could not be determined");
}

#[tokio::test]
async fn versions_are_listed_but_only_the_first_is_served() {
    let api = Api::start().await;
    let url = format!("{}/ATServicesRest/versioninformation", api.running.url);
    let versions = answer(api.bare(Method::GET, &url)).await;
    assert_eq!(versions.json(), json!({ "apiVersions": ["V1.0", "V2.0"] }));
    let second = format!(
        "{}/ATServicesRest/V2.0/zoneInformation?user=x",
        api.running.url
    );
    assert_eq!(answer(api.bare(Method::GET, &second)).await.status, 404);
}

async fn status_with(change: impl FnOnce(&mut Credentials)) -> (u16, String) {
    let api = Api::start().await;
    let mut credentials = api.autotask.credentials();
    change(&mut credentials);
    let answer = answer(api.request_as(&credentials, Method::GET, "/Companies/0")).await;
    assert_eq!(api.autotask.violations(), [Violation::RejectedCredentials]);
    (answer.status, answer.text)
}

#[tokio::test]
async fn a_wrong_secret_is_401_with_an_empty_body() {
    let rejected = status_with(|credentials| credentials.secret.push('x')).await;
    assert_eq!(rejected, (401, String::new()));
}

#[tokio::test]
async fn an_unknown_user_or_code_is_500_with_errors() {
    for (status, text) in [
        status_with(|credentials| credentials.username = "nobody".to_owned()).await,
        status_with(|credentials| credentials.integration_code = "OTHER".to_owned()).await,
    ] {
        assert_eq!(status, 500);
        assert!(text.starts_with(r#"{"errors":[""#), "{text}");
    }
}

#[tokio::test]
async fn missing_headers_are_401() {
    let api = Api::start().await;
    assert_eq!(
        answer(api.bare(Method::GET, "/Companies/0")).await.status,
        401
    );
}

#[tokio::test]
async fn wrong_secrets_lock_the_user_even_for_the_right_one() {
    let api = Api::start().await;
    let right = api.autotask.credentials();
    let wrong = Credentials {
        secret: "wrong".to_owned(),
        ..right
    };
    for _ in 0..5 {
        assert!(!api.autotask.is_locked());
        let rejected = answer(api.request_as(&wrong, Method::GET, "/Companies/0")).await;
        assert_eq!(rejected.status, 401);
    }
    let locked = api.get("/Companies/0").await;
    assert_eq!(locked.status, 401);
    assert!(locked.error().contains("has been locked"));
    assert_eq!(
        api.autotask.violations().last(),
        Some(&Violation::CallAfterLock)
    );
    api.autotask.restore_credentials();
    assert_eq!(api.get("/Companies/0").await.status, 200);
}

#[tokio::test]
async fn revoked_credentials_are_401_until_they_are_restored() {
    let api = Api::start().await;
    assert_eq!(
        api.control(Method::DELETE, "/credentials", None)
            .await
            .status,
        204
    );
    assert_eq!(api.get("/Companies/0").await.status, 401);
    assert_eq!(
        api.control(Method::PUT, "/credentials", None).await.status,
        204
    );
    assert_eq!(api.get("/Companies/0").await.status, 200);
}

#[tokio::test]
async fn rights_are_shown_and_enforced() {
    let api = Api::start().await;
    assert!(
        api.autotask
            .set_right("Tickets", Action::Create, Right::None)
    );
    let info = api.get("/Tickets/entityInformation").await.json();
    assert_eq!(info["info"]["userAccessForCreate"], "None");
    assert_eq!(info["info"]["canCreate"], true);
    let refused = api.post("/Tickets", &api.ticket()).await;
    assert_eq!(refused.status, 500);
    assert!(refused.error().contains("permissions to create"));
    assert!(api.autotask.tickets().is_empty());
}

#[tokio::test]
async fn a_restricted_reader_sees_only_what_it_created() {
    let api = Api::start().await;
    let own = api.open_ticket().await;
    api.autotask.create("Tickets", api.ticket()).unwrap();
    let all = json!([{ "op": "exist", "field": "id" }]);
    assert_eq!(api.find("Tickets", all.clone()).await.len(), 2);
    api.autotask
        .set_right("Tickets", Action::Query, Right::Restricted);
    let seen = api.find("Tickets", all).await;
    assert_eq!(
        seen.iter().map(|ticket| &ticket["id"]).collect::<Vec<_>>(),
        [own]
    );
}

#[tokio::test]
async fn a_call_can_act_as_another_resource_where_that_is_supported() {
    let api = Api::start().await;
    let technician = api.record("Resources", |row| row["firstName"] == "Priya")["id"].clone();
    let acting = |path| {
        let request = api.request(Method::POST, path);
        request.header("ImpersonationResourceId", technician.to_string())
    };
    let created = answer(crate::client::with_body(acting("/Tickets"), &api.ticket())).await;
    let ticket = api.autotask.record("Tickets", created.id()).unwrap();
    assert_eq!(ticket["creatorResourceID"], technician);
    assert!(ticket["impersonatorCreatorResourceID"].is_i64());
    let contract = answer(crate::client::with_body(acting("/Contracts"), &json!({}))).await;
    assert_eq!(contract.status, 500);
}
