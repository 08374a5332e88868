//! Loads definition files: checks them in the order they need each other, and keeps the good ones.
//!
//! A file with an error never gets into the library, and takes nothing with it that does not need
//! it: a bad connector stops no other. A later source replaces an earlier one of the same name, so
//! that an operator's folder can stand over what is built in; twice in one source is a mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use expression::Scripts;
use model::Problem;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check;
use crate::codes;
use crate::connector::Connector;
use crate::family::{Family, RecordSchema};
use crate::files::{Files, Kind, add_script, file_name, folder, is_in, problem, schema_name};
use crate::near;
use crate::page::Page;
use crate::raw::connector::ConnectorFile;
use crate::raw::family::FamilyFile;
use crate::raw::pipeline::PipelineFile;
use crate::schemas;
use crate::sources::Sources;
use crate::structure;

/// The folder of schemas that every family can use: the product's side.
const PRODUCT: &str = "product";

/// All that is defined: families with their pipelines, connectors, shared scripts.
#[derive(Debug, Default)]
pub struct Library {
    /// The families by name.
    pub families: BTreeMap<String, Arc<Family>>,
    /// The connectors by name.
    pub connectors: BTreeMap<String, Arc<Connector>>,
    /// The shared scripts. A connector's own are compiled into it.
    pub scripts: Arc<Scripts>,
}

/// What came of loading.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What can be used.
    pub library: Library,
    /// What is wrong, in the order of files and lines.
    pub problems: Vec<Problem>,
}

/// Loads and checks all files of `sources`.
pub fn load(sources: &[Sources]) -> Loaded {
    let mut files = Files::sort(sources);
    let schemas = files.schemas();
    let scripts = files.shared_scripts();
    let mut families = files.families(&schemas);
    files.pipelines(&mut families, &scripts);
    let connectors = files.connectors(&families, &scripts);
    let families = families
        .into_iter()
        .map(|(name, family)| (name, Arc::new(family)))
        .collect();
    let library = Library {
        families,
        connectors,
        scripts: Arc::new(scripts),
    };
    Loaded {
        library,
        problems: files.into_problems(),
    }
}

/// Checks the files and folders at `paths`, standing over what is in `base` (the built-in
/// definitions, usually), and gives the problems of the files at `paths` alone.
pub fn check_paths(base: &[Sources], paths: &[PathBuf]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut sources = base.to_vec();
    let mut checked = BTreeSet::new();
    for path in paths {
        let name = path.to_string_lossy();
        match Sources::read(&name, path) {
            Ok(source) => {
                checked.extend(source.files().map(|(path, _)| path.to_owned()));
                sources.push(source);
            }
            Err(error) => {
                let hint = std::error::Error::source(&error).map(ToString::to_string);
                problems.push(problem(
                    &name,
                    "",
                    codes::UNREADABLE,
                    (1, 1),
                    error.to_string(),
                    hint,
                ));
            }
        }
    }
    let found = load(&sources).problems;
    problems.extend(
        found
            .into_iter()
            .filter(|problem| checked.contains(&problem.place.file)),
    );
    problems
}

impl Files {
    /// The record schemas by folder and name.
    fn schemas(&mut self) -> BTreeMap<(String, String), Arc<RecordSchema>> {
        let mut schemas = BTreeMap::new();
        for (path, text) in &self.schema_texts {
            let Some((folder, name)) = schema_name(path) else {
                continue;
            };
            let compiled = serde_json::from_str::<Value>(text)
                .map_err(|error| {
                    let place = (error.line().max(1), error.column().max(1));
                    (codes::SYNTAX, place, format!("this is not JSON: {error}"))
                })
                .and_then(|source| {
                    RecordSchema::compile(name, source)
                        .map_err(|message| (codes::BAD_SCHEMA, (1, 1), message))
                });
            match compiled {
                Ok(schema) => {
                    schemas.insert((folder.to_owned(), name.to_owned()), Arc::new(schema));
                }
                Err((code, at, message)) => {
                    self.problems
                        .push(problem(path, text, code, at, message, None));
                }
            }
        }
        schemas
    }

    /// The scripts that belong to no connector.
    fn shared_scripts(&mut self) -> Scripts {
        let folders = self.connector_folders();
        let mut scripts = Scripts::new();
        for (path, text) in &self.scripts {
            if !folders.iter().any(|folder| is_in(path, folder)) {
                self.problems.extend(add_script(&mut scripts, path, text));
            }
        }
        scripts
    }

    fn connector_folders(&self) -> Vec<String> {
        let connectors = self
            .pages
            .iter()
            .filter(|(kind, _)| *kind == Kind::Connector);
        connectors
            .map(|(_, page)| folder(page.name()).to_owned())
            .collect()
    }

    fn families(
        &self,
        schemas: &BTreeMap<(String, String), Arc<RecordSchema>>,
    ) -> BTreeMap<String, Family> {
        let mut families = BTreeMap::new();
        for (_, page) in self.pages.iter().filter(|(kind, _)| *kind == Kind::Family) {
            let Some(file) = read::<FamilyFile>(page, &schemas::FAMILY) else {
                continue;
            };
            let of = |wanted: &str| {
                let found = schemas
                    .iter()
                    .filter(move |((folder, _), _)| folder == wanted);
                found
                    .map(|((_, name), schema)| (name.clone(), Arc::clone(schema)))
                    .collect::<Vec<_>>()
            };
            // The family's own come last and win over the product's.
            let all = of(PRODUCT).into_iter().chain(of(&file.family.0)).collect();
            let family = check::family::check(&file, all, &page.spot());
            if !page.is_broken() {
                families.insert(family.name.clone(), family);
            }
        }
        families
    }

    fn pipelines(&self, families: &mut BTreeMap<String, Family>, scripts: &Scripts) {
        for (_, page) in self
            .pages
            .iter()
            .filter(|(kind, _)| *kind == Kind::Pipeline)
        {
            let Some(file) = read::<PipelineFile>(page, &schemas::PIPELINE) else {
                continue;
            };
            self.known_family(&file.family.0, page, families);
            let Some(family) = families.get_mut(&file.family.0) else {
                continue;
            };
            let pipeline = check::pipeline::check(&file, family, scripts, &page.spot());
            if !page.is_broken() {
                family
                    .pipelines
                    .insert(pipeline.name.clone(), Arc::new(pipeline));
            }
        }
    }

    fn connectors(
        &mut self,
        families: &BTreeMap<String, Family>,
        shared: &Scripts,
    ) -> BTreeMap<String, Arc<Connector>> {
        let mut connectors = BTreeMap::new();
        let mut problems = Vec::new();
        for (_, page) in self
            .pages
            .iter()
            .filter(|(kind, _)| *kind == Kind::Connector)
        {
            let (scripts, script_problems) = self.scripts_for(page, shared);
            let scripts_are_good = script_problems.is_empty();
            problems.extend(script_problems);
            let Some(file) = read::<ConnectorFile>(page, &schemas::CONNECTOR) else {
                continue;
            };
            self.known_family(&file.family.0, page, families);
            let family = families.get(&file.family.0);
            let connector = check::connector::check(&file, family, &scripts, &page.spot());
            if !page.is_broken() && scripts_are_good {
                connectors.insert(connector.name.clone(), Arc::new(connector));
            }
        }
        self.problems.extend(problems);
        connectors
    }

    /// The shared scripts, and over them those in the folder of a connector.
    fn scripts_for(&self, page: &Page, shared: &Scripts) -> (Scripts, Vec<Problem>) {
        let mut scripts = Scripts::new();
        let mut problems = Vec::new();
        for (path, text) in self
            .scripts
            .iter()
            .filter(|(path, _)| is_in(path, folder(page.name())))
        {
            problems.extend(add_script(&mut scripts, path, text));
        }
        let own: BTreeSet<String> = scripts.names().map(ToOwned::to_owned).collect();
        let folders = self.connector_folders();
        for (path, text) in &self.scripts {
            let is_shared = !folders.iter().any(|folder| is_in(path, folder));
            let good = shared.functions(file_name(path)).is_some();
            if is_shared && good && !own.contains(file_name(path)) {
                problems.extend(add_script(&mut scripts, path, text));
            }
        }
        (scripts, problems)
    }

    fn known_family(&self, name: &str, page: &Page, families: &BTreeMap<String, Family>) {
        if families.contains_key(name) {
            return;
        }
        let broken = self.pages.iter().any(|(kind, page)| {
            *kind == Kind::Family
                && page.value().get("family").and_then(Value::as_str) == Some(name)
        });
        let (message, hint) = if broken {
            (
                format!("the family `{name}` has problems of its own"),
                Some("mend them first".to_owned()),
            )
        } else {
            let hint = near::hint(name, families.keys().map(String::as_str));
            (format!("there is no family `{name}`"), hint)
        };
        page.spot()
            .key("family")
            .error(codes::MISSING_FAMILY, message, hint);
    }
}

/// Holds a page against its schema and reads it; `None` when it cannot be read.
fn read<T: DeserializeOwned>(page: &Page, schema: &Value) -> Option<T> {
    page.root()?;
    let value = page.value();
    structure::check(page, &value, schema);
    if page.is_broken() {
        return None;
    }
    match serde_json::from_value(value) {
        Ok(file) => Some(file),
        // The schema is generated from the type, so that this is a value that fits the one and
        // not the other, such as a number too large for its field.
        Err(error) => {
            page.spot().error(
                codes::WRONG_VALUE,
                format!("the file cannot be read: {error}"),
                None,
            );
            None
        }
    }
}
