//! Every kind of mistake, as an author makes it and as it is reported.
//!
//! `tests/problems/base` is a small library without a mistake. Each `.diff` file beside it makes
//! one, and `expected/` holds what is said about it. To add a case, add a file and run the test
//! with `INSTA_UPDATE=always`; then read what it says.
//!
//! A case begins with `#` lines that tell the mistake. `@@ path` opens a file of the base; then
//! lines that begin with `-` go, lines with `+` come, and lines with a space stay and say where.
//! A file of the base with only `+` lines is replaced as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use definition::{CODES, Loaded, Sources, Style, load, render};
use model::Severity;

use crate::replacing::names;
use crate::shipped::root;

type Tree = BTreeMap<String, String>;

/// One mistake and what came of it.
struct Case {
    name: String,
    about: String,
    tree: Tree,
    loaded: Loaded,
}

/// All cases, loaded once for all tests.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let paths = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "diff"))
        .collect();
    paths.sort();
    let case = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let about = text.lines().take_while(|line| line.starts_with('#'));
        let about: Vec<&str> = about
            .map(|line| line.trim_start_matches(['#', ' ']))
            .collect();
        let tree = changed(&text);
        Case {
            name: path
                .file_stem()
                .and_then(|name| name.to_str())
                .unwrap()
                .to_owned(),
            about: about.join(" "),
            loaded: load(&[Sources::new("", tree.clone())]),
            tree,
        }
    };
    paths.into_iter().map(case).collect()
});

fn folder() -> PathBuf {
    root().join("tests/problems")
}

fn base() -> Tree {
    let sources = Sources::read("", &folder().join("base")).unwrap();
    sources
        .files()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect()
}

/// The base with the changes of a case.
fn changed(case: &str) -> Tree {
    let mut tree = base();
    for hunk in case.split("\n@@ ").skip(1) {
        let (path, lines) = hunk.split_once('\n').unwrap();
        let side = |other: char| -> String {
            let lines = lines.lines().filter(|line| !line.starts_with(other));
            lines
                .flat_map(|line| [line.get(1..).unwrap_or_default(), "\n"])
                .collect()
        };
        let (before, after) = (side('+'), side('-'));
        let text = tree.entry(path.to_owned()).or_default();
        *text = if before.is_empty() {
            after
        } else {
            assert_eq!(
                text.matches(&before).count(),
                1,
                "{path} must hold this once:\n{before}"
            );
            text.replacen(&before, &after, 1)
        };
    }
    tree
}

#[test]
fn the_base_has_no_problem() {
    let found = load(&[Sources::new("", base())]).problems;
    assert!(found.is_empty(), "{}", render(&found, Style::Plain));
}

#[test]
fn every_mistake_is_reported_where_it_is_and_how_to_mend_it() {
    for case in &*CASES {
        let text = render(&case.loaded.problems, Style::Plain);
        insta::with_settings!({
            snapshot_path => folder().join("expected"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => &case.about,
        }, {
            insta::assert_snapshot!(case.name.as_str(), text);
        });
    }
}

#[test]
fn nothing_is_expected_of_a_case_that_is_gone() {
    let expected = fs::read_dir(folder().join("expected")).unwrap();
    let names = expected.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let known: BTreeSet<String> = CASES
        .iter()
        .map(|case| format!("{}.snap", case.name))
        .collect();
    let stale: Vec<String> = names.filter(|name| !known.contains(name)).collect();
    assert!(
        stale.is_empty(),
        "remove these from tests/problems/expected: {stale:?}"
    );
}

/// A case is named for the kind of problem it shows, perhaps with more after a point.
#[test]
fn every_case_shows_its_kind_and_every_kind_has_a_case() {
    let mut shown = BTreeSet::new();
    let mut astray = Vec::new();
    for case in &*CASES {
        let kind = case.name.split('.').next().unwrap_or_default();
        if !case
            .loaded
            .problems
            .iter()
            .any(|problem| problem.code == kind)
        {
            astray.push(&case.name);
        }
        shown.insert(kind);
    }
    assert!(
        astray.is_empty(),
        "cases that do not show their kind: {astray:?}"
    );
    // `unreadable` is about paths given to `check_paths` and has a test of its own. A case of
    // something too long would be too long to read; `expression` tests those.
    let elsewhere = ["unreadable", "too-long", "script-too-long"];
    let expressions = expression::fault::CODES
        .iter()
        .chain(&expression::script::SCRIPT_CODES);
    let all = CODES.iter().chain(expressions).map(|(code, _)| *code);
    let hidden: Vec<_> = all
        .filter(|code| !elsewhere.contains(code) && !shown.contains(code))
        .collect();
    assert!(hidden.is_empty(), "kinds without a case: {hidden:?}");
}

/// A file with an error is not in the library, and the others are.
#[test]
fn a_bad_file_takes_nothing_with_it() {
    for Case { name, loaded, .. } in &*CASES {
        let broken = |path: &str| {
            let mut errors = loaded
                .problems
                .iter()
                .filter(|it| it.severity == Severity::Error);
            errors.any(|problem| problem.place.file == path)
        };
        if broken("connectors/sample/connector.yaml") || broken("connectors/sample/sample.rhai") {
            assert!(!loaded.library.connectors.contains_key("sample"), "{name}");
        }
        let Some(family) = loaded.library.families.get("psa") else {
            continue;
        };
        let path = "connectors/psa/pipelines/open_ticket.yaml";
        let kept = family.pipelines.contains_key("open_ticket");
        assert!(
            kept || broken(path) || broken("scripts/ticket.rhai"),
            "{name}"
        );
        assert!(!(kept && broken(path)), "{name}");
    }
}

/// No kind of mistake, made in a folder that stands over the base, takes anything of the base. The
/// first case of each kind will do: each is loaded several times.
#[test]
fn a_bad_file_replaces_no_good_one() {
    let base = base();
    let good = Sources::new("", base.clone());
    let all = names(&load(std::slice::from_ref(&good)).library);
    let first = CASES.iter().filter(|case| !case.name.contains('.'));
    for Case { name, tree, .. } in first {
        let mine = tree
            .iter()
            .filter(|(path, text)| base.get(*path) != Some(text));
        let mine = Sources::new("mine", mine.map(|(path, text)| (path, text.clone())));
        let kept = names(&load(&[good.clone(), mine]).library);
        assert!(all.is_subset(&kept), "{name}: {all:?} became {kept:?}");
    }
}
