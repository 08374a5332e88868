//! Checks how callouts are read.

use expression::{Scripts, Shape};

use super::contract::is_written_out;
use super::rule;
use super::value::Values;
use crate::codes;
use crate::connector::{Accept, Callout, GuidePart, HintRule, Notice};
use crate::family::Family;
use crate::near;
use crate::page::Spot;
use crate::pipeline::Event;
use crate::raw::connector::{AcceptText, CalloutMethodText, CalloutText, GuideText, NoticeText};

/// The schema of what the product's users ask for.
const REQUEST: &str = "request";

/// Checks `callout`.
pub(crate) fn check(
    text: &CalloutText,
    family: &Family,
    scripts: &Scripts,
    spot: &Spot<'_>,
) -> Callout {
    let methods = text
        .methods
        .as_deref()
        .unwrap_or(&[CalloutMethodText::Post]);
    let accepts = text.accepts.as_deref().unwrap_or(&[AcceptText::Json]);
    let hint = spot.key("hint");
    if let Some(notice) = &text.request {
        is_whole(notice, family, &spot.key("request").key("record"));
        if !accepts.contains(&AcceptText::Json) || !text.hint.0.is_empty() {
            let message = "a request is read from JSON, and from a callout that brings no hints";
            let hint = "let it accept `json`, and remove `hint`".to_owned();
            spot.key("request")
                .key_error(codes::CALLOUT_REQUEST, message.to_owned(), Some(hint));
        }
    } else if text.hint.0.is_empty() {
        let message = "nothing is read from the callout".to_owned();
        hint.key_error(codes::CALLOUT_WITHOUT_ID, message, None);
    }
    if let Some(shape) = hint_shape(family) {
        for (name, _) in &text.hint.0 {
            if shape.walk([name.as_str()]).is_none() {
                let message = format!("`{name}` is not a field of a ticket hint");
                let known = near::hint(name, shape.names());
                hint.key(name)
                    .key_error(codes::CALLOUT_WITHOUT_ID, message, known);
            }
        }
    }
    let rules = text.hint.0.iter().filter_map(|(name, rule)| {
        let at = hint.key(name).key("matches");
        let matches = rule::pattern(&rule.matches, &at)?;
        is_whole_value(&rule.matches, &at);
        let keys = rule.keys.iter().map(|key| key.to_lowercase()).collect();
        Some((
            name.clone(),
            HintRule {
                keys,
                matches,
                anywhere: rule.anywhere,
            },
        ))
    });
    Callout {
        hint: rules.collect(),
        methods: methods.iter().map(|method| method_name(*method)).collect(),
        accepts: accepts.iter().map(|accept| Accept::from(*accept)).collect(),
        guide: text.guide.iter().map(guide_part).collect(),
        events: text.events.clone(),
        request: text
            .request
            .as_ref()
            .map(|text| notice(text, scripts, &spot.key("request"))),
    }
}

/// Reports a pattern that a part of a value is enough for: the whole value is what is taken.
fn is_whole_value(pattern: &str, spot: &Spot<'_>) {
    let inner = pattern.trim_start_matches("(?i)");
    if !inner.starts_with('^') || !inner.ends_with('$') {
        let message = format!("`{pattern}` also holds for a text that only contains such a part");
        let hint = format!("write `^{}$`", inner.trim_matches(['^', '$']));
        spot.error(codes::LOOSE_PATTERN, message, Some(hint));
    }
}

fn notice(text: &NoticeText, scripts: &Scripts, spot: &Spot<'_>) -> Notice {
    let outer = Shape::object([("notice", Shape::Any)]);
    let values = Values::document(&Shape::Any, &outer, scripts);
    let items = text.items.as_ref();
    Notice {
        items: items.and_then(|path| values.selector(path, &spot.key("items"))),
        record: values.varying(&text.record.0, &spot.key("record")),
    }
}

/// Reports what a request has to have and the record lacks.
fn is_whole(text: &NoticeText, family: &Family, spot: &Spot<'_>) {
    let (Some(fields), Some(schema)) = (text.record.0.as_object(), family.schemas.get(REQUEST))
    else {
        return;
    };
    for (key, value) in fields {
        let is_id = key == "id" || key.ends_with("_id");
        let text = value.as_str().filter(|_| is_written_out(value));
        if is_written_out(value) && (is_id || text == Some(key)) {
            let message = format!("`{key}` is always the same here");
            let hint = format!("pick it with a path, as in `$.{}`", text.unwrap_or(key));
            spot.key(key)
                .error(codes::CONSTANT_VALUE, message, Some(hint));
        }
    }
    for key in schema.required().filter(|key| !fields.contains_key(*key)) {
        let message = format!("a request has a `{key}`, and this has none");
        spot.error(codes::CALLOUT_REQUEST, message, None);
    }
    let known = schema.allowed().unwrap_or_default();
    for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
        let message = format!("`{key}` is not a field of a request");
        let hint = near::hint(key, known.iter().copied());
        spot.key(key)
            .key_error(codes::CALLOUT_REQUEST, message, hint);
    }
}

pub(super) fn guide_part(text: &GuideText) -> GuidePart {
    GuidePart {
        title: text.title.clone(),
        steps: text.steps.clone(),
    }
}

/// What is known of the hint that the event `ticket.hinted` gives.
fn hint_shape(family: &Family) -> Option<&Shape> {
    let (_, schema) = Event::TicketHinted.roots().first()?;
    family.schemas.get(*schema).map(|schema| &schema.shape)
}

const fn method_name(method: CalloutMethodText) -> &'static str {
    match method {
        CalloutMethodText::Get => "GET",
        CalloutMethodText::Post => "POST",
    }
}

impl From<AcceptText> for Accept {
    fn from(text: AcceptText) -> Self {
        match text {
            AcceptText::Query => Self::Query,
            AcceptText::Form => Self::Form,
            AcceptText::Json => Self::Json,
            AcceptText::Xml => Self::Xml,
        }
    }
}
