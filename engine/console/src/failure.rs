//! Pages that say what went wrong, and what to do about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use model::Class;

use crate::assets::Links;

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    title: String,
    remedy: String,
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    links: Links,
    status: u16,
    title: &'a str,
    remedy: &'a str,
}

impl Failure {
    pub(crate) fn new(
        status: StatusCode,
        title: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status,
            title: title.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "You are not signed in",
            "Ask for a new sign-in link and open it.",
        )
    }

    pub(crate) fn of_another_partner() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This page is not yours to see",
            "You are signed in for another partner. Sign out first, or go back to your own pages.",
        )
    }

    pub(crate) fn reader() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "You may look, and change nothing",
            "Nothing was changed. Ask an administrator to do it, or for a link that allows it.",
        )
    }

    pub(crate) fn unproved() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This form was not sent by a page of yours",
            "Nothing was changed. Open the page again and send the form from there.",
        )
    }

    /// Somebody is not signed in with an account elsewhere.
    pub(crate) fn denied(title: &str) -> Self {
        let remedy = "Sign in once more. If it stays, ask whoever runs this server.";
        Self::new(StatusCode::FORBIDDEN, title, remedy)
    }

    pub(crate) fn not_a_form() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This is not what a form sends",
            "Open the page again and send the form from there.",
        )
    }

    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The form is too large",
            "Nothing was saved. Send less at a time.",
        )
    }

    pub(crate) fn slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "The form did not arrive in time",
            "Nothing was saved. Send it again.",
        )
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such page",
            "Go back, or begin again from the start page.",
        )
    }

    fn no_such(what: &str, id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("There is no {what} {id}"),
            "It may have been removed. Go back, or begin again from the start page.",
        )
    }

    fn inside(error: &dyn std::error::Error) -> Self {
        // The text goes to the log; a visitor could do nothing with it.
        let mut causes = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        tracing::error!(error = causes.join(": "), "a page could not be made");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "This did not work, and it is not your fault",
            "Try again in a moment. If it stays like this, tell whoever runs this server.",
        )
    }
}

impl From<runtime::Error> for Failure {
    fn from(error: runtime::Error) -> Self {
        match error {
            runtime::Error::NotFound { what, id } => Self::no_such(what, &id),
            runtime::Error::Busy { .. } => Self::new(
                StatusCode::CONFLICT,
                "Somebody else is changing the same thing",
                "Nothing was saved. Look at it again, then repeat your change.",
            ),
            runtime::Error::UnderWay { what } => Self::new(
                StatusCode::CONFLICT,
                format!("Another {what} is under way"),
                "Begin again when it has ended.",
            ),
            runtime::Error::Stopped { .. } => Self::new(
                StatusCode::CONFLICT,
                "The integration is stopped because its credentials were rejected",
                "Save credentials that work. All that waits then goes on by itself.",
            ),
            runtime::Error::Held { .. } => Self::new(
                StatusCode::CONFLICT,
                format!("This cannot be done: {error}"),
                "Resume it, or save working credentials, on the page Settings.",
            ),
            runtime::Error::Refused {
                class,
                message,
                remedy,
            } => Self::new(refused(class), message, remedy.unwrap_or_default()),
            runtime::Error::Invalid { .. } | runtime::Error::IdTaken { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                error.to_string(),
                "Nothing was saved. Go back and mend it.",
            ),
            runtime::Error::Store(_) => Self::inside(&error),
        }
    }
}

const fn refused(class: Class) -> StatusCode {
    match class {
        Class::RateLimited | Class::Unavailable | Class::UnknownOutcome => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::inside(&error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let page = FailurePage {
            links: Links::new(),
            status: self.status.as_u16(),
            title: &self.title,
            remedy: &self.remedy,
        };
        match page.render() {
            Ok(text) => (self.status, Html(text)).into_response(),
            Err(_) => (self.status, self.title).into_response(),
        }
    }
}
