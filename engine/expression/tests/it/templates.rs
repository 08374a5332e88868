//! What templates print.

use expression::template::{HELPERS, OUTPUT_BYTES_MAX};
use expression::{Compiler, Error, Scope, Scripts, Shape};
use serde_json::{Value, json};

use crate::{evaluate, evaluate_on};

#[test]
fn templates_print_text() {
    for (template, expected) in [
        ("Request {{ request.id }}", "Request 1650"),
        (
            "{{request.user.name}} & <{{settings.tickets.queue}}>",
            "Äda & <29>",
        ),
        ("{{{ request.url }}}", "https://a.example/x y?z=1"),
        ("[{{ request.user.email }}{{ request.reason }}]", "[]"),
        (
            "{{ request.priority }} {{ settings.tickets.share }}",
            "3 0.5",
        ),
        ("{{ request.tags.1 }}", "second"),
        (
            "{{#each request.tags}}{{@index}}={{this}};{{/each}}",
            "0=first;1=second;",
        ),
        (
            "{{#each request.tags as |t i|}}{{i}}{{t}}{{../request.id}} {{/each}}",
            "0first1650 1second1650 ",
        ),
        (
            "{{#with request.user}}{{name}} {{@root.request.id}}{{/with}}",
            "Äda 1650",
        ),
        ("{{#if request.reason}}yes{{else}}no{{/if}}", "no"),
        ("{{#if (eq request.id \"1650\")}}same{{/if}}", "same"),
        (
            "{{#if request.reason}}a{{else if request.id}}b{{else}}c{{/if}}",
            "b",
        ),
        ("{{#unless request.reason}}none{{/unless}}", "none"),
        ("{{#each anything.items}}{{id}},{{/each}}", "7,8,"),
        ("{{! a comment }}x", "x"),
        ("{{ len request.tags }}", "2"),
        ("[{{ anything.items.5.id }}{{ anything.x.y }}]", "[]"),
    ] {
        assert_eq!(evaluate(json!(template)), Ok(json!(expected)), "{template}");
    }
}

#[test]
fn every_helper_of_this_program_does_what_it_says() {
    for (template, expected) in [
        (
            "{{ urlencode request.url }}",
            "https%3A%2F%2Fa.example%2Fx%20y%3Fz%3D1",
        ),
        ("{{ urlencode \"a-b_c.d~é\" }}", "a-b_c.d~%C3%A9"),
        ("{{ xml \"<b a=1>&\" }}", "&lt;b a=1&gt;&amp;"),
        ("{{ host request.url }}", "a.example"),
        (
            "{{ host \"https://u:p@Desk.Example:8443?x\" }}",
            "desk.example:8443",
        ),
        ("{{ host \"desk.example/a\" }}", "desk.example"),
        ("{{ base64 \"user:pass\" }}", "dXNlcjpwYXNz"),
        (
            "{{ json request.user }}",
            "{\"name\":\"Äda\",\"email\":null}",
        ),
        ("{{ json request.reason }}", "null"),
        ("{{ after request.opened \"24h\" }}", "2026-07-02T12:00:00Z"),
        ("{{ date request.opened \"%Y-%m-%d\" }}", "2026-07-01"),
        (
            "{{ moment \"01/07/2026 14:05\" \"%d/%m/%Y %H:%M\" }}",
            "2026-07-01T14:05:00Z",
        ),
        (
            "{{ moment \"2026-07-01T14:05:00.000+0200\" \"%Y-%m-%dT%H:%M:%S%.f%z\" }}",
            "2026-07-01T12:05:00Z",
        ),
        ("{{ moment 1782907200 \"%s\" }}", "2026-07-01T12:00:00Z"),
        ("{{ moment \"2026-07-01\" \"%F\" }}", "2026-07-01T00:00:00Z"),
        ("[{{ moment request.reason \"%s\" }}]", "[]"),
        (
            r#"{{ replace (replace "it's \\ or" "\\" "\\\\") "'" "\\'" }}"#,
            r"it\'s \\ or",
        ),
        ("{{ default request.reason \"none\" }}", "none"),
        ("{{ default request.id \"none\" }}", "1650"),
        (
            "{{ lower request.user.name }} {{ upper request.user.name }}",
            "äda ÄDA",
        ),
        ("{{ truncate request.user.name 2 }}", "Äd"),
        (
            "{{ truncate (default request.reason request.id) 3 }}",
            "165",
        ),
        ("{{ urlencode request.reason }}", ""),
        ("{{ urlencode settings.tickets.queue }}", "29"),
    ] {
        assert_eq!(evaluate(json!(template)), Ok(json!(expected)), "{template}");
        let used = HELPERS.iter().any(|helper| template.contains(helper.name));
        assert!(used, "{template}");
    }
}

#[test]
fn a_helper_objects_without_quoting_its_argument() {
    for (template, reason) in [
        (
            "{{ after request.id \"24h\" }}",
            "after: it needs a date and time (RFC 3339, or a number of Unix seconds)",
        ),
        (
            "{{ after request.opened request.id }}",
            "after: it needs a span such as \"24h\" (units: ms s m h d)",
        ),
        (
            "{{ lower anything.items }}",
            "lower: it needs a text, not a list or an object",
        ),
        (
            "{{ moment request.id \"%d/%m/%Y\" }}",
            "moment: it is not in this form",
        ),
        (
            "{{ replace request.id request.reason \"x\" }}",
            "replace: it needs a text to replace",
        ),
        ("{{ anything.items }}", "`anything.items` is a list"),
        ("{{ anything.items.x }}", "`x` is looked up in a list"),
        (
            "{{#each anything.items}}{{/each}}{{ anything.items.x }}",
            "`x` is looked up in a list",
        ),
    ] {
        let result = evaluate(json!(template));
        let expected = Error::Print {
            template: template.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(result, Err(expected), "{template}");
    }
}

#[test]
fn around_a_document_a_first_name_is_resolved_when_compiled() {
    let record = json!({ "id": 7.0, "setup": "its own", "host": "h" });
    for (template, expected) in [
        (
            "{{ setup.url }}tickets?id={{ id }}",
            "https://psa.example/tickets?id=7",
        ),
        ("{{ unheard.of }}", ""),
        ("{{ this.host }}", "h"),
    ] {
        assert_eq!(
            evaluate_on(&record, json!(template)),
            Ok(json!(expected)),
            "{template}"
        );
    }
    // A field that the document declares hides the name around it.
    let document = Shape::object([("setup", Shape::Scalar)]);
    let outer = Shape::object([("setup", Shape::Any)]);
    let scripts = Scripts::new();
    let compiler = Compiler::document(&document, &outer, &scripts);
    let expression = compiler.compile(&json!("{{ setup }}")).unwrap();
    let around = json!("around");
    let scope = Scope::document(&record).with("setup", &around);
    assert_eq!(expression.evaluate(&scope), Ok(json!("its own")));
}

#[test]
fn a_whole_and_its_part_can_be_used_in_one_template() {
    let template =
        "{{ request.user.name }}{{#each request.user}}{{@key}},{{/each}}{{ json request }}";
    let Value::String(text) = evaluate(json!(template)).unwrap() else {
        unreachable!()
    };
    assert!(
        text.starts_with("Ädaname,email,{\"id\":\"1650\",\"report_type\""),
        "{text}"
    );
}

#[test]
fn output_is_limited() {
    let record = json!({ "rows": vec!["x".repeat(1024); 300] });
    let result = evaluate_on(&record, json!("{{#each rows}}{{this}}{{/each}}"));
    let reason = format!("it prints more than {OUTPUT_BYTES_MAX} bytes");
    assert!(matches!(result, Err(Error::Print { reason: r, .. }) if r == reason));
}
