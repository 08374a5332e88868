//! What loading gives: which file wins, what the typed values say, and what is never refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use definition::auth::Auth;
use definition::connector::{Limit, SettingKind};
use definition::operation::{Body, PageKind};
use definition::pipeline::{Look, StepKind};
use definition::sources::{FILE_BYTES_MAX, FOLDERS_DEEP_MAX};
use definition::{
    Connector, Error, Loaded, Matched, Sources, StepKind as Kind, Style, check_paths, load, render,
};
use expression::Scope;
use model::Class;
use serde_json::{Map, Value, json};

use crate::shipped::root;

fn base() -> Sources {
    Sources::read("", &root().join("tests/problems/base")).unwrap()
}

fn loaded() -> Loaded {
    load(&[base()])
}

fn sample(loaded: &Loaded) -> &Connector {
    loaded.library.connectors.get("sample").unwrap()
}

/// The sample connector under another title.
fn renamed(title: &str) -> String {
    let path = root().join("tests/problems/base/connectors/sample/connector.yaml");
    fs::read_to_string(path)
        .unwrap()
        .replace("title: Sample", &format!("title: {title}"))
}

#[test]
fn a_later_source_replaces_an_earlier_one_with_its_scripts() {
    let script = "fn is_closed(item) { item.done }";
    let over = [
        ("mine/connector.yaml", renamed("Mine")),
        ("mine/sample.rhai", script.to_owned()),
    ];
    let loaded = load(&[base(), Sources::new("", over)]);
    assert_eq!(loaded.problems, []);
    assert_eq!(sample(&loaded).title, "Mine");
    let record = sample(&loaded)
        .operations
        .get("read_ticket")
        .unwrap()
        .record
        .clone()
        .unwrap();
    let (answer, none) = (json!({ "id": 1, "done": true }), json!({}));
    let scope = Scope::document(&answer).with("settings", &none);
    assert_eq!(
        record.evaluate(&scope).unwrap(),
        json!({ "id": 1, "closed": true, "changed": null })
    );
}

#[test]
fn only_the_paths_that_are_checked_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connector.yaml");
    fs::write(&path, renamed("Mine").replace("list_queues", "list_queus")).unwrap();
    let codes = |problems: Vec<model::Problem>| -> Vec<&str> {
        problems.iter().map(|problem| problem.code).collect()
    };
    let script = folder.path().join("sample.rhai");
    fs::copy(
        root().join("tests/problems/base/connectors/sample/sample.rhai"),
        script,
    )
    .unwrap();
    assert_eq!(
        codes(check_paths(&[base()], &[folder.path().to_owned()])),
        ["unused-operation"; 0]
    );
    fs::write(
        &path,
        renamed("Mine").replace("    operation: list_queues", "    operation: nope"),
    )
    .unwrap();
    assert_eq!(
        codes(check_paths(&[base()], &[folder.path().to_owned()])),
        ["unknown-operation"]
    );
    assert_eq!(
        codes(check_paths(&[base()], &[folder.path().join("absent")])),
        ["unreadable"]
    );
}

#[test]
fn a_single_file_is_checked_with_those_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (connector, script) = (
        folder.path().join("connector.yaml"),
        folder.path().join("mine.rhai"),
    );
    fs::write(
        &connector,
        renamed("Mine").replace("sample.rhai", "mine.rhai"),
    )
    .unwrap();
    fs::write(&script, "fn is_closed(item) { item.closed }").unwrap();
    let codes = |path: &Path| -> Vec<&str> {
        let problems = check_paths(&[base()], &[path.to_owned()]);
        problems.iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes(&connector), [""; 0]);
    assert_eq!(codes(&script), [""; 0]);
    // What is wrong with a neighbour is not asked for, and the named file is still looked at.
    fs::write(&script, "fn is_closed(item) { item.closed").unwrap();
    assert_eq!(codes(&connector), [""; 0]);
    assert_eq!(codes(&script), ["invalid-script"]);
    fs::remove_file(&script).unwrap();
    assert_eq!(codes(&connector), ["unknown-script"; 1]);
    // Beside no connector, a script is a shared one, and its neighbours are no business of it.
    fs::remove_file(&connector).unwrap();
    fs::write(&script, "fn f(x) { g(x) }").unwrap();
    fs::write(folder.path().join("odd.yaml"), "odd: 1").unwrap();
    assert_eq!(codes(&script), ["unknown-call"]);
}

#[test]
fn the_typed_connector_says_what_the_file_says() {
    let loaded = loaded();
    let sample = sample(&loaded);
    assert!(matches!(
        sample.http.limits.as_slice(),
        [
            Limit::Window {
                requests: 100,
                share: 50,
                ..
            },
            Limit::Concurrent { requests: 2, .. }
        ]
    ));
    let token = sample.setup.get("token").unwrap();
    assert!(matches!(token.operation.body, Some(Body::Form(ref fields)) if fields.len() == 2));
    assert_eq!(token.needs, Vec::<String>::new());
    let fields = &sample.settings.get("tickets").unwrap().fields;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        ["queue", "status", "closing_status", "due_in", "title"]
    );
    let kinds: Vec<&SettingKind> = fields.iter().map(|field| &field.kind).collect();
    assert!(matches!(
        kinds.as_slice(),
        [
            SettingKind::Choice(_),
            ..,
            SettingKind::Span,
            SettingKind::Template(_)
        ]
    ));
    let statuses = sample.choices.get("statuses").unwrap();
    assert_eq!(
        statuses.depends_on,
        [("tickets".to_owned(), "queue".to_owned())]
    );
    let create = sample.operations.get("create_ticket").unwrap();
    assert!(create.effect);
    let list = sample.operations.get("list_companies").unwrap();
    assert!(matches!(
        list.pages.as_ref().map(|pages| &pages.kind),
        Some(PageKind::ByNumber {
            start: 1,
            size: 100
        })
    ));
}

#[test]
fn a_connector_can_ask_for_tokens() {
    let auth = [
        "  auth:",
        "    client_credentials:",
        "      token_url: \"{{ setup.server.url }}/token\"",
        "      client_id: $.credentials.username",
        "      client_secret: $.credentials.password",
        "      secret_in: header",
        "      form: { tenant: $.credentials.username }",
        "  timeout: 30s",
    ];
    let text = renamed("Mine").replace("  timeout: 30s", &auth.join("\n"));
    let loaded = load(&[
        base(),
        Sources::new("", [("connectors/sample/connector.yaml", text)]),
    ]);
    assert!(matches!(
        sample(&loaded).http.auth,
        Some(Auth::ClientCredentials(ref client))
            if client.secret_in_header && client.form.len() == 1
    ));
}

#[test]
fn steps_are_named_by_where_they_stand() {
    let loaded = loaded();
    let family = loaded.library.families.get("psa").unwrap();
    let close = family.pipelines.get("close_ticket").unwrap();
    let when = close.steps.get(1).unwrap();
    assert_eq!(when.path, "steps[1]");
    let Kind::When {
        holds: false,
        steps,
        ..
    } = &when.kind
    else {
        panic!("not a condition")
    };
    let ensure = steps.first().unwrap();
    assert_eq!(ensure.path, "steps[1].when.steps[0]");
    assert!(matches!(
        ensure.kind,
        StepKind::Ensure {
            look: Look::AfterDoubt,
            ..
        }
    ));
}

#[test]
fn a_record_is_held_against_its_schema_and_never_quoted() {
    let loaded = loaded();
    let family = loaded.library.families.get("psa").unwrap();
    assert_eq!(
        family.validate("company", &json!({ "id": 1, "name": "Contoso" })),
        Ok(())
    );
    let findings = family
        .validate("company", &json!({ "id": "s3cret", "extra": 1 }))
        .unwrap_err();
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert!(!findings.concat().contains("s3cret"), "{findings:?}");
    assert!(family.validate("invoice", &Value::Null).is_err());
}

#[test]
fn an_error_rule_says_what_a_failure_means() {
    let loaded = loaded();
    let rules = &sample(&loaded).http.errors;
    let verdict = |status: u16, body: &Value| -> Option<Matched> {
        rules
            .iter()
            .find_map(|rule| rule.apply(status, &BTreeMap::new(), body, &Map::new()))
    };
    let refused = verdict(400, &json!({ "message": "title is missing" })).unwrap();
    assert_eq!(refused.class, Class::Invalid);
    assert_eq!(refused.remedy.as_deref(), Some("Give title a default."));
    assert_eq!(refused.said.as_deref(), Some("title is missing"));
    assert_eq!(
        verdict(503, &Value::Null).map(|it| it.class),
        Some(Class::Unavailable)
    );
    assert_eq!(verdict(400, &json!({ "message": 7 })), None);
    assert_eq!(verdict(200, &Value::Null), None);
}

#[test]
fn any_text_is_read_or_refused_and_never_panics() {
    let text = renamed("Mine");
    let lines: Vec<&str> = text.lines().collect();
    let with = |text: String| {
        let sources = Sources::new("", [("connectors/sample/connector.yaml", text)]);
        load(&[base(), sources]).problems
    };
    // Each line missing, doubled, cut or moved: what a slip in an editor does to a file. Places
    // must stay inside the file whatever it holds.
    for at in (0..lines.len()).step_by(7) {
        let (before, after) = lines.split_at(at);
        let line = after.first().copied().unwrap_or_default();
        let half: String = line.chars().take(line.chars().count() / 2).collect();
        for slip in [
            String::new(),
            format!("{line}\n{line}"),
            half,
            format!(" {line}"),
        ] {
            let text = [
                before.join("\n"),
                slip,
                after.get(1..).unwrap_or_default().join("\n"),
            ];
            let text = text.join("\n");
            for problem in with(text.clone()) {
                if problem.place.file.ends_with("connector.yaml") {
                    let shown = text.lines().nth(problem.place.line - 1).unwrap_or_default();
                    assert_eq!(problem.source_line, shown, "{problem:?}");
                }
            }
        }
    }
}

#[test]
fn sources_keep_definitions_only() {
    let sources = Sources::new("a/", [("b.yaml", ""), ("b.md", ""), ("c/d.rhai", "")]);
    let paths: Vec<&str> = sources.files().map(|(path, _)| path).collect();
    assert_eq!(paths, ["a/b.yaml", "a/c/d.rhai"]);
    assert!(Sources::read("absent", Path::new("/does/not/exist")).is_err());
}

#[test]
fn what_cannot_be_a_definition_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.yaml");
    let too_large = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
    fs::write(&path, " ".repeat(too_large)).unwrap();
    let found = Sources::read("large.yaml", &path);
    assert!(matches!(found, Err(Error::FileTooLarge { bytes, .. }) if bytes > FILE_BYTES_MAX));
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(
        Sources::read("", folder.path()),
        Err(Error::ReadFile { .. })
    ));
    let deep = "d/".repeat(FOLDERS_DEEP_MAX + 2);
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(folder.path().join(deep)).unwrap();
    assert!(matches!(
        Sources::read("", folder.path()),
        Err(Error::FolderTooLarge { .. })
    ));
}

#[test]
fn problems_are_data_for_programs() {
    let wrong = renamed("Mine").replace("list_queues\n    value", "nope\n    value");
    let over = Sources::new("", [("connectors/sample/connector.yaml", wrong)]);
    let problems = load(&[base(), over]).problems;
    let read: Value = serde_json::from_str(&render(&problems, Style::Json)).unwrap();
    assert_eq!(read.pointer("/0/code"), Some(&json!("unknown-operation")));
    assert_eq!(read.pointer("/0/place/column"), Some(&json!(16)));
    assert_eq!(render(&[], Style::Plain), "");
    assert!(render(&problems, Style::Colour).contains("\u{1b}[1;31merror[unknown-operation]"));
}
