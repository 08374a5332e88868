//! What a callout carries: pairs of name and value, in one of four forms.

use axum::http::Method;
use serde_json::{Map, Value};

use super::super::entities::TICKET;
use super::super::tenant::{Record, Tenant};
use super::{CalloutConfig, CalloutFormat};
use crate::callout::{Callout, basic};
use crate::url::encoded;

pub(super) type Pair = (String, String);

/// The pair of the rule's user-defined field, if it names one; none when the ticket has no value
/// in it and so must not fire.
pub(super) fn pair_of_field(
    tenant: &Tenant,
    config: &CalloutConfig,
    ticket: &Record,
) -> Option<Vec<Pair>> {
    let Some(name) = &config.user_defined_field else {
        return Some(Vec::new());
    };
    let definition = tenant.definition(&TICKET, name)?;
    let value = ticket.user_defined.get(&definition.id)?;
    Some(vec![(name.clone(), value.clone())])
}

pub(super) fn pairs(
    config: &CalloutConfig,
    id: i64,
    number: &str,
    user_defined: Vec<Pair>,
) -> Vec<Pair> {
    let names = &config.pairs;
    let fixed = [
        (names.id.clone(), id.to_string()),
        (names.number.clone(), number.to_owned()),
        (names.domain.clone(), "northwind-msp.example".to_owned()),
    ];
    let all = fixed.into_iter().chain(user_defined);
    all.filter(|(name, _)| !name.is_empty()).collect()
}

pub(super) fn request(config: &CalloutConfig, pairs: &[Pair]) -> Callout {
    let form: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let form = form.join("&");
    let joint = if config.url.contains('?') { '&' } else { '?' };
    let (method, url, content_type, body) = match config.format {
        CalloutFormat::Query => (
            Method::GET,
            format!("{}{joint}{form}", config.url),
            None,
            None,
        ),
        CalloutFormat::Form => {
            let kind = "application/x-www-form-urlencoded";
            (Method::POST, config.url.clone(), Some(kind), Some(form))
        }
        CalloutFormat::Json => (
            Method::POST,
            config.url.clone(),
            Some("application/json"),
            Some(json(pairs)),
        ),
        CalloutFormat::Xml => (
            Method::POST,
            config.url.clone(),
            Some("text/xml; charset=utf-8"),
            Some(xml(pairs)),
        ),
    };
    let authorization = config.username.as_ref().map(|username| {
        let password = config.password.as_deref().unwrap_or_default();
        basic(username, password)
    });
    Callout {
        method,
        url,
        content_type,
        authorization,
        body: body.unwrap_or_default(),
    }
}

fn json(pairs: &[Pair]) -> String {
    let object: Map<String, Value> = pairs
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    Value::Object(object).to_string()
}

/// One element per pair; a name that is no XML name travels as an attribute.
fn xml(pairs: &[Pair]) -> String {
    let escaped = |text: &str| {
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        text.replace('"', "&quot;")
    };
    let element = |(name, value): &Pair| {
        if name
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
        {
            format!("<{name}>{}</{name}>", escaped(value))
        } else {
            format!(
                "<field name=\"{}\">{}</field>",
                escaped(name),
                escaped(value)
            )
        }
    };
    let elements: String = pairs.iter().map(element).collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><ticket>{elements}</ticket>")
}
