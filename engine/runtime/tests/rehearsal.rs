//! Rehearsal: the shipped examples hold and try everything, and an example that is wrong says
//! where.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test should panic"
)]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use definition::example::{Example, Expected, Reply, SentBody, Subject};
use definition::{Connector, Examples, Library, Sources, Style, examples, load, render};
use runtime::{Coverage, Difference, coverage, rehearse};
use serde_json::{Value, json};

/// What is shipped, with its examples.
fn shipped() -> &'static (Library, Examples) {
    static SHIPPED: OnceLock<(Library, Examples)> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name: &str| Sources::read(name, &root.join(name)).unwrap();
        let sources = ["schemas", "scripts", "connectors"].map(read);
        let loaded = load(&sources);
        let found = examples(&sources, &loaded.library);
        let problems = render(&found.problems, Style::Plain);
        assert!(found.problems.is_empty(), "{problems}");
        (loaded.library, found)
    })
}

/// What differs when `example` of the connector `name` is played.
async fn differences(name: &str, example: &Example) -> Vec<Difference> {
    let (library, _) = shipped();
    let connector = library.connectors.get(name).unwrap();
    rehearse(library, connector, example).await.differences
}

/// The first shipped example that `fits`, with its connector.
fn first(fits: impl Fn(&Example) -> bool) -> (&'static str, Example) {
    let all = shipped().1.by_connector.iter();
    let mut all =
        all.flat_map(|(name, of)| of.examples.iter().map(move |one| (name.as_str(), one)));
    all.find(|(_, one)| fits(one))
        .map(|(name, one)| (name, one.clone()))
        .unwrap()
}

fn shows(name: &str) -> impl Fn(&Example) -> bool {
    let subject = Subject::Operation(name.to_owned());
    move |example| example.subject == subject && matches!(example.expected, Expected::Gives(_))
}

#[tokio::test]
async fn every_shipped_example_holds_and_nothing_is_left_untried() {
    let (library, found) = shipped();
    assert!(!found.by_connector.is_empty());
    for (name, of_connector) in &found.by_connector {
        let connector = library.connectors.get(name).unwrap();
        let mut played = Vec::new();
        for example in &of_connector.examples {
            let one = rehearse(library, connector, example).await;
            let differences: Vec<String> =
                one.differences.iter().map(ToString::to_string).collect();
            assert!(one.holds(), "{}: {}", example.file, differences.join("\n"));
            played.push(one);
        }
        for tally in coverage(of_connector, connector, &played).0 {
            assert!(tally.untried.is_empty(), "{name}: {:#?}", tally.untried);
        }
    }
}

#[tokio::test]
async fn what_no_example_tries_is_named() {
    let (library, found) = shipped();
    let (name, of_connector) = found.by_connector.iter().next().unwrap();
    let connector = library.connectors.get(name).unwrap();
    let Coverage(tallies) = coverage(of_connector, connector, &[]);
    let [operations, rules, read, _] = tallies.as_slice() else {
        unreachable!("{tallies:?}")
    };
    for tally in [operations, rules, read] {
        assert_eq!((tally.percent(), tally.untried.len()), (0, tally.of));
        assert!(tally.of > 0 && tally.untried.iter().all(|one| one.place.is_some()));
    }
    for name in [
        "choices.queues.default",
        "preflight[0]: found",
        "preflight[0]: fine",
    ] {
        let mut names = operations.untried.iter();
        assert!(
            names.any(|one| one.name == name),
            "{name} in {operations:?}"
        );
    }
    let (_, example) = first(shows("create_ticket"));
    assert!(of_connector.examples.contains(&example));
    let played = rehearse(library, connector, &example).await;
    let Coverage(now) = coverage(of_connector, connector, &[played]);
    let names = now.iter().flat_map(|tally| &tally.untried);
    let untried = |name: &str| names.clone().any(|one| one.name == name);
    assert!(!untried("operations.create_ticket") && untried("operations.close_ticket"));
    assert!(!untried("operations.create_ticket.record.id"));
    assert!(untried("operations.list_companies.record.id"));
    assert_eq!(now.get(1).unwrap().percent(), 0, "nothing failed");
}

#[tokio::test]
async fn a_field_that_is_sent_otherwise_is_named_with_both_values() {
    let (name, mut example) = first(shows("create_ticket"));
    let exchange = example.exchanges.first_mut().unwrap();
    let SentBody::Json(Value::Object(body)) = &mut exchange.body else {
        unreachable!()
    };
    let field = body.keys().next().unwrap().clone();
    let sent = body.insert(field.clone(), json!("another")).unwrap();
    body.insert("more".to_owned(), json!(1));
    let found = differences(name, &example).await;
    let at = |field: &str| format!("exchanges[0].request.body.{field}");
    let difference = |path, expected, got| Difference {
        path,
        expected,
        got,
    };
    let wanted = [
        difference(at(&field), Some(json!("another")), Some(sent)),
        difference(at("more"), Some(json!(1)), None),
    ];
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_request_too_many_and_one_too_few_are_named() {
    let (name, example) = first(shows("create_ticket"));
    let mut silent = example.clone();
    let exchange = silent.exchanges.pop().unwrap();
    let found = differences(name, &silent).await;
    let said = json!(format!("{} {}", exchange.method.as_str(), exchange.url));
    let first = found.first().unwrap();
    assert_eq!(
        (first.path.as_str(), &first.expected),
        ("exchanges[0]", &None)
    );
    assert_eq!(first.got, Some(said.clone()));
    let mut long = example.clone();
    long.exchanges.push(exchange);
    let found = differences(name, &long).await;
    let path = "exchanges[1]".to_owned();
    assert_eq!(
        found,
        [Difference {
            path,
            expected: Some(said),
            got: None
        }]
    );
}

#[tokio::test]
async fn another_outcome_is_told_with_what_was_said() {
    let (name, example) = first(shows("create_ticket"));
    let mut other = example.clone();
    other.expected = Expected::Gives(json!({ "id": "another" }));
    let found = differences(name, &other).await;
    assert_eq!(found.first().map(|one| one.path.as_str()), Some("gives.id"));
    let mut refused = example.clone();
    let exchange = refused.exchanges.first_mut().unwrap();
    exchange.reply = Reply::Answer {
        status: 403,
        headers: Vec::new(),
        body: String::new(),
    };
    let found = differences(name, &refused).await;
    let got = found.first().and_then(|one| one.got.clone()).unwrap();
    assert_eq!(got.get("fails"), Some(&json!("forbidden")));
}

#[tokio::test]
async fn a_header_that_must_not_be_there_is_seen() {
    let (name, mut example) = first(shows("create_ticket"));
    let exchange = example.exchanges.first_mut().unwrap();
    exchange.headers.insert("content-type".to_owned(), None);
    let found = differences(name, &example).await;
    let path = "exchanges[0].request.headers.content-type".to_owned();
    assert_eq!(
        found,
        [Difference {
            path,
            expected: None,
            got: Some(json!("application/json"))
        }]
    );
}

#[tokio::test]
async fn a_secret_that_the_author_gave_is_shown_nowhere() {
    let secret = "a secret that works";
    let with = |header: &'static str| {
        move |example: &Example| {
            let first = example.exchanges.last();
            first.is_some_and(|one| one.headers.contains_key(header))
        }
    };
    let (name, mut example) = first(with("secret"));
    example
        .given
        .credentials
        .insert("secret".to_owned(), secret.to_owned());
    let found = differences(name, &example).await;
    let header = found
        .iter()
        .find(|one| one.path.ends_with("headers.secret"));
    let header = header.expect("the header that is another one");
    assert_eq!(header.got, Some(json!("•••")));
    assert!(!format!("{found:?}").contains(secret), "{found:?}");
}

#[tokio::test]
async fn a_pipeline_that_ends_otherwise_says_how_it_ended() {
    let (name, mut example) = first(|one| {
        matches!(&one.subject, Subject::Pipeline(name) if name == "open_ticket")
            && matches!(&one.expected, Expected::Ends(ends) if ends.issues.len() == 1)
    });
    let Expected::Ends(ends) = &mut example.expected else {
        unreachable!()
    };
    let issue = ends.issues.pop().unwrap();
    let state = ends.state.replace(model::State::Closed).unwrap();
    let found = differences(name, &example).await;
    let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["ends.state", "ends.issues[0]"]);
    assert_eq!(
        found.first().and_then(|one| one.got.clone()),
        Some(json!(state.name()))
    );
    let kind = found
        .last()
        .and_then(|one| one.got.as_ref()?.get("kind").cloned());
    assert_eq!(kind, Some(json!(issue.kind.name())));
}

/// Files and fields that repeat, as an upload sends them.
const UPLOAD: &str = "example: It uploads
operation: kinds
given:
  vendor: { app_key: k }
  setup: { server: { url: 'https://x.sample.example' }, token: { value: t } }
exchanges:
  - request: { method: POST, url: 'https://x.sample.example/kinds', form: { tag: [a, b], 'of[one]': '1' } }
    answer: { body: { request: 1 } }
  - request:
      method: POST
      url: https://x.sample.example/kinds
      multipart:
        - { name: note, content: hello }
        - { name: file, content: /w==, file_name: a.bin, type: image/png }
    answer: { body: { request: 1 } }
gives: { request: 1 }
";

/// A change that is answered with nothing, and a record that needs no answer.
const NOTHING: &str = "example: It opens
operation: create_ticket
given:
  now: 2026-07-01T12:00:00Z
  vendor: { app_key: k }
  setup: { server: { url: 'https://x.sample.example' }, token: { value: t } }
  settings: { tickets: { status: 5, due_in: 24h } }
  request: { id: r1, customer_id: c1 }
  company: { id: 1, name: A }
  draft: { title: T }
exchanges:
  - request: { method: GET, url: 'https://x.sample.example/kinds' }
    answer: { body: { request: 3 } }
  - request:
      method: POST
      url: https://x.sample.example/tickets
      body: { company: 1, title: T, kind: 3, status: 5, due: '2026-07-02T12:00:00Z', reference: r1 }
    answer: { status: 204 }
gives: { id: 7 }
";

#[tokio::test]
async fn a_change_that_is_answered_with_nothing_has_a_record_that_needs_no_answer() {
    let picked = "      reference: $.request.id\n    record: { id: $.id }";
    let written = "      reference: $.request.id\n    record: { id: 7 }";
    let (connector, mut example) = sample(NOTHING, picked, written);
    assert_eq!(
        rehearse(&connector.0, &connector.1, &example)
            .await
            .differences,
        []
    );
    // What would have to be picked from nothing is no record.
    let (connector, _) = sample(NOTHING, picked, picked);
    example.exchanges.truncate(2);
    assert_ne!(
        rehearse(&connector.0, &connector.1, &example)
            .await
            .differences,
        []
    );
}

/// The sample connector with `new` instead of `old`, and its only example.
fn sample(example: &str, old: &str, new: &str) -> ((Library, Arc<Connector>), Example) {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/problems/base");
    let base = Sources::read("", &base).unwrap();
    let changed = |(path, text): (&str, &str)| (path.to_owned(), text.replace(old, new));
    let home = "connectors/sample/examples/one.yaml".to_owned();
    let files = base
        .files()
        .map(changed)
        .chain([(home, example.to_owned())]);
    let sources = [Sources::new("", files)];
    let library = load(&sources).library;
    let found = examples(&sources, &library);
    let shown = render(&found.problems, Style::Plain);
    let of = found.by_connector.get("sample");
    let example = of.and_then(|of| of.examples.first()).expect(&shown).clone();
    let connector = library.connectors.get("sample").unwrap().clone();
    ((library, connector), example)
}

/// What differs where the sample connector sends this for the exchange `at` of the upload.
async fn upload(sent: &str, at: usize) -> Vec<Difference> {
    let with = format!("    post: /kinds\n{sent}");
    let ((library, connector), mut example) = sample(UPLOAD, "    get: /kinds\n", &with);
    example.exchanges = vec![example.exchanges.swap_remove(at)];
    rehearse(&library, &connector, &example).await.differences
}

#[tokio::test]
async fn parts_and_fields_that_repeat_are_held_against_what_is_sent() {
    let form = "    form: { tag: [a, b], of: { one: 1 } }\n";
    assert_eq!(upload(form, 0).await, []);
    let other = upload("    form: { tag: [b], of: { one: 1 } }\n", 0).await;
    let places: Vec<&str> = other.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(places, ["exchanges[0].request.form.tag"]);
    let parts = |file: &str| {
        format!(
            "    multipart:
      - {{ name: note, content: hello }}
      - {{ name: file, content: {file}, content_is: base64, file_name: a.bin, type: image/png }}\n"
        )
    };
    assert_eq!(upload(&parts("/w=="), 1).await, []);
    let other = upload(&parts("/v8="), 1).await;
    let places: Vec<&str> = other.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(places, ["exchanges[0].request.multipart[1].content"]);
}
