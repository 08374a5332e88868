//! What is logged: enough to follow a call, and no secret in any disguise.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use exchange::{Auth, Credential, Kind, Lack, TransportError};
use model::Secret;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::scripted::{Plan, Scripted, credential, exchange, get, json, status};

/// Writes everything down, at every level.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<String>>);

impl Visit for Notes {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("exchange")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_followed_without_its_secrets() {
    let notes = Notes::default();
    let _listening = tracing::subscriber::set_default(notes.clone());
    let secret = "hunter/22+more";
    let transport = Scripted::new(move |request, before| match before {
        0 => Err(TransportError::not_sent(
            Lack::Connect,
            format!("to {}", request.url),
        )),
        1 => json(503, &json!({"you sent": request.url})),
        2 => json(400, &json!({"you sent": secret})),
        _ => status(200),
    });
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    let auth = Auth::QueryKey {
        name: "key".to_owned(),
        key: Secret::new(secret),
    };
    plan.broker = exchange.set_broker(
        "contoso",
        Credential {
            auth,
            ..credential()
        },
    );
    assert!(
        exchange
            .call(&get("/tickets"), &plan.terms())
            .await
            .is_err()
    );
    let notes = notes.0.lock().unwrap();
    for wanted in [
        "partner=\"p\"",
        "operation=\"o\"",
        "/tickets?key=•••",
        "trying again",
    ] {
        assert!(notes.contains(wanted), "{wanted} is not in {notes}");
    }
    assert!(!notes.contains("hunter"), "{notes}");
}
