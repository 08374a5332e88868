//! The schemas of records, from `schemas/FAMILY/NAME.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Problem;
use serde_json::Value;

use crate::codes;
use crate::family::RecordSchema;
use crate::files::{SchemaFile, problem, schema_name};

/// The folder of schemas that every family can use: the product's side.
const PRODUCT: &str = "product";

/// The schemas that are good, by folder and name, and the names of those that are not.
#[derive(Debug, Default)]
pub(crate) struct Records {
    good: BTreeMap<(String, String), Arc<RecordSchema>>,
    broken: BTreeSet<String>,
}

impl Records {
    /// Compiles schemas, and reports those that are none.
    pub(crate) fn compile(files: &[SchemaFile]) -> (Self, Vec<Problem>) {
        let mut records = Self::default();
        let mut problems = Vec::new();
        for SchemaFile { path, text, .. } in files {
            let Some((folder, name)) = schema_name(path) else {
                continue;
            };
            match compile(name, text) {
                Ok(schema) => {
                    records
                        .good
                        .insert((folder.to_owned(), name.to_owned()), Arc::new(schema));
                }
                Err((code, at, message)) => {
                    records.broken.insert(name.to_owned());
                    problems.push(problem(path, text, code, at, message, None));
                }
            }
        }
        (records, problems)
    }

    /// The schemas that a family can use. Its own win over the product's.
    pub(crate) fn of_family(&self, family: &str) -> BTreeMap<String, Arc<RecordSchema>> {
        let of = |wanted: &str| {
            let found = self.good.iter().filter(|((folder, _), _)| folder == wanted);
            let named = found.map(|((_, name), schema)| (name.clone(), Arc::clone(schema)));
            named.collect::<Vec<_>>()
        };
        of(PRODUCT).into_iter().chain(of(family)).collect()
    }

    /// Whether there is a schema of this name that has problems of its own.
    pub(crate) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }
}

type Flaw = (&'static str, (usize, usize), String);

fn compile(name: &str, text: &str) -> Result<RecordSchema, Flaw> {
    let source: Value = serde_json::from_str(text).map_err(|error| {
        let at = (error.line().max(1), error.column().max(1));
        // The library repeats the place, which is shown beside the message anyway.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        (codes::SYNTAX, at, format!("this is not JSON: {reason}"))
    })?;
    RecordSchema::compile(name, source).map_err(|message| (codes::BAD_SCHEMA, (1, 1), message))
}
