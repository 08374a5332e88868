//! What came of examples, for people and for programs.

use model::Problem;
use runtime::{Coverage, Played, Tally, Untried};
use serde_json::{Value, json};

use super::Tested;

/// The most things of one kind that are named as text; who has tried nothing knows it.
const NAMED_MAX: usize = 20;

/// One example: its sentence, and every difference below it.
pub(super) fn example(title: &str, file: &str, played: &Played) -> String {
    if played.holds() {
        return format!("  ✓ {title}");
    }
    let mut text = format!("  ✗ {title}\n    {file}");
    for difference in &played.differences {
        for line in difference.to_string().lines() {
            text.push_str("\n      ");
            text.push_str(line);
        }
    }
    text
}

/// How much is tried of each kind of thing, and what is not.
pub(super) fn coverage(coverage: &Coverage) -> String {
    let tallies: Vec<String> = coverage.0.iter().map(tallied).collect();
    tallies.join("\n")
}

fn tallied(tally: &Tally) -> String {
    let (what, of, tried, percent) = (tally.what, tally.of, tally.tried, tally.percent());
    let mut lines = vec![format!("  {what}: {tried} of {of} tried ({percent}%)")];
    lines.extend(tally.untried.iter().take(NAMED_MAX).map(untried));
    match tally.untried.len().checked_sub(NAMED_MAX) {
        None | Some(0) => {}
        Some(others) => lines.push(format!("    and {others} more; --format json names all")),
    }
    lines.join("\n")
}

fn untried(one: &Untried) -> String {
    let place = one.place.map(|(line, column)| format!(":{line}:{column}"));
    let (file, place) = (&one.file, place.unwrap_or_default());
    format!(
        "    untried: {}\n      {file}{place}: show {}",
        one.name, one.example
    )
}

/// All of it as one object.
pub(super) fn json(tested: &[Tested<'_>], problems: &[Problem]) -> Value {
    let connectors: Vec<Value> = tested
        .iter()
        .map(|one| {
            let examples = one.played.iter().map(|(title, file, played)| {
                let differences = played.differences.iter();
                let differences: Vec<Value> = differences
                    .map(
                        |one| json!({ "path": one.path, "expected": one.expected, "got": one.got }),
                    )
                    .collect();
                json!({
                    "example": title,
                    "file": file,
                    "holds": played.holds(),
                    "differences": differences,
                })
            });
            json!({
                "connector": one.name,
                "examples": examples.collect::<Vec<_>>(),
                "coverage": one.coverage.0.iter().map(counted).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "connectors": connectors, "problems": problems })
}

fn counted(tally: &Tally) -> Value {
    let untried = tally.untried.iter().map(|one| {
        json!({
            "name": one.name,
            "file": one.file,
            "line": one.place.map(|(line, _)| line),
            "column": one.place.map(|(_, column)| column),
            "example": one.example,
        })
    });
    json!({
        "what": tally.what,
        "of": tally.of,
        "tried": tally.tried,
        "percent": tally.percent(),
        "untried": untried.collect::<Vec<_>>(),
    })
}
