//! What paths pick.

use expression::{Compiler, Error, Scope, Scripts, Shape};
use serde_json::{Value, json};

use crate::{evaluate, evaluate_on, names, scope, shape};

#[test]
fn a_path_picks_a_typed_value() {
    for (path, expected) in [
        ("$.request.id", json!("1650")),
        ("$.settings.tickets.queue", json!(29)),
        ("$['settings'].tickets[\"queue\"]", json!(29)),
        ("$.request.user", json!({ "name": "Äda", "email": null })),
        ("$.request.user.email", json!(null)),
        ("$.request.reason", json!(null)),
        ("$.request.tags[0]", json!("first")),
        ("$.request.tags[-1]", json!("second")),
        ("$.request.tags[-3]", json!(null)),
        ("$.request.tags[9]", json!(null)),
        ("$.anything.items[?(@.active==true)].id", json!(7)),
        ("$.anything.items[?@.id > 7].id", json!(8)),
        ("$.anything.items[1:].id", json!(8)),
        ("$.anything.items[?(@.id==99)].id", json!(null)),
        ("$.anything..nowhere", json!(null)),
    ] {
        assert_eq!(evaluate(json!(path)), Ok(expected), "{path}");
    }
}

#[test]
fn several_values_where_one_is_needed_are_an_error() {
    for path in [
        "$.request.tags[*]",
        "$.anything.items[*].id",
        "$.anything..id",
    ] {
        let expected = Error::PickOne {
            path: path.to_owned(),
            hits: 2,
        };
        assert_eq!(evaluate(json!(path)), Err(expected), "{path}");
    }
}

#[test]
fn maps_and_lists_are_built_and_other_scalars_are_themselves() {
    let source = json!({
        "status": 1,
        "queue": "$.settings.tickets.queue",
        "text": "plain, $5 and $request",
        "fields": [{ "name": "x", "value": "$.request.id" }, null, true],
        "literal_path": { "literal": "$.request.id" },
        "literal_template": { "literal": { "kept": "{{ as is }}" } }
    });
    let expected = json!({
        "status": 1,
        "queue": 29,
        "text": "plain, $5 and $request",
        "fields": [{ "name": "x", "value": "1650" }, null, true],
        "literal_path": "$.request.id",
        "literal_template": { "kept": "{{ as is }}" }
    });
    assert_eq!(evaluate(source), Ok(expected));
}

#[test]
fn constants_are_known_as_such_and_names_are_listed() {
    let (shape, scripts) = (shape(), Scripts::new());
    let compile = |source: Value| Compiler::named(&shape, &scripts).compile(&source).unwrap();
    assert!(compile(json!({ "a": [1, "x", { "literal": "$.b" }] })).is_constant());
    let mixed = compile(json!({ "a": "$.request.id", "b": "{{ settings.tickets.queue }}" }));
    assert!(!mixed.is_constant());
    assert_eq!(
        mixed.roots().into_iter().collect::<Vec<_>>(),
        ["request", "settings"]
    );
}

#[test]
fn where_the_scope_is_a_document_it_is_what_the_path_starts_from() {
    let picklist = json!({
        "fields": [
            { "name": "status", "values": [{ "value": "1", "active": true }] },
            { "name": "queueID", "values": [
                { "value": "8", "active": true }, { "value": "9", "active": false }
            ] }
        ],
        "wanted": "status"
    });
    for (path, expected) in [
        ("$.wanted", json!("status")),
        (
            "$.fields[?(@.name=='queueID')].values[?(@.active==true)].value",
            json!("8"),
        ),
        // `$` inside a filter is the document, not what the path has reached.
        ("$.fields[?(@.name==$.wanted)].values[0].value", json!("1")),
        ("$.fields[0]['name']", json!("status")),
    ] {
        assert_eq!(evaluate_on(&picklist, json!(path)), Ok(expected), "{path}");
    }
    assert_eq!(evaluate_on(&json!("8"), json!("$")), Ok(json!("8")));
    assert_eq!(evaluate_on(&json!([4, 5]), json!("$[1]")), Ok(json!(5)));
}

#[test]
fn a_selector_borrows_every_hit_and_tells_an_empty_list_from_a_missing_one() {
    let scripts = Scripts::new();
    let compiler = Compiler::document(&Shape::Any, &Shape::Any, &scripts);
    let select = |path: &str, document: &Value| {
        let selector = compiler.selector(&json!(path)).unwrap();
        let scope = Scope::document(document);
        let hits = selector.pick_all(&scope).unwrap();
        (
            hits.values.into_iter().cloned().collect::<Vec<_>>(),
            hits.lacking,
        )
    };
    let page = json!({ "items": [{ "id": 1 }, { "id": 2 }, {}], "none": [], "map": { "a": 5 } });
    for (path, values, lacking) in [
        (
            "$.items[*]",
            vec![json!({ "id": 1 }), json!({ "id": 2 }), json!({})],
            None,
        ),
        ("$.items[*].id", vec![json!(1), json!(2)], None),
        ("$.items[?(@.id>1)].id", vec![json!(2)], None),
        ("$.map[*]", vec![json!(5)], None),
        ("$.none[*]", vec![], None),
        ("$.none[0]", vec![], None),
        ("$.itmes[*]", vec![], Some("itmes")),
        ("$.itmes[?(@.id>1)]", vec![], Some("itmes")),
        ("$.items[*].nope", vec![], Some("nope")),
        ("$.map.a[*]", vec![], Some("[*]")),
    ] {
        assert_eq!(
            select(path, &page),
            (values, lacking.map(str::to_owned)),
            "{path}"
        );
    }
}

#[test]
fn borrowing_does_not_copy_what_exists() {
    let (shape, scripts, values) = (shape(), Scripts::new(), names());
    let compiler = Compiler::named(&shape, &scripts);
    let expression = compiler.compile(&json!("$.anything.items")).unwrap();
    let scope = scope(&values);
    let borrowed = expression.borrow(&scope).unwrap();
    let original = values.pointer("/anything/items").unwrap();
    assert!(std::ptr::eq(&raw const *borrowed, original));
}

#[test]
fn a_scope_that_lacks_an_announced_name_is_an_error_and_a_later_name_hides_an_earlier() {
    let (shape, scripts, values) = (shape(), Scripts::new(), names());
    let compiler = Compiler::named(&shape, &scripts);
    for source in ["$.settings.tickets", "{{ settings.tickets.queue }}"] {
        let expression = compiler.compile(&json!(source)).unwrap();
        let expected = Error::FindRoot {
            name: "settings".to_owned(),
            expression: source.to_owned(),
        };
        assert_eq!(expression.evaluate(&Scope::new()), Err(expected));
    }
    let other = json!({ "id": "2" });
    let expression = compiler.compile(&json!("$.request.id")).unwrap();
    let hidden = scope(&values).with("request", &other);
    assert_eq!(expression.evaluate(&hidden), Ok(json!("2")));
}
