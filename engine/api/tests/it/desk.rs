//! The PSA of `engine/runtime/tests/desk`: two companies with an agreement each, and one agreement
//! that cannot bill usage. It keeps what is billed, and loses an answer when it is told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use exchange::{Body, Lack, Method, RawAnswer, Request, Transport, TransportError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The system behind the connector.
#[derive(Default)]
pub(crate) struct Desk {
    /// The quantity of each line, by its agreement and item.
    lines: Mutex<BTreeMap<(i64, i64), f64>>,
    /// Whether the next change takes hold and is not answered.
    pub(crate) loses_answer: AtomicBool,
    /// How many calls may still be answered, where that is limited.
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Desk {
    /// Answers no call from now on, but for one with each permit that the gate is given.
    pub(crate) fn close(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    /// What a line has.
    pub(crate) fn quantity(&self, agreement: i64, item: i64) -> Option<f64> {
        self.lines.lock().unwrap().get(&(agreement, item)).copied()
    }

    /// Has a person change a line by hand.
    pub(crate) fn set(&self, agreement: i64, item: i64, quantity: f64) {
        let mut lines = self.lines.lock().unwrap();
        lines.insert((agreement, item), quantity);
    }

    fn list(&self) -> Value {
        let lines = self.lines.lock().unwrap();
        let line = |(&(agreement, item), quantity): (&(i64, i64), &f64)| {
            json!({ "id": format!("{agreement}-{item}"), "agreement": agreement, "item": item,
                "quantity": quantity })
        };
        lines.iter().map(line).collect()
    }

    fn told(&self, path: &str) -> Option<Value> {
        Some(match path {
            "/statuses" => json!([{ "id": 1, "name": "New" }]),
            "/companies" => json!([{ "id": 1, "name": "Alpha" }, { "id": 2, "name": "Beta" }]),
            "/tickets" => json!([]),
            "/items" => json!([{ "id": 7, "name": "Filtering", "active": true, "price": 3 },
                { "id": 8, "name": "Old", "active": false, "price": 3 }]),
            "/agreements" => json!([
                agreement(10, 1, true),
                agreement(20, 2, true),
                agreement(30, 2, false)
            ]),
            "/lines" => self.list(),
            _ => {
                let wanted = path.strip_prefix("/lines/")?;
                let Value::Array(lines) = self.list() else {
                    return None;
                };
                lines.into_iter().find(|line| line["id"] == wanted)?
            }
        })
    }

    fn changed(&self, path: &str, body: &Value) -> Option<Value> {
        let key = match path.strip_prefix("/lines/") {
            Some(id) => id
                .split_once('-')
                .and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?)))?,
            None => (body["agreement"].as_i64()?, body["item"].as_i64()?),
        };
        self.set(key.0, key.1, body["quantity"].as_f64()?);
        Some(json!({ "id": format!("{}-{}", key.0, key.1) }))
    }
}

fn agreement(id: i64, company: i64, has_lines: bool) -> Value {
    json!({ "id": id, "company_id": company, "name": format!("Agreement {id}"),
        "has_lines": has_lines, "active": true, "starts": "2026-01-01", "period": "monthly" })
}

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        let path = request.url.trim_start_matches("https://desk.example");
        let path = path.split('?').next().unwrap_or_default();
        let answer = match (&request.body, request.method) {
            (Body::Json(body), Method::Post) => self.changed(path, body),
            _ => self.told(path),
        };
        if request.method == Method::Post && self.loses_answer.swap(false, Ordering::SeqCst) {
            return Err(TransportError::unknown(Lack::Timeout, "no answer"));
        }
        let (status, body) = match answer {
            Some(body) => (200, body),
            None => (404, json!({})),
        };
        Ok(RawAnswer {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    }
}
