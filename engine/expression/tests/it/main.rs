//! Tests of expressions through their public face, one file per subject: `paths`, `templates`,
//! `scripts` (what they compute and what they refuse), `limits` (scripts that misbehave), `watch`
//! (which of their lines are told as run), `faults` (what is reported when a value is compiled),
//! `properties` (any input at all) and `manual` (the tables that are made from the lists).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "values are written where they are used"
)]

use expression::{Compiler, Error, Fault, Scope, Scripts, Shape};
use serde_json::{Value, json};

mod faults;
mod limits;
mod manual;
mod paths;
mod properties;
mod scripts;
mod templates;
mod texts;
mod watch;

/// What most tests compute on: the names that an operation's body sees.
fn names() -> Value {
    json!({
        "request": {
            "id": "1650",
            "report_type": "url_block",
            "url": "https://a.example/x y?z=1",
            "user": { "name": "Äda", "email": null },
            "tags": ["first", "second"],
            "priority": 3.0,
            "opened": "2026-07-01T12:00:00.250Z"
        },
        "settings": { "tickets": { "queue": 29, "share": 0.5 } },
        "credentials": { "secret": "hunter2" },
        "anything": { "items": [{ "id": 7, "active": true }, { "id": 8, "active": false }] }
    })
}

/// What is known of [`names`] beforehand.
fn shape() -> Shape {
    let user = Shape::object([("name", Shape::Scalar), ("email", Shape::Scalar)]);
    let request = Shape::object([
        ("id", Shape::Scalar),
        ("report_type", Shape::Scalar),
        ("url", Shape::Scalar),
        ("user", user),
        ("tags", Shape::array(Shape::Scalar)),
        ("priority", Shape::Scalar),
        ("opened", Shape::Scalar),
        ("reason", Shape::Scalar),
    ]);
    let tickets = Shape::object([("queue", Shape::Scalar), ("share", Shape::Scalar)]);
    Shape::object([
        ("request", request),
        ("settings", Shape::object([("tickets", tickets)])),
        ("credentials", Shape::object([("secret", Shape::Scalar)])),
        ("anything", Shape::Any),
    ])
}

/// The names in `values` as a scope.
fn scope(values: &Value) -> Scope<'_> {
    let roots = values.as_object().unwrap();
    roots
        .iter()
        .fold(Scope::new(), |scope, (name, value)| scope.with(name, value))
}

/// Compiles `source` for [`names`] and evaluates it on them.
fn evaluate(source: Value) -> Result<Value, Error> {
    evaluate_with(&Scripts::new(), source)
}

fn evaluate_with(scripts: &Scripts, source: Value) -> Result<Value, Error> {
    let (shape, values) = (shape(), names());
    let expression = Compiler::named(&shape, scripts).compile(&source).unwrap();
    expression.evaluate(&scope(&values))
}

/// The faults of `source`, compiled for [`names`].
fn faults(source: Value) -> Vec<Fault> {
    let (shape, scripts) = (shape(), Scripts::new());
    Compiler::named(&shape, &scripts)
        .compile(&source)
        .unwrap_err()
}

/// Evaluates on one document of unknown shape, with the name `setup` around it.
fn evaluate_on(document: &Value, source: Value) -> Result<Value, Error> {
    let outer = Shape::object([("setup", Shape::object([("url", Shape::Scalar)]))]);
    let setup = json!({ "url": "https://psa.example/" });
    let scripts = Scripts::new();
    let compiler = Compiler::document(&Shape::Any, &outer, &scripts);
    let expression = compiler.compile(&source).unwrap();
    expression.evaluate(&Scope::document(document).with("setup", &setup))
}
