//! Webhooks: which events go where, and what they carry.
//!
//! The names in a body are documented only in words, so there are several; receivers should
//! survive each of them. The top-level `id` is that of the occurrence, never that of the ticket.

use std::time::Duration;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::HaloPsa;
use super::answer::Refusal;
use super::draft::Draft;
use super::entities::{NOTIFICATION, TICKET, WEBHOOK};
use super::tenant::{Record, Tenant};
use super::write::named;
use crate::callout::{Callout, Pace, basic};
use crate::moment;

/// Most occurrences that wait to be told together; the oldest are forgotten beyond it.
pub const BATCH_MAX: usize = 1_000;

/// How long a receiver may take.
const RECEIVER_TIMEOUT: Duration = Duration::from_secs(30);

/// The type of authentication with a username and a password.
const BASIC: i64 = 1;

/// The type of a notification that goes to a webhook.
const TO_WEBHOOK: i64 = 6;

/// What a webhook carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The event, with the ticket's key fields in an object of its own.
    Ticket,
    /// The event and the ticket's key fields side by side.
    Flat,
    /// The event alone, with the ticket's id as `object_id`.
    EventOnly,
}

/// What happened to which ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Created(i64),
    StatusChanged(i64),
    Closed(i64),
    Deleted(i64),
}

impl Event {
    fn ticket(self) -> i64 {
        match self {
            Self::Created(id) | Self::StatusChanged(id) | Self::Closed(id) | Self::Deleted(id) => {
                id
            }
        }
    }

    /// The number that notifications ask for it by, and its name.
    fn kind(self) -> (i64, &'static str) {
        match self {
            Self::Created(_) => (3, "New Ticket Logged"),
            Self::Closed(_) => (39, "Ticket Closed"),
            Self::StatusChanged(_) => (76, "Ticket Status Changed"),
            Self::Deleted(_) => (1_072, "Ticket Deleted"),
        }
    }
}

/// One occurrence on its way to one webhook.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    ticket: i64,
    webhook: Record,
    body: Value,
}

/// Checks a webhook, and gives a new one its id.
pub(crate) fn webhook(draft: &mut Draft, drawn: f64) -> Result<(), Refusal> {
    named(draft, "name")?;
    named(draft, "url")?;
    if draft.is_new() {
        let id = uuid(drawn, draft.record.id);
        draft.record.set("id", id);
    }
    Ok(())
}

/// Checks that a notification has a webhook to go to.
pub(crate) fn notification(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let to_webhook = draft.record.number("delivery_method") == Some(TO_WEBHOOK);
    let webhook = draft.record.text("webhook_id");
    if to_webhook && tenant.row_by_own_id(&WEBHOOK, webhook).is_none() {
        return Err(Refusal::rule("The Webhook is not valid."));
    }
    Ok(())
}

/// An id in the form of a UUID.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "any bits of the draw do"
)]
pub(crate) fn uuid(drawn: f64, number: i64) -> String {
    let bits = (drawn * 281_474_976_710_656.0) as u64;
    format!(
        "{:08x}-{:04x}-4c1d-8f21-{number:012x}",
        bits >> 16,
        bits & 0xffff
    )
}

impl HaloPsa {
    /// What the webhooks are to be told about `events`.
    pub(crate) fn told(&self, tenant: &Tenant, events: Vec<Event>) -> Vec<Told> {
        let mut told = Vec::new();
        for event in events {
            let ticket = tenant.row(&TICKET, event.ticket());
            let asked = |row: &&Record| row.number("eventno") == Some(event.kind().0);
            for notification in tenant.rows(&NOTIFICATION).filter(asked) {
                let webhook = tenant.row_by_own_id(&WEBHOOK, notification.text("webhook_id"));
                let webhook = webhook.filter(|webhook| webhook.flag("active"));
                let Some((webhook, ticket)) = webhook.zip(ticket) else {
                    continue;
                };
                told.push(Told {
                    ticket: ticket.id,
                    webhook: webhook.clone(),
                    body: self.body(tenant, event, notification, ticket),
                });
            }
        }
        told
    }

    fn body(&self, tenant: &Tenant, event: Event, notification: &Record, ticket: &Record) -> Value {
        let name = event.kind().1;
        let now = self.now();
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
        put("id", json!(uuid(self.draw(), ticket.id)));
        put("notification_id", json!(notification.id));
        put("escmsg_id", json!(now.as_millisecond() % 100_000));
        put("event", json!(name));
        put("event_name", json!(name));
        put("webhook_id", json!(notification.text("webhook_id")));
        put("object_id", json!(ticket.id));
        put("timestamp", json!(format!("{}Z", moment::text_of(now))));
        match self.quirks().payload {
            Payload::EventOnly => {}
            Payload::Ticket => {
                let mut key_fields = key_fields(ticket);
                key_fields.insert("id".to_owned(), json!(ticket.id));
                put("ticket", Value::Object(key_fields));
                if let Some(action) = tenant.actions(ticket.id).next_back() {
                    let fields = ["id", "ticket_id", "outcome", "note"];
                    put("action", Value::Object(picked(action, &fields)));
                }
            }
            Payload::Flat => {
                put("ticket_id", json!(ticket.id));
                for (key, value) in key_fields(ticket) {
                    put(&key, value);
                }
            }
        }
        Value::Object(body)
    }

    /// Sends occurrences, at once or gathered. Must be called within a tokio runtime.
    pub(crate) fn send_all(&self, told: Vec<Told>) {
        for one in told {
            match self.quirks().batch_ms {
                None => {
                    let callout = request(&one.webhook, &one.body);
                    self.outbox().send(Some(one.ticket), callout, pace());
                }
                Some(delay) => self.gather(one, Duration::from_millis(delay)),
            }
        }
    }

    /// Adds an occurrence to those that wait; the first of them starts the wait.
    fn gather(&self, told: Told, delay: Duration) {
        let mut waiting = self.waiting();
        let first = waiting.is_empty();
        if waiting.len() >= BATCH_MAX {
            waiting.remove(0);
        }
        waiting.push(told);
        drop(waiting);
        let runtime = tokio::runtime::Handle::try_current();
        if let (true, Ok(runtime)) = (first, runtime) {
            let halo = self.clone();
            runtime.spawn(async move {
                tokio::time::sleep(delay).await;
                halo.flush();
            });
        }
    }

    /// Tells each webhook in one array what has waited for it.
    fn flush(&self) {
        let mut waiting = std::mem::take(&mut *self.waiting());
        while let Some(first) = waiting.first().map(|first| first.webhook.clone()) {
            let of_first = |one: &Told| one.webhook.id == first.id;
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(of_first);
            let body = now.into_iter().map(|one| one.body).collect();
            self.outbox().send(None, request(&first, &body), pace());
            waiting = later;
        }
    }

    /// How many notices a ticket that is closed causes, to `url` or to any address.
    pub(crate) fn told_of_closes(&self, url: Option<&str>) -> usize {
        let tenant = self.tenant();
        let events = [Event::Closed(0), Event::StatusChanged(0)].map(|event| event.kind().0);
        let is_sent = |notification: &&Record| {
            let is_asked = notification
                .number("eventno")
                .is_some_and(|no| events.contains(&no));
            let webhook = tenant.row_by_own_id(&WEBHOOK, notification.text("webhook_id"));
            let webhook = webhook.filter(|webhook| webhook.flag("active"));
            is_asked && webhook.is_some_and(|it| url.is_none_or(|url| it.text("url") == url))
        };
        tenant.rows(&NOTIFICATION).filter(is_sent).count()
    }

    /// Sends an event about a ticket to which nothing happened, to every webhook, as an intruder
    /// could.
    ///
    /// Must be called within a tokio runtime; without a webhook it does nothing.
    pub fn forge_callout(&self, ticket: i64) {
        let webhooks: Vec<Record> = self.tenant().rows(&WEBHOOK).cloned().collect();
        for webhook in webhooks {
            let body = json!({
                "event": "Ticket Closed", "object_id": ticket,
                "ticket": { "id": ticket, "status_id": 9 },
            });
            self.outbox().forge(request(&webhook, &body), pace());
        }
    }
}

fn key_fields(ticket: &Record) -> Map<String, Value> {
    let fields = [
        "summary",
        "status_id",
        "tickettype_id",
        "client_id",
        "site_id",
        "user_id",
        "agent_id",
        "priority_id",
    ];
    picked(ticket, &fields)
}

fn picked(record: &Record, fields: &[&str]) -> Map<String, Value> {
    let value = |field: &&str| Some(((*field).to_owned(), record.value(field)?.clone()));
    fields.iter().filter_map(value).collect()
}

/// Deliveries are best effort: what happens after a failure is documented nowhere.
fn pace() -> Pace {
    Pace {
        delay: Duration::ZERO,
        timeout: RECEIVER_TIMEOUT,
        attempts: 1,
        retry_wait: Duration::ZERO,
    }
}

fn request(webhook: &Record, body: &Value) -> Callout {
    let is_basic = webhook.number("authentication_type") == Some(BASIC);
    let (username, password) = (
        webhook.text("basic_username"),
        webhook.text("basic_password"),
    );
    Callout {
        method: Method::POST,
        url: webhook.text("url").to_owned(),
        content_type: Some("application/json"),
        authorization: is_basic.then(|| basic(username, password)),
        body: body.to_string(),
    }
}
