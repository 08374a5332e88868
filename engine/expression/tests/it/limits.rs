//! Scripts that misbehave: each is stopped, in time, with an error that says why, on a thread with
//! no more stack than a worker of the runtime has, in a build that is not optimised.

use std::time::{Duration, Instant};

use expression::script::limits;
use expression::{Error, Scripts};
use serde_json::{Value, json};

use crate::evaluate_with;

/// The stack of a worker thread of tokio.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Far more than any limit, for a busy machine; a script that is not stopped exceeds it.
const PATIENCE: Duration = Duration::from_secs(20);

fn run(source: String) -> Result<Value, Error> {
    let work = move || {
        let mut scripts = Scripts::new();
        scripts.add("test.rhai", &source).unwrap();
        let started = Instant::now();
        let result = evaluate_with(&scripts, json!({ "script": "test.rhai#f" }));
        assert!(started.elapsed() < PATIENCE, "{source}");
        result
    };
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap()
}

/// Asserts that `source` is stopped, at a known place and for `reason`. On a machine that is busy
/// enough, time runs out first, which is as good.
fn assert_stopped(source: impl Into<String>, reason: &str) {
    let source = source.into();
    let late = format!(
        "it takes longer than {} ms",
        limits::WALL_TIME_MAX.as_millis()
    );
    match run(source.clone()) {
        Err(Error::Run {
            reason: given,
            line: 1..,
            column: 1..,
            ..
        }) => {
            assert!(given == reason || given == late, "{source}: {given}");
        }
        other => unreachable!("{source}: {other:?}"),
    }
}

#[test]
fn an_endless_loop_ends() {
    let operations = limits::OPERATIONS_MAX;
    let reason = format!("it takes more than {operations} operations; does a loop end?");
    for body in [
        "loop { }",
        "while true { 1 + 1; }",
        "let i = 0; loop { i += 1; }",
    ] {
        assert_stopped(format!("fn f() {{ {body} }}"), &reason);
    }
}

#[test]
fn slow_work_in_few_operations_ends_by_the_clock() {
    let source = "fn f() { let a = []; a.pad(4500, 1); \
                  for i in 0..100000 { let b = a.map(|x| x); b.sort(|x, y| y - x); } }";
    assert!(matches!(run(source.to_owned()), Err(Error::Run { .. })));
}

#[test]
fn recursion_ends_before_the_stack_does() {
    let depth = format!(
        "functions call each other more than {} deep",
        limits::CALL_DEPTH_MAX
    );
    assert_stopped("fn f() { f() }", &depth);
    assert_stopped(
        "fn f() { g(1) } fn g(n) { let x = [#{ a: (g(n + 1) + 1) * 2 }]; x }",
        &depth,
    );
    assert_stopped("fn f() { let g = |h| h.call(h); g.call(g) }", &depth);
}

#[test]
fn the_deepest_expressions_on_the_deepest_calls_fit_the_stack() {
    let source = |depth: usize| {
        let (open, close) = ("(1 + ".repeat(depth), ")".repeat(depth));
        format!("fn f() {{ g(0) }} fn g(n) {{ {open}g(n + 1){close} }}")
    };
    let loads = |depth: &usize| Scripts::new().add("test.rhai", &source(*depth)).is_ok();
    let deepest = (1..=limits::EXPRESSION_DEPTH_MAX)
        .rev()
        .find(loads)
        .unwrap();
    assert!(deepest > limits::EXPRESSION_DEPTH_MAX / 4, "{deepest}");
    let depth = format!(
        "functions call each other more than {} deep",
        limits::CALL_DEPTH_MAX
    );
    assert_stopped(source(deepest), &depth);
}

#[test]
fn what_grows_is_stopped() {
    for (body, reason) in [
        (
            "let s = \"x\"; loop { s += s; }",
            "too large: length of string",
        ),
        (
            "let s = \"\"; s.pad(1000000000, \"x\"); s",
            "too large: length of string",
        ),
        (
            "let a = [1]; loop { a += a; }",
            "too large: size of array/blob",
        ),
        (
            "let a = []; a.pad(1000000000, 1); a",
            "too large: size of array/blob",
        ),
        (
            "let a = []; for i in 0..20000 { a.push(i); } a",
            "too large: size of array/blob",
        ),
    ] {
        assert_stopped(format!("fn f() {{ {body} }}"), reason);
    }
}

#[test]
fn values_that_closures_capture_do_no_harm() {
    for body in [
        "let x = 1; let f = || x; let a = []; a.push(x); a += x; a",
        "let x = [1]; let f = || x.push(2); x.push(x); f.call(); x",
        "let m = #{}; let f = |k| m[k] = m; f.call(\"a\"); f.call(\"b\"); [m, m]",
        "let x = \"t\"; let f = |y| x += y; let a = [x, #{ x: x }]; f.call(\"u\"); a.push(x); a",
        "let f = |g| g; let x = [f]; x.push(x); x.map(|y| type_of(y))",
    ] {
        let result = run(format!("fn f() {{ {body} }}"));
        let harmless = matches!(&result, Ok(_) | Err(Error::Run { line: 1, .. }));
        assert!(harmless, "{body}: {result:?}");
    }
}

#[test]
fn too_large_a_result_is_refused() {
    // The library does not count what is assigned by key, so that it is counted when it comes out.
    let source = "fn f() { let a = []; a.pad(4500, 0); a }";
    let parts = format!("it returns more than {} values", limits::RESULT_VALUES_MAX);
    assert_stopped(source, &parts);
    let source = "fn f() { let s = \"\"; s.pad(100000, \"x\"); let m = #{}; \
                  for i in 0..50 { m[i.to_string()] = s; } m }";
    let bytes = format!(
        "it returns more than {} bytes of text",
        limits::RESULT_BYTES_MAX
    );
    assert_stopped(source, &bytes);
}

#[test]
fn a_value_nested_without_end_is_refused_and_can_be_dropped() {
    let source = "fn f() { let a = []; for i in 0..5000 { a = [a]; } a }";
    let result = run(source.to_owned());
    assert!(matches!(result, Err(Error::Run { .. })), "{result:?}");
}

#[test]
fn a_script_nested_too_deeply_is_refused_when_loaded() {
    let deep = limits::EXPRESSION_DEPTH_MAX + 1;
    let source = format!("fn f() {{ {}1{} }}", "(".repeat(deep), ")".repeat(deep));
    assert!(Scripts::new().add("test.rhai", &source).is_err());
    let long = " ".repeat(limits::SOURCE_BYTES_MAX + 1);
    assert_eq!(
        Scripts::new().add("test.rhai", &long).unwrap_err()[0].code,
        "script-too-long"
    );
}
