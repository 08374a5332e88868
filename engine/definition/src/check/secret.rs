//! Where a secret must not stand: addresses and queries end up in logs, proxies and histories. And
//! what has to be one: whatever shows who calls is sealed, masked and never shown again.

use serde_json::Value;

use crate::codes;
use crate::page::Spot;
use crate::raw::connector::{ConnectorFile, FieldText};
use crate::raw::value::{Computed, Named, Pairs, Template};

/// The names of a connector's secret fields, as expressions write them.
#[derive(Debug, Default)]
pub(crate) struct SecretNames {
    secret: Vec<String>,
    /// The names of the other fields.
    open: Vec<String>,
}

/// What the name of a header has in it that carries a secret, in small letters.
const SECRET_HEADERS: [&str; 5] = ["authorization", "key", "password", "secret", "token"];

impl SecretNames {
    /// The secret fields of `file`.
    pub(crate) fn of(file: &ConnectorFile) -> Self {
        let all = |root: &'static str, fields: &Named<FieldText>| -> Vec<(String, bool)> {
            let named =
                |(name, field): &(String, FieldText)| (format!("{root}.{name}"), field.secret);
            fields.0.iter().map(named).collect()
        };
        let all = [
            all("credentials", &file.credentials),
            all("vendor", &file.vendor),
        ]
        .concat();
        let (secret, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, secret)| *secret);
        let names =
            |fields: Vec<(String, bool)>| fields.into_iter().map(|(name, _)| name).collect();
        Self {
            secret: names(secret),
            open: names(open),
        }
    }

    /// Reports what shows who calls and is made of nothing that people give as a secret.
    pub(crate) fn ask_for_in(&self, text: &Template, spot: &Spot<'_>) {
        if let Some((message, hint)) = self.shown(&text.0) {
            spot.error(codes::NOT_SECRET, message, Some(hint));
        }
    }

    /// Doubts headers that by their names carry a secret, and by what they are made of do not.
    pub(crate) fn doubt_headers(&self, headers: &Pairs<Computed>, spot: &Spot<'_>) {
        for (name, value) in &headers.0 {
            let plain = name.to_lowercase();
            let is_meant = SECRET_HEADERS.iter().any(|part| plain.contains(part));
            let shown = value.0.as_str().and_then(|text| self.shown(text));
            if let Some((message, hint)) = shown.filter(|_| is_meant && !plain.ends_with("id")) {
                spot.key(name)
                    .key_warning(codes::NOT_SECRET, message, Some(hint));
            }
        }
    }

    /// What to say where `text` uses what people give, and nothing of it is secret.
    fn shown(&self, text: &str) -> Option<(String, String)> {
        let uses = |names: &'_ [String]| names.iter().find(|name| mentions(text, name)).cloned();
        let name = uses(&self.open).filter(|_| uses(&self.secret).is_none())?;
        let message = format!("`{name}` shows who calls, and is not marked as a secret");
        let hint = format!("add `secret: true` to `{name}`: then it is sealed and never shown");
        Some((message, hint))
    }

    /// Reports a secret that is used anywhere in `value`, which becomes part of an address.
    pub(crate) fn refuse_in(&self, value: &Value, spot: &Spot<'_>) {
        match value {
            Value::String(text) => {
                for name in self.secret.iter().filter(|name| mentions(text, name)) {
                    let message = format!("`{name}` is secret and would stand in an address");
                    let hint = "send it in a header, a body or a form".to_owned();
                    spot.error(codes::SECRET_IN_URL, message, Some(hint));
                }
            }
            Value::Array(parts) => {
                let parts = parts.iter().enumerate();
                parts.for_each(|(index, part)| self.refuse_in(part, &spot.index(index)));
            }
            Value::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(key, part)| self.refuse_in(part, &spot.key(key)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Whether `text` uses `name`, and not merely a name that begins with it. Constant text that
/// happens to spell the name is taken for a use too, which does no harm in an address.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, found)| {
        let after = text
            .get(start + found.len()..)
            .and_then(|rest| rest.chars().next());
        !after.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_longer_name_is_another_name() {
        assert!(mentions(
            "?k={{ urlencode credentials.secret }}",
            "credentials.secret"
        ));
        assert!(mentions("$.credentials.secret", "credentials.secret"));
        assert!(!mentions(
            "{{ credentials.secret_hint }}",
            "credentials.secret"
        ));
    }
}
