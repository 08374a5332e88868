//! One HTTP request as a plain value: what a caller asks for, before credentials are added.
//!
//! It promises that the same value always gives the same bytes. It does not check the address
//! (see `hosts`) and does not hold a connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outline::Outline;

/// The time one attempt may take when the caller names none.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// The most bytes of an answer's body (after decompression) that are read when the caller names
/// no other number. The largest list page seen in the field is about 4 MiB.
pub const BODY_BYTES_MAX_DEFAULT: usize = 16 * 1024 * 1024;

/// What is done to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers only.
    Head,
    /// Creates, or queries with a body.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is sent with a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// No body and no content type.
    #[default]
    Empty,
    /// A JSON document; an array is one, too.
    Json(Value),
    /// `application/x-www-form-urlencoded`, in the order given.
    Form(Vec<(String, String)>),
    /// Text of any other type.
    Text {
        /// The `content-type` to send.
        content_type: String,
        /// The text, sent as UTF-8.
        text: String,
    },
    /// `multipart/form-data`, for files.
    Multipart(Vec<crate::multipart::Part>),
}

impl Body {
    /// The `content-type` that belongs to the body; `None` without a body.
    pub fn content_type(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json".to_owned()),
            Self::Form(_) => Some("application/x-www-form-urlencoded".to_owned()),
            Self::Text { content_type, .. } => Some(content_type.clone()),
            Self::Multipart(parts) => {
                let boundary = crate::multipart::boundary(parts);
                Some(format!("multipart/form-data; boundary={boundary}"))
            }
        }
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Form(fields) => form_encoded(fields).into_bytes(),
            Self::Text { text, .. } => text.clone().into_bytes(),
            Self::Multipart(parts) => crate::multipart::encode(parts),
        }
    }
}

/// What the caller needs the body of a successful answer to be. Anything else with a 2xx status is
/// not a success: a gateway's sign-in page also comes with 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// A JSON document. Only status 204 and 205 may come without one.
    Json,
    /// A JSON document or nothing at all; for effects whose answer is not read.
    #[default]
    JsonOrEmpty,
    /// One JSON document per line; read as an array.
    JsonLines,
    /// Comma-separated values with a header line; read as an array of objects of text.
    Csv,
    /// An XML document; read as a value (see `structured`).
    Xml,
    /// Whatever comes.
    Anything,
}

/// One request. Headers given here win over those that the body implies.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// The absolute address, query included.
    pub url: String,
    /// Names in any case, in the order given.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Body,
    /// How long one attempt may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// What the answer's body must be.
    pub expect: Expect,
    /// What of a successful JSON answer will be looked at; all of it where nobody says.
    pub outline: Option<Arc<Outline>>,
    /// The most bytes of the answer's body that are read, after decompression.
    pub body_bytes_max: usize,
    /// Whether only a public address may be called. The exchange decides this by the host.
    pub public_only: bool,
}

impl Request {
    /// A request without headers or body, with the default timeout and limits.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Body::Empty,
            timeout: TIMEOUT_DEFAULT,
            expect: Expect::default(),
            outline: None,
            body_bytes_max: BODY_BYTES_MAX_DEFAULT,
            public_only: false,
        }
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a header, replacing every one of that name.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Adds a query parameter, percent-encoded; `false` when the address is not a URL.
    #[must_use = "a parameter that was not added must not be sent without"]
    pub fn add_query(&mut self, name: &str, value: &str) -> bool {
        let Ok(mut url) = Url::parse(&self.url) else {
            return false;
        };
        url.query_pairs_mut().append_pair(name, value);
        self.url = url.into();
        true
    }

    /// The headers as sent: those given, then those that the body implies. Any credentials that
    /// were added are among them.
    pub fn wire_headers(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if self.header("content-type").is_none()
            && let Some(content_type) = self.body.content_type()
        {
            headers.push(("content-type".to_owned(), content_type));
        }
        if self.header("accept").is_none() {
            headers.push(("accept".to_owned(), self.accept().to_owned()));
        }
        headers
    }

    fn accept(&self) -> &'static str {
        match self.expect {
            Expect::Json | Expect::JsonOrEmpty => "application/json",
            Expect::JsonLines => "application/x-ndjson, application/json;q=0.5",
            Expect::Csv => "text/csv",
            Expect::Xml => "application/xml, text/xml",
            Expect::Anything => "*/*",
        }
    }
}

/// Shows neither header values, nor the query, nor the body: each may hold a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.split('?').next().unwrap_or_default())
            .field("headers", &names)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Fields as a form or a query writes them: space as `+`, the rest percent-encoded.
pub fn form_encoded(fields: &[(String, String)]) -> String {
    // The serializer belongs to the URL library; a fixed base that always parses gives access.
    let Ok(mut url) = Url::parse("form:") else {
        return String::new();
    };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_survives_spaces_and_separators() {
        let fields = [
            ("a b".to_owned(), "c&d=é+".to_owned()),
            ("x".to_owned(), String::new()),
        ];
        assert_eq!(form_encoded(&fields), "a+b=c%26d%3D%C3%A9%2B&x=");
    }

    #[test]
    fn given_headers_win_over_implied_ones() {
        let mut request = Request::new(Method::Post, "https://a.example/");
        request.body = Body::Json(Value::Null);
        request.set_header("Content-Type", "application/vnd.x+json");
        let headers = request.wire_headers();
        let types = headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("content-type"));
        assert_eq!(types.count(), 1);
    }

    #[test]
    fn debug_shows_no_value_that_may_be_secret() {
        let mut request = Request::new(Method::Get, "https://a.example/x?key=hunter2");
        request.set_header("authorization", "hunter3");
        request.body = Body::Json(Value::from("hunter4"));
        assert!(!format!("{request:?}").contains("hunter"));
    }

    #[test]
    fn query_parameters_are_encoded() {
        let mut request = Request::new(Method::Get, "https://a.example/x?b=1");
        assert!(request.add_query("key", "a&b c"));
        assert_eq!(request.url, "https://a.example/x?b=1&key=a%26b+c");
        assert!(!Request::new(Method::Get, "not a url").add_query("a", "b"));
    }
}
