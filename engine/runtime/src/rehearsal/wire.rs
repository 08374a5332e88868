//! The wire of a rehearsal: it expects the requests of an example in their order and gives the
//! answers that stand beside them. Nothing leaves the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use definition::example::{Exchange, Reply, SentBody, SentPart};
use exchange::{Body, Lack, RawAnswer, Request, Transport, TransportError};
use serde_json::{Value, json};

use super::compare::{self, Difference};

/// The scripted transport.
pub(super) struct Wire {
    script: Vec<Exchange>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    /// How many requests came.
    came: usize,
    differences: Vec<Difference>,
}

impl Wire {
    pub(super) fn new(script: Vec<Exchange>) -> Self {
        Self {
            script,
            said: Mutex::default(),
        }
    }

    /// Whether more is expected.
    pub(super) fn expects_more(&self) -> bool {
        self.lock().came < self.script.len()
    }

    /// Whether more came than was expected.
    pub(super) fn is_overrun(&self) -> bool {
        self.lock().came > self.script.len()
    }

    /// Everything that did not come as expected, what never came included.
    pub(super) fn differences(&self) -> Vec<Difference> {
        let said = self.lock();
        let mut differences = said.differences.clone();
        for (at, exchange) in self.script.iter().enumerate().skip(said.came) {
            let expected = json!(format!("{} {}", exchange.method.as_str(), exchange.url));
            differences.push(Difference::new(
                format!("exchanges[{at}]"),
                Some(expected),
                None,
            ));
        }
        differences
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let mut said = self.lock();
        let at = said.came;
        said.came += 1;
        let Some(exchange) = self.script.get(at) else {
            let got = json!(format!("{} {}", request.method, request.url));
            said.differences
                .push(Difference::lacks(format!("exchanges[{at}]"), got));
            let detail = "the example has no answer to this request";
            return Err(TransportError::not_sent(Lack::Unsendable, detail));
        };
        compare_request(
            &format!("exchanges[{at}].request"),
            exchange,
            request,
            &mut said.differences,
        );
        answer(&exchange.reply)
    }
}

fn answer(reply: &Reply) -> Result<RawAnswer, TransportError> {
    match reply {
        Reply::Answer {
            status,
            headers,
            body,
        } => Ok(RawAnswer {
            status: *status,
            headers: headers.clone(),
            body: body.clone().into_bytes(),
        }),
        Reply::LostBefore => Err(TransportError::not_sent(
            Lack::Connect,
            "no connection was made",
        )),
        Reply::LostAfter => Err(TransportError::unknown(
            Lack::Broken,
            "the connection broke",
        )),
    }
}

fn compare_request(path: &str, expected: &Exchange, got: &Request, found: &mut Vec<Difference>) {
    let (method, url) = (json!(expected.method.as_str()), json!(expected.url));
    compare::values(
        &format!("{path}.method"),
        &method,
        &json!(got.method.as_str()),
        found,
    );
    compare::values(&format!("{path}.url"), &url, &json!(got.url), found);
    let headers: BTreeMap<String, String> = got
        .wire_headers()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    for (name, expected) in &expected.headers {
        let got = headers.get(name);
        if expected.as_ref() != got {
            let value = |text: &String| json!(text);
            let path = format!("{path}.headers.{name}");
            let (expected, got) = (expected.as_ref().map(value), got.map(value));
            found.push(Difference::new(path, expected, got));
        }
    }
    let (expected, got) = (of_script(&expected.body), of_request(&got.body));
    match (expected, got) {
        (None, None) => {}
        (Some((kind, expected)), Some((other, got))) if kind == other => {
            compare::values(&format!("{path}.{kind}"), &expected, &got, found);
        }
        (expected, got) => {
            let value =
                |body: Option<(&str, Value)>| body.map(|(kind, value)| json!({ kind: value }));
            found.push(Difference::new(
                format!("{path}.body"),
                value(expected),
                value(got),
            ));
        }
    }
}

/// A body with the key of an example that stands for its kind.
fn of_script(body: &SentBody) -> Option<(&'static str, Value)> {
    match body {
        SentBody::Empty => None,
        SentBody::Json(value) => Some(("body", value.clone())),
        SentBody::Form(fields) => Some(("form", form(fields.clone()))),
        SentBody::Text(text) => Some(("text", json!(text))),
        SentBody::Multipart(parts) => {
            let parts = parts.iter().map(|part| {
                let SentPart {
                    name,
                    content,
                    file_name,
                    content_type,
                } = part;
                described(name, content, file_name.as_deref(), content_type.as_deref())
            });
            Some(("multipart", parts.collect()))
        }
    }
}

fn of_request(body: &Body) -> Option<(&'static str, Value)> {
    match body {
        Body::Empty => None,
        Body::Json(value) => Some(("body", value.clone())),
        Body::Form(fields) => {
            let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (name, value) in fields {
                values.entry(name.clone()).or_default().push(value.clone());
            }
            Some(("form", form(values)))
        }
        Body::Text { text, .. } => Some(("text", json!(text))),
        Body::Multipart(parts) => {
            let parts = parts.iter().map(|part| {
                let (file_name, kind) = (part.file_name.as_deref(), part.content_type.as_deref());
                described(&part.name, &readable(&part.content), file_name, kind)
            });
            Some(("multipart", parts.collect()))
        }
    }
}

/// A form as an example shows it: a field that repeats has a list.
fn form(fields: BTreeMap<String, Vec<String>>) -> Value {
    let shown = fields
        .into_iter()
        .map(|(name, values)| match values.as_slice() {
            [one] => (name, json!(one)),
            _ => (name, json!(values)),
        });
    shown.collect()
}

/// A part as an example shows it.
fn described(name: &str, content: &str, file_name: Option<&str>, kind: Option<&str>) -> Value {
    json!({ "name": name, "content": content, "file_name": file_name, "type": kind })
}

/// A part's content: its text, or base64 of what is none.
fn readable(content: &[u8]) -> String {
    std::str::from_utf8(content).map_or_else(|_| STANDARD.encode(content), str::to_owned)
}
