//! The settings that are in effect: what was saved, with a value for every setting that there is.
//!
//! A setting that a newer version of a file brought along is in none of the sections that were
//! saved before. It has its default then, or null, so that no path and no script meets a hole.

use definition::Connector;
use model::Integration;
use serde_json::Value;

/// Gives every setting of `connector` that `integration` has no value for its default, or null.
pub(crate) fn complete(connector: &Connector, integration: &mut Integration) {
    for (name, section) in &connector.settings {
        let saved = integration.sections.entry(name.clone()).or_default();
        for field in &section.fields {
            let value = saved
                .values
                .entry(field.name.clone())
                .or_insert(Value::Null);
            if let (Value::Null, Some(default)) = (&value, &field.default) {
                value.clone_from(default);
            }
        }
    }
}
