//! One HTTP answer, decoded: status, headers, and a body as JSON, text or bytes.
//!
//! Decoding never fails. A body that is not what its type says, or not what the caller asked for,
//! stays readable as text, so that error rules can match on it, and carries a `flaw` that says
//! what is wrong with it; `classify` decides what the flaw means for the call.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::outline::Outline;
use crate::request::{Expect, Request};
use crate::structured;

/// What came over the wire: decompressed and complete, not yet understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names in any case; a name may occur more than once.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl RawAnswer {
    /// An answer that holds a JSON document; for transports that answer in process.
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: value.to_string().into_bytes(),
        }
    }
}

/// An answer's body.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing, or white space only.
    Empty,
    /// A document that was read: JSON, or what JSON lines, CSV or XML were turned into.
    Json(Value),
    /// Any other text, HTML for instance, and JSON that does not parse.
    Text(String),
    /// Anything that is not text.
    Binary(Vec<u8>),
}

/// A decoded answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case; a name may occur more than once.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Content,
    /// Why the body is not what was asked for; `None` when it is.
    pub flaw: Option<String>,
    /// From sending the request to the last byte of the answer.
    pub elapsed: Duration,
}

impl Answer {
    /// Decodes the answer to `request`.
    pub(crate) fn to(request: &Request, raw: RawAnswer, elapsed: Duration) -> Self {
        let is_success = (200..300).contains(&raw.status);
        let outline = request.outline.as_deref().filter(|_| is_success);
        Self::outlined(raw, request.expect, outline, elapsed)
    }

    /// Decodes `raw` for a caller that expects `expect`.
    pub fn read(raw: RawAnswer, expect: Expect, elapsed: Duration) -> Self {
        Self::outlined(raw, expect, None, elapsed)
    }

    fn outlined(
        raw: RawAnswer,
        expect: Expect,
        outline: Option<&Outline>,
        elapsed: Duration,
    ) -> Self {
        let headers: Vec<(String, String)> = raw
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        let content_type = headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map(|(_, value)| &**value);
        let outline = outline.unwrap_or(&Outline::Whole);
        let plain = decode(raw.body, content_type.unwrap_or_default(), outline);
        let (body, flaw) = expected(plain, raw.status, expect);
        Self {
            status: raw.status,
            headers,
            body,
            flaw,
            elapsed,
        }
    }

    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// `{status, headers, body}` for selectors and rules. Repeated headers are joined by `, `; an
    /// empty body is null, text is text, and bytes are base64 text.
    pub fn as_value(&self) -> Value {
        self.clone().into_value()
    }

    /// The same without copying the body.
    pub fn into_value(self) -> Value {
        let mut headers = Map::new();
        for (name, value) in self.headers {
            match headers.get_mut(&name) {
                Some(Value::String(joined)) => {
                    joined.push_str(", ");
                    joined.push_str(&value);
                }
                _ => drop(headers.insert(name, Value::from(value))),
            }
        }
        let body = match self.body {
            Content::Empty => Value::Null,
            Content::Json(value) => value,
            Content::Text(text) => Value::from(text),
            Content::Binary(bytes) => Value::from(STANDARD.encode(bytes)),
        };
        let fields = [
            ("status", self.status.into()),
            ("headers", headers.into()),
            ("body", body),
        ];
        Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }
}

/// Bytes to content by their declared type, or by their looks where the type says nothing: errors
/// from gateways and from JSON APIs alike arrive as `text/plain` or without any type.
fn decode(body: Vec<u8>, content_type: &str, outline: &Outline) -> Content {
    let content_type = content_type.to_ascii_lowercase();
    let text = match text_of(body, &content_type) {
        Ok(text) => text,
        Err(body) => return Content::Binary(body),
    };
    if text.trim().is_empty() {
        return Content::Empty;
    }
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let declared = essence.ends_with("/json") || essence.ends_with("+json");
    let looks_so = text.trim_start().starts_with(['{', '[']);
    if (declared || looks_so)
        && let Ok(value) = outline.read(&text)
    {
        return Content::Json(value);
    }
    Content::Text(text)
}

/// The text in `body`, by its byte order mark, its declared charset, or as UTF-8; `body` itself
/// when it is not text. A charset that nobody knows is read as UTF-8 with marks for what does not
/// fit.
fn text_of(body: Vec<u8>, content_type: &str) -> Result<String, Vec<u8>> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(&body) {
        let (text, _) = encoding.decode_without_bom_handling(body.get(mark..).unwrap_or_default());
        return Ok(text.into_owned());
    }
    let charset = content_type
        .split(';')
        .find_map(|part| part.trim().strip_prefix("charset="));
    let encoding = charset.map(|label| {
        let encoding = encoding_rs::Encoding::for_label(label.trim_matches('"').as_bytes());
        encoding.unwrap_or(encoding_rs::UTF_8)
    });
    let decoded = |encoding: &'static encoding_rs::Encoding, body: &[u8]| {
        encoding.decode_without_bom_handling(body).0.into_owned()
    };
    match (encoding, String::from_utf8(body)) {
        (None, Ok(text)) => Ok(text),
        (Some(encoding), Ok(text)) if encoding == encoding_rs::UTF_8 => Ok(text),
        (Some(encoding), Ok(text)) => Ok(decoded(encoding, text.as_bytes())),
        (Some(encoding), Err(other)) => Ok(decoded(encoding, other.as_bytes())),
        // Text of an unnamed charset is nearly always the Windows one.
        (None, Err(other)) if content_type.starts_with("text/") => {
            Ok(decoded(encoding_rs::WINDOWS_1252, other.as_bytes()))
        }
        (None, Err(other)) => Err(other.into_bytes()),
    }
}

/// Holds `content` against what the caller needs. Statuses that are no success are left alone:
/// an error may come in any form.
fn expected(content: Content, status: u16, expect: Expect) -> (Content, Option<String>) {
    if !(200..300).contains(&status) || expect == Expect::Anything {
        return (content, None);
    }
    let may_be_empty = matches!(status, 204 | 205) || expect == Expect::JsonOrEmpty;
    match (content, expect) {
        (Content::Empty, _) if may_be_empty => (Content::Empty, None),
        // One document is also the only line, and an API may answer with the array itself.
        (Content::Json(value), Expect::Json | Expect::JsonOrEmpty) => (Content::Json(value), None),
        (Content::Json(Value::Array(lines)), Expect::JsonLines) => {
            (Content::Json(Value::Array(lines)), None)
        }
        (Content::Json(line), Expect::JsonLines) => (Content::Json(Value::Array(vec![line])), None),
        (Content::Empty, Expect::JsonLines | Expect::Csv) => {
            (Content::Json(Value::Array(Vec::new())), None)
        }
        (Content::Text(text), Expect::JsonLines) => structure(text, structured::json_lines),
        (Content::Text(text), Expect::Csv) => structure(text, structured::csv),
        (Content::Text(text), Expect::Xml) => structure(text, structured::xml),
        (content, expect) => {
            let flaw = flaw(&content, expect);
            (content, Some(flaw))
        }
    }
}

fn structure(text: String, read: fn(&str) -> Result<Value, String>) -> (Content, Option<String>) {
    match read(&text) {
        Ok(value) => (Content::Json(value), None),
        Err(flaw) => (Content::Text(text), Some(flaw)),
    }
}

fn flaw(content: &Content, expect: Expect) -> String {
    let wanted = match expect {
        Expect::Json | Expect::JsonOrEmpty => "JSON",
        Expect::JsonLines => "JSON lines",
        Expect::Csv => "CSV",
        Expect::Xml => "XML",
        Expect::Anything => "a body",
    };
    match content {
        Content::Empty => format!("expected {wanted}, got an empty body"),
        Content::Json(_) => format!("expected {wanted}, got JSON"),
        Content::Binary(bytes) => format!("expected {wanted}, got {} bytes of data", bytes.len()),
        Content::Text(text) if text.trim_start().starts_with('<') => {
            format!("expected {wanted}, got a page of markup")
        }
        Content::Text(text) => match serde_json::from_str::<Value>(text) {
            Err(error) if error.is_eof() => format!("expected {wanted}, got a truncated body"),
            _ => format!("expected {wanted}, got text"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, content_type: &str, body: &[u8], expect: Expect) -> Answer {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Answer::read(
            RawAnswer {
                status,
                headers,
                body: body.to_vec(),
            },
            expect,
            Duration::ZERO,
        )
    }

    fn check(content_type: &str, body: &[u8], expect: Expect, wanted: &Content, flawed: bool) {
        let answer = answer(200, content_type, body, expect);
        assert_eq!(&answer.body, wanted, "{content_type}: {body:?}");
        assert_eq!(answer.flaw.is_some(), flawed, "{:?}", answer.flaw);
    }

    #[test]
    fn json_is_found_by_type_and_by_looks() {
        let one = Content::Json(json!({"a": 1}));
        check(
            "application/json; charset=utf-8",
            br#"{"a":1}"#,
            Expect::Json,
            &one,
            false,
        );
        check(
            "application/problem+json",
            br#"{"a":1}"#,
            Expect::Json,
            &one,
            false,
        );
        check("text/plain", br#" {"a":1}"#, Expect::Json, &one, false);
        check(
            "",
            "\u{feff}{\"a\":1}".as_bytes(),
            Expect::Json,
            &one,
            false,
        );
        let text = Content::Json(json!("just text"));
        check(
            "application/json",
            br#""just text""#,
            Expect::Json,
            &text,
            false,
        );
        let utf16: Vec<u8> = "\u{feff}{\"a\":1}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        check("application/json", &utf16, Expect::Json, &one, false);
    }

    #[test]
    fn what_is_not_json_is_kept_as_text_and_flawed() {
        let page = Content::Text("<html>sign in</html>".to_owned());
        check(
            "text/html",
            b"<html>sign in</html>",
            Expect::JsonOrEmpty,
            &page,
            true,
        );
        check(
            "text/html",
            b"<html>sign in</html>",
            Expect::Anything,
            &page,
            false,
        );
        let cut = answer(
            200,
            "application/json",
            br#"{"items":[{"id":1},{"#,
            Expect::Json,
        );
        assert_eq!(
            cut.flaw.as_deref(),
            Some("expected JSON, got a truncated body")
        );
        assert!(matches!(cut.body, Content::Text(_)));
    }

    #[test]
    fn an_empty_body_is_a_flaw_only_where_content_is_needed() {
        check("application/json", b"", Expect::Json, &Content::Empty, true);
        check(
            "application/json",
            b" \n",
            Expect::JsonOrEmpty,
            &Content::Empty,
            false,
        );
        assert_eq!(answer(204, "", b"", Expect::Json).flaw, None);
        assert_eq!(answer(401, "", b"", Expect::Json).flaw, None);
    }

    #[test]
    fn charsets_are_honoured() {
        let text = Content::Text("Grüße".to_owned());
        check(
            "text/plain; charset=ISO-8859-1",
            b"Gr\xfc\xdfe",
            Expect::Anything,
            &text,
            false,
        );
        check("text/plain", b"Gr\xfc\xdfe", Expect::Anything, &text, false);
        check(
            "text/plain",
            "Grüße".as_bytes(),
            Expect::Anything,
            &text,
            false,
        );
        let data = Content::Binary(vec![0xff, 0xd8, 0xff]);
        check(
            "image/jpeg",
            &[0xff, 0xd8, 0xff],
            Expect::Anything,
            &data,
            false,
        );
    }

    #[test]
    fn selectors_see_status_headers_and_body() {
        let mut answer = answer(404, "text/plain", b"no such thing", Expect::Json);
        answer.headers.push(("link".to_owned(), "<a>".to_owned()));
        answer.headers.push(("link".to_owned(), "<b>".to_owned()));
        let wanted = json!({
            "status": 404,
            "headers": {"content-type": "text/plain", "link": "<a>, <b>"},
            "body": "no such thing",
        });
        assert_eq!(answer.as_value(), wanted);
    }
}
