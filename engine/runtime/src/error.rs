//! Why the runtime did not do what was asked of it, in terms that an API can pass on.

use model::{Class, IssueId, RequestId};

/// Why a call on the runtime failed. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was looked for, e.g. "request".
        what: &'static str,
        /// The id it was looked for by.
        id: String,
    },
    /// A request of this id exists and says something else.
    #[error("request `{request}` was accepted before with other content")]
    IdTaken {
        /// The id.
        request: RequestId,
    },
    /// What was given cannot be used.
    #[error("{}", first_message(faults))]
    Invalid {
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
    /// The remote side refused the call that this needed, or could not be reached.
    #[error("{message}")]
    Refused {
        /// What kind of failure it was.
        class: Class,
        /// What the remote side said, without secrets.
        message: String,
        /// What a person can do about it.
        remedy: Option<String>,
    },
    /// The integration is stopped until its credentials are replaced.
    #[error("the integration is stopped because its credentials were rejected")]
    Stopped {
        /// The issue that says more.
        issue: IssueId,
    },
    /// Others keep changing the same thing; nothing is wrong with the call itself.
    #[error("{what} is being changed by others; try again")]
    Busy {
        /// What is contended.
        what: &'static str,
    },
    /// The state could not be read or made durable.
    #[error("the state could not be read or made durable")]
    Store(#[from] store::Error),
}

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the input, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there, in one sentence.
    pub message: String,
    /// How to mend it, where that is known.
    pub hint: Option<String>,
}

fn first_message(faults: &[Fault]) -> &str {
    let first = faults.first();
    first.map_or("the input cannot be used", |fault| fault.message.as_str())
}

impl Error {
    /// An error about one place of the input.
    pub(crate) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            faults: vec![Fault {
                pointer: pointer.into(),
                message: message.into(),
                hint: None,
            }],
        }
    }

    pub(crate) fn not_found(what: &'static str, id: &(impl ToString + ?Sized)) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }
}

/// `error` and everything that caused it, in one line, for a log or an issue.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
