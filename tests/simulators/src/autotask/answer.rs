//! What the API answers: bodies of success, and each shape of failure it is known to have.
//!
//! Validation failures are 500 with `{"errors":[text]}`; an unknown path is an HTML page; a wrong
//! verb is the framework's own 405. Clients must cope with all three, so none is smoothed over.

use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::reply::{self, empty, html};

/// Why a call is not answered with what it asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// 500 with the texts in `errors`.
    Invalid(String),
    /// 401; the body is empty unless a text is given.
    Unauthorized(Option<String>),
    /// 403 with the text in `errors`.
    Forbidden(String),
    /// 404 for a record that is not there.
    NoRecord,
    /// 404 as the web server's HTML page: no such entity or route.
    NoPage,
    /// 405: the path exists, the method does not.
    Verb(Method),
    /// 429: a limit is exceeded.
    TooMany {
        text: String,
        retry_after: Option<u32>,
    },
}

impl Refusal {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// The text a caller would read.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Invalid(text) | Self::Forbidden(text) | Self::TooMany { text, .. } => {
                text.clone()
            }
            Self::Unauthorized(text) => text.clone().unwrap_or_default(),
            Self::NoRecord | Self::NoPage => "not found".to_owned(),
            Self::Verb(method) => no_such_verb(method),
        }
    }

    pub(crate) fn response(&self) -> Response {
        match self {
            Self::Invalid(text) => reply::json(StatusCode::INTERNAL_SERVER_ERROR, &errors(text)),
            Self::Forbidden(text) => reply::json(StatusCode::FORBIDDEN, &errors(text)),
            Self::Unauthorized(None) => empty(StatusCode::UNAUTHORIZED),
            Self::Unauthorized(Some(text)) => reply::json(StatusCode::UNAUTHORIZED, &errors(text)),
            Self::NoRecord => empty(StatusCode::NOT_FOUND),
            Self::NoPage => html(StatusCode::NOT_FOUND, NOT_FOUND_PAGE),
            Self::Verb(method) => reply::json(
                StatusCode::METHOD_NOT_ALLOWED,
                &json!({ "Message": no_such_verb(method) }),
            ),
            Self::TooMany { text, retry_after } => too_many(text, *retry_after),
        }
    }
}

const NOT_FOUND_PAGE: &str = "<!DOCTYPE html>\n<html><head>\
<title>404 - File or directory not found.</title></head><body>\
<h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>\n";

fn no_such_verb(method: &Method) -> String {
    format!("The requested resource does not support http method '{method}'.")
}

fn errors(text: &str) -> Value {
    json!({ "errors": [text] })
}

pub(crate) fn ok(body: &Value) -> Response {
    reply::json(StatusCode::OK, body)
}

pub(crate) fn too_many(text: &str, retry_after: Option<u32>) -> Response {
    reply::too_many(&errors(text), retry_after)
}
