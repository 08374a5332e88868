//! Six operations that need one token at the same moment: the other side is asked for one.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::desk::{PLAIN, World, connector, serve};

/// How many operations wait at once.
const WAITING: usize = 6;

/// How long refused calls wait for the others of the six; far more than they need.
const TOGETHER: Duration = Duration::from_secs(20);

/// Gives out numbered tokens, and honours none that is older than told.
struct Issuer {
    given: AtomicUsize,
    honoured_from: AtomicUsize,
    refused: AtomicUsize,
    /// Opens when all of the six were refused, so that none is answered before the last has come.
    all_refused: Semaphore,
}

impl Issuer {
    fn give(&self) -> Response {
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        axum::Json(json!({ "access_token": format!("token-{number}"), "expires_in": 3600 }))
            .into_response()
    }

    async fn list(&self, headers: &HeaderMap) -> Response {
        let shown = headers.get("authorization").and_then(|it| it.to_str().ok());
        let number = shown.and_then(|it| it.strip_prefix("Bearer token-")?.parse::<usize>().ok());
        if number.is_some_and(|number| number >= self.honoured_from.load(Ordering::SeqCst)) {
            return axum::Json(json!([{ "id": 1, "name": "Open" }])).into_response();
        }
        if self.refused.fetch_add(1, Ordering::SeqCst) + 1 == WAITING {
            self.all_refused.add_permits(WAITING);
        }
        drop(timeout(TOGETHER, self.all_refused.acquire()).await);
        StatusCode::UNAUTHORIZED.into_response()
    }
}

/// A connector with a token and six lists to choose from.
fn six_lists() -> String {
    let auth = r#"  auth:
    client_credentials:
      token_url: "{{ vendor.address }}/token"
      client_id: "{{ credentials.user }}"
      client_secret: "{{ credentials.secret }}""#;
    let text = connector("six", auth, "");
    let (mut lists, mut fields, mut operations) = (String::new(), String::new(), String::new());
    for number in 0..WAITING {
        let wrote = writeln!(
            lists,
            "  l{number}: {{ operation: o{number}, value: $.id, label: $.name }}"
        )
        .and(writeln!(
            fields,
            "      f{number}: {{ label: Any, choices: l{number} }}"
        ))
        .and(writeln!(
            operations,
            "  o{number}: {{ get: /list/{number}, items: \"$[*]\" }}"
        ));
        wrote.expect("a text takes what is written");
    }
    text.replace("choices:\n", &format!("choices:\n{lists}"))
        .replace("    fields:\n", &format!("    fields:\n{fields}"))
        .replace("operations:\n", &format!("operations:\n{operations}"))
}

#[tokio::test]
async fn six_operations_that_wait_for_a_token_cost_one_login() {
    let issuer = Arc::new(Issuer {
        given: AtomicUsize::new(0),
        honoured_from: AtomicUsize::new(1),
        refused: AtomicUsize::new(0),
        all_refused: Semaphore::new(0),
    });
    let (giving, listing) = (issuer.clone(), issuer.clone());
    let router = Router::new()
        .route("/token", post(async move || giving.give()))
        .fallback(get(async move |headers: HeaderMap| {
            listing.list(&headers).await
        }));
    let running = serve(router).await;
    let connectors = [("six".to_owned(), running.url.clone(), six_lists())];
    let mut world = World::start(&connectors, PLAIN).await;
    let path = world.connect("six", PLAIN).await;
    world.read(&path).await;
    let all_lists = async |world: &World| {
        let asked = (0..WAITING).map(|number| format!("{path}/choices/l{number}"));
        let asked = asked.map(|list| async move { world.api.get(&list).await });
        for list in join_all(asked).await {
            assert_eq!(list["choices"][0]["label"], "Open", "{list:#}");
        }
    };
    all_lists(&world).await;
    // The token in use is revoked, and all six are told so before any of them may renew it.
    let before = issuer.given.load(Ordering::SeqCst);
    issuer.honoured_from.store(before + 1, Ordering::SeqCst);
    all_lists(&world).await;
    assert_eq!(issuer.refused.load(Ordering::SeqCst), WAITING);
    assert_eq!(
        issuer.given.load(Ordering::SeqCst),
        before + 1,
        "one renewal for all"
    );
    // Nobody has a token after a restart.
    world.stage.end().await;
    world.stage.restart().await;
    let before = issuer.given.load(Ordering::SeqCst);
    all_lists(&world).await;
    assert_eq!(
        issuer.given.load(Ordering::SeqCst),
        before + 1,
        "one login for all"
    );
}
