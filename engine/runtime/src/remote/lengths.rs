//! Texts that are longer than the remote side takes are cut before they are sent: a request is not
//! to be without a ticket because its title is long.

use expression::text;
use serde_json::Value;

use super::Remote;

impl Remote {
    /// Cuts the texts in what operations are given as `input` to what the connector allows.
    pub(crate) fn fit(&self, input: &str, value: &mut Value) {
        for (field, units_max) in self.connector.lengths.get(input).into_iter().flatten() {
            if let Some(Value::String(said)) = value.get_mut(field) {
                *said = text::fit(said, *units_max).into_owned();
            }
        }
    }
}
