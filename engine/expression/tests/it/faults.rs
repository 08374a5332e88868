//! What is reported about a value that cannot be right.

use std::fmt::Write;

use expression::{Compiler, Fault, Scripts, Shape};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{faults, shape};

/// Faults as a person would see them: the string, what is underlined, and the words.
fn shown(source: &Value, faults: &[Fault]) -> String {
    let mut shown = String::new();
    for fault in faults {
        if let (Some(text), Some((start, length))) = (
            source.pointer(&fault.pointer).and_then(Value::as_str),
            fault.offset,
        ) {
            writeln!(shown, "{text}\n{}{}", " ".repeat(start), "^".repeat(length)).unwrap();
        }
        let Fault {
            pointer,
            code,
            message,
            hint,
            ..
        } = fault;
        let hint = hint.as_deref().unwrap_or("-");
        writeln!(shown, "{code} at `{pointer}`: {message} ({hint})").unwrap();
    }
    shown
}

fn all(sources: &[&str]) -> String {
    let report = |source: &&str| {
        let source = json!(source);
        shown(&source, &faults(source.clone()))
    };
    sources.iter().map(report).collect::<Vec<_>>().join("\n")
}

#[test]
fn paths() {
    assert_snapshot!(all(&[
        "$.reqeust.id",
        "$.request.user.nmae",
        "$.request.id.x",
        "$.request.tags.x",
        "$.request.id[0]",
        "$.request.tags[*].x",
        "$.request.user[",
        "$.request.user]",
        "$.request.ä b",
        "$.50 off",
        "$.{{ request.id }}",
        "$",
        "$[*]",
        "$..id",
        "$.anything.items[?(@.id == $.request.id)]",
    ]), @r#"
    $.reqeust.id
      ^^^^^^^
    unknown-variable at ``: `reqeust` is not known here (did you mean `request`?)

    $.request.user.nmae
                   ^^^^
    unknown-field at ``: there is no field `nmae` (did you mean `name`?)

    $.request.id.x
                 ^
    unknown-field at ``: `x` is looked up in a single value (-)

    $.request.tags.x
                   ^
    unknown-field at ``: `x` is looked up in a list (take one element with `[0]`, or all with `[*]`)

    unknown-field at ``: in `$.request.id[0]`, a single value is indexed (-)

    $.request.tags[*].x
                      ^
    unknown-field at ``: `x` is looked up in a single value (-)

    $.request.user[
                   ^
    invalid-path at ``: this JSONPath is not finished (each `[` has its `]`, and each `(` its `)`: `$.items[*]`)

    $.request.user]
                  ^
    invalid-path at ``: this JSONPath cannot go on with `]` (to write this text itself: `literal: "…"`)

    $.request.ä b
              ^^^
    invalid-path at ``: a name in this JSONPath holds a space (to write this text itself: `literal: "…"`)

    $.50 off
      ^
    invalid-path at ``: this JSONPath cannot go on with `5` (to write this text itself: `literal: "…"`)

    $.{{ request.id }}
      ^
    invalid-path at ``: this JSONPath cannot go on with `{` (a path cannot hold `{{ }}`: pick with a path, or print with a template)

    unsupported-path at ``: `$` does not begin with one name (`$` is a set of names here: begin with one of them, as in `$.request`)

    unsupported-path at ``: `$[*]` does not begin with one name (`$` is a set of names here: begin with one of them, as in `$.request`)

    unsupported-path at ``: `$..id` does not begin with one name (`$` is a set of names here: begin with one of them, as in `$.request`)

    unsupported-path at ``: a filter cannot look at `$` here (compare with a constant, or decide in a script)
    "#);
}

#[test]
fn filters_are_checked_against_the_element() {
    let item = Shape::object([("id", Shape::Scalar), ("name", Shape::Scalar)]);
    let document = Shape::object([("items", Shape::array(item))]);
    let scripts = Scripts::new();
    let compiler = Compiler::document(&document, &Shape::Any, &scripts);
    let source = json!("$.items[?(@.nmae == 'x' && !(@.id || length(@.titel) > 3))].id");
    assert_snapshot!(shown(&source, &compiler.compile(&source).unwrap_err()), @r"
    $.items[?(@.nmae == 'x' && !(@.id || length(@.titel) > 3))].id
                ^^^^
    unknown-field at ``: there is no field `nmae` (did you mean `name`?)
    $.items[?(@.nmae == 'x' && !(@.id || length(@.titel) > 3))].id
                                                  ^^^^^
    unknown-field at ``: there is no field `titel` (known here: `id`, `name`)
    ");
}

#[test]
fn names_in_templates() {
    assert_snapshot!(all(&[
        "Dear {{ reqeust.user.name }}, {{ request.user.nmae }}",
        "{{ request.user }} {{ request.tags }}",
        "{{ request.id.x }} {{ request.tags.x }}",
        "line one\nline two {{ nope }}",
        "{{#each request.tags}}{{ nope }}{{/each}}",
        "{{#with request.user}}{{ nmae }} {{ ../nope }} {{ @root.nope }}{{/with}}",
        "{{#each request.tags as |tag|}}{{ tga }}{{/each}}",
        "{{#each anything.items}}{{#with ../request.user}}{{ id }}{{/with}}{{/each}}",
        "{{#with request.user}}{{ settings.tickets.queue }}{{/with}}",
        "{{ @index }} {{ ../request }}",
        "{{ this }}",
    ]), @r"
    Dear {{ reqeust.user.name }}, {{ request.user.nmae }}
            ^^^^^^^
    unknown-variable at ``: `reqeust` is not known here (did you mean `request`?)
    Dear {{ reqeust.user.name }}, {{ request.user.nmae }}
                                                  ^^^^
    unknown-field at ``: there is no field `nmae` (did you mean `name`?)

    {{ request.user }} {{ request.tags }}
       ^^^^^^^^^^^^
    not-printable at ``: `request.user` is an object (name one of its fields, or write `{{ json request.user }}`)
    {{ request.user }} {{ request.tags }}
                          ^^^^^^^^^^^^
    not-printable at ``: `request.tags` is a list (loop over it with `{{#each}}`, or write `{{ json request.tags }}`)

    {{ request.id.x }} {{ request.tags.x }}
                  ^
    unknown-field at ``: `x` is looked up in a single value (-)
    {{ request.id.x }} {{ request.tags.x }}
                                       ^
    unknown-field at ``: `x` is looked up in a list (take one element with `.0.`, or all with `{{#each}}`)

    line one
    line two {{ nope }}
                         ^^^^
    unknown-variable at ``: `nope` is not known here (known here: `anything`, `credentials`, `request`, `settings`)

    {{#each request.tags}}{{ nope }}{{/each}}
                             ^^^^
    unknown-field at ``: `nope` is looked up in a single value (-)

    {{#with request.user}}{{ nmae }} {{ ../nope }} {{ @root.nope }}{{/with}}
                             ^^^^
    unknown-field at ``: there is no field `nmae` (did you mean `name`?)
    {{#with request.user}}{{ nmae }} {{ ../nope }} {{ @root.nope }}{{/with}}
                                           ^^^^
    unknown-variable at ``: `nope` is not known here (known here: `anything`, `credentials`, `request`, `settings`)
    {{#with request.user}}{{ nmae }} {{ ../nope }} {{ @root.nope }}{{/with}}
                                                            ^^^^
    unknown-variable at ``: `nope` is not known here (known here: `anything`, `credentials`, `request`, `settings`)

    {{#each request.tags as |tag|}}{{ tga }}{{/each}}
                                      ^^^
    unknown-field at ``: `tga` is looked up in a single value (did you mean `tag`?)

    {{#each anything.items}}{{#with ../request.user}}{{ id }}{{/with}}{{/each}}
                                                        ^^
    unknown-field at ``: there is no field `id` (known here: `email`, `name`)

    {{#with request.user}}{{ settings.tickets.queue }}{{/with}}
                             ^^^^^^^^
    unknown-field at ``: there is no field `settings` (from inside of this block it is `@root.settings.tickets.queue`)

    {{ @index }} {{ ../request }}
       ^^^^^^
    unknown-variable at ``: `@index` is not known here (`@index`, `@key`, `@first` and `@last` exist inside `{{#each}}`)
    {{ @index }} {{ ../request }}
                    ^^^^^^^^^^
    unknown-variable at ``: `../request` leads out of the template (-)

    {{ this }}
       ^^^^
    unknown-variable at ``: `this` is all there is (name a field)
    ");
}

#[test]
fn helpers_in_templates() {
    assert_snapshot!(all(&[
        "{{ uppper request.id }}",
        "{{#ech request.tags}}{{/ech}}",
        "{{ if request.id }}",
        "{{#lower request.id}}{{/lower}}",
        "{{ lower }}",
        "{{ lower request.id request.url }}",
        "{{ after request.opened \"24 hours\" }}",
        "{{ date request.opened \"%\" }}",
        "{{ truncate request.id -1 }}",
        "{{#if (eqq request.id 1)}}{{/if}}",
        "{{ lookup request \"id\" }}",
        "{{ log request.id }}",
    ]), @r#"
    {{ uppper request.id }}
       ^^^^^^
    unknown-helper at ``: there is no helper `uppper` (did you mean `upper`?)

    {{#ech request.tags}}{{/ech}}
       ^^^
    unknown-helper at ``: there is no block helper `ech` (did you mean `each`?)

    {{ if request.id }}
       ^^
    unknown-helper at ``: there is no helper `if` (it is written `{{#if x}}…{{else}}…{{/if}}`)

    {{#lower request.id}}{{/lower}}
       ^^^^^
    unknown-helper at ``: there is no block helper `lower` (it is written `{{ lower x }}`)

    {{ lower }}
       ^^^^^
    ambiguous-name at ``: `lower` is the name of a helper (give it an argument, or write `this.lower` for the field)

    {{ lower request.id request.url }}
       ^^^^^
    wrong-arguments at ``: `lower` takes one argument (it is written `{{ lower x }}`)

    {{ after request.opened "24 hours" }}
       ^^^^^
    wrong-arguments at ``: `after`: it needs a span such as "24h" (units: ms s m h d) (it is written `{{ after time "24h" }}`)

    {{ date request.opened "%" }}
       ^^^^
    wrong-arguments at ``: `date`: it needs a form such as "%Y-%m-%d" (it is written `{{ date time "%Y-%m-%d" }}`)

    {{ truncate request.id -1 }}
       ^^^^^^^^
    wrong-arguments at ``: `truncate`: it needs a whole number of characters (it is written `{{ truncate x 50 }}`)

    {{#if (eqq request.id 1)}}{{/if}}
           ^^^
    unknown-helper at ``: there is no helper `eqq` (did you mean `eq`?)

    {{ lookup request "id" }}
       ^^^^^^
    unknown-helper at ``: there is no helper `lookup` (-)

    {{ log request.id }}
       ^^^
    unknown-helper at ``: there is no helper `log` (-)
    "#);
}

#[test]
fn syntax_of_templates() {
    assert_snapshot!(all(&[
        "{{> header }}",
        "{{#*inline \"x\"}}{{/inline}}",
        "{{ request.id",
        "{{ request..id }}",
        "{{#if request.id}}",
        "{{#if request.id}}{{/unless}}",
    ]), @r#"
    {{> header }}
    ^^
    forbidden-in-template at ``: a template cannot use another template (`{{> }}`) (-)

    {{#*inline "x"}}{{/inline}}
    ^^
    forbidden-in-template at ``: a template cannot use a decorator (`{{* }}`) (-)

    {{ request.id
                 ^
    invalid-template at ``: a `{{` has no `}}` (write `{{ name }}`, `{{ helper name }}` or `{{#if name}}…{{/if}}`; for braces as they are, `literal: "…"`)

    {{ request..id }}
               ^
    invalid-template at ``: this template cannot be read from here on (write `{{ name }}`, `{{ helper name }}` or `{{#if name}}…{{/if}}`; for braces as they are, `literal: "…"`)

    {{#if request.id}}
                      ^
    invalid-template at ``: a block, `{{#…}}`, is not closed (write `{{ name }}`, `{{ helper name }}` or `{{#if name}}…{{/if}}`; for braces as they are, `literal: "…"`)

    {{#if request.id}}{{/unless}}
                      ^
    invalid-template at ``: a block is closed by another name than it was opened with (write `{{ name }}`, `{{ helper name }}` or `{{#if name}}…{{/if}}`; for braces as they are, `literal: "…"`)
    "#);
}

#[test]
fn every_fault_of_a_value_is_reported_with_its_place() {
    let source = json!({
        "good": "$.request.id",
        "a/b": ["{{ nope }}", { "deep~": "$.nope" }],
        "script": { "script": 5 },
        "unloaded": { "script": "ticket.rhai#compose" }
    });
    assert_snapshot!(shown(&source, &faults(source.clone())), @r"
    {{ nope }}
       ^^^^
    unknown-variable at `/a~1b/0`: `nope` is not known here (known here: `anything`, `credentials`, `request`, `settings`)
    $.nope
      ^^^^
    unknown-variable at `/a~1b/1/deep~0`: `nope` is not known here (known here: `anything`, `credentials`, `request`, `settings`)
    invalid-reference at `/script/script`: `script` must name a function of a file (write `script: file.rhai#function`)
    ticket.rhai#compose
    ^^^^^^^^^^^
    unknown-script at `/unloaded/script`: there is no script `ticket.rhai` (-)
    ");
}

#[test]
fn script_references() {
    let mut scripts = Scripts::new();
    let source = "fn compose(request, settings) { 1 } \
                  private fn inner(request) { 1 } \
                  fn two(request) { 1 } fn two() { 1 } \
                  fn typo(reqeust, settngs) { 1 } \
                  fn greedy(request, credentials) { 1 } \
                  fn around(item) { 1 }";
    scripts.add("ticket.rhai", source).unwrap();
    let shape = shape();
    let compiler = Compiler::named(&shape, &scripts);
    let mut report = String::new();
    for reference in [
        "ticket.rhai",
        "tiket.rhai#compose",
        "ticket.rhai#compse",
        "ticket.rhai#inner",
        "ticket.rhai#two",
        "ticket.rhai#typo",
        "ticket.rhai#greedy",
        "ticket.rhai#around",
    ] {
        let source = json!({ "script": reference });
        report += &shown(&source, &compiler.compile(&source).unwrap_err());
    }
    assert_snapshot!(report, @r"
    invalid-reference at `/script`: `script` must name a function of a file (write `script: file.rhai#function`)
    tiket.rhai#compose
    ^^^^^^^^^^
    unknown-script at `/script`: there is no script `tiket.rhai` (did you mean `ticket.rhai`?)
    ticket.rhai#compse
                ^^^^^^
    unknown-function at `/script`: `ticket.rhai` has no function `compse` (did you mean `compose`?)
    ticket.rhai#inner
                ^^^^^
    unknown-function at `/script`: `ticket.rhai` has no function `inner` (`inner` is private: remove `private` to call it from outside)
    ticket.rhai#two
                ^^^
    ambiguous-function at `/script`: `ticket.rhai` has several functions `two` (give each its own name)
    ticket.rhai#typo
                ^^^^
    unknown-parameter at `/script`: `typo` asks for `reqeust`, which is not known here (did you mean `request`?)
    ticket.rhai#typo
                ^^^^
    unknown-parameter at `/script`: `typo` asks for `settngs`, which is not known here (did you mean `settings`?)
    ticket.rhai#greedy
                ^^^^^^
    secret-to-script at `/script`: `greedy` asks for `credentials`, which holds secrets (scripts never see secrets: use them in a template of the connector)
    ticket.rhai#around
                ^^^^^^
    unknown-parameter at `/script`: `around` asks for `item`, which is not known here (known here: `anything`, `request`, `settings`)
    ");
    assert!(
        compiler
            .compile(&json!({ "script": "ticket.rhai#compose" }))
            .is_ok()
    );
}

#[test]
fn limits() {
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let long = format!("$.request{}", ".x".repeat(2_000));
    let codes = |source: Value| {
        faults(source)
            .into_iter()
            .map(|f| f.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(deep), ["nested-too-deeply"]);
    assert_eq!(codes(json!(long)), ["too-long"]);
    assert_eq!(codes(json!("{{ x }}".repeat(10_000))), ["too-long"]);
    assert_eq!(
        codes(json!(format!("{{{{ {} }}}}", "(".repeat(5_000)))),
        ["invalid-template"]
    );
    let blocks = format!(
        "{}{}",
        "{{#if request.id}}".repeat(20),
        "{{/if}}".repeat(20)
    );
    assert_eq!(codes(json!(blocks)), ["invalid-template"]);
}

#[test]
fn a_path_without_its_dot_is_no_text() {
    let scripts = Scripts::default();
    let compiler = Compiler::document(&Shape::Any, &Shape::Any, &scripts);
    for source in ["$itemId", "$item.id", "$_rows[*].id"] {
        let faults = compiler.compile(&json!([source])).unwrap_err();
        assert_eq!(
            (faults[0].code, &*faults[0].pointer),
            ("path-without-dot", "/0")
        );
        let hint = faults[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains(&source.replacen('$', "$.", 1)), "{hint}");
    }
    for text in ["$5", "$ 5", "US$", "$it costs", "$"] {
        assert!(compiler.compile(&json!(text)).is_ok(), "{text}");
    }
    assert!(compiler.compile(&json!({ "literal": "$itemId" })).is_ok());
}

#[test]
fn a_selector_must_be_a_path() {
    let scripts = Scripts::new();
    let compiler = Compiler::document(&Shape::Any, &Shape::Any, &scripts);
    for source in [json!("items"), json!(5), json!({ "literal": "$.x" })] {
        assert_eq!(
            compiler.selector(&source).unwrap_err()[0].code,
            "not-a-selector"
        );
    }
    assert_eq!(
        compiler.selector(&json!("$.a[")).unwrap_err()[0].code,
        "invalid-path"
    );
}
