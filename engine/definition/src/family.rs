//! A family, checked and compiled: the contract between pipelines and connectors.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use expression::Shape;
use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connector::Section;
use crate::pipeline::Pipeline;
use crate::structure::{kind_of, wanted};

/// How many findings `Family::validate` reports; a record that is wrong all over is wrong.
pub const FINDINGS_MAX: usize = 20;

/// What every connector of a family provides, and the pipelines that live on it.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What people call such a system.
    pub title: String,
    /// The version of its file.
    pub version: String,
    /// Who connects such a system.
    pub connected_by: ConnectedBy,
    /// What stops work until a person mends it, by name, each with a sentence about it.
    pub causes: BTreeMap<String, String>,
    /// What its operations are given and give back, by name.
    pub operations: BTreeMap<String, Contract>,
    /// The settings that every connector of it has besides its own, by section. A connector's
    /// `settings` have them already.
    pub settings: BTreeMap<String, Section>,
    /// Its pipelines, by name.
    pub pipelines: BTreeMap<String, Arc<Pipeline>>,
    /// The schemas of records, by name: its own and those of the product.
    pub schemas: BTreeMap<String, Arc<RecordSchema>>,
}

/// Who gives the credentials of a system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectedBy {
    /// Each partner, for itself.
    #[default]
    Partner,
    /// Those who run the engine: the system is the vendor's own.
    Operator,
}

/// What one operation is given and gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its name.
    pub name: String,
    /// What it does.
    pub about: String,
    /// What it is given: names, each with the name of its schema.
    pub input: BTreeMap<String, String>,
    /// What it gives back.
    pub gives: Gives,
    /// Whether a connector may lack it.
    pub optional: bool,
    /// What is lost without it.
    pub without: Option<String>,
    /// How it is made sure that it changes the remote side once. `None` if it changes nothing.
    pub effect: Option<EffectRule>,
}

/// What an operation gives back, with the name of the schema of each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Nothing.
    Nothing,
    /// One record.
    One(String),
    /// One record if there is one.
    Maybe(String),
    /// Any number of records.
    Many(String),
}

impl Gives {
    /// The name of the schema of each record.
    pub fn schema(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::One(schema) | Self::Maybe(schema) | Self::Many(schema) => Some(schema),
        }
    }
}

/// How it is made sure that an effect happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectRule {
    /// This operation, given the same input, finds what it made.
    Find(String),
    /// It changes a quantity, which this operation reads from the same input. Only the step
    /// `reconcile` makes such changes, because it knows what was there before.
    Reread(String),
    /// It may be sent again: twice is the same as once.
    RepeatSafe,
}

impl Family {
    /// Holds a record against a schema. Each finding is a JSON pointer into the record and a
    /// sentence, and holds no value: what a PSA answers is personal data.
    pub fn validate(&self, schema: &str, record: &Value) -> Result<(), Vec<String>> {
        match self.schemas.get(schema) {
            Some(schema) => schema.validate(record),
            None => Err(vec![format!(
                "the family `{}` has no schema `{schema}`",
                self.name
            )]),
        }
    }
}

/// The schema of a record.
pub struct RecordSchema {
    /// Its name.
    pub name: String,
    /// What is known of such a record.
    pub shape: Shape,
    /// The schema as it was written.
    pub source: Value,
    validator: jsonschema::Validator,
}

impl fmt::Debug for RecordSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordSchema")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl RecordSchema {
    /// Compiles a schema, or says in a sentence why it is none.
    pub(crate) fn compile(name: &str, source: Value) -> Result<Self, String> {
        let validator = jsonschema::draft202012::new(&source).map_err(|error| {
            let place = error.instance_path().as_str();
            let place = if place.is_empty() { "its top" } else { place };
            format!("this is not a JSON Schema: at {place}, {}", error.masked())
        })?;
        let shape = Shape::from_json_schema(&source);
        Ok(Self {
            name: name.to_owned(),
            shape,
            source,
            validator,
        })
    }

    /// Holds a record against the schema; see [`Family::validate`].
    pub fn validate(&self, record: &Value) -> Result<(), Vec<String>> {
        let findings: Vec<String> = self
            .validator
            .iter_errors(record)
            .take(FINDINGS_MAX)
            .map(|error| {
                let (at, found) = (error.instance_path(), kind_of(error.instance()));
                let at = match at.as_str() {
                    "" => "it",
                    path => path,
                };
                match error.kind() {
                    ValidationErrorKind::Required { property } => {
                        let key = property.as_str().unwrap_or_default();
                        format!("{at} lacks `{key}`")
                    }
                    ValidationErrorKind::Type { kind } => {
                        format!("{at} must be {}, and it is {found}", wanted(kind))
                    }
                    _ => format!("{at}: {}", error.masked_with("this value")),
                }
            })
            .collect();
        if findings.is_empty() {
            Ok(())
        } else {
            Err(findings)
        }
    }

    /// The keys that a record must have.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        self.source
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// What a key means, without the full stop.
    pub(crate) fn about(&self, key: &str) -> Option<&str> {
        let about = self
            .source
            .pointer(&format!("/properties/{key}/description"));
        Some(about?.as_str()?.trim_end_matches('.'))
    }

    /// The kinds of value that a key may have besides null; none where the schema leaves it open.
    pub(crate) fn kinds(&self, key: &str) -> Vec<&str> {
        let kinds = match self.source.pointer(&format!("/properties/{key}/type")) {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        kinds.into_iter().filter(|kind| *kind != "null").collect()
    }

    /// The keys that a record may have; `None` when it may have any.
    pub(crate) fn allowed(&self) -> Option<Vec<&str>> {
        if self.source.get("additionalProperties") != Some(&Value::Bool(false)) {
            return None;
        }
        let properties = self.source.get("properties")?.as_object()?;
        Some(properties.keys().map(String::as_str).collect())
    }
}
