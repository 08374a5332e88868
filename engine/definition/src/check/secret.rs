//! Where a secret must not stand: addresses and queries end up in logs, proxies and histories.

use serde_json::Value;

use crate::codes;
use crate::page::Spot;
use crate::raw::connector::{ConnectorFile, FieldText};
use crate::raw::value::Named;

/// The names of a connector's secret fields, as expressions write them.
#[derive(Debug, Default)]
pub(crate) struct SecretNames(Vec<String>);

impl SecretNames {
    /// The secret fields of `file`.
    pub(crate) fn of(file: &ConnectorFile) -> Self {
        let of = |root: &str, fields: &Named<FieldText>| -> Vec<String> {
            let secret = fields.0.iter().filter(|(_, field)| field.secret);
            secret.map(|(name, _)| format!("{root}.{name}")).collect()
        };
        let mut names = of("credentials", &file.credentials);
        names.extend(of("vendor", &file.vendor));
        Self(names)
    }

    /// Reports a secret that is used anywhere in `value`, which becomes part of an address.
    pub(crate) fn refuse_in(&self, value: &Value, spot: &Spot<'_>) {
        match value {
            Value::String(text) => {
                for name in self.0.iter().filter(|name| mentions(text, name)) {
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
