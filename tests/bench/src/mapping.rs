//! Five fields of a record, mapped by paths and by a script, on one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use expression::{Compiler, Scope, Scripts, Shape};
use serde_json::{Value, json};

use crate::table::{Table, per_second};

/// How long each is measured.
const TURN: Duration = Duration::from_secs(3);
/// Records between two looks at the clock.
const BATCH: u32 = 1_000;

pub(crate) fn run() -> Table {
    let mut scripts = Scripts::new();
    let source = "fn map(item) { #{ id: item.id, number: item.ticketNumber, title: item.title, \
                  status: item.status, company: item.companyID } }";
    scripts.add("map.rhai", source).expect("a good script");
    let outer = Shape::object::<String>([]);
    let compiler = Compiler::document(&Shape::Any, &outer, &scripts);
    let record = json!({
        "id": 29_683_500, "ticketNumber": "T20260701.0001", "title": "New user request: URL Block",
        "status": 1, "companyID": 174, "lastActivityDate": "2026-07-01T12:00:00.307Z",
        "externalID": "1650", "resolution": null,
        "userDefinedFields": [{ "name": "a", "value": "b" }]
    });
    let text = record.to_string();
    let by_path = json!({ "id": "$.id", "number": "$.ticketNumber", "title": "$.title",
        "status": "$.status", "company": "$.companyID" });
    let mut table = Table::new("Five fields of a record, one core");
    for (what, source) in [
        ("by path", by_path),
        ("by script", json!({ "script": "map.rhai#map" })),
    ] {
        let expression = compiler.compile(&source).expect("a good expression");
        let map = |record: &Value| -> Value {
            expression
                .evaluate(&Scope::document(record))
                .expect("a record of that form")
        };
        let alone = rate(|| drop(black_box(map(black_box(&record)))));
        let whole = rate(|| {
            let read: Value = serde_json::from_str(black_box(&text)).expect("JSON");
            drop(black_box(map(&read).to_string()));
        });
        let more = format!("{} from JSON text to JSON text", per_second(whole));
        table.row(what, per_second(alone), more);
    }
    table
}

fn rate(one: impl Fn()) -> f64 {
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < TURN {
        (0..BATCH).for_each(|_| one());
        count += BATCH;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}
