//! The runtime's errors as problems: which status each deserves and what the caller can do.

use axum::http::header;
use model::Class;
use runtime::{CalloutError, Error};

use super::{Code, Fault, InText, Problem};

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
            Error::Held { .. } => Self::new(
                Code::IntegrationStopped,
                format!("The call was not made: {error}."),
            )
            .remedy("Resume it if it is paused; give it credentials if it is disconnected."),
            Error::Busy { what } => Self::new(Code::Busy, format!("Others keep changing {what}."))
                .remedy("Repeat the call; nothing is wrong with it.")
                .header(header::RETRY_AFTER, RETRY_AFTER_SECONDS),
            Error::UnderWay { what } => {
                Self::new(Code::Busy, format!("Another {what} is under way."))
                    .remedy("Begin again when it has ended.")
                    .header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
            }
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
            place: fault.place.map(|place| InText {
                line: place.line,
                column: place.column,
                excerpt: place.excerpt,
            }),
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
                "This callout address takes a name and password by HTTP Basic; they did not come.",
            )
            .remedy("Use the name and password that were set for the integration's callouts.")
            .header(
                header::WWW_AUTHENTICATE,
                "Basic realm=\"callouts\", charset=\"UTF-8\"",
            ),
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
                format!(
                    "No ticket id was found; looked for {}.",
                    looked_for.join(", ")
                ),
            )
            .remedy("Put the ticket's id into the callout; repeating it as it is changes nothing."),
            CalloutError::Malformed { findings } => Self::new(
                Code::CalloutMalformed,
                format!("The request in it cannot be read: {}.", findings.join("; ")),
            )
            .remedy("Correct what is named; repeating it as it is changes nothing."),
            CalloutError::Store { .. } => not_kept(&error),
        }
    }
}

/// The same words whether the address was never in use or no longer is.
pub(crate) fn callout_unknown() -> Problem {
    Problem::new(Code::CalloutUnknown, "This callout address is not in use.")
        .remedy("Copy the callout address from the integration again; it changes when rotated.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use model::{IssueId, RequestId};

    use super::*;

    /// The status and kind that `error` is answered with.
    fn answer(error: impl Into<Problem>) -> (u16, &'static str) {
        let code = error.into().code();
        (code.status().as_u16(), code.name())
    }

    #[test]
    fn a_psa_that_refuses_is_the_callers_to_mend_and_one_that_fails_is_not() {
        for (class, expected) in Class::ALL.into_iter().zip([
            (422, "refused"),
            (422, "refused"),
            (422, "refused"),
            (422, "refused"),
            (503, "psa-busy"),
            (502, "psa-unavailable"),
            (502, "psa-unavailable"),
        ]) {
            let error = Error::Refused {
                class,
                message: "No.".to_owned(),
                remedy: None,
            };
            assert_eq!(answer(error), expected, "{class}");
        }
    }

    #[test]
    fn conflicts_are_409_and_what_passes_is_503() {
        let request = RequestId::new("1").unwrap();
        assert_eq!(answer(Error::IdTaken { request }), (409, "id-taken"));
        let issue = IssueId::new("credentials_rejected:i-1").unwrap();
        assert_eq!(
            answer(Error::Stopped { issue }),
            (409, "integration-stopped")
        );
        assert_eq!(
            answer(Error::Busy {
                what: "the mapping"
            }),
            (503, "busy")
        );
    }

    #[test]
    fn callouts_are_refused_by_cause() {
        let accepts = vec!["POST".to_owned()];
        let looked_for = vec!["id".to_owned()];
        for (error, expected) in [
            (CalloutError::UnknownToken, (404, "callout-unknown")),
            (
                CalloutError::WrongCredentials,
                (401, "callout-unauthenticated"),
            ),
            (
                CalloutError::MethodNotAccepted { accepts },
                (405, "method-not-allowed"),
            ),
            (
                CalloutError::NoTicket { looked_for },
                (400, "callout-without-ticket"),
            ),
            (
                CalloutError::Malformed {
                    findings: Vec::new(),
                },
                (400, "callout-malformed"),
            ),
        ] {
            assert_eq!(answer(error), expected);
        }
    }

    #[test]
    fn what_is_inside_stays_out_of_the_answer() {
        let error = std::io::Error::other("no space left on /var/lib");
        let problem = not_kept(&error);
        assert!(problem.for_the_log().unwrap().contains("no space left"));
        let answer = problem.render("id");
        assert_eq!(answer.headers().get("retry-after").unwrap(), "5");
        assert!(!format!("{answer:?}").contains("no space left"));
    }
}
