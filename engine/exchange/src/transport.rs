//! The seam to the network: sends one request, once.
//!
//! `network::Network` is the real one; tests and the simulation answer in process. A transport
//! does not retry, follow redirects or judge a status. What it must get right is `sent`: claiming
//! that nothing was sent when something was doubles a ticket.

use async_trait::async_trait;

use crate::answer::RawAnswer;
use crate::request::Request;

/// Whether any byte of a failed request may have reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Surely not: no connection was made.
    Not,
    /// Nobody knows: the request may have been served.
    Unknown,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The request cannot be written down: a bad address or header.
    Unsendable,
    /// No connection: the name does not resolve, the port refuses, TLS fails.
    Connect,
    /// The time given was over.
    Timeout,
    /// The connection broke before the answer was complete.
    Broken,
    /// The answer's body is larger than the request allows.
    TooLarge,
}

/// A request that brought no complete answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// Whether it may have reached the server.
    pub sent: Sent,
    /// What went wrong.
    pub lack: Lack,
    /// The same for people; may quote the address, so scrub it before it is shown.
    pub detail: String,
}

impl TransportError {
    /// A failure before anything was sent.
    pub fn not_sent(lack: Lack, detail: impl Into<String>) -> Self {
        Self {
            sent: Sent::Not,
            lack,
            detail: detail.into(),
        }
    }

    /// A failure after which nobody knows what the server did.
    pub fn unknown(lack: Lack, detail: impl Into<String>) -> Self {
        Self {
            sent: Sent::Unknown,
            lack,
            detail: detail.into(),
        }
    }
}

/// Sends one request. Implementations must be safe to cancel; a cancelled request counts as sent.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` as it is and gives the complete answer. `request.timeout` is enforced by
    /// the caller; `request.body_bytes_max` must be enforced here, while reading.
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError>;
}
