//! Checks how callouts are read.

use expression::Shape;

use super::rule;
use crate::codes;
use crate::connector::{Accept, Callout, HintRule};
use crate::family::Family;
use crate::near;
use crate::page::Spot;
use crate::pipeline::Event;
use crate::raw::connector::{AcceptText, CalloutMethodText, CalloutText};

/// Checks `callout`.
pub(crate) fn check(text: &CalloutText, family: &Family, spot: &Spot<'_>) -> Callout {
    let methods = text
        .methods
        .as_deref()
        .unwrap_or(&[CalloutMethodText::Post]);
    let accepts = text.accepts.as_deref().unwrap_or(&[AcceptText::Json]);
    let hint = spot.key("hint");
    if text.hint.0.is_empty() {
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
        let matches = rule::pattern(&rule.matches, &hint.key(name).key("matches"))?;
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
