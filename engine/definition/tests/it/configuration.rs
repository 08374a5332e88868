//! Every mistake in a configuration file that its check finds, and what is said of it.
//!
//! `tests/problems/configuration/base.yaml` has none. Each `.diff` file beside it makes one, in the
//! lines that begin with `-` and `+`, and is named for the code of its problem.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use definition::{Configuration, Style, render};

use crate::shipped::root;

const NAME: &str = "dovetail.yaml";

fn folder() -> PathBuf {
    root().join("tests/problems/configuration")
}

fn base() -> String {
    fs::read_to_string(folder().join("base.yaml")).unwrap()
}

/// The names of the cases, with their texts.
fn cases() -> Vec<(String, String)> {
    let paths = fs::read_dir(folder()).unwrap();
    let paths = paths.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|it| it == "diff"));
    let case = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let mut cases: Vec<_> = paths.map(case).collect();
    cases.sort();
    cases
}

/// The base with the change of a case.
fn changed(case: &str) -> String {
    let side = |sign: char| -> String {
        let lines = case.lines().filter_map(|line| line.strip_prefix(sign));
        lines.flat_map(|line| [line, "\n"]).collect()
    };
    let (before, after) = (side('-'), side('+'));
    let base = base();
    assert_eq!(base.matches(&before).count(), 1, "{case}");
    base.replacen(&before, &after, 1)
}

#[test]
fn the_base_has_no_problem() {
    let read = Configuration::read(NAME, &base());
    let said = read.map_err(|problems| render(&problems, Style::Plain));
    assert_eq!(said.map(|_| ()), Ok(()));
}

#[test]
fn every_mistake_is_reported_where_it_is_and_how_to_mend_it() {
    for (name, case) in cases() {
        let problems = Configuration::read(NAME, &changed(&case)).unwrap_err();
        let kind = name.split('.').next().unwrap();
        assert!(
            problems.iter().any(|it| it.code == kind),
            "{name}: {problems:?}"
        );
        let text = render(&problems, Style::Plain);
        assert!(!text.contains("hunter2"), "a secret is shown: {text}");
        insta::with_settings!({
            snapshot_path => folder().join("expected"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => case.lines().next().unwrap().trim_start_matches(['#', ' ']),
        }, {
            insta::assert_snapshot!(name.as_str(), text);
        });
    }
}

#[test]
fn nothing_is_expected_of_a_case_that_is_gone() {
    let expected = fs::read_dir(folder().join("expected")).unwrap();
    let names = expected.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let known = cases().into_iter().map(|(name, _)| format!("{name}.snap"));
    let known: BTreeSet<String> = known.collect();
    let stale: Vec<String> = names.filter(|name| !known.contains(name)).collect();
    assert!(stale.is_empty(), "remove these: {stale:?}");
}
