//! What was sent to a PSA for a request and what it answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::Moment;

/// Exchanges of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExchangeList {
    /// Oldest first; of many, the newest.
    pub(crate) exchanges: Vec<Exchange>,
}

/// One exchange. Secrets and what names the user are masked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Exchange {
    /// When its answer came, or was given up.
    at: Moment,
    /// The connector's operation.
    #[schema(example = "create_ticket")]
    operation: String,
    /// The HTTP method.
    #[schema(example = "POST")]
    method: String,
    /// The address, before credentials were added.
    url: String,
    /// The beginning of what was sent.
    sent: Option<String>,
    /// How often it was sent; none where a limit or a pause held it back.
    attempts: u32,
    /// The HTTP status of the answer; null where none came.
    status: Option<u16>,
    /// The beginning of what was answered; of a failure, what it means.
    answered: Option<String>,
    /// Whether the answer was what the operation needs.
    succeeded: bool,
}

impl From<model::Exchanged> for Exchange {
    fn from(exchanged: model::Exchanged) -> Self {
        Self {
            at: exchanged.at.into(),
            operation: exchanged.operation,
            method: exchanged.method,
            url: exchanged.url,
            sent: exchanged.sent,
            attempts: exchanged.attempts,
            status: exchanged.status,
            answered: exchanged.answered,
            succeeded: exchanged.succeeded,
        }
    }
}
