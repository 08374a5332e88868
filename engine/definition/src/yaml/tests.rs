//! The dialect, and that places hold whatever surrounds them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Span, parse};

fn value(text: &str) -> Value {
    let (node, flaws) = parse(text);
    assert!(flaws.is_empty(), "{text:?}: {flaws:?}");
    node.map(|node| node.to_value()).unwrap_or_default()
}

/// Where the value of `key` stands, in a map.
fn place(text: &str, key: &str) -> (usize, usize, usize) {
    let (node, _) = parse(text);
    let node = node.and_then(|node| node.child(key).cloned());
    let Span {
        line,
        column,
        length,
    } = node.map_or(NOWHERE, |node| node.span);
    (line, column, length)
}

const NOWHERE: Span = Span {
    line: 0,
    column: 0,
    length: 0,
};

#[test]
fn texts_stay_texts() {
    let text = "a: no\nb: 0x1F\nc: 2026-01-01\nd: '7'\ne: 7\nf: ~\ng: [on, null]\nh: |\n  x\n  y\n";
    assert_eq!(
        value(text),
        json!({
            "a": "no", "b": "0x1F", "c": "2026-01-01", "d": "7", "e": 7, "f": null,
            "g": ["on", null], "h": "x\ny\n"
        })
    );
}

#[test]
fn an_alias_is_its_anchor() {
    assert_eq!(
        value("a: &x { b: 1 }\nc: *x\n"),
        json!({ "a": { "b": 1 }, "c": { "b": 1 } })
    );
    assert_eq!(
        place("a: &x text\nc: *x\n", "c"),
        place("a: &x text\nc: *x\n", "a")
    );
    let (node, flaws) = parse("a: &x [*x]");
    assert!(node.is_none() && flaws.len() == 1, "{flaws:?}");
}

#[test]
fn places_count_characters() {
    assert_eq!(place("a: b", "a"), (1, 4, 1));
    assert_eq!(place("ä: \"ö\"", "ä"), (1, 4, 3));
    assert_eq!(place("# 🎫\r\na: 'it''s'\r\n", "a"), (2, 4, 7));
    assert_eq!(place("\u{feff}a: b", "a"), (1, 4, 1));
    assert_eq!(place("a: {x: 1,\n  y: 2}\nb: c", "b"), (3, 4, 1));
}

#[test]
fn several_flaws_are_found_at_once() {
    let (node, flaws) = parse("a: 1\na: 2\nb: !!str x\nb: 3\n");
    assert!(node.is_some());
    let codes: Vec<&str> = flaws.iter().map(|flaw| flaw.code).collect();
    assert_eq!(codes, ["duplicate-key", "tag", "duplicate-key"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[-a:{}\\[\\]\"'&*!|># \n]{0,80}") {
        let (node, flaws) = parse(&text);
        prop_assert!(node.is_some() || !flaws.is_empty());
        for flaw in flaws {
            prop_assert!(flaw.span.line >= 1 && flaw.span.column >= 1 && flaw.span.length >= 1);
        }
    }

    #[test]
    fn a_quoted_text_comes_back(text in "\\PC{0,40}") {
        let written = format!("a: {}\n", Value::String(text.clone()));
        prop_assert_eq!(value(&written), json!({ "a": text }));
    }
}
