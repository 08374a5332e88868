//! A call that did not succeed, as everything above this crate sees it.

use std::time::Duration;

use model::Class;

use crate::classify::Cause;

/// The most characters of a failure's message.
pub const MESSAGE_CHARS_MAX: usize = 500;

/// Why a call did not succeed. Holds no secret: its texts were scrubbed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// What happened, for people.
    pub message: String,
    /// How a person mends it, where a rule knows.
    pub remedy: Option<String>,
    /// What it is due to, where a rule knows.
    pub cause: Option<Box<Cause>>,
    /// The status of the last answer, where there was one.
    pub status: Option<u16>,
    /// The rule that matched, by name or index.
    pub rule: Option<String>,
    /// How long to wait before the call is worth repeating, where that is known.
    pub retry_after: Option<Duration>,
    /// How many times the request was handed to the transport.
    pub attempts: u32,
    /// Whether any attempt may have reached the server.
    pub sent: bool,
}

impl Failure {
    /// A failure in which nothing was sent and nothing more is known.
    pub fn unsent(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            remedy: None,
            cause: None,
            status: None,
            rule: None,
            retry_after: None,
            attempts: 0,
            sent: false,
        }
    }

    pub(crate) fn remedy(mut self, remedy: &str) -> Self {
        self.remedy = Some(remedy.to_owned());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}
