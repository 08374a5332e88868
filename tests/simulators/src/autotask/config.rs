//! How a simulated tenant is set up, and where it follows a guess that can be switched.
//!
//! Each quirk is a question that public material about the API leaves open. The default is the
//! best guess; a connector should pass with the other answer too.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};

/// Everything that is decided before a tenant starts.
#[derive(Clone)]
pub struct Config {
    /// Picklist ids, record ids, faults by chance and latency jitter all come from it.
    pub seed: u64,
    /// Where the tenant reads the time.
    pub clock: Arc<dyn Clock>,
    /// What the one API user authenticates with.
    pub credentials: Credentials,
    /// Limits the tenant enforces.
    pub limits: Limits,
    /// Answers to open questions.
    pub quirks: Quirks,
    /// How many generated companies to add to the dozen named ones.
    pub generated_companies: u32,
    /// Base address in `zoneInformation` and page URLs, without a final slash. Without it, the
    /// address that the caller used.
    pub public_url: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Arc::new(SystemClock),
            credentials: Credentials::default(),
            limits: Limits::default(),
            quirks: Quirks::default(),
            generated_companies: 0,
            public_url: None,
        }
    }
}

impl Config {
    /// The default tenant under another seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }
}

/// The three values of the three authentication headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `UserName`: the API user's key.
    pub username: String,
    /// `Secret`.
    pub secret: String,
    /// `ApiIntegrationCode`: the integration vendor's tracking identifier.
    pub integration_code: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            username: "dovetail+api@northwind-msp.example".to_owned(),
            secret: "sim-Secret#7f3a".to_owned(),
            integration_code: "SIMULATEDCODE0001".to_owned(),
        }
    }
}

/// Limits of the tenant's database.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Concurrent requests per integration code and entity.
    pub threads: usize,
    /// Requests per rolling hour, all integrations together.
    pub hourly: usize,
    /// Wrong secrets in a row after which the API user is locked.
    pub wrong_secrets: u32,
    /// Time that every request takes.
    pub latency: Duration,
    /// Largest additional time, drawn per request.
    pub jitter: Duration,
    /// Whether requests slow down from half of the hourly limit on: 0.5 s, from 75 % on 1 s.
    pub slows_down: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            threads: 3,
            hourly: 10_000,
            wrong_secrets: 5,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            slows_down: false,
        }
    }
}

/// What to do with something that the API's public material says nothing certain about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// As if it were not there.
    Ignore,
    /// 500 with a text.
    Refuse,
}

/// Answers to questions the public material leaves open.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// A body field the entity does not have. Seen refused; typed clients suggest ignored.
    pub unknown_body_field: Treatment,
    /// A read-only field in a body. Full records are sent back on PUT, so it must pass.
    pub read_only_body_field: Treatment,
    /// A null in the body of a create.
    pub null_on_create: Treatment,
    /// Body of the 401 for a wrong secret; empty when there is none.
    pub unauthorized_text: Option<String>,
    /// `Retry-After` in seconds on the tenant's own 429s.
    pub retry_after: Option<u32>,
    /// A page size above the largest: refused, or taken as the largest when ignored.
    pub oversized_page: Treatment,
    /// How a call that the user has no right to is refused.
    pub missing_right: MissingRight,
    /// A child posted to its flat path: 405 when refused, the HTML 404 when ignored.
    pub flat_child_write: Treatment,
    /// The parent's id in a child's body that differs from the path.
    pub parent_mismatch: Treatment,
    /// Whether list fields hold the text for display (else the one for export).
    pub list_value: ListValue,
    /// Units of a contract service that was created by itself, not by an adjustment.
    pub initial_units: i64,
    /// An adjustment inside a period that is already posted.
    pub posted_period: PostedPeriod,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            unknown_body_field: Treatment::Refuse,
            read_only_body_field: Treatment::Ignore,
            null_on_create: Treatment::Refuse,
            unauthorized_text: None,
            retry_after: None,
            oversized_page: Treatment::Refuse,
            missing_right: MissingRight::Error,
            flat_child_write: Treatment::Refuse,
            parent_mismatch: Treatment::Refuse,
            list_value: ListValue::Display,
            initial_units: 1,
            posted_period: PostedPeriod::NextPeriod,
        }
    }
}

/// How a missing right is answered; the interface description says 403, users saw 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingRight {
    /// 500 with a text.
    Error,
    /// 403 with the same text.
    Forbidden,
}

/// Which text of a list item is the value of a list field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListValue {
    /// `valueForDisplay`.
    Display,
    /// `valueForExport`.
    Export,
}

/// What becomes of an adjustment whose effective date lies in a posted period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedPeriod {
    /// It takes effect when the next period starts.
    NextPeriod,
    /// It is refused.
    Refused,
    /// It changes the posted period as if it were open.
    Changed,
}
