//! The JSON Schemas of the files, generated from the types that read them.
//!
//! One source for two uses: editors complete from the generated files in `schemas/`, and
//! `structure` holds every file against the same schema. So an editor and
//! `dovetail check` cannot disagree.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::configuration::Configuration;
use crate::raw::connector::ConnectorFile;
use crate::raw::example::{ExampleFile, GivenText};
use crate::raw::family::FamilyFile;
use crate::raw::pipeline::PipelineFile;

/// The grammar of configuration files.
pub(crate) static CONFIGURATION: LazyLock<Grammar> = LazyLock::new(Grammar::of::<Configuration>);
/// The grammar of connector files.
pub(crate) static CONNECTOR: LazyLock<Grammar> = LazyLock::new(Grammar::of::<ConnectorFile>);
/// The grammar of example files.
pub(crate) static EXAMPLE: LazyLock<Grammar> = LazyLock::new(Grammar::of::<ExampleFile>);
/// The grammar of what all examples of a folder are given.
pub(crate) static GIVEN: LazyLock<Grammar> = LazyLock::new(Grammar::of::<GivenText>);
/// The grammar of family files.
pub(crate) static FAMILY: LazyLock<Grammar> = LazyLock::new(Grammar::of::<FamilyFile>);
/// The grammar of pipeline files.
pub(crate) static PIPELINE: LazyLock<Grammar> = LazyLock::new(Grammar::of::<PipelineFile>);

/// The generated schemas, each with the name of its file in `schemas/`.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("configuration.schema.json", CONFIGURATION.schema.clone()),
        ("connector.schema.json", CONNECTOR.schema.clone()),
        ("example.schema.json", EXAMPLE.schema.clone()),
        ("family.schema.json", FAMILY.schema.clone()),
        ("given.schema.json", GIVEN.schema.clone()),
        ("pipeline.schema.json", PIPELINE.schema.clone()),
    ]
}

/// A schema and what holds files against it.
#[derive(Debug)]
pub(crate) struct Grammar {
    pub(crate) schema: Value,
    /// `None` if our own schema is wrong, which a test excludes.
    pub(crate) validator: Option<Validator>,
}

impl Grammar {
    fn of<T: JsonSchema>() -> Self {
        let schema = of::<T>();
        let validator = jsonschema::draft202012::new(&schema).ok();
        Self { schema, validator }
    }
}

fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(tidy as fn(&mut Schema)))
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Takes out what schemars adds for Rust's sake: an optional key may be absent, but a key that is
/// written has a value, so null is no alternative; and integer widths mean nothing to an author.
fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type")
        && types.len() > 1
    {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        alternatives.retain(|one| one.get("type").and_then(Value::as_str) != Some("null"));
        if let [only] = alternatives.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only.as_object().into_iter().flatten() {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    let number = ["uint8", "uint16", "uint32", "int64"];
    if object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|name| number.contains(&name))
    {
        object.remove("format");
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammars_are_json_schemas() {
        for grammar in [&CONNECTOR, &EXAMPLE, &FAMILY, &GIVEN, &PIPELINE] {
            assert!(
                grammar.validator.is_some(),
                "{:?}",
                grammar.schema.get("title")
            );
        }
    }
}
