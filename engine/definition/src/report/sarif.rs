//! Problems in the Static Analysis Results Interchange Format (SARIF 2.1.0), which code hosts and
//! editors show beside the lines that problems are about.

use std::collections::BTreeSet;

use model::{Problem, Severity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::codes::CODES;

/// What an address keeps as it is: the unreserved characters and the slash (RFC 3986).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One run with `problems` as its results. Without any it still is a run, which tells the reader
/// that what was there before is mended.
pub(super) fn log(problems: &[Problem]) -> Value {
    let codes: BTreeSet<&str> = problems.iter().map(|problem| problem.code).collect();
    let rules: Vec<Value> = codes.into_iter().map(rule).collect();
    let results: Vec<Value> = problems.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dovetail check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &str) -> Value {
    let expressions = expression::fault::CODES.iter();
    let mut all = CODES
        .iter()
        .chain(expressions)
        .chain(&expression::script::SCRIPT_CODES);
    let known = all.find(|(known, _)| *known == code);
    let text = known.map_or(code, |(_, rule)| rule);
    json!({ "id": code, "shortDescription": { "text": text } })
}

fn result(problem: &Problem) -> Value {
    let place = &problem.place;
    let hint = problem.hint.as_ref();
    let text = hint.map_or_else(
        || problem.message.clone(),
        |hint| format!("{} ({hint})", problem.message),
    );
    json!({
        "ruleId": problem.code,
        "level": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": address(&place.file) },
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column + place.length,
            },
        } }],
    })
}

/// A path as an address: relative to where the command was called, or whole.
fn address(path: &str) -> String {
    let path = path.replace('\\', "/");
    utf8_percent_encode(&path, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use model::Place;

    use super::*;

    #[test]
    fn a_problem_is_a_result_with_its_rule() {
        let problem = Problem {
            code: "bad-host",
            severity: Severity::Warning,
            message: "`a` is not a host".to_owned(),
            place: Place {
                file: "my connectors/ä.yaml".to_owned(),
                line: 3,
                column: 5,
                length: 2,
            },
            source_line: "    a".to_owned(),
            hint: Some("write `a.example`".to_owned()),
        };
        let log = log(&[problem.clone(), problem]);
        let at = |pointer: &str| log.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/runs/0/tool/driver/rules/0/id"), "bad-host");
        assert_eq!(at("/runs/0/tool/driver/rules/1"), Value::Null);
        let message = "`a` is not a host (write `a.example`)";
        assert_eq!(at("/runs/0/results/1/message/text"), message);
        assert_eq!(at("/runs/0/results/1/level"), "warning");
        let place = "/runs/0/results/0/locations/0/physicalLocation";
        let region = json!({ "startLine": 3, "startColumn": 5, "endColumn": 7 });
        assert_eq!(at(&format!("{place}/region")), region);
        let uri = at(&format!("{place}/artifactLocation/uri"));
        assert_eq!(uri, "my%20connectors/%C3%A4.yaml");
    }

    #[test]
    fn without_problems_there_is_a_run_without_results() {
        assert_eq!(log(&[]).pointer("/runs/0/results"), Some(&json!([])));
    }
}
