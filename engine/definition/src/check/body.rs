//! Checks what an operation sends: JSON, a form, a text of another type, or parts.

use serde_json::Value;

use super::value::Values;
use crate::codes;
use crate::operation::{Body, Method, Part};
use crate::page::Spot;
use crate::raw::operation::{ContentIsText, NullsText, OperationText, PartText};

/// The one body of an operation; a problem if there are several, or with a GET any.
pub(crate) fn check(
    text: &OperationText,
    method: Method,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Option<Body> {
    let mut given = text.bodies();
    if let (Method::Get, Some(key)) = (method, given.first()) {
        let message = "a GET sends no body".to_owned();
        let hint = "put it into `query`, or use `post`".to_owned();
        spot.key(key)
            .key_error(codes::BODY_WITH_GET, message, Some(hint));
    }
    if let (Some(second), 2..) = (given.pop(), given.len() + 1) {
        let message = format!(
            "an operation sends either `{}` or `{second}`",
            given.join("`, `")
        );
        let hint = "keep one of them".to_owned();
        spot.key(second)
            .key_error(codes::BODY_AND_FORM, message, Some(hint));
        return None;
    }
    if let Some(value) = &text.body {
        refuse_text(&value.0, &spot.key("body"));
        return Some(Body::Json {
            value: values.computed(value, &spot.key("body")),
            keep_nulls: matches!(text.nulls, Some(NullsText::Keep)),
        });
    }
    if let Some(text) = &text.text {
        return Some(Body::Text {
            content_type: text.content_type.clone(),
            content: values.template(&text.content, &spot.key("text").key("content")),
        });
    }
    if !text.multipart.is_empty() {
        let parts = text.multipart.iter().enumerate();
        let at = spot.key("multipart");
        return Some(Body::Multipart(
            parts
                .map(|(index, text)| part(text, values, &at.index(index)))
                .collect(),
        ));
    }
    (!text.form.0.is_empty()).then(|| Body::Form(values.pairs(&text.form, &spot.key("form"))))
}

/// A text as the whole body is sent in quotes, which is hardly ever what an API reads.
fn refuse_text(body: &Value, spot: &Spot<'_>) {
    if body.as_str().is_some_and(|text| !text.starts_with('$')) {
        let message = "this is sent as a JSON text, with quotes around it".to_owned();
        let hint = "write JSON as a map or a list, a form with `form`, anything else with `text`; \
            or `literal: ...` if the JSON text is meant";
        spot.error(codes::TEXT_AS_JSON, message, Some(hint.to_owned()));
    }
}

fn part(text: &PartText, values: &Values<'_>, spot: &Spot<'_>) -> Part {
    let file_name = text.file_name.as_ref();
    Part {
        name: text.name.clone(),
        content: values.computed(&text.content, &spot.key("content")),
        is_base64: text.content_is == Some(ContentIsText::Base64),
        file_name: file_name.map(|name| values.template(name, &spot.key("file_name"))),
        content_type: text.content_type.clone(),
    }
}

impl OperationText {
    /// The keys of all that would be its body.
    fn bodies(&self) -> Vec<&'static str> {
        let all = [
            (self.body.is_some(), "body"),
            (!self.form.0.is_empty(), "form"),
            (self.text.is_some(), "text"),
            (!self.multipart.is_empty(), "multipart"),
        ];
        let given = all.into_iter().filter(|(given, _)| *given);
        given.map(|(_, key)| key).collect()
    }
}
