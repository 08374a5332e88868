//! The token endpoint, discovery, and what becomes of a call without a good token.

use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::json;
use simulators::halopsa::{Config, Limits, Violation};

use super::client::{Api, config};
use crate::client::{answer, moving, with_body};

fn with(form: Vec<(&'static str, String)>, name: &str, value: &str) -> Vec<(&'static str, String)> {
    let changed = |(field, old)| (field, if field == name { value.to_owned() } else { old });
    form.into_iter().map(changed).collect()
}

#[tokio::test]
async fn a_form_with_the_right_secret_gives_a_token() {
    let api = Api::start().await;
    let body = api.ask_token(&api.form()).await.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], "all");
    assert!(body.get("refresh_token").is_none());
    let known = api
        .ask_token_at("/auth/token?tenant=sim", &api.form())
        .await;
    assert_eq!(known.status, 200);
    let mut form = api.form();
    form.push(("tenant", "sim".to_owned()));
    assert_eq!(api.ask_token(&form).await.status, 200);
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_tenant_look_the_same() {
    let api = Api::start().await;
    let wrong = with(api.form(), "client_secret", "guess");
    for answer in [
        api.ask_token(&wrong).await,
        api.ask_token_at("/auth/token?tenant=other", &api.form())
            .await,
    ] {
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json(), json!({ "error": "invalid_client" }));
    }
    assert_eq!(api.halo.violations(), []);
    api.ask_token(&wrong).await;
    assert_eq!(api.halo.violations(), [Violation::RejectedCredentialsAgain]);
}

#[tokio::test]
async fn grant_scope_and_form_are_checked() {
    let api = Api::start().await;
    let grant = with(api.form(), "grant_type", "password");
    assert_eq!(
        api.ask_token(&grant).await.json()["error"],
        "unsupported_grant_type"
    );
    let none = with(api.form(), "scope", "");
    assert_eq!(api.ask_token(&none).await.json()["error"], "invalid_scope");
    let known = api.halo.credentials();
    let body = json!({ "grant_type": "client_credentials", "client_id": known.client_id,
        "client_secret": known.client_secret, "scope": "all" });
    let as_json = answer(with_body(api.bare(Method::POST, "/auth/token"), &body)).await;
    assert_eq!(as_json.status, 400);
    assert_eq!(api.halo.violations(), [Violation::TokenNotForm]);
}

#[tokio::test]
async fn the_open_questions_of_the_token_endpoint_can_be_switched() {
    let api = Api::start_with_quirks(|quirks| {
        quirks.invalid_client_status = 401;
        quirks.invalid_client_text = Some("Client authentication failed.".to_owned());
        quirks.refresh_token = true;
    });
    let api = api.await;
    let wrong = with(api.form(), "client_secret", "guess");
    let answer = api.ask_token(&wrong).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.json()["error_description"],
        "Client authentication failed."
    );
    assert!(api.ask_token(&api.form()).await.json()["refresh_token"].is_string());
}

#[tokio::test]
async fn discovery_is_open_and_everything_else_needs_a_token() {
    let api = Api::start().await;
    let info = answer(api.bare(Method::GET, "/api/AuthInfo")).await.json();
    assert_eq!(info["auth_url"], format!("{}/auth", api.running.url));
    assert_eq!(info["tenant_id"], "sim");
    let path = "/auth/.well-known/openid-configuration";
    let discovered = answer(api.bare(Method::GET, path)).await.json();
    assert_eq!(
        discovered["token_endpoint"],
        format!("{}/auth/token", api.running.url)
    );
    for path in ["/api/Client", "/api/InstanceInfo", "/api/Agent/me"] {
        let refused = answer(api.bare(Method::GET, path)).await;
        assert_eq!((refused.status, refused.text.as_str()), (401, ""), "{path}");
    }
    assert!(api.get("/InstanceInfo").await.json()["app_version"].is_string());
    assert_eq!(api.get("/Agent/me").await.json()["isapiagent"], true);
    assert_eq!(api.get("/Opportunity").await.status, 404);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let (clock, seconds) = moving();
    let api = Api::start_with(Config {
        clock,
        limits: Limits {
            token_seconds: 60,
            ..Limits::default()
        },
        ..config()
    });
    let mut api = api.await;
    seconds.store(59, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 200);
    seconds.store(60, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 401);
    seconds.store(70, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 401);
    assert_eq!(api.halo.violations(), [], "it may have been on its way");
    seconds.store(71, Ordering::SeqCst);
    assert_eq!(api.get("/Status").await.status, 401);
    assert_eq!(api.halo.violations(), [Violation::RefusedTokenAgain]);
    api.renew_token().await;
    assert_eq!(api.get("/Status").await.status, 200);
}

#[tokio::test]
async fn a_withdrawn_application_gets_no_token() {
    let api = Api::start().await;
    api.halo.revoke_credentials();
    assert_eq!(api.get("/Status").await.status, 401);
    assert_eq!(api.ask_token(&api.form()).await.status, 400);
    api.halo.restore_credentials();
    assert_eq!(api.ask_token(&api.form()).await.status, 200);
}

#[tokio::test]
async fn the_authorization_server_can_be_elsewhere_and_discovery_can_be_missing() {
    let api = Api::start().await;
    let mut quirks = (*api.halo.quirks()).clone();
    quirks.auth_url = Some("https://auth.example/auth".to_owned());
    api.halo.set_quirks(quirks.clone());
    let info = answer(api.bare(Method::GET, "/api/authinfo")).await.json();
    assert_eq!(info["auth_url"], "https://auth.example/auth");
    quirks.auth_info = false;
    api.halo.set_quirks(quirks);
    assert_eq!(
        answer(api.bare(Method::GET, "/api/authinfo")).await.status,
        404
    );
}
