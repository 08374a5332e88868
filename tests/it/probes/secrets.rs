//! A system that throws back all it was sent, in every form and place it can, to whoever calls it:
//! what was secret is in no answer, no log and no file afterwards.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use harness::{SOON, wait};
use reqwest::Method;
use serde_json::json;

use super::desk::{Secrets, World, connector, serve};

/// Secrets that look different in each form in which they travel.
const PLANTED: Secrets = Secrets {
    app_key: "vendor key?€/2&=",
    secret: "p&ss \"wörd\"/+=1",
};

/// Ways in which a secret goes out, each with what the connector says.
const WAYS: [(&str, &str); 4] = [
    (
        "in_url",
        "auth: { query_key: { name: key, key: $.credentials.secret } }",
    ),
    (
        "in_basic",
        "auth: { basic: { user: $.credentials.user, password: $.credentials.secret } }",
    ),
    (
        "in_header",
        "auth: { bearer: { token: \"{{ urlencode credentials.secret }}\" } }",
    ),
    (
        "in_body",
        "auth:
    session:
      login: { post: /login, body: { user: $.credentials.user, secret: $.credentials.secret } }
      token: $.token
      put: { header: X-Session }",
    ),
];

/// What the connector tells people of an answer: all that is in it.
const RULES: &str = r#"
  headers: { App-Key: "{{ urlencode vendor.app_key }}" }
  errors:
    - when: { status: 422, body: "$..said", matches: "(?s)(?<said>.+)" }
      is: invalid
      remedy: "It said: {{ said }}""#;

/// Forms of a text in which it may be found again.
fn forms_of(text: &str) -> Vec<String> {
    let percent = |plus: bool, upper: bool| {
        let mut out = String::new();
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    out.push(char::from(byte));
                }
                b' ' if plus => out.push('+'),
                _ if upper => write!(out, "%{byte:02X}").expect("a text"),
                _ => write!(out, "%{byte:02x}").expect("a text"),
            }
        }
        out
    };
    let json = json!(text).to_string();
    let mut forms = vec![text.to_owned(), json.trim_matches('"').to_owned()];
    forms.extend([
        percent(true, true),
        percent(false, true),
        percent(false, false),
    ]);
    for before in ["", "ada:", "x", "xy"] {
        let base64 = base64(format!("{before}{text}").as_bytes());
        forms.push(base64.replace('+', "-").replace('/', "_"));
        forms.push(base64);
    }
    forms
}

/// Base64 as RFC 4648 has it; written here, so that the forms are not the engine's own.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/'])
        .collect();
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let index = bits >> (18 - 6 * place) & 63;
            out.push(alphabet[usize::try_from(index).expect("six bits")]);
        }
    }
    out
}

fn forms() -> Vec<String> {
    [PLANTED.secret, PLANTED.app_key]
        .into_iter()
        .flat_map(forms_of)
        .collect()
}

/// How the system throws things back.
#[derive(Clone, Copy, Debug)]
enum Echo {
    /// With this status, in a body of JSON, and in headers.
    Refusal(u16),
    /// As a page of HTML with this status.
    Page(u16),
    /// As an address to go to instead.
    Redirect,
    /// As a success in which nothing is where it should be.
    Elsewhere,
    /// As text that is no JSON although it says so.
    Broken,
}

const ECHOES: [Echo; 8] = [
    Echo::Elsewhere,
    Echo::Broken,
    Echo::Redirect,
    Echo::Page(502),
    Echo::Refusal(422),
    Echo::Refusal(500),
    Echo::Refusal(403),
    Echo::Refusal(401),
];

impl Echo {
    fn answer(self, heard: &str) -> Response {
        let said = format!("{} heard {heard}", forms().join(" and "));
        let body = json!({ "error": { "said": said }, "data": [said] });
        let json = |status: u16| {
            let status = StatusCode::from_u16(status).expect("a status");
            let mut answer = (status, axum::Json(&body)).into_response();
            for (number, form) in forms().into_iter().enumerate() {
                let name = HeaderName::try_from(format!("x-echo-{number}")).expect("a name");
                if let Ok(value) = HeaderValue::from_bytes(form.as_bytes()) {
                    answer.headers_mut().insert(name, value);
                }
            }
            answer
        };
        match self {
            Self::Refusal(status) => json(status),
            Self::Elsewhere => json(200),
            Self::Page(status) => {
                let status = StatusCode::from_u16(status).expect("a status");
                let page = format!("<html><body>{said}</body></html>");
                (status, [("content-type", "text/html")], page).into_response()
            }
            Self::Redirect => {
                let there = forms_of(PLANTED.secret).remove(2);
                let location = format!("https://elsewhere.example/?key={there}");
                (StatusCode::FOUND, [("location", location)]).into_response()
            }
            Self::Broken => (
                [("content-type", "application/json")],
                format!("{{\"rows\": {said}"),
            )
                .into_response(),
        }
    }
}

/// Knows who calls; throws back what it hears at whatever is no list of statuses and no login.
#[derive(Clone)]
struct Mirror(Arc<Mutex<Option<Echo>>>);

impl Mirror {
    fn set(&self, echo: Option<Echo>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = echo;
    }

    async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body: Bytes = axum::body::to_bytes(body, 1 << 20)
            .await
            .unwrap_or_default();
        let path = head.uri.path();
        if path == "/login" {
            return axum::Json(json!({ "token": "a-session-token-of-some-length" }))
                .into_response();
        }
        if path == "/statuses" {
            return axum::Json(json!([{ "id": 1, "name": "Open" }, { "id": 2, "name": "Done" }]))
                .into_response();
        }
        let echo = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = format!(
            "{} {:?} {}",
            head.uri,
            head.headers,
            String::from_utf8_lossy(&body)
        );
        match echo {
            Some(echo) => echo.answer(&heard),
            None if path == "/companies" => {
                axum::Json(json!({ "rows": [{ "id": 1, "name": "Alpha" }] })).into_response()
            }
            None => axum::Json(json!({ "tickets": [] })).into_response(),
        }
    }
}

/// All that the program shows of an integration.
async fn shown(world: &World, integration: &str) -> String {
    let partner = integration
        .split("/integrations")
        .next()
        .unwrap_or_default();
    let mut all = String::new();
    for path in [
        integration.to_owned(),
        format!("{integration}/runs"),
        format!("{integration}/legs"),
        format!("{integration}/settings/tickets"),
        format!("{integration}/choices/statuses"),
        format!("{integration}/mappings/companies"),
        format!("{integration}/companies"),
        format!("{partner}/issues"),
        format!("{partner}/activity"),
        format!("{partner}/requests/r-1"),
        format!("{partner}/requests/r-1/exchanges"),
        "/metrics".to_owned(),
    ] {
        all.push_str(&world.shown(&path).await);
    }
    all
}

fn holds_none(place: &str, text: &[u8]) {
    for form in forms() {
        let found = text
            .windows(form.len())
            .position(|window| window == form.as_bytes());
        let Some(at) = found else { continue };
        let around = &text[at.saturating_sub(300)..(at + 100).min(text.len())];
        panic!(
            "`{form}` is in {place}: {}",
            String::from_utf8_lossy(around)
        );
    }
}

/// Each file below a folder is looked through, byte by byte.
fn no_file_holds_one(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            no_file_holds_one(&path);
        } else {
            holds_none(&path.to_string_lossy(), &fs::read(&path).expect("a file"));
        }
    }
}

/// Maps a customer and switches tickets on, so that a request is sent.
async fn prepare(world: &World, integration: &str) {
    let partner = integration
        .split("/integrations")
        .next()
        .unwrap_or_default();
    let customers = json!({ "customers": [{ "id": "c-1", "name": "Alpha" }] });
    world
        .api
        .put(&format!("{partner}/customers"), customers)
        .await;
    let mappings = json!({ "mappings": [{ "customer": "c-1", "company": 1 }] });
    world
        .api
        .put(&format!("{integration}/mappings/companies"), mappings)
        .await;
    let values = json!({ "initial_status": 1, "closing_status": 2 });
    let settings = json!({ "on": true, "values": values });
    world
        .api
        .put(&format!("{integration}/settings/tickets"), settings)
        .await;
}

#[tokio::test]
async fn a_planted_secret_is_found_nowhere() {
    let mirror = Mirror(Arc::default());
    let answering = mirror.clone();
    let answer = async move |request: Request| answering.answer(request).await;
    let running = serve(Router::new().fallback(answer)).await;
    let connectors = WAYS.map(|(name, auth)| {
        let text = connector(name, &format!("  {auth}{RULES}"), "");
        (name.to_owned(), running.url.clone(), text)
    });
    let mut world = World::start(&connectors, PLANTED).await;
    let mut integrations = HashMap::new();
    for (name, _) in WAYS {
        let path = world.connect(name, PLANTED).await;
        assert_eq!(world.read(&path).await["status"], "succeeded", "{name}");
        integrations.insert(name, path);
    }
    prepare(&world, &integrations["in_header"]).await;
    let partner = "/api/v1/partners/msp";
    let mut seen = String::new();
    for echo in ECHOES {
        mirror.set(Some(echo));
        for (name, path) in &integrations {
            let run = world.read_now(path).await;
            assert_eq!(run["status"], "failed", "{name} {echo:?}: {run:#}");
        }
        if matches!(echo, Echo::Refusal(422)) {
            let request = json!({ "id": "r-1", "customer_id": "c-1", "report_type": "url_block" });
            world
                .api
                .post(&format!("{partner}/requests"), request)
                .await;
            let sent = wait(SOON, async || {
                let path = format!("{partner}/requests/r-1/exchanges");
                let all = world.api.call(Method::GET, &path, None).await.json;
                all["exchanges"]
                    .as_array()
                    .filter(|all| !all.is_empty())
                    .map(drop)
            });
            sent.await.expect("it is noted what was sent");
        }
        for path in integrations.values() {
            seen.push_str(&shown(&world, path).await);
        }
        let wrong = json!({ "connector": "in_url", "credentials": { "user": 7, "secret": PLANTED.secret } });
        let tested = format!("{partner}/integrations/test");
        seen.push_str(
            &world
                .api
                .call(Method::POST, &tested, Some(&wrong))
                .await
                .text,
        );
    }
    assert!(
        seen.contains("It said: ") && seen.contains("•••"),
        "it is told, masked"
    );
    holds_none("an answer", seen.as_bytes());
    let log = world.stage.output();
    assert!(log.contains("•••"), "calls are logged, masked: {log}");
    holds_none("the log", log.as_bytes());
    world.stage.end().await;
    no_file_holds_one(&world.stage.serve.data);
}
