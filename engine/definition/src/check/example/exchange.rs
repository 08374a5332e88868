//! One exchange of an example: what must be sent, and what comes back; and a callout that comes
//! in.

use serde_json::Value;

use crate::codes;
use crate::example::{Arrived, Exchange, Reply, SentBody, SentPart};
use crate::operation::Method;
use crate::page::Spot;
use crate::raw::example::{
    AnswerText, ArrivedText, ExchangeText, LostText, MethodText, RequestText, SentPartText,
};

/// The status of an answer that does not say.
const STATUS_DEFAULT: u16 = 200;

pub(super) fn check(text: &ExchangeText, spot: &Spot<'_>) -> Exchange {
    let request = &text.request;
    let small = |name: &String| name.to_ascii_lowercase();
    let there = request
        .headers
        .iter()
        .map(|(name, value)| (small(name), Some(value.clone())));
    let absent = request
        .without_headers
        .iter()
        .map(|name| (small(name), None));
    Exchange {
        method: method(request.method),
        url: request.url.clone(),
        headers: there.chain(absent).collect(),
        body: body(request, &spot.key("request")),
        reply: reply(&text.answer, &spot.key("answer")),
    }
}

/// A callout as it comes in.
pub(super) fn arrived(text: &ArrivedText, spot: &Spot<'_>) -> Arrived {
    let json = text.body.as_ref().map(|body| body.0.to_string());
    let bodies = [json, text.form.clone(), text.text.clone()];
    let mut bodies = bodies.into_iter().flatten();
    let body = bodies.next().unwrap_or_default();
    if bodies.next().is_some() {
        let message = "a callout has one of `body`, `form` and `text`".to_owned();
        spot.error(codes::BODY_AND_FORM, message, None);
    }
    Arrived {
        method: text.method.map_or(Method::Post, method),
        query: text.query.clone().unwrap_or_default(),
        body,
    }
}

const fn method(text: MethodText) -> Method {
    match text {
        MethodText::Get => Method::Get,
        MethodText::Post => Method::Post,
        MethodText::Put => Method::Put,
        MethodText::Patch => Method::Patch,
        MethodText::Delete => Method::Delete,
    }
}

fn body(text: &RequestText, spot: &Spot<'_>) -> SentBody {
    let json = text.body.clone().map(|body| SentBody::Json(body.0));
    let form = text.form.clone().map(|fields| {
        let fields = fields.into_iter();
        SentBody::Form(fields.map(|(name, field)| (name, field.into())).collect())
    });
    let plain = text.text.clone().map(SentBody::Text);
    let parts = text.multipart.as_ref();
    let parts = parts.map(|parts| SentBody::Multipart(parts.iter().map(part).collect()));
    let mut bodies = [json, form, plain, parts].into_iter().flatten();
    let first = bodies.next().unwrap_or(SentBody::Empty);
    if bodies.next().is_some() {
        let message = "a request has one of `body`, `form`, `text` and `multipart`".to_owned();
        spot.error(codes::BODY_AND_FORM, message, None);
    }
    first
}

fn part(text: &SentPartText) -> SentPart {
    SentPart {
        name: text.name.clone(),
        content: text.content.clone(),
        file_name: text.file_name.clone(),
        content_type: text.content_type.clone(),
    }
}

fn reply(text: &AnswerText, spot: &Spot<'_>) -> Reply {
    let has_answer = text.status.is_some() || !text.headers.is_empty();
    let has_answer = has_answer || text.body.is_some() || text.text.is_some();
    match text.lost {
        Some(_) if has_answer => {
            let message = "a call that is lost has no answer".to_owned();
            let hint = "remove `lost`, or everything beside it".to_owned();
            spot.key("lost")
                .key_error(codes::EXACTLY_ONE, message, Some(hint));
            Reply::LostAfter
        }
        Some(LostText::Before) => Reply::LostBefore,
        Some(LostText::After) => Reply::LostAfter,
        None => answer(text, spot),
    }
}

fn answer(text: &AnswerText, spot: &Spot<'_>) -> Reply {
    if text.body.is_some() && text.text.is_some() {
        let message = "an answer has a body of JSON or one of text".to_owned();
        spot.key("text")
            .key_error(codes::EXACTLY_ONE, message, None);
    }
    let mut headers: Vec<(String, String)> = text.headers.clone().into_iter().collect();
    let names_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
    if text.body.is_some() && !headers.iter().any(names_type) {
        headers.push((
            "content-type".to_owned(),
            "application/json; charset=utf-8".to_owned(),
        ));
    }
    let json = text
        .body
        .as_ref()
        .map(|body: &crate::raw::example::Anything| Value::to_string(&body.0));
    Reply::Answer {
        status: text
            .status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(STATUS_DEFAULT),
        headers,
        body: json.or_else(|| text.text.clone()).unwrap_or_default(),
    }
}
