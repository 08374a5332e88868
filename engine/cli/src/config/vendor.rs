//! What the makers of connectors' systems gave once for all partners, such as an integration code.

use std::collections::BTreeMap;

use definition::Loaded;
use model::Secret;

use crate::error::Error;

/// Values by connector and field, each with the place it was given at. Printed as dots.
#[derive(Debug, Default)]
pub(crate) struct Vendor(BTreeMap<(String, String), (Secret, String)>);

impl Vendor {
    pub(super) fn of_file(name: &str, file: BTreeMap<String, BTreeMap<String, Secret>>) -> Self {
        let mut vendor = Self::default();
        for (connector, fields) in file {
            for (field, value) in fields {
                let by = format!("{name}: vendor.{connector}.{field}");
                vendor.0.insert((connector.clone(), field), (value, by));
            }
        }
        vendor
    }

    pub(super) fn say(&mut self, connector: &str, field: &str, value: String, by: &str) {
        let key = (connector.to_owned(), field.to_owned());
        self.0.insert(key, (Secret::new(value), by.to_owned()));
    }

    /// This, and where it says nothing, `lower`.
    pub(super) fn over(mut self, lower: Self) -> Self {
        for (key, value) in lower.0 {
            self.0.entry(key).or_insert(value);
        }
        self
    }

    /// The values as the engine takes them.
    pub(crate) fn values(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut values: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for ((connector, field), (value, _)) in &self.0 {
            let fields = values.entry(connector.clone()).or_default();
            fields.insert(field.clone(), value.expose().to_owned());
        }
        values
    }

    /// Holds the values against the connectors that were loaded: gives what looks like a mistake,
    /// or, where a value is surely one, an error.
    pub(crate) fn check(&self, loaded: &Loaded) -> Result<Vec<String>, Error> {
        let connectors = &loaded.library.connectors;
        let mut doubts = Vec::new();
        for ((name, field), (_, by)) in &self.0 {
            let Some(connector) = connectors.get(name) else {
                // It may be the one whose file has a problem: the others go on without it.
                let known: Vec<&str> = connectors.keys().map(String::as_str).collect();
                doubts.push(format!(
                    "{by} is passed over: there is no connector `{name}`, only {}",
                    known.join(", ")
                ));
                continue;
            };
            if !connector.vendor.iter().any(|known| known.name == *field) {
                let known = connector.vendor.iter().map(|known| known.name.as_str());
                let known: Vec<&str> = known.collect();
                return Err(Error::BadSetting {
                    setting: by.clone(),
                    wrong: format!("`{field}` is no vendor value of the connector `{name}`"),
                    remedy: format!("it has these: {}", known.join(", ")),
                });
            }
        }
        doubts.extend(self.lacking(loaded));
        Ok(doubts)
    }

    /// Connectors that cannot be used because a value is missing.
    fn lacking<'a>(&'a self, loaded: &'a Loaded) -> impl Iterator<Item = String> + 'a {
        let fields = loaded.library.connectors.values().flat_map(|connector| {
            let fields = connector.vendor.iter();
            fields.map(|field| (connector.name.clone(), field))
        });
        let lacking = fields.filter(|(connector, field)| {
            let key = (connector.clone(), field.name.clone());
            field.default.is_none() && !self.0.contains_key(&key)
        });
        lacking.map(|(connector, field)| {
            format!(
                "the connector `{connector}` cannot be used before its {} is set: \
                 vendor.{connector}.{} in the configuration, or DOVETAIL_VENDOR__{}__{}",
                field.label,
                field.name,
                connector.to_uppercase(),
                field.name.to_uppercase()
            )
        })
    }
}
