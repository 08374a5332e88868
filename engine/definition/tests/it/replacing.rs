//! A bad file never replaces a good one: it is reported, and what was there before is used.

use std::collections::BTreeSet;
use std::fs;

use definition::{Library, Loaded, Sources, load, load_as_written};

use crate::shipped::root;

fn base() -> Sources {
    Sources::read("", &root().join("tests/problems/base")).unwrap()
}

/// The text of a file of the base.
fn text(path: &str) -> String {
    fs::read_to_string(root().join("tests/problems/base").join(path)).unwrap()
}

/// The base with a folder of somebody's own over it.
fn under(mine: &[(&str, String)]) -> Loaded {
    let mine = mine.iter().map(|(path, text)| (path, text.clone()));
    load(&[base(), Sources::new("mine", mine)])
}

/// What is defined, by kind and name.
pub(crate) fn names(library: &Library) -> BTreeSet<String> {
    let families = library.families.values().flat_map(|family| {
        let pipelines = family.pipelines.keys();
        let pipelines = pipelines.map(|name| format!("pipeline {name}"));
        pipelines.chain([format!("family {}", family.name)])
    });
    let connectors = library.connectors.keys();
    let connectors = connectors.map(|name| format!("connector {name}"));
    let scripts = library.scripts.names().map(|name| format!("script {name}"));
    families.chain(connectors).chain(scripts).collect()
}

/// Everything of the base is still there, and one of `code` in the file at `path` was reported.
fn assert_kept(loaded: &Loaded, code: &str, path: &str) {
    let kept = names(&loaded.library);
    let lost: Vec<String> = names(&load(&[base()]).library)
        .into_iter()
        .filter(|name| !kept.contains(name))
        .collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let mut found = loaded.problems.iter();
    assert!(
        found.any(|problem| problem.code == code && problem.place.file == path),
        "{:?}",
        loaded.problems
    );
}

fn connector_title(loaded: &Loaded) -> &str {
    &loaded.library.connectors.get("sample").unwrap().title
}

fn pipeline_title(loaded: &Loaded) -> &str {
    let family = loaded.library.families.get("psa").unwrap();
    &family.pipelines.get("open_ticket").unwrap().title
}

const CONNECTOR: &str = "connectors/sample/connector.yaml";
const SCRIPT: &str = "connectors/sample/sample.rhai";
const PIPELINE: &str = "connectors/psa/pipelines/open_ticket.yaml";
const FAMILY: &str = "connectors/psa/family.yaml";

fn my_connector() -> String {
    text(CONNECTOR).replace("title: Sample", "title: Mine")
}

#[test]
fn a_bad_connector_leaves_the_good_one() {
    let bad = my_connector().replace("operation: list_queues", "operation: nope");
    let mine = [("connector.yaml", bad), ("sample.rhai", text(SCRIPT))];
    let loaded = under(&mine);
    assert_kept(&loaded, "unknown-operation", "mine/connector.yaml");
    assert_eq!(connector_title(&loaded), "Sample");
    // Who works on the file is not shown the other one instead.
    let written = load_as_written(&[base(), Sources::new("mine", mine)]);
    assert_eq!(written.problems, loaded.problems);
    assert!(!written.library.connectors.contains_key("sample"));
}

#[test]
fn a_connector_whose_own_script_is_bad_leaves_the_good_one() {
    let loaded = under(&[
        ("connector.yaml", my_connector()),
        ("sample.rhai", "fn is_closed(item) {".to_owned()),
    ]);
    assert_kept(&loaded, "invalid-script", "mine/sample.rhai");
    assert_eq!(connector_title(&loaded), "Sample");
}

#[test]
fn a_bad_shared_script_leaves_the_good_one_and_what_calls_it() {
    let loaded = under(&[("ticket.rhai", "fn compose(request) {".to_owned())]);
    assert_kept(&loaded, "invalid-script", "mine/ticket.rhai");
    let functions = |loaded: &Loaded| {
        let functions = loaded.library.scripts.functions("ticket.rhai");
        functions.unwrap().to_vec()
    };
    assert_eq!(functions(&loaded), functions(&load(&[base()])));
}

#[test]
fn a_script_that_lacks_what_a_pipeline_calls_leaves_the_one_that_has_it() {
    let loaded = under(&[("ticket.rhai", "fn another(request) { request }".to_owned())]);
    assert_kept(&loaded, "unknown-function", PIPELINE);
}

#[test]
fn a_bad_pipeline_leaves_the_good_one() {
    let good = text(PIPELINE).replace(
        "pipeline: open_ticket",
        "pipeline: open_ticket\ntitle: Mine",
    );
    let good = good.replacen(&title_line(), "", 1);
    assert_eq!(pipeline_title(&under(&[("p.yaml", good.clone())])), "Mine");
    let loaded = under(&[("p.yaml", good.replace("create_ticket", "nope"))]);
    assert_kept(&loaded, "unknown-operation", "mine/p.yaml");
    assert_ne!(pipeline_title(&loaded), "Mine");
}

fn title_line() -> String {
    let text = text(PIPELINE);
    let line = text.lines().find(|line| line.starts_with("title:"));
    line.map(|line| format!("{line}\n")).unwrap()
}

#[test]
fn a_bad_family_leaves_the_good_one_and_what_lives_on_it() {
    let bad = text(FAMILY).replace("many: ticket", "mnay: ticket");
    let loaded = under(&[("family.yaml", bad)]);
    assert_kept(&loaded, "unknown-key", "mine/family.yaml");
}

#[test]
fn a_connector_of_a_bad_family_leaves_the_good_one_of_another() {
    let of_other = |text: String| text.replace("family: psa", "family: other");
    let loaded = under(&[
        ("family.yaml", of_other(text(FAMILY))),
        ("connector.yaml", of_other(my_connector())),
        ("sample.rhai", text(SCRIPT)),
    ]);
    assert_kept(&loaded, "unknown-schema", "mine/family.yaml");
    assert_eq!(connector_title(&loaded), "Sample");
}

#[test]
fn a_family_that_asks_for_more_than_connectors_have_leaves_the_one_that_does_not() {
    let more = "operations:\n  archive: { about: All that was., many: company }\n";
    let loaded = under(&[("family.yaml", text(FAMILY).replace("operations:\n", more))]);
    assert_kept(&loaded, "missing-operation", CONNECTOR);
    let family = loaded.library.families.get("psa").unwrap();
    assert!(!family.operations.contains_key("archive"));
}

#[test]
fn a_bad_schema_leaves_the_good_one() {
    let loaded = under(&[("schemas/psa/company.json", "{".to_owned())]);
    assert_kept(&loaded, "syntax", "mine/schemas/psa/company.json");
}

#[test]
fn a_good_file_beside_a_bad_one_is_taken() {
    let loaded = under(&[
        ("connector.yaml", my_connector()),
        ("sample.rhai", text(SCRIPT)),
        ("pipelines/p.yaml", text(PIPELINE).replace("lane:", "lnae:")),
        ("pipelines/ticket.rhai", "fn compose(".to_owned()),
    ]);
    assert_kept(&loaded, "unknown-key", "mine/pipelines/p.yaml");
    assert_eq!(connector_title(&loaded), "Mine");
}
