//! Extension callouts: what the tenant sends out when a workflow rule finds a ticket closed.
//!
//! Which names the pairs have, and what happens on a slow or failing receiver, is documented
//! nowhere; so all of it is configurable, and receivers should survive every setting. Callouts
//! can be lost, doubled, held back and forged on purpose.

mod delivery;
mod message;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::callout::Pace;

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

impl CalloutConfig {
    fn pace(&self) -> Pace {
        Pace {
            delay: Duration::from_millis(self.delay_ms),
            timeout: Duration::from_millis(self.timeout_ms),
            attempts: self.attempts,
            retry_wait: Duration::from_millis(self.retry_wait_ms),
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
