//! Whatever the input: nothing panics, and what is promised of every text holds for every text.

use expression::{Compiler, Scope, Scripts, Shape};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Text that looks like a template or path often enough to get past the first character.
fn syntax() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("{{"),
        Just("}}"),
        Just("{{{"),
        Just("}}}"),
        Just("{{#if "),
        Just("{{/if}}"),
        Just("{{#each "),
        Just("{{/each}}"),
        Just("{{else}}"),
        Just("{{else if "),
        Just("{{^}}"),
        Just("{{~"),
        Just("~}}"),
        Just("{{!--"),
        Just("--}}"),
        Just("{{> "),
        Just("{{#> "),
        Just("{{#*inline "),
        Just("{{/inline}}"),
        Just("{{{{raw}}}}"),
        Just("{{{{/raw}}}}"),
        Just("{{&"),
        Just("("),
        Just(")"),
        Just(" as |"),
        Just("|"),
        Just("a"),
        Just("a.b"),
        Just("../"),
        Just("./"),
        Just("this"),
        Just("@root."),
        Just("@index"),
        Just("eq"),
        Just("lower"),
        Just(" "),
        Just("\n"),
        Just("="),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("0"),
        Just("-1"),
        Just("null"),
        Just("$"),
        Just("$."),
        Just("["),
        Just("]"),
        Just("[*]"),
        Just("[?"),
        Just("@."),
        Just("=="),
        Just("&&"),
        Just(".."),
        Just(":"),
        Just(","),
        Just("é"),
        Just("\u{1F600}"),
    ];
    proptest::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

/// Compiles `source` in both forms and evaluates what compiles.
fn survive(source: &Value) {
    let scripts = Scripts::new();
    let document = json!({ "a": { "b": [1, null, "x"] }, "c": [{ "a": 1 }] });
    let shape = Shape::open_object([("a", Shape::Any)]);
    if let Ok(expression) = Compiler::named(&shape, &scripts).compile(source) {
        let a = document.pointer("/a").unwrap_or(&Value::Null);
        let _outcome = expression.evaluate(&Scope::new().with("a", a));
    }
    let around = Compiler::document(&Shape::Any, &shape, &scripts);
    if let Ok(expression) = around.compile(source) {
        let _outcome = expression.evaluate(&Scope::document(&document).with("a", &document));
    }
    if let Ok(selector) = around.selector(source) {
        let _outcome = selector.pick_all(&Scope::document(&document));
    }
}

/// What the host function `call`, of a text `x` and a number `n`, gives.
fn host(call: &str, text: &str, number: i64) -> String {
    let mut scripts = Scripts::new();
    scripts
        .add("test.rhai", &format!("fn f(x, n) {{ {call} }}"))
        .unwrap();
    let shape = Shape::object([("x", Shape::Scalar), ("n", Shape::Scalar)]);
    let compiler = Compiler::named(&shape, &scripts);
    let expression = compiler
        .compile(&json!({ "script": "test.rhai#f" }))
        .unwrap();
    let (text, number) = (json!(text), json!(number));
    let value = expression.evaluate(&Scope::new().with("x", &text).with("n", &number));
    value.unwrap().as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_compiler_panic(text in any::<String>()) {
        survive(&json!(text));
        survive(&json!(format!("$.{text}")));
        survive(&json!(format!("{{{{ {text} }}}}")));
    }

    #[test]
    fn no_syntax_makes_the_compiler_panic(text in syntax()) {
        survive(&json!(text));
        survive(&json!(format!("$.{text}")));
        survive(&json!(format!("{{{{{text}}}}}")));
    }

    #[test]
    fn a_literal_and_a_quoted_name_are_what_was_written(text in any::<String>()) {
        let scripts = Scripts::new();
        let compiler = Compiler::document(&Shape::Any, &Shape::Any, &scripts);
        let literal = compiler.compile(&json!({ "literal": text })).unwrap();
        prop_assert_eq!(literal.evaluate(&Scope::document(&Value::Null)), Ok(json!(text)));
        let path = format!("$[{}]", json!(text));
        if let Ok(expression) = compiler.compile(&json!(path)) {
            let document = json!({ text: "found" });
            prop_assert_eq!(expression.evaluate(&Scope::document(&document)), Ok(json!("found")));
        }
    }

    #[test]
    fn one_line_is_one_line(text in "(?s).{0,200}") {
        let line = host("text_one_line(x)", &text, 0);
        prop_assert!(!line.contains(char::is_control));
        prop_assert!(!line.contains("  "));
        prop_assert_eq!(line.trim(), &line);
        prop_assert_eq!(host("text_one_line(x)", &line, 0), line);
    }

    #[test]
    fn truncating_keeps_the_limit_and_the_beginning(text in "(?s).{0,60}", max in -5_i64..70) {
        let short = host("text_truncate(x, n)", &text, max);
        let limit = usize::try_from(max).unwrap_or(0);
        prop_assert!(short.chars().count() <= limit);
        if text.chars().count() <= limit {
            prop_assert_eq!(short, text);
        } else {
            prop_assert!(text.starts_with(short.trim_end_matches('…')));
        }
    }

    #[test]
    fn a_shape_can_be_made_of_any_json(text in syntax(), depth in 0_usize..80) {
        let nested = (0..depth).fold(json!(text), |inner, _| json!({ "anyOf": [inner] }));
        let recursive = json!({ "$defs": { "a": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" });
        for schema in [nested, recursive, json!({ "type": text, "properties": text })] {
            prop_assert!(Shape::from_json_schema(&schema).walk(["x"]).is_none_or(|_| true));
        }
    }
}
