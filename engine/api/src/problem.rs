//! Everything that goes wrong, as RFC 9457 problem details: what, where, and how to mend it.
//!
//! A handler returns a [`Problem`]; the answer's body is written in one place (`answer`), because
//! it carries the request id, which a handler does not know. What was going on inside goes to the
//! log under the same request id and never into an answer.

mod code;
mod from_runtime;

use std::fmt::Display;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use code::Code;
pub(crate) use from_runtime::callout_unknown;

/// One thing that went wrong with one call. Boxed, so that results stay small where all is well.
#[derive(Clone, Debug)]
#[must_use]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    detail: String,
    remedy: Option<String>,
    faults: Vec<Fault>,
    headers: Vec<(HeaderName, HeaderValue)>,
    inside: Option<String>,
}

/// One wrong place in what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where, as an RFC 6901 JSON pointer into the body; empty for the body as a whole.
    #[schema(example = "/customer_id")]
    pub(crate) pointer: String,
    /// What is wrong there. Never repeats a value that was sent.
    #[schema(example = "this field is missing")]
    pub(crate) message: String,
    /// How to mend it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Where in the text, if it is a template or a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<InText>,
}

/// A place within a text that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InText {
    /// The line, counted from 1.
    #[schema(example = 1)]
    pub(crate) line: usize,
    /// The column in characters, counted from 1.
    #[schema(example = 14)]
    pub(crate) column: usize,
    /// The line as it was sent, and carets under the place.
    #[schema(example = "Request of {{usr}}\n             ^^^")]
    pub(crate) excerpt: String,
}

impl Problem {
    /// A problem of the kind `code`; `detail` says what is wrong with this very call, as a
    /// sentence.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            remedy: None,
            faults: Vec::new(),
            headers: Vec::new(),
            inside: None,
        }))
    }

    /// Adds what the caller can do about it.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Adds the places that are wrong.
    pub(crate) fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.0.faults.extend(faults);
        self
    }

    /// Adds a header to the answer. A value that cannot stand in one is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: impl Display) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.to_string()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Adds what only the log may say: the error and everything it came from.
    pub(crate) fn inside(mut self, error: &dyn std::error::Error) -> Self {
        let chain = std::iter::successors(Some(error), |error| error.source());
        self.0.inside = Some(
            chain
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": "),
        );
        self
    }

    /// Its kind.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// What only the log may say.
    pub(crate) fn for_the_log(&self) -> Option<&str> {
        self.0.inside.as_deref()
    }

    /// The answer, under the request id that the log knows the call by.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let parts = *self.0;
        let document = ProblemDocument {
            r#type: format!("/problems/{}", parts.code.name()),
            title: parts.code.title(),
            status: parts.code.status().as_u16(),
            detail: parts.detail,
            instance: request_id.to_owned(),
            remedy: parts.remedy,
            faults: parts.faults,
        };
        // Writing strings and numbers into memory cannot fail; an empty body beats a panic.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.code.status();
        response.headers_mut().extend(parts.headers);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}

/// Hands the problem on to `answer`, which writes the body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = StatusCode::into_response(self.0.code.status());
        response.extensions_mut().insert(self);
        response
    }
}

/// What is wrong with the call, as RFC 9457 problem details.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// The kind, `/problems/<code>`; branch on this.
    #[schema(example = "/problems/invalid")]
    r#type: String,
    /// The kind in words, the same for every occurrence.
    #[schema(example = "The content cannot be used")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong with this very call.
    #[schema(example = "The body is not what this address takes.")]
    detail: String,
    /// The request id, under which the server's log knows this call.
    #[schema(example = "5f0c1d7c9a3b4e52")]
    instance: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// The places in the body that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}
