//! No secret leaves: not when a server throws it back in every form, not into the log, an issue, a
//! run, a report or an error.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use exchange::{RawAnswer, Request};
use model::IntegrationId;
use serde_json::json;
use tokio::sync::watch;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{SECRET, VENDOR_SECRET, World, granted, is_to, one_thing};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Both secrets in each form in which they could travel.
fn forms() -> Vec<String> {
    let encoded = ["p%26ss%20w%C3%B6rd%2F%2B%3D1", "p%26ss+w%C3%B6rd%2F%2B%3D1"];
    let vendor = ["vendor%3Fk%E2%82%ACy%262"];
    let mut forms: Vec<String> = encoded
        .iter()
        .chain(&vendor)
        .map(ToString::to_string)
        .collect();
    for secret in [SECRET, VENDOR_SECRET] {
        forms.push(secret.to_owned());
        forms.push(STANDARD.encode(secret));
        forms.push(URL_SAFE_NO_PAD.encode(secret));
        forms.push(STANDARD.encode(format!("ada:{secret}")));
    }
    forms
}

/// A refusal that says all it was told, in its body and its headers.
fn echo(request: &Request) -> RawAnswer {
    let said = format!("{} from {}", forms().join(" and "), request.url);
    let mut answer = RawAnswer::json(401, &json!({ "error": said, "url": request.url }));
    for (index, form) in forms().into_iter().enumerate() {
        answer.headers.push((format!("X-Echo-{index}"), form));
    }
    answer
}

const HTTP: &str = r#"
  auth: { query_key: { name: key, key: $.credentials.secret } }
  headers: { App-Key: $.vendor.key }
  errors:
    - when: { status: 401, body: $.error, matches: "^(?<said>.+)$" }
      is: credentials_rejected
      remedy: "It said: {{ said }}" "#;

const OPERATIONS: &str = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }
  list_companies: { get: /companies, items: '$[*]', record: { id: $.id, name: $.name } }
";

/// All that can be seen of an integration, as the interfaces above get it.
async fn seen(world: &World, id: &IntegrationId) -> Vec<String> {
    let (runtime, partner) = (&world.runtime, &world.partner);
    let issues = runtime.issues(partner).await.unwrap();
    let runs = runtime.runs(partner, id, 100).await.unwrap();
    vec![
        format!("{issues:?}"),
        json!(issues.iter().map(|view| &view.issue).collect::<Vec<_>>()).to_string(),
        format!("{runs:?}"),
        json!(runs).to_string(),
        format!("{:?}", runtime.integration(partner, id).await.unwrap()),
        format!("{:?}", world.things(id).await),
        format!("{:?}", world.test().await),
        format!("{:?}", runtime.metrics().await),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_a_server_throws_back_is_found_nowhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole program: what the other cases log may hold no secret either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    tracing::callsite::rebuild_interest_cache();
    let revoked = Arc::new(AtomicBool::new(false));
    let is_revoked = revoked.clone();
    let world = World::new(HTTP, OPERATIONS, move |request| {
        if is_revoked.load(Ordering::SeqCst) {
            return echo(request);
        }
        if is_to(request, "/probe") {
            granted(true)
        } else {
            RawAnswer::json(200, &one_thing())
        }
    })
    .await;
    let id = world.create().await;
    revoked.store(true, Ordering::SeqCst);
    let (stop, stopped) = watch::channel(false);
    let engine = world.runtime.clone();
    let work = tokio::spawn(async move { engine.work(stopped, Duration::from_secs(5)).await });
    let pipeline = Some("read_companies");
    world
        .runtime
        .sync(&world.partner, &id, pipeline)
        .await
        .unwrap();
    let opened = async {
        while world
            .runtime
            .issues(&world.partner)
            .await
            .unwrap()
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(10), opened)
        .await
        .unwrap();
    let mut texts = seen(&world, &id).await;
    stop.send(true).unwrap();
    work.await.unwrap();
    assert!(
        texts.iter().any(|text| text.contains("It said: •••")),
        "{texts:#?}"
    );
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("sending") && logged.contains("key=•••"),
        "{logged}"
    );
    texts.push(logged);
    for text in texts {
        for form in forms() {
            assert!(!text.contains(&form), "`{form}` is in:\n{text}");
        }
    }
}
