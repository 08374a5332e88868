//! The tables of `scripts/README.md` say what the engine does: each is made from the list that
//! the engine itself works with, and stands between two comments that name it.
//!
//! With `DOVETAIL_BLESS=1` the tables are written anew instead of compared.

use std::fs;
use std::path::{Path, PathBuf};

use expression::script::{host_functions, limits};
use expression::template::HELPERS;

/// Set to write the tables anew instead of comparing them.
const BLESS: &str = "DOVETAIL_BLESS";

fn manual() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/README.md")
}

/// A table of Markdown. A bar would end its cell, also within code.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let titles = line(head.iter().map(ToString::to_string).collect());
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rows: String = rows.into_iter().map(line).collect();
    format!("{titles}{rule}{rows}")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn functions() -> String {
    let rows = host_functions().iter().map(|function| {
        vec![
            code(function.signature),
            function.doc.to_owned(),
            code(function.example),
        ]
    });
    table(&["function", "gives", "true"], rows)
}

fn helpers() -> String {
    let rows = HELPERS
        .iter()
        .map(|helper| vec![code(helper.usage), helper.doc.to_owned()]);
    table(&["written", "prints or decides"], rows)
}

fn bounds() -> String {
    let thousands = |bytes: usize| format!("{} KiB", bytes / 1024);
    let rows = [
        ("length of a file", thousands(limits::SOURCE_BYTES_MAX)),
        ("functions in a file", limits::FUNCTIONS_MAX.to_string()),
        ("operations of one call", limits::OPERATIONS_MAX.to_string()),
        (
            "wall time of one call",
            format!("{} ms", limits::WALL_TIME_MAX.as_millis()),
        ),
        (
            "functions that call each other",
            format!("{} deep", limits::CALL_DEPTH_MAX),
        ),
        (
            "an expression in itself",
            format!("{} deep", limits::EXPRESSION_DEPTH_MAX),
        ),
        ("variables at a time", limits::VARIABLES_MAX.to_string()),
        ("length of a text", thousands(limits::STRING_BYTES_MAX)),
        (
            "elements of a list, inner ones included",
            limits::ARRAY_ELEMENTS_MAX.to_string(),
        ),
        (
            "entries of a map, inner ones included",
            limits::MAP_ENTRIES_MAX.to_string(),
        ),
        (
            "a value that goes in or comes out",
            format!("{} deep", limits::VALUE_DEPTH_MAX),
        ),
        ("values in a result", limits::RESULT_VALUES_MAX.to_string()),
        ("text in a result", thousands(limits::RESULT_BYTES_MAX)),
    ];
    let rows = rows.map(|(what, most)| vec![what.to_owned(), most]);
    table(&["what", "at most"], rows)
}

/// Holds the table called `name` against `generated`.
fn check(name: &str, generated: &str) {
    let manual = manual();
    let text = fs::read_to_string(&manual).unwrap();
    let begin = format!("<!-- {name}: generated -->\n\n");
    let end = format!("\n<!-- {name}: end -->");
    let (before, rest) = text.split_once(&begin).unwrap();
    let (committed, after) = rest.split_once(&end).unwrap();
    if std::env::var_os(BLESS).is_some() {
        fs::write(&manual, [before, &begin, generated, &end, after].concat()).unwrap();
        return;
    }
    assert!(
        committed == generated,
        "the table `{name}` of scripts/README.md is out of date: write it anew with {BLESS}=1 \
         cargo test -p dovetail-expression manual, and review the difference"
    );
}

/// One test for all tables, because they are in one file that is written anew.
#[test]
fn the_tables_of_the_manual_are_the_generated_ones() {
    check("host functions", &functions());
    check("template helpers", &helpers());
    check("limits", &bounds());
}
