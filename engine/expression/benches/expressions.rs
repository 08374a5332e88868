//! How many records per second one core maps by path, by template and by script. Run it with
//! `cargo bench -p dovetail-expression`; the aim is 500,000 by path and 200,000 by script.

#![expect(clippy::print_stdout, reason = "what a benchmark finds is its output")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should panic"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use expression::{Compiler, Expression, Scope, Scripts, Shape};
use serde_json::{Value, json};

/// How long each measurement runs.
const RUN: Duration = Duration::from_secs(2);

/// Evaluations between looks at the clock.
const BATCH: u32 = 1_000;

fn main() {
    let mut scripts = Scripts::new();
    let source = "fn map(item) { #{ id: item.id, number: item.ticketNumber, title: item.title, \
                  status: item.status, company: item.companyID } }";
    scripts.add("map.rhai", source).unwrap();
    let outer = Shape::object([("setup", Shape::Any)]);
    let compiler = Compiler::document(&Shape::Any, &outer, &scripts);
    let record = json!({
        "id": 29_683_500, "ticketNumber": "T20260701.0001", "title": "New user request: URL Block",
        "status": 1, "companyID": 174, "lastActivityDate": "2026-07-01T12:00:00.307Z",
        "externalID": "1650", "resolution": null,
        "userDefinedFields": [{ "name": "a", "value": "b" }]
    });
    let setup = json!({ "url": "https://desk.example/" });
    let scope = Scope::document(&record).with("setup", &setup);
    for (name, source) in [
        (
            "five fields by path",
            json!({
                "id": "$.id", "number": "$.ticketNumber", "title": "$.title",
                "status": "$.status", "company": "$.companyID"
            }),
        ),
        ("one field by path", json!("$.id")),
        (
            "one field by filter",
            json!("$.userDefinedFields[?(@.name=='a')].value"),
        ),
        (
            "one text by template",
            json!("{{ setup.url }}tickets?id={{ id }}"),
        ),
        ("five fields by script", json!({ "script": "map.rhai#map" })),
    ] {
        let expression = compiler.compile(&source).unwrap();
        println!(
            "{name:<24} {:>10.0} per second",
            per_second(&expression, &scope)
        );
    }
}

fn per_second(expression: &Expression, scope: &Scope<'_>) -> f64 {
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < RUN {
        for _ in 0..BATCH {
            black_box::<Value>(expression.evaluate(black_box(scope)).unwrap());
        }
        count += BATCH;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}
