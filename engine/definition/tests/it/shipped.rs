//! The files that are shipped are without a problem, and mean what they should.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use definition::{Loaded, Sources, Style, load, render, schemas};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .and_then(Path::parent)
        .unwrap()
}

fn shipped() -> Loaded {
    let read = |name: &str| Sources::read(name, &root().join(name)).unwrap();
    load(&["schemas", "scripts", "connectors"].map(read))
}

#[test]
fn shipped_files_have_no_problem() {
    let problems = shipped().problems;
    assert!(problems.is_empty(), "{}", render(&problems, Style::Plain));
}

#[test]
fn every_shipped_file_is_in_the_library() {
    let library = shipped().library;
    let family = library.families.get("psa").unwrap();
    let pipelines = fs::read_dir(root().join("connectors/psa/pipelines")).unwrap();
    assert_eq!(family.pipelines.len(), pipelines.count());
    let folders = fs::read_dir(root().join("connectors"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let connectors: BTreeSet<String> = folders
        .filter(|folder| folder.join("connector.yaml").exists())
        .filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned()))
        .collect();
    assert!(library.connectors.keys().eq(&connectors), "{connectors:?}");
}

#[test]
fn the_committed_schemas_are_the_generated_ones() {
    for (name, schema) in schemas() {
        let path = root().join("schemas").join(name);
        let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("DOVETAIL_BLESS").is_some() {
            fs::write(&path, &generated).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap();
        assert!(
            committed == generated,
            "{name} is stale: run the test with DOVETAIL_BLESS=1"
        );
    }
}
