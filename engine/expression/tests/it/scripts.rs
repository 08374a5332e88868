//! What scripts are given and give back, and what is wrong with one that cannot be loaded.

use expression::script::{capture_prints, host_functions};
use expression::{Compiler, Error, Scope, ScriptFault, Scripts, Shape};
use insta::assert_debug_snapshot;
use serde_json::{Value, json};

use crate::evaluate_with;

fn loaded(source: &str) -> Scripts {
    let mut scripts = Scripts::new();
    scripts.add("test.rhai", source).unwrap();
    scripts
}

fn run(source: &str) -> Result<Value, Error> {
    evaluate_with(&loaded(source), json!({ "script": "test.rhai#f" }))
}

#[test]
fn a_function_gets_what_its_parameters_name() {
    let source = r#"
        fn f(request, settings) {
            #{
                id: request.id,
                queue: settings.tickets.queue + 1,
                share: settings.tickets.share,
                email: request.user.email,
                tags: request.tags,
                missing: request.get("reason"),
            }
        }
    "#;
    let expected = json!({
        "email": null, "id": "1650", "missing": null, "queue": 30, "share": 0.5,
        "tags": ["first", "second"]
    });
    assert_eq!(run(source), Ok(expected));
}

#[test]
fn around_a_document_a_script_gets_it_as_item() {
    let scripts = loaded("fn f(item, settings) { item.id + settings }");
    let outer = Shape::object([("settings", Shape::Scalar)]);
    let compiler = Compiler::document(&Shape::Any, &outer, &scripts);
    let expression = compiler
        .compile(&json!({ "script": "test.rhai#f" }))
        .unwrap();
    let (document, settings) = (json!({ "id": 40 }), json!(2));
    let scope = Scope::document(&document).with("settings", &settings);
    assert_eq!(expression.evaluate(&scope), Ok(json!(42)));
    assert_eq!(
        expression.roots().into_iter().collect::<Vec<_>>(),
        ["settings"]
    );
}

#[test]
fn values_keep_their_types() {
    for (returned, expected) in [
        ("9223372036854775807", json!(i64::MAX)),
        ("1.5", json!(1.5)),
        ("()", json!(null)),
        ("'x'", json!("x")),
        ("`a${1 + 1}`", json!("a2")),
        ("[1, [true], #{}]", json!([1, [true], {}])),
        (
            "let x = 1; let add = |y| x + y; [x, add.call(2)]",
            json!([1, 3]),
        ),
    ] {
        assert_eq!(
            run(&format!("fn f() {{ {returned} }}")),
            Ok(expected),
            "{returned}"
        );
    }
    let scripts = loaded("fn f(big) { big }");
    let shape = Shape::object([("big", Shape::Scalar)]);
    let compiler = Compiler::named(&shape, &scripts);
    let expression = compiler
        .compile(&json!({ "script": "test.rhai#f" }))
        .unwrap();
    let big = json!(u64::MAX);
    assert_eq!(
        expression.evaluate(&Scope::new().with("big", &big)),
        Ok(json!(18_446_744_073_709_551_615.0))
    );
}

#[test]
fn a_value_that_is_not_data_is_refused() {
    for (returned, reason) in [
        (
            "|x| x",
            "it returns a value of type `Fn`, which is not data",
        ),
        ("0.0 / 0.0", "it returns no finite number"),
    ] {
        let result = run(&format!("fn f() {{ {returned} }}"));
        assert!(
            matches!(&result, Err(Error::Run { reason: r, .. }) if r == reason),
            "{result:?}"
        );
    }
}

/// The position and words of the error of a script that stops.
fn stopped(source: &str) -> String {
    run(source).unwrap_err().to_string()
}

#[test]
fn an_error_says_where_and_what_and_no_value() {
    for (source, expected) in [
        (
            "fn f(request) {\n  let r = request; r.nope\n}",
            "test.rhai:2:22: `f` stopped: there is no field `nope`; for a field that may be \
             missing, write `.get(\"nope\")`",
        ),
        (
            "fn f(request) { g(request) }\nfn g(request) { request.tags[7] }",
            "test.rhai:2:30: `g` stopped: an index is outside of its list of 2 elements",
        ),
        (
            "fn f(request) { request.id * 2 }",
            "test.rhai:1:28: `f` stopped: there is no function `* (&str | ImmutableString | \
             String, i64)`",
        ),
        (
            "fn f() { 1 / 0 }",
            "test.rhai:1:12: `f` stopped: a calculation has no result: division by zero, or a \
             number too large",
        ),
        (
            "fn f(request) { request[request.id] }",
            "test.rhai:1:25: `f` stopped: there is no field `1650`; for a field that may be \
             missing, write `.get(\"1650\")`",
        ),
    ] {
        assert_eq!(stopped(source), expected, "{source}");
    }
}

#[test]
fn what_a_script_throws_is_kept_for_the_partner_and_out_of_logs() {
    let error = run("fn f(request) { throw `no category for ${request.id}`; }").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("1650"), "{error:?}");
    let Error::Run {
        thrown: Some(thrown),
        reason,
        ..
    } = error
    else {
        unreachable!()
    };
    assert_eq!(thrown.reveal(), "no category for 1650");
    assert_eq!(reason, "it threw an error");
}

#[test]
fn prints_are_captured_or_dropped() {
    let source = "fn f() { print(`a ${1}`); debug(\"b\"); 5 }";
    let (result, printed) = capture_prints(|| run(source));
    assert_eq!(result, Ok(json!(5)));
    assert_eq!(printed, ["a 1", "1:27: \"b\""]);
    assert_eq!(run(source), Ok(json!(5)));
}

#[test]
fn calls_share_nothing() {
    let scripts = loaded("fn f(request) { request.id = \"changed\"; request.id }");
    for _ in 0..2 {
        let result = evaluate_with(&scripts, json!({ "script": "test.rhai#f" }));
        assert_eq!(result, Ok(json!("changed")));
        let untouched = evaluate_with(&scripts, json!("$.request.id"));
        assert_eq!(untouched, Ok(json!("1650")));
    }
}

#[test]
fn every_example_of_a_host_function_holds() {
    for function in host_functions() {
        assert!(
            function.signature.starts_with(function.name),
            "{}",
            function.name
        );
        assert!(
            function.example.contains(function.name),
            "{}",
            function.name
        );
        let result = run(&format!("fn f() {{ {} }}", function.example));
        assert_eq!(result, Ok(json!(true)), "{}", function.example);
    }
}

#[test]
fn host_functions_take_any_value() {
    for name in ["text_one_line", "text_title_case", "url_defang"] {
        for (given, expected) in [("()", ""), ("7", "7"), ("[]", "[]")] {
            let result = run(&format!("fn f() {{ {name}({given}) }}"));
            assert_eq!(result, Ok(json!(expected)), "{name}({given})");
        }
    }
}

fn refused(source: &str) -> Vec<ScriptFault> {
    Scripts::new().add("test.rhai", source).unwrap_err()
}

#[test]
fn what_cannot_work_is_reported_when_loaded() {
    assert_debug_snapshot!(refused("fn f() {\n  let a = ;\n}"), @r#"
    [
        ScriptFault {
            line: 2,
            column: 11,
            code: "invalid-script",
            message: "Unexpected ';'",
            hint: None,
        },
    ]
    "#);
    assert_debug_snapshot!(refused("fn f() { unknown_name }"), @r#"
    [
        ScriptFault {
            line: 1,
            column: 10,
            code: "invalid-script",
            message: "Undefined variable: unknown_name",
            hint: Some(
                "known are the parameters of the function, and what `let` made before",
            ),
        },
    ]
    "#);
    assert_debug_snapshot!(refused("const LIMIT = 5;\nfn f() { text_trunctate(\"x\", 1).len() }\nfn g() { f(1) }"), @r#"
    [
        ScriptFault {
            line: 1,
            column: 1,
            code: "top-level-code",
            message: "this stands outside of a function and would never run",
            hint: Some(
                "move it into the function that needs it",
            ),
        },
        ScriptFault {
            line: 2,
            column: 10,
            code: "unknown-call",
            message: "there is no function `text_trunctate`",
            hint: Some(
                "did you mean `text_truncate`?",
            ),
        },
        ScriptFault {
            line: 3,
            column: 10,
            code: "unknown-call",
            message: "`f` cannot be called with 1 argument",
            hint: None,
        },
    ]
    "#);
}

#[test]
fn what_a_script_must_not_have_is_not_there() {
    for body in [
        "eval(\"1\")",
        "import \"other\" as o; 1",
        "timestamp()",
        "sleep(1)",
        "exit()",
        "open_file(\"x\")",
        "parse_json(\"{}\")",
        "blob(100)",
    ] {
        let faults = refused(&format!("fn f() {{ {body} }}"));
        assert!(!faults.is_empty(), "{body}");
    }
}

#[test]
fn a_name_is_taken_once_and_a_bad_script_harms_no_good_one() {
    let mut scripts = loaded("fn f() { 1 }");
    assert_eq!(
        scripts.add("test.rhai", "fn f() { 2 }").unwrap_err()[0].code,
        "duplicate-script"
    );
    assert_eq!(
        scripts.add("bad.rhai", "fn f( {").unwrap_err()[0].code,
        "invalid-script"
    );
    let result = evaluate_with(&scripts, json!({ "script": "test.rhai#f" }));
    assert_eq!(result, Ok(json!(1)));
    assert_eq!(scripts.names().collect::<Vec<_>>(), ["test.rhai"]);
    let functions = scripts.functions("test.rhai").unwrap();
    assert_eq!(functions.len(), 1);
}
