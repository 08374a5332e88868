//! Loads definition files: checks them in the order they need each other, and keeps the good ones.
//!
//! A file with an error never gets into the library, and takes nothing with it that does not need
//! it: a bad connector stops no other. A later source replaces an earlier one of the same name, so
//! that an operator's folder can stand over what is built in; twice in one source is a mistake. A
//! bad one replaces nothing: it is reported, and what was there before stays; see `layers`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use expression::Scripts;
use model::{Problem, Severity};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check;
use crate::codes;
use crate::connector::Connector;
use crate::examples::examples;
use crate::family::Family;
use crate::files::{FileId, Files, Kind, problem};
use crate::layers;
use crate::near;
use crate::page::Page;
use crate::raw::connector::ConnectorFile;
use crate::raw::family::FamilyFile;
use crate::raw::pipeline::PipelineFile;
use crate::records::Records;
use crate::schemas::{self, Grammar};
use crate::scripts::Callable;
use crate::sources::Sources;
use crate::structure;

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

/// Loads and checks all files of `sources`. A bad file replaces none of an earlier source: what was
/// good without it is in the library still.
pub fn load(sources: &[Sources]) -> Loaded {
    let whole = load_as_written(sources);
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    if sources.len() > 1 && whole.problems.iter().any(is_error) {
        let library = layers::settle(sources);
        return Loaded { library, ..whole };
    }
    whole
}

/// Loads and checks all files of `sources` for someone who works on them: a bad file is missed, and
/// the good one that it would replace does not pass for it.
pub fn load_as_written(sources: &[Sources]) -> Loaded {
    let (library, problems) = Attempt::of(sources, &BTreeSet::new()).finish();
    Loaded { library, problems }
}

/// One round of loading, with some files set aside.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) library: Library,
    pub(crate) files: Files,
    /// The paths of the scripts and record schemas that have problems.
    pub(crate) broken_parts: BTreeSet<String>,
    /// What is wrong with them.
    problems: Vec<Problem>,
}

impl Attempt {
    /// Loads `sources` without the files that are set aside.
    pub(crate) fn of<'s>(
        sources: impl IntoIterator<Item = &'s Sources>,
        aside: &BTreeSet<FileId>,
    ) -> Self {
        let files = Files::sort(sources, aside);
        let (records, mut problems) = Records::compile(&files.schemas);
        let (shared, script_problems) = Callable::shared(&files.scripts);
        problems.extend(script_problems);
        let mut families = families(&files, &records, &shared);
        pipelines(&files, &mut families, &shared);
        let (connectors, script_problems) = connectors(&files, &families);
        sections(&files, &families, &connectors);
        problems.extend(script_problems);
        let good = families.into_iter().filter(|(_, (_, is_good))| *is_good);
        let families = good
            .map(|(name, (family, _))| (name, Arc::new(family)))
            .collect();
        let library = Library {
            families,
            connectors,
            scripts: Arc::new(shared.scripts),
        };
        let paths = problems.iter().map(|problem| problem.place.file.clone());
        Self {
            library,
            broken_parts: paths.collect(),
            files,
            problems,
        }
    }

    /// What can be used, and all that is wrong, in the order of files and lines.
    fn finish(self) -> (Library, Vec<Problem>) {
        let mut problems = self.problems;
        problems.extend(self.files.into_problems());
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        (self.library, problems)
    }
}

/// Checks the files and folders at `paths`, standing over what is in `base` (the built-in
/// definitions, usually), and gives the problems of the files at `paths` alone. A single file of a
/// connector is checked together with the files beside it, such as the scripts that it calls.
pub fn check_paths(base: &[Sources], paths: &[PathBuf]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut sources = base.to_vec();
    let mut checked = BTreeSet::new();
    for path in paths {
        let name = path.to_string_lossy();
        match Sources::read(&name, path) {
            Ok(source) => {
                checked.extend(source.files().map(|(path, _)| path.to_owned()));
                sources.push(with_its_connector(source, &name, path));
            }
            Err(error) => {
                let (message, hint) = (error.to_string(), error.source().map(ToString::to_string));
                problems.push(problem(&name, "", codes::UNREADABLE, (1, 1), message, hint));
            }
        }
    }
    let loaded = load_as_written(&sources);
    let of_examples = examples(&sources, &loaded.library).problems;
    problems.extend(
        loaded
            .problems
            .into_iter()
            .chain(of_examples)
            .filter(|problem| checked.contains(&problem.place.file)),
    );
    problems
}

/// A single file with its neighbours, if it or one of them is a connector; else as it is.
fn with_its_connector(source: Sources, name: &str, path: &Path) -> Sources {
    if !path.is_file() {
        return source;
    }
    let folder = [source.with_neighbours(name, path)];
    let files = Files::sort(&folder, &BTreeSet::new());
    if files.of_kind(Kind::Connector).next().is_none() {
        return source;
    }
    let [folder] = folder;
    folder
}

/// Families by name, each with whether it can be used. What depends on one that cannot is checked
/// against it all the same, so that all problems are seen at once, and is not kept either.
type Families = BTreeMap<String, (Family, bool)>;

fn families(files: &Files, records: &Records, shared: &Callable) -> Families {
    let mut families = BTreeMap::new();
    for page in files.of_kind(Kind::Family) {
        page.forgive_scripts(&shared.broken);
        let Some(file) = read::<FamilyFile>(page, &schemas::FAMILY) else {
            continue;
        };
        let family = check::family::check(&file, records, &shared.scripts, &page.spot());
        let is_good = |(_, is_good): &(Family, bool)| *is_good;
        if page.is_broken() && families.get(&family.name).is_some_and(is_good) {
            continue;
        }
        families.insert(family.name.clone(), (family, !page.is_broken()));
    }
    families
}

fn pipelines(files: &Files, families: &mut Families, shared: &Callable) {
    for page in files.of_kind(Kind::Pipeline) {
        page.forgive_scripts(&shared.broken);
        let Some(file) = read::<PipelineFile>(page, &schemas::PIPELINE) else {
            continue;
        };
        let Some((family, _)) = families.get_mut(&file.family.0) else {
            lacks_family(files, page, &file.family.0, families);
            continue;
        };
        let pipeline = check::pipeline::check(&file, family, &shared.scripts, &page.spot());
        if !page.is_broken() {
            family
                .pipelines
                .insert(pipeline.name.clone(), Arc::new(pipeline));
        }
    }
}

fn connectors(
    files: &Files,
    families: &Families,
) -> (BTreeMap<String, Arc<Connector>>, Vec<Problem>) {
    let mut connectors = BTreeMap::new();
    let mut problems = Vec::new();
    for page in files.of_kind(Kind::Connector) {
        let (callable, script_problems) = Callable::of_connector(&files.scripts, page.name());
        problems.extend(script_problems);
        page.forgive_scripts(&callable.broken);
        let Some(mut file) = read::<ConnectorFile>(page, &schemas::CONNECTOR) else {
            continue;
        };
        check::shared::lend(&mut file, &page.spot());
        let Some((family, family_is_good)) = families.get(&file.family.0) else {
            lacks_family(files, page, &file.family.0, families);
            continue;
        };
        let scripts = Arc::new(callable.scripts);
        let connector = check::connector::check(&file, family, &scripts, &page.spot());
        if !*family_is_good {
            page.spoil();
        }
        if !page.is_broken() {
            connectors.insert(connector.name.clone(), Arc::new(connector));
        }
    }
    (connectors, problems)
}

/// Reports pipelines for a section that no connector has: they would never run for anybody.
fn sections(files: &Files, families: &Families, connectors: &BTreeMap<String, Arc<Connector>>) {
    // What is missing in a connector with problems may be in it once it is mended.
    if files.of_kind(Kind::Connector).any(Page::is_broken) {
        return;
    }
    for page in files.of_kind(Kind::Pipeline) {
        let value = page.value();
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let (Some(section), Some(family)) = (text("section"), text("family")) else {
            continue;
        };
        let of_family = connectors
            .values()
            .filter(|connector| connector.family == family);
        let known: Vec<&str> = of_family
            .flat_map(|connector| connector.settings.keys().map(String::as_str))
            .collect();
        if families.contains_key(family) && !known.is_empty() && !known.contains(&section) {
            let message = format!("no connector of `{family}` has a section `{section}`");
            let hint = near::hint(section, known);
            let spot = page.spot().key("section");
            spot.key_warning(codes::UNKNOWN_SETTING, message, hint);
        }
    }
}

/// Reports that a file cannot be checked, because the family it belongs to is not there. One with
/// problems of its own is there: they are reported where they are, and not by each that needs it.
fn lacks_family(files: &Files, page: &Page, name: &str, families: &Families) {
    let is_named = |page: &Page| page.value().get("family").and_then(Value::as_str) == Some(name);
    if files.of_kind(Kind::Family).any(is_named) || files.has_unread_family(name) {
        page.spoil();
        return;
    }
    let hint = near::hint(name, families.keys().map(String::as_str));
    let message = format!("there is no family `{name}`");
    page.spot()
        .key("family")
        .error(codes::MISSING_FAMILY, message, hint);
}

/// Holds a page against its schema and reads it; `None` when it cannot be read.
pub(crate) fn read<T: DeserializeOwned>(page: &Page, grammar: &Grammar) -> Option<T> {
    page.root()?;
    let value = page.value();
    structure::check(page, &value, grammar);
    if page.is_broken() {
        return None;
    }
    match serde_json::from_value(value) {
        Ok(file) => Some(file),
        // The schema is generated from the type, so that this is a value that fits the one and
        // not the other, such as a number too large for its field.
        Err(error) => {
            let message = format!("the file cannot be read: {error}");
            page.spot().error(codes::WRONG_VALUE, message, None);
            None
        }
    }
}
