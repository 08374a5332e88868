//! How a simulated tenant is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::quirks::Quirks;
use crate::clock::{Clock, SystemClock};

/// Everything that is decided before a tenant starts.
#[derive(Clone)]
pub struct Config {
    /// Record ids, tokens, faults by chance and latency jitter all come from it.
    pub seed: u64,
    /// Where the tenant reads the time.
    pub clock: Arc<dyn Clock>,
    /// The hosted tenant's name.
    pub tenant: String,
    /// The one API application.
    pub application: Application,
    /// Limits the tenant enforces.
    pub limits: Limits,
    /// Answers to open questions, as they are at the start.
    pub quirks: Quirks,
    /// How many generated clients to add to the dozen named ones.
    pub generated_clients: u32,
    /// How many open tickets there are from the start.
    pub generated_tickets: u32,
    /// Base address in `authinfo`, without a final slash. Without it, the address that the
    /// caller used.
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
            tenant: "sim".to_owned(),
            application: Application::default(),
            limits: Limits::default(),
            quirks: Quirks::default(),
            generated_clients: 0,
            generated_tickets: 0,
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

/// The application that an integration authenticates as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: String,
    /// Scopes it may ask for; `all` allows every one.
    pub scopes: Vec<String>,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            client_id: "5b0e1c7a-0d3f-4a7e-9c55-2f1f6c1f0a11".to_owned(),
            client_secret: "sim-6a1d9f52-secret-4be0".to_owned(),
            scopes: vec!["all".to_owned()],
        }
    }
}

/// Limits of the tenant.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests per rolling five minutes, all integrations together.
    pub requests: usize,
    /// How long a token lives, in seconds.
    pub token_seconds: u32,
    /// Time that every request takes.
    pub latency: Duration,
    /// Largest additional time, drawn per request.
    pub jitter: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 500,
            token_seconds: 3_600,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
        }
    }
}
