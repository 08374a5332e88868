//! Extension callouts: what the tenant sends out when a workflow rule finds a ticket closed.
//!
//! Which names the pairs have, and what happens on a slow or failing receiver, is documented
//! nowhere; so all of it is configurable, and receivers should survive every setting. Callouts
//! can be lost, doubled, held back and forged on purpose.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Autotask;
use super::entities::{Entity, TICKET};
use super::tenant::{Record, Tenant};
use super::url::encoded;

/// Most deliveries kept; the oldest are forgotten first.
pub const DELIVERIES_MAX: usize = 10_000;

/// A callout and the workflow rule that fires it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalloutConfig {
    /// Where it goes.
    pub url: String,
    /// How the pairs travel.
    pub format: CalloutFormat,
    /// Name for HTTP Basic; no authorization is sent without it.
    pub username: Option<String>,
    /// Password for HTTP Basic.
    pub password: Option<String>,
    /// Only tickets with a value in this user-defined field fire.
    pub user_defined_field: Option<String>,
    /// The status that the workflow rule waits for.
    pub trigger_status: i64,
    /// Whether every edit of a ticket in that status fires, not only the one that sets it.
    pub every_edit: bool,
    /// Names of the pairs.
    pub pairs: PairNames,
    /// How long the rule takes to fire, in milliseconds.
    pub delay_ms: u64,
    /// How long a receiver may take, in milliseconds.
    pub timeout_ms: u64,
    /// How often one callout is sent until it is answered with 2xx.
    pub attempts: u32,
    /// Time between two attempts, in milliseconds.
    pub retry_wait_ms: u64,
}

impl Default for CalloutConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            format: CalloutFormat::Form,
            username: None,
            password: None,
            user_defined_field: None,
            trigger_status: super::tickets::STATUS_COMPLETE,
            every_edit: false,
            pairs: PairNames::default(),
            delay_ms: 0,
            timeout_ms: 30_000,
            attempts: 3,
            retry_wait_ms: 30_000,
        }
    }
}

/// Names of the pairs in a callout; an empty one is not sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairNames {
    /// The ticket's numeric id. Real callouts have been seen without it.
    pub id: String,
    /// The ticket's number, such as `T20260527.0006`.
    pub number: String,
    /// A name for the tenant.
    pub domain: String,
}

impl Default for PairNames {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            number: "number".to_owned(),
            domain: "domain".to_owned(),
        }
    }
}

/// How the pairs of a callout travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalloutFormat {
    /// POST with a form body ("Name Value Pair").
    Form,
    /// GET with a query string.
    Query,
    /// POST with a JSON object.
    Json,
    /// POST with one XML element per pair.
    Xml,
}

/// What goes wrong with the next callout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// It is never sent.
    Lost,
    /// It is sent twice.
    Doubled,
    /// It is sent after the one that follows it.
    HeldBack,
}

/// One HTTP request of a callout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// POST, or GET when the pairs travel in the query string.
    pub method: Method,
    /// Where it goes, query string included.
    pub url: String,
    /// Type of the body, if there is one.
    pub content_type: Option<&'static str>,
    /// Value of the `Authorization` header.
    pub authorization: Option<String>,
    /// The body; empty for GET.
    pub body: String,
}

/// What became of one attempt to deliver a callout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The ticket it was about; none for a forged one.
    pub ticket_id: Option<i64>,
    /// 1 for the first.
    pub attempt: u32,
    /// Status the receiver answered with.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

impl Delivery {
    /// Whether the receiver took it.
    pub fn accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// Sends the HTTP request of a callout: over the network, or in process in a simulation.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// Sends it and gives the status of the answer, or the reason why there was none.
    async fn send(&self, callout: &Callout) -> Result<u16, String>;
}

/// The callout side of a tenant.
pub(crate) struct Callouts {
    config: Option<CalloutConfig>,
    sender: Arc<dyn Sender>,
    mishaps: VecDeque<Mishap>,
    held_back: Vec<(Option<i64>, Callout)>,
    deliveries: VecDeque<Delivery>,
}

impl fmt::Debug for Callouts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Callouts")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Callouts {
    pub(crate) fn new(sender: Arc<dyn Sender>) -> Self {
        Self {
            config: None,
            sender,
            mishaps: VecDeque::new(),
            held_back: Vec::new(),
            deliveries: VecDeque::new(),
        }
    }

    /// Applies the next mishap: what is to be sent now, in this order.
    fn due(&mut self, ticket: i64, callout: Callout) -> Vec<(Option<i64>, Callout)> {
        let callout = (Some(ticket), callout);
        let mut due = match self.mishaps.pop_front() {
            Some(Mishap::Lost) => return Vec::new(),
            Some(Mishap::HeldBack) => {
                self.held_back.push(callout);
                return Vec::new();
            }
            Some(Mishap::Doubled) => vec![callout.clone(), callout],
            None => vec![callout],
        };
        due.append(&mut self.held_back);
        due
    }
}

impl Autotask {
    /// Sets the callout and its workflow rule; none switches it off.
    pub fn set_callout(&self, config: Option<CalloutConfig>) {
        self.callouts().config = config;
    }

    /// Replaces what sends callouts.
    pub fn set_sender(&self, sender: Arc<dyn Sender>) {
        self.callouts().sender = sender;
    }

    /// Lets something go wrong with the next callout, behind mishaps already waiting.
    pub fn add_mishap(&self, mishap: Mishap) {
        self.callouts().mishaps.push_back(mishap);
    }

    /// Every attempt to deliver a callout, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.callouts().deliveries.iter().cloned().collect()
    }

    /// Sends a callout about a ticket number that nobody closed, as an intruder could.
    ///
    /// Must be called within a tokio runtime; without a configured callout it does nothing.
    pub fn forge_callout(&self, ticket_id: i64, ticket_number: &str) {
        let config = self.callouts().config.clone();
        if let Some(config) = config {
            let pairs = pairs(&config, ticket_id, ticket_number, Vec::new());
            self.dispatch(vec![(None, request(&config, &pairs))], config);
        }
    }

    /// Fires the callout when the workflow rule says so.
    pub(crate) fn consider_callout(
        &self,
        tenant: &Tenant,
        entity: &Entity,
        before: Option<&Record>,
        id: i64,
    ) {
        if entity.name != TICKET.name {
            return;
        }
        let config = self.callouts().config.clone();
        let Some((config, ticket)) = config.zip(tenant.row(&TICKET, id)) else {
            return;
        };
        let in_status = |row: &Record| row.number("status") == Some(config.trigger_status);
        let edited = before.is_some_and(|before| config.every_edit || !in_status(before));
        let Some(user_defined) = pair_of_field(tenant, &config, ticket) else {
            return;
        };
        if !edited || !in_status(ticket) {
            return;
        }
        let number = ticket.text("ticketNumber").unwrap_or_default();
        let pairs = pairs(&config, id, number, user_defined);
        let due = self.callouts().due(id, request(&config, &pairs));
        self.dispatch(due, config);
    }

    fn dispatch(&self, due: Vec<(Option<i64>, Callout)>, config: CalloutConfig) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            for (ticket_id, _) in due {
                let failure = Some("there is no runtime to send it from".to_owned());
                self.keep(Delivery {
                    ticket_id,
                    attempt: 1,
                    status: None,
                    failure,
                });
            }
            return;
        };
        let autotask = self.clone();
        runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(config.delay_ms)).await;
            for (ticket, callout) in due {
                autotask.deliver(ticket, &callout, &config).await;
            }
        });
    }

    async fn deliver(&self, ticket_id: Option<i64>, callout: &Callout, config: &CalloutConfig) {
        let limit = Duration::from_millis(config.timeout_ms);
        for attempt in 1..=config.attempts.max(1) {
            let sender = self.callouts().sender.clone();
            let outcome = tokio::time::timeout(limit, sender.send(callout)).await;
            let (status, failure) = match outcome {
                Ok(Ok(status)) => (Some(status), None),
                Ok(Err(failure)) => (None, Some(failure)),
                Err(_) => (None, Some("The operation has timed out".to_owned())),
            };
            let delivery = Delivery {
                ticket_id,
                attempt,
                status,
                failure,
            };
            let accepted = delivery.accepted();
            self.keep(delivery);
            if accepted {
                return;
            }
            if attempt < config.attempts {
                tokio::time::sleep(Duration::from_millis(config.retry_wait_ms)).await;
            }
        }
    }

    fn keep(&self, delivery: Delivery) {
        let mut callouts = self.callouts();
        if callouts.deliveries.len() >= DELIVERIES_MAX {
            callouts.deliveries.pop_front();
        }
        callouts.deliveries.push_back(delivery);
        drop(callouts);
        self.note_change();
    }
}

type Pair = (String, String);

/// The pair of the rule's user-defined field, if it names one; none when the ticket has no value
/// in it and so must not fire.
fn pair_of_field(tenant: &Tenant, config: &CalloutConfig, ticket: &Record) -> Option<Vec<Pair>> {
    let Some(name) = &config.user_defined_field else {
        return Some(Vec::new());
    };
    let definition = tenant.definition(&TICKET, name)?;
    let value = ticket.user_defined.get(&definition.id)?;
    Some(vec![(name.clone(), value.clone())])
}

fn pairs(config: &CalloutConfig, id: i64, number: &str, user_defined: Vec<Pair>) -> Vec<Pair> {
    let names = &config.pairs;
    let fixed = [
        (names.id.clone(), id.to_string()),
        (names.number.clone(), number.to_owned()),
        (names.domain.clone(), "northwind-msp.example".to_owned()),
    ];
    let all = fixed.into_iter().chain(user_defined);
    all.filter(|(name, _)| !name.is_empty()).collect()
}

fn request(config: &CalloutConfig, pairs: &[Pair]) -> Callout {
    let form: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let form = form.join("&");
    let joint = if config.url.contains('?') { '&' } else { '?' };
    let (method, url, content_type, body) = match config.format {
        CalloutFormat::Query => (
            Method::GET,
            format!("{}{joint}{form}", config.url),
            None,
            None,
        ),
        CalloutFormat::Form => {
            let kind = "application/x-www-form-urlencoded";
            (Method::POST, config.url.clone(), Some(kind), Some(form))
        }
        CalloutFormat::Json => (
            Method::POST,
            config.url.clone(),
            Some("application/json"),
            Some(json(pairs)),
        ),
        CalloutFormat::Xml => (
            Method::POST,
            config.url.clone(),
            Some("text/xml; charset=utf-8"),
            Some(xml(pairs)),
        ),
    };
    let authorization = config.username.as_ref().map(|username| {
        let password = config.password.as_deref().unwrap_or_default();
        format!(
            "Basic {}",
            STANDARD.encode(format!("{username}:{password}"))
        )
    });
    Callout {
        method,
        url,
        content_type,
        authorization,
        body: body.unwrap_or_default(),
    }
}

fn json(pairs: &[Pair]) -> String {
    let object: Map<String, Value> = pairs
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    Value::Object(object).to_string()
}

/// One element per pair; a name that is no XML name travels as an attribute.
fn xml(pairs: &[Pair]) -> String {
    let escaped = |text: &str| {
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        text.replace('"', "&quot;")
    };
    let element = |(name, value): &Pair| {
        if name
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
        {
            format!("<{name}>{}</{name}>", escaped(value))
        } else {
            format!(
                "<field name=\"{}\">{}</field>",
                escaped(name),
                escaped(value)
            )
        }
    };
    let elements: String = pairs.iter().map(element).collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><ticket>{elements}</ticket>")
}
