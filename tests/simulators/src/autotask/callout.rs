//! Extension callouts: what the tenant sends out when a workflow rule finds a ticket closed.
//!
//! Which names the pairs have, and what happens on a slow or failing receiver, is documented
//! nowhere; so all of it is configurable, and receivers should survive every setting. Callouts
//! can be lost, doubled, held back and forged on purpose.

mod delivery;
mod message;

use async_trait::async_trait;
use axum::http::Method;
use serde::{Deserialize, Serialize};

pub(crate) use self::delivery::Callouts;

/// Most deliveries kept; the oldest are forgotten first.
pub const DELIVERIES_MAX: usize = 10_000;

/// Most mishaps waiting to happen; more are not taken.
pub const MISHAPS_MAX: usize = 1_000;

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
