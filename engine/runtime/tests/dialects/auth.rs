//! How calls show who calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange::{RawAnswer, Request};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::world::{SECRET, START, World, granted, has_field, is_to, one_thing, sent};

const OPERATIONS: &str = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }
";

#[tokio::test(start_paused = true)]
async fn a_key_can_stand_in_the_query() {
    let http = "  auth: { query_key: { name: api_key, key: $.credentials.secret } }";
    let world = World::new(http, OPERATIONS, |request| {
        granted(
            request
                .url
                .ends_with("/probe?api_key=p%26ss+w%C3%B6rd%2F%2B%3D1"),
        )
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_can_be_signed() {
    let http = r#"
  auth:
    hmac:
      key: $.credentials.secret
      over: [method, path_and_query, { header: X-Tenant }, { text: "{{ credentials.user }}" }, date, body]
      separator: "|"
      header: X-Signature
      prefix: "v1="
      date: { header: X-Date, as: unix_seconds }
  headers: { X-Tenant: blue }"#;
    let operations = "
  probe: { post: /probe, query: { a: b c }, body: { n: 1 }, record: { ok: $.ok } }
  things: { get: /things }";
    let world = World::new(http, operations, |request| {
        let seconds = START.as_millis() / 1_000;
        let message = format!("POST|/probe?a=b+c|blue|ada|{seconds}|{{\"n\":1}}");
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let is_signed = request.header("x-signature") == Some(&format!("v1={signature}"));
        granted(is_signed && request.header("x-date") == Some(&seconds.to_string()))
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

/// The signature over a canonical form of the request, with a key made for the day, as AWS and
/// those who follow it ask for.
const CANONICAL: &str = r#"
  auth:
    hmac:
      key: "AWS4{{ credentials.secret }}"
      key_from: [day, { text: eu-west-1 }, { text: execute-api }, { text: aws4_request }]
      over:
        - { text: AWS4-HMAC-SHA256 }
        - date
        - { joined: [day, { text: /eu-west-1/execute-api/aws4_request }] }
        - sha256_hex:
            - method
            - path
            - sorted_query
            - { joined: [{ text: "host:" }, host] }
            - { joined: [{ text: "x-amz-date:" }, date] }
            - { text: "" }
            - { text: host;x-amz-date }
            - body_sha256_hex
      encoding: hex
      header: Authorization
      prefix:
        - { text: "AWS4-HMAC-SHA256 Credential={{ credentials.user }}/" }
        - day
        - { text: "/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=" }
      date: { header: X-Amz-Date, as: compact }"#;

fn hmac_of(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits.collect()
}

#[tokio::test(start_paused = true)]
async fn a_canonical_request_can_be_signed_with_a_key_for_the_day() {
    let operations = "
  probe: { post: /probe, query: { b: 2, a: c d }, body: { n: 1 }, record: { ok: $.ok } }
  things: { get: /things }";
    let world = World::new(CANONICAL, operations, |request| {
        let (day, date) = ("20260701", "20260701T120000Z");
        let scope = format!("{day}/eu-west-1/execute-api/aws4_request");
        let body = hex(&Sha256::digest(br#"{"n":1}"#));
        let canonical = format!(
            "POST\n/probe\na=c%20d&b=2\nhost:api.sample.example\nx-amz-date:{date}\n\n\
             host;x-amz-date\n{body}"
        );
        let canonical = hex(&Sha256::digest(canonical.as_bytes()));
        let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
        let mut key = format!("AWS4{SECRET}").into_bytes();
        for step in [day, "eu-west-1", "execute-api", "aws4_request"] {
            key = hmac_of(&key, step);
        }
        let wanted = format!(
            "AWS4-HMAC-SHA256 Credential=ada/{scope}, SignedHeaders=host;x-amz-date, Signature={}",
            hex(&hmac_of(&key, &message))
        );
        granted(
            request.header("authorization") == Some(&wanted)
                && request.header("x-amz-date") == Some(date),
        )
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

const SESSION: &str = "
  auth:
    session:
      login:
        post: /login
        headers: { App-Key: $.vendor.key }
        body: { name: $.credentials.user, password: $.credentials.secret }
      token: $.session.id
      expires_in: $.session.seconds
      put: { header: X-Session }
      over_on: [440]";

/// A server that gives numbered sessions for the right password, and ends them when told.
fn sessions(ended: Arc<AtomicBool>) -> impl Fn(&Request) -> RawAnswer {
    let logins = AtomicU32::new(0);
    move |request| {
        if is_to(request, "/login") {
            let right = json!({ "name": "ada", "password": SECRET }).to_string();
            assert_eq!(sent(request), right);
            ended.store(false, Ordering::SeqCst);
            let login = logins.fetch_add(1, Ordering::SeqCst) + 1;
            let session = json!({ "id": format!("session-{login}"), "seconds": 600 });
            return RawAnswer::json(200, &json!({ "session": session }));
        }
        let newest = format!("session-{}", logins.load(Ordering::SeqCst));
        if request.header("x-session") != Some(&newest) || ended.load(Ordering::SeqCst) {
            return RawAnswer::json(440, &json!({ "error": "your session has ended" }));
        }
        if is_to(request, "/probe") {
            return granted(true);
        }
        RawAnswer::json(200, &one_thing())
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_begun_shared_and_begun_again_when_it_is_over() {
    let ended = Arc::new(AtomicBool::new(false));
    let world = World::new(SESSION, OPERATIONS, sessions(ended.clone())).await;
    let id = world.create().await;
    let logins = || world.server.seen("/login").len();
    // Trying out a connection is a session of its own.
    assert_eq!(logins(), 1);
    for _ in 0..3 {
        assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    }
    assert_eq!(logins(), 2, "calls share one session");
    tokio::time::advance(Duration::from_mins(2)).await;
    ended.store(true, Ordering::SeqCst);
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    assert_eq!(logins(), 3, "the status that was named ends it");
    tokio::time::advance(Duration::from_mins(10)).await;
    let refused = world.server.seen("/things").len();
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    assert_eq!(logins(), 4, "it is begun again when its time is over");
    assert_eq!(world.server.seen("/things").len(), refused + 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_without_a_token_is_not_tried_again() {
    let world = World::new(SESSION, OPERATIONS, |request| {
        assert!(
            is_to(request, "/login"),
            "nothing is called without a session"
        );
        RawAnswer::json(200, &json!({ "error": format!("{SECRET} is wrong") }))
    })
    .await;
    let report = world.test().await;
    assert!(!report.ok);
    assert!(!report.message.contains(SECRET), "{}", report.message);
    assert_eq!(world.server.seen("/login").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_can_be_a_cookie_from_a_header() {
    let http = r#"
  auth:
    session:
      login: { post: /login, form: { password: $.credentials.secret } }
      token: "{{ answer.headers.x-token }}"
      lives: 10m
      put: { cookie: sid }"#;
    let world = World::new(http, OPERATIONS, |request| {
        if is_to(request, "/login") {
            let token = ("X-Token".to_owned(), "abcdef".to_owned());
            let headers = vec![token];
            return RawAnswer {
                status: 204,
                headers,
                body: Vec::new(),
            };
        }
        granted(request.header("cookie") == Some("sid=abcdef"))
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

const CONSENT: &str = "
  auth:
    refresh_token:
      token: $.credentials.secret
      client:
        token_url: https://api.sample.example/token
        client_id: $.credentials.user
        client_secret: $.vendor.key";

/// A server whose refresh tokens are good for one use.
fn rotating() -> impl Fn(&Request) -> RawAnswer {
    let exchanged = AtomicU32::new(0);
    move |request| {
        let used = exchanged.load(Ordering::SeqCst);
        if is_to(request, "/token") {
            let newest = match used {
                0 => "p%26ss+w%C3%B6rd%2F%2B%3D1".to_owned(),
                number => format!("refresh-{number}"),
            };
            if !has_field(request, &format!("refresh_token={newest}")) {
                return RawAnswer::json(400, &json!({ "error": "invalid_grant" }));
            }
            let next = exchanged.fetch_add(1, Ordering::SeqCst) + 1;
            let tokens = json!({ "access_token": format!("access-{next}"),
                "refresh_token": format!("refresh-{next}"), "expires_in": 600 });
            return RawAnswer::json(200, &tokens);
        }
        if request.header("authorization") != Some(&format!("Bearer access-{used}")) {
            return RawAnswer::json(401, &json!({ "error": "exchanged" }));
        }
        if is_to(request, "/probe") {
            return granted(true);
        }
        RawAnswer::json(200, &one_thing())
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_is_good_once_outlives_trials_and_restarts() {
    let mut world = World::new(CONSENT, OPERATIONS, rotating()).await;
    // The trial exchanges the token that the person gave; the integration goes on from there.
    let id = world.create().await;
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    world.restart();
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    // A person who tries the old token out again does not break what runs.
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    tokio::time::advance(Duration::from_mins(10)).await;
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    assert_eq!(world.server.seen("/token").len(), 6);
}
