//! The runtime's errors as problems: which status each deserves and what the caller can do.

use axum::http::header;
use model::Class;
use runtime::{CalloutError, Error};

use super::{Code, Fault, Problem};

/// After how many seconds a caller should come back when the engine itself is the bottleneck.
const RETRY_AFTER_SECONDS: u64 = 5;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { what, id } => {
                Self::new(Code::NotFound, format!("There is no {what} `{id}`."))
                    .remedy(where_to_look(what))
            }
            Error::IdTaken { request } => id_taken(request.as_str()),
            Error::Invalid { faults } => Self::new(
                Code::Invalid,
                "The content cannot be used; nothing was changed.",
            )
            .faults(faults.into_iter().map(Fault::from)),
            Error::Refused {
                class,
                message,
                remedy,
            } => refused(class, message, remedy),
            Error::Stopped { issue } => Self::new(
                Code::IntegrationStopped,
                format!("The integration sends nothing because of the issue `{issue}`."),
            )
            .remedy("See the issue for its remedy; saving working credentials starts it again."),
            Error::Busy { what } => Self::new(Code::Busy, format!("Others keep changing {what}."))
                .remedy("Repeat the call; nothing is wrong with it.")
                .header(header::RETRY_AFTER, RETRY_AFTER_SECONDS),
            Error::Store { .. } => not_kept(&error),
        }
    }
}

impl From<runtime::Fault> for Fault {
    fn from(fault: runtime::Fault) -> Self {
        Self {
            pointer: fault.pointer,
            message: fault.message,
            hint: fault.hint,
        }
    }
}

/// Where those are that there are; `what` is the runtime's word.
fn where_to_look(what: &str) -> &'static str {
    match what {
        "partner" => "PUT /api/v1/partners/{partner} makes one; GET /api/v1/partners lists them.",
        "connector" => "GET /api/v1/connectors lists them.",
        "section" | "section of the settings" | "list of choices" => {
            "GET /api/v1/connectors lists what each connector has."
        }
        "pipeline" => "The integration's schedule lists them.",
        _ => "GET the list above it in the path for those there are.",
    }
}

fn id_taken(request: &str) -> Problem {
    let detail = format!(
        "The request `{request}` exists with other content; it is kept as it was first sent."
    );
    Problem::new(Code::IdTaken, detail)
        .remedy("Send a new request under a new id. What a request says does not change.")
}

fn refused(class: Class, message: String, remedy: Option<String>) -> Problem {
    let code = match class {
        Class::CredentialsRejected | Class::Forbidden | Class::NotFound | Class::Invalid => {
            Code::Refused
        }
        Class::RateLimited => Code::PsaBusy,
        Class::Unavailable | Class::UnknownOutcome => Code::PsaUnavailable,
    };
    let problem = Problem::new(code, message);
    match (remedy, class.passes()) {
        (Some(remedy), _) => problem.remedy(remedy),
        (None, true) => problem.remedy("Repeat the call in a minute."),
        (None, false) => problem,
    }
}

/// Nothing was acknowledged, so that the caller still has what it sent and can repeat it.
fn not_kept(error: &dyn std::error::Error) -> Problem {
    Problem::new(
        Code::NotKept,
        "The engine cannot write to its store; nothing was taken in.",
    )
    .remedy("Repeat the call. If this goes on, the operator finds the cause in the log.")
    .header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
    .inside(error)
}

/// A PSA repeats a callout that is not answered 2xx, and may put an error onto the ticket. That is
/// right for all of these, as each is something that a person has to set straight, or that passes.
impl From<CalloutError> for Problem {
    fn from(error: CalloutError) -> Self {
        match error {
            CalloutError::UnknownToken => callout_unknown(),
            CalloutError::WrongCredentials => Self::new(
                Code::CalloutUnauthenticated,
                "This callout address takes a name and password as HTTP Basic; none or others came.",
            )
            .remedy("Use the name and password that were set for the integration's callouts.")
            .header(header::WWW_AUTHENTICATE, "Basic realm=\"callouts\", charset=\"UTF-8\""),
            CalloutError::MethodNotAccepted { accepts } => {
                let accepts = accepts.join(", ");
                Self::new(
                    Code::MethodNotAllowed,
                    format!("This callout address takes {accepts} only."),
                )
                .header(header::ALLOW, accepts)
            }
            CalloutError::NoTicket { looked_for } => Self::new(
                Code::CalloutWithoutTicket,
                format!("No ticket id was found; looked for {}.", looked_for.join(", ")),
            )
            .remedy("Put the ticket's id into the callout; repeating it as it is changes nothing."),
            CalloutError::Store { .. } => not_kept(&error),
        }
    }
}

/// The same words whether the address was never in use or no longer is.
pub(crate) fn callout_unknown() -> Problem {
    Problem::new(Code::CalloutUnknown, "This callout address is not in use.")
        .remedy("Copy the callout address from the integration again; it changes when rotated.")
}
