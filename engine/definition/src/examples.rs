//! Finds the examples of each connector and reads them.
//!
//! The examples of a connector are the YAML files in the folder `examples` beside its file. One of
//! them, `given.yaml`, says what all the others are given. Examples are never needed to work: a
//! connector whose examples cannot be read is as good as any other, and only those are reported.

use std::collections::{BTreeMap, BTreeSet};

use model::Problem;
use serde_json::Value;

use crate::check::example::{Of, check, check_given};
use crate::example::Example;
use crate::family::Family;
use crate::files::{Files, Kind, file_name, folder};
use crate::library::{Library, read};
use crate::page::{Page, Places};
use crate::raw::example::{ExampleFile, GivenText};
use crate::schemas;
use crate::sources::Sources;

/// The file that says what all examples beside it are given.
const GIVEN_FILE: &str = "given.yaml";

/// What came of reading examples.
#[derive(Debug, Default)]
pub struct Examples {
    /// The good ones, by the name of their connector; one without examples is there, too.
    pub by_connector: BTreeMap<String, OfConnector>,
    /// What is wrong with the others.
    pub problems: Vec<Problem>,
}

/// The examples of one connector.
#[derive(Debug, Default)]
pub struct OfConnector {
    /// The connector's own file.
    pub file: String,
    /// The good ones, in the order of their files.
    pub examples: Vec<Example>,
    /// Where in the connector's file its parts stand.
    pub places: Places,
    /// The files of the connector's own scripts.
    pub scripts: Vec<String>,
}

/// Reads the examples in `sources` of the connectors in `library`, which was loaded from them.
pub fn examples(sources: &[Sources], library: &Library) -> Examples {
    let files = Files::sort(sources, &BTreeSet::new());
    let mut found = Examples::default();
    for page in files.of_kind(Kind::Connector) {
        let name = page
            .value()
            .get("connector")
            .and_then(|name| name.as_str().map(str::to_owned));
        let connector = name.as_ref().and_then(|name| library.connectors.get(name));
        let Some(connector) = connector else { continue };
        let Some(family) = library.families.get(&connector.family) else {
            continue;
        };
        let of = Of {
            connector,
            family,
            unread: &unread(&files, family),
        };
        let home = beside(page.name());
        let texts: BTreeMap<&str, &str> = files
            .example_texts
            .iter()
            .filter(|(path, _)| folder(path) == home)
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let of_connector = OfConnector {
            file: page.name().to_owned(),
            examples: of_folder(&texts, of, &mut found.problems),
            places: page.places(),
            scripts: files.scripts_of(page.name()),
        };
        found
            .by_connector
            .insert(connector.name.clone(), of_connector);
    }
    found.problems.sort_by(|a, b| a.place.cmp(&b.place));
    found
}

/// The pipelines of the family that have problems of their own.
fn unread(files: &Files, family: &Family) -> BTreeSet<String> {
    let named = files.of_kind(Kind::Pipeline).filter_map(|page| {
        let value = page.value();
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        text("pipeline").filter(|_| text("family").as_deref() == Some(&family.name))
    });
    named
        .filter(|name| !family.pipelines.contains_key(name))
        .collect()
}

/// The folder of the examples of the connector whose file is at `path`.
fn beside(path: &str) -> String {
    match folder(path) {
        "" => "examples".to_owned(),
        folder => format!("{folder}/examples"),
    }
}

fn of_folder(
    texts: &BTreeMap<&str, &str>,
    of: Of<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Example> {
    let (given, others): (Vec<_>, Vec<_>) = texts
        .iter()
        .partition(|(path, _)| file_name(path) == GIVEN_FILE);
    let mut shared = GivenText::default();
    for (path, text) in given {
        let page = Page::read(path, text);
        if let Some(given) = read::<GivenText>(&page, &schemas::GIVEN) {
            check_given(&given, of.connector, &page.spot());
            shared = given;
        }
        problems.extend(page.into_problems());
    }
    let mut good = Vec::new();
    for (path, text) in others {
        let page = Page::read(path, text);
        let example = read::<ExampleFile>(&page, &schemas::EXAMPLE)
            .and_then(|file| check(&file, &shared, of, &page.spot()));
        good.extend(example.filter(|_| !page.is_broken()));
        problems.extend(page.into_problems());
    }
    good
}
