//! Which lines of a script are told as run.

use std::ops::RangeInclusive;

use expression::script::Lacks;
use expression::{Compiler, Scope, Scripts, Shape};
use serde_json::json;

const SOURCE: &str = r#"
fn f(anything) {
    if anything.kind == "never" { return "never"; }
    let word = switch anything.kind {
        "a" => "an a",
        "b" => "a b",
        _ => other(anything),
    };
    if anything.kind != "" { word += "!"; }
    if anything.kind == "a"
        || anything.kind == "c" { word } else { anything.lacking }
}
fn other(anything) {
    let kind = anything.kind;
    kind
}
fn uncalled(anything) {
    let a = 1;
    a
}
"#;

type Told = (RangeInclusive<usize>, String, Lacks);

/// What has not been run when `f` was called with each of these.
fn untried(kinds: &[&str]) -> Vec<Told> {
    let mut scripts = Scripts::new();
    scripts.add("test.rhai", SOURCE).unwrap();
    let shape = Shape::object([("anything", Shape::Any)]);
    let compiler = Compiler::named(&shape, &scripts);
    let call = compiler
        .compile(&json!({ "script": "test.rhai#f" }))
        .unwrap();
    scripts.watch();
    for kind in kinds {
        let anything = json!({ "kind": kind, "lacking": "x" });
        assert!(
            call.evaluate(&Scope::new().with("anything", &anything))
                .is_ok()
        );
    }
    let tried = scripts.tried("test.rhai").unwrap();
    let count: usize = tried.untried.iter().map(|one| one.count).sum();
    assert!(tried.lines == 12 && count <= tried.lines, "{tried:?}");
    let untried = tried.untried.into_iter();
    untried
        .map(|one| (one.lines, one.function, one.lacks))
        .collect()
}

fn told(lines: RangeInclusive<usize>, function: &str, lacks: Lacks) -> Told {
    (lines, function.to_owned(), lacks)
}

#[test]
fn what_no_call_runs_is_told_line_by_line() {
    let expected = [
        told(3..=3, "f", Lacks::Run),
        told(6..=6, "f", Lacks::Run),
        told(9..=9, "f", Lacks::PassingBy),
        told(11..=11, "f", Lacks::Run),
        told(18..=19, "uncalled", Lacks::Run),
    ];
    assert_eq!(untried(&["a", "c"]), expected);
}

#[test]
fn what_was_run_in_every_way_is_not_told() {
    let rest = [told(18..=19, "uncalled", Lacks::Run)];
    assert_eq!(untried(&["a", "b", "c", "", "never"]), rest);
}
