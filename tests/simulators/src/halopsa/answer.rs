//! What the API answers: successes, and each shape of failure it is known to have.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::quirks::{ErrorShape, Quirks};
use crate::reply;

/// A call that was carried out.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: u16,
    /// None for an empty body.
    pub(crate) body: Option<Value>,
}

impl Done {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            body: Some(body),
        }
    }

    pub(crate) fn response(&self) -> Response {
        let status = status(self.status);
        match &self.body {
            Some(body) => reply::json(status, body),
            None => reply::empty(status),
        }
    }
}

/// Why a call is not answered with what it asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// 400: a rule of the product, in the shape that the tenant uses.
    Rule(String),
    /// 400: the web framework could not read a value, always in its own shape.
    Unreadable { field: String, text: String },
    /// An update of an id that is not there.
    UnknownId(String),
    /// The token endpoint's refusal, in the form of OAuth.
    OAuth {
        status: u16,
        error: &'static str,
        text: Option<String>,
    },
    /// 401: no token, or one that is not valid any more.
    Unauthorized,
    /// The agent has no right to the module; details answer with a status of their own.
    Forbidden { detail: bool },
    /// 404: no such record, or no such route.
    NotFound,
    /// 405.
    Verb,
    /// 429.
    TooMany,
}

impl Refusal {
    pub(crate) fn rule(text: impl Into<String>) -> Self {
        Self::Rule(text.into())
    }

    /// The text a caller would read.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Rule(text) | Self::UnknownId(text) | Self::Unreadable { text, .. } => {
                text.clone()
            }
            Self::OAuth { error, text, .. } => text.clone().unwrap_or((*error).to_owned()),
            Self::Unauthorized => "unauthorized".to_owned(),
            Self::Forbidden { .. } => NO_RIGHT.to_owned(),
            Self::NotFound => "not found".to_owned(),
            Self::Verb => "method not allowed".to_owned(),
            Self::TooMany => TOO_MANY.to_owned(),
        }
    }

    pub(crate) fn response(&self, quirks: &Quirks) -> Response {
        match self {
            Self::Rule(text) => shaped(400, text, quirks),
            Self::UnknownId(text) => shaped(quirks.unknown_id_status, text, quirks),
            Self::Unreadable { field, text } => {
                reply::json(StatusCode::BAD_REQUEST, &problem(field, text))
            }
            Self::OAuth {
                status,
                error,
                text,
            } => oauth(*status, error, text.as_deref()),
            Self::Unauthorized => match &quirks.unauthorized_text {
                Some(text) => shaped(401, text, quirks),
                None => reply::empty(StatusCode::UNAUTHORIZED),
            },
            Self::Forbidden { detail: false } => shaped(403, NO_RIGHT, quirks),
            Self::Forbidden { detail: true } => reply::empty(status(quirks.module_detail_status)),
            Self::NotFound => reply::empty(StatusCode::NOT_FOUND),
            Self::Verb => reply::empty(StatusCode::METHOD_NOT_ALLOWED),
            Self::TooMany => too_many(quirks.retry_after),
        }
    }
}

const NO_RIGHT: &str = "You do not have permission to access this.";
const TOO_MANY: &str = "500 requests over a 300 second rolling period was exceeded.";

pub(crate) fn too_many(retry_after: Option<u32>) -> Response {
    reply::too_many(&json!({ "message": TOO_MANY }), retry_after)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

fn oauth(code: u16, error: &str, text: Option<&str>) -> Response {
    let mut body = json!({ "error": error });
    if let (Some(text), Some(body)) = (text, body.as_object_mut()) {
        body.insert("error_description".to_owned(), Value::from(text));
    }
    reply::json(status(code), &body)
}

/// A refusal in the shape that the tenant uses.
fn shaped(code: u16, text: &str, quirks: &Quirks) -> Response {
    let code = status(code);
    let body = match quirks.error_shape {
        ErrorShape::Exception => json!({
            "ClassName": "System.Exception", "Message": text, "Data": null,
            "InnerException": null, "HelpURL": null, "StackTraceString": null,
            "HResult": -2_146_233_088, "Source": null,
        }),
        ErrorShape::Message => json!({ "Message": text }),
        ErrorShape::ResultCode => json!({ "resultCode": "Error", "errorMessage": text }),
        ErrorShape::Error => json!({ "error": "invalid", "error_description": text }),
        ErrorShape::Problem => problem("", text),
        ErrorShape::Text => return reply::text(code, text),
    };
    reply::json(code, &body)
}

fn problem(field: &str, text: &str) -> Value {
    json!({
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "traceId": "00-4c1f5d3b8a4e0d41-7c9e2a1b-00",
        "errors": { field: [text] },
    })
}
