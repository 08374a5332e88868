//! Why a job cannot go on, reduced to what is done about it.
//!
//! Everything that can stop a step ends up as one of these few: it is tried again, or it waits
//! behind an issue, or the integration stops. Nothing is ever dropped.

use std::time::Duration;

use exchange::Failure;
use model::{Class, IntegrationId, IssueKind};
use store::{Expect, Key};

use crate::error::chain;
use crate::issues::{Cause, Trouble};

/// How long work waits for what is not there yet before it looks again.
const NOT_THERE_YET: Duration = Duration::from_secs(15);

/// Why a job cannot go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It will pass: the job is tried again.
    Again {
        /// How long to wait at least, where that is known.
        wait: Option<Duration>,
        class: Option<Class>,
        message: String,
    },
    /// Something at the other side has to be done first, and is under way: not a failure.
    Wait { wait: Duration, message: String },
    /// A person has to mend something: the work waits behind an issue.
    Behind {
        trouble: Box<Trouble>,
        /// What the decision rests on. If it changes while the work is being put behind the
        /// issue, the job starts over instead, or nobody would ever let it go on.
        guard: Option<(Key, Expect)>,
    },
    /// The credentials were refused: the integration stops, and the work waits behind that issue.
    Rejected {
        message: String,
        remedy: Option<String>,
    },
    /// The state could not be read or made durable.
    Store(store::Error),
    /// The definitions lack something that the work refers to, for instance after a downgrade.
    Undefined(String),
}

impl From<store::Error> for Halt {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<crate::Error> for Halt {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Store(error) => Self::Store(error),
            other => Self::Undefined(chain(&other)),
        }
    }
}

/// Why an operation gave nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The exchange failed.
    Exchange {
        operation: String,
        failure: Box<Failure>,
    },
    /// The job that makes what is fetched is still running.
    Waiting {
        operation: String,
        state: String,
        wait: Duration,
    },
    /// Something that it needs is not there yet, and will be. Nothing was sent.
    NotThereYet { operation: String, what: String },
    /// What to send, or what came, could not be computed.
    Expression {
        operation: String,
        error: Box<expression::Error>,
    },
    /// What came is not what the family's contract says.
    Contract {
        operation: String,
        findings: Vec<String>,
    },
    /// The state could not be read or made durable.
    Store(Box<store::Error>),
    /// The definitions lack something.
    Undefined(String),
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self::Store(Box::new(error))
    }
}

impl Failed {
    /// What is done about it when `integration` was being worked on.
    pub(crate) fn into_halt(self, integration: &IntegrationId, title: &str) -> Halt {
        let behind = |trouble| Halt::Behind {
            trouble: Box::new(trouble),
            guard: None,
        };
        match self {
            Self::Exchange { operation, failure } => {
                exchange_halt(integration, title, &operation, *failure)
            }
            Self::Waiting { wait, .. } => {
                let message = self.describe().1;
                Halt::Wait { wait, message }
            }
            Self::NotThereYet { .. } => Halt::Wait {
                wait: NOT_THERE_YET,
                message: self.describe().1,
            },
            Self::Expression { operation, error } => behind(script_trouble(
                integration,
                &format!("operation {operation}"),
                &error,
            )),
            Self::Contract {
                operation,
                findings,
            } => behind(Trouble {
                kind: IssueKind::Incomplete,
                integration: Some(integration.clone()),
                subject: operation.clone(),
                cause: None,
                title: format!("{title} answered {operation} in a form that is not understood"),
                detail: Some(findings.join("; ")),
                remedy: "Compare the connector's record for this operation with what the PSA \
                         answers, and correct the connector."
                    .to_owned(),
            }),
            Self::Store(error) => Halt::Store(*error),
            Self::Undefined(what) => Halt::Undefined(what),
        }
    }

    /// The class of the failed exchange, and in words what happened.
    pub(crate) fn describe(&self) -> (Option<Class>, String) {
        match self {
            Self::Exchange { operation, failure } => (
                Some(failure.class),
                format!("{operation}: {}", failure.message),
            ),
            Self::Waiting {
                operation, state, ..
            } => (
                Some(Class::Unavailable),
                format!("{operation}: its job is not done yet, the state is `{state}`"),
            ),
            Self::NotThereYet { operation, what } => {
                (Some(Class::Unavailable), format!("{operation}: {what}"))
            }
            Self::Expression { operation, error } => (None, format!("{operation}: {error}")),
            Self::Contract {
                operation,
                findings,
            } => (None, format!("{operation}: {}", findings.join("; "))),
            Self::Store(error) => (None, chain(error.as_ref())),
            Self::Undefined(what) => (None, what.clone()),
        }
    }
}

fn exchange_halt(
    integration: &IntegrationId,
    title: &str,
    operation: &str,
    failure: Failure,
) -> Halt {
    let (kind, summary) = match failure.class {
        Class::CredentialsRejected => {
            return Halt::Rejected {
                message: failure.message,
                remedy: failure.remedy,
            };
        }
        Class::RateLimited | Class::Unavailable | Class::UnknownOutcome => {
            return Halt::Again {
                wait: failure.retry_after,
                class: Some(failure.class),
                message: format!("{operation}: {}", failure.message),
            };
        }
        Class::Forbidden => (IssueKind::RightMissing, "does not allow"),
        Class::NotFound => (IssueKind::Refused, "does not find what is needed for"),
        // No answer refused it: the call, or how its list goes on, is not as the connector says.
        Class::Invalid if !failure.sent => (IssueKind::Refused, "and its connector disagree on"),
        Class::Invalid => (IssueKind::Refused, "refuses"),
    };
    // Requests that fail for one cause share an issue. The remedy tells causes apart better than
    // the message, which may name the ticket at hand.
    let cause = failure
        .remedy
        .as_deref()
        .or(failure.rule.as_deref())
        .unwrap_or(&failure.message);
    let known = failure.cause.as_deref();
    let title = known
        .and_then(|cause| cause.title.clone())
        .unwrap_or_else(|| format!("{title} {summary} {}", operation.replace('_', " ")));
    let remedy = failure.remedy.clone().unwrap_or_else(|| {
        let usual = if failure.sent {
            "Read what the PSA answered, mend the cause there, then try again from here."
        } else {
            "Compare the connector's operation with what the PSA documents, above all its address, \
             `pages` and `items`; correct the connector, then try again from here."
        };
        usual.to_owned()
    });
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind,
            integration: Some(integration.clone()),
            subject: format!("{operation} {cause}"),
            cause: known.map(|cause| Cause {
                name: cause.name.clone(),
                about: cause.about.clone(),
                recheck: cause.recheck,
            }),
            title,
            detail: Some(failure.message),
            remedy,
        }),
        guard: None,
    }
}

/// The trouble with an expression or script that failed while `what` was being done.
pub(crate) fn script_trouble(
    integration: &IntegrationId,
    what: &str,
    error: &expression::Error,
) -> Trouble {
    let thrown = match error {
        expression::Error::Run {
            thrown: Some(thrown),
            ..
        } => Some(thrown.reveal().to_owned()),
        _ => None,
    };
    Trouble {
        kind: IssueKind::ScriptFailed,
        integration: Some(integration.clone()),
        subject: what.to_owned(),
        cause: None,
        title: format!("A script or template failed in {what}"),
        detail: Some(thrown.map_or_else(|| error.to_string(), |said| format!("{error}: {said}"))),
        remedy: "Correct the script or template at the place named, then try again.".to_owned(),
    }
}

impl Halt {
    /// The class of the failed call, if it was one, and in words what happened.
    pub(crate) fn describe(&self) -> (Option<model::Class>, String) {
        match self {
            Self::Again { class, message, .. } => (*class, message.clone()),
            Self::Wait { message, .. } => (Some(model::Class::Unavailable), message.clone()),
            Self::Behind { trouble, .. } => {
                let detail = trouble.detail.as_deref().unwrap_or_default();
                (None, format!("{}: {detail}", trouble.title))
            }
            Self::Rejected { message, .. } => {
                (Some(model::Class::CredentialsRejected), message.clone())
            }
            Self::Store(error) => (None, chain(error)),
            Self::Undefined(what) => (None, what.clone()),
        }
    }

    /// What a person can do about it, where that is known.
    pub(crate) fn remedy(&self) -> Option<&str> {
        match self {
            Self::Behind { trouble, .. } => Some(&trouble.remedy),
            Self::Rejected { remedy, .. } => remedy.as_deref(),
            Self::Again { .. } | Self::Wait { .. } | Self::Store(_) | Self::Undefined(_) => None,
        }
    }
}
