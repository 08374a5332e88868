//! Examples of a connector: what is read from them, and what is said about those that are wrong.

use definition::example::{Expected, Reply, SentBody, Subject};
use definition::{Examples, Sources, examples, load};
use serde_json::json;

use crate::shipped::root;

const HOME: &str = "connectors/sample/examples";

/// The examples of the sample connector, when these files are beside it.
fn read(files: &[(&str, &str)]) -> Examples {
    let base = Sources::read("", &root().join("tests/problems/base")).unwrap();
    let all = base
        .files()
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let own = files
        .iter()
        .map(|(name, text)| (format!("{HOME}/{name}"), (*text).to_owned()));
    let sources = [Sources::new("", all.chain(own))];
    let loaded = load(&sources);
    assert!(
        loaded.problems.is_empty(),
        "no example is looked at by loading"
    );
    examples(&sources, &loaded.library)
}

/// The code and the message of each problem of one example.
fn problems(text: &str) -> Vec<(&'static str, String)> {
    let found = read(&[("one.yaml", text)]);
    let good = found
        .by_connector
        .get("sample")
        .map(|one| one.examples.len());
    assert_eq!(good, Some(0), "an example with a problem is not played");
    found
        .problems
        .into_iter()
        .map(|one| (one.code, one.message))
        .collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    problems(text).into_iter().map(|(code, _)| code).collect()
}

const GOOD: &str = "example: It reads\noperation: read_ticket\ngiven: { ticket: { id: 7 } }\n\
    exchanges:\n\
    - request: { method: GET, url: https://x.sample.example/tickets/7, headers: { App-Key: k }, without_headers: [Cookie] }\n\
    \x20 answer: { body: { id: 7 } }\n\
    - request: { method: POST, url: https://x.sample.example/token, form: { user: u } }\n\
    \x20 answer: { lost: after }\n\
    gives: null\n";

#[test]
fn everything_that_is_written_is_read() {
    let found = read(&[("one.yaml", GOOD)]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let of_sample = found.by_connector.get("sample").unwrap();
    assert_eq!(of_sample.file, "connectors/sample/connector.yaml");
    let example = of_sample.examples.first().unwrap();
    assert_eq!(example.title, "It reads");
    assert_eq!(
        example.subject,
        Subject::Operation("read_ticket".to_owned())
    );
    assert_eq!(
        example.expected,
        Expected::Gives(json!(null)),
        "null is not nothing"
    );
    let first = example.exchanges.first().unwrap();
    assert_eq!(first.headers.get("app-key").unwrap().as_deref(), Some("k"));
    assert_eq!(first.headers.get("cookie"), Some(&None));
    let Reply::Answer {
        status,
        headers,
        body,
    } = &first.reply
    else {
        panic!("an answer")
    };
    assert_eq!((*status, body.as_str()), (200, r#"{"id":7}"#));
    assert_eq!(headers.len(), 1, "JSON says that it is JSON");
    let second = example.exchanges.last().unwrap();
    assert_eq!(
        second.body,
        SentBody::Form([("user".to_owned(), vec!["u".to_owned()])].into())
    );
    assert_eq!(second.reply, Reply::LostAfter);
}

#[test]
fn what_is_given_to_all_gives_way_to_what_one_is_given() {
    let given = "credentials: { username: all, password: p }\nticket: { id: 1 }\n";
    let found = read(&[("given.yaml", given), ("one.yaml", GOOD)]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let example = found
        .by_connector
        .get("sample")
        .unwrap()
        .examples
        .first()
        .unwrap();
    assert_eq!(example.given.credentials.get("username").unwrap(), "all");
    assert_eq!(
        example.given.inputs.get("ticket"),
        Some(&json!({ "id": 7 }))
    );
}

#[test]
fn what_is_wrong_with_what_all_are_given_is_said_there() {
    let given = "credentials: { usrname: x }\nsettings: { tickets: { queu: 1 } }\nnow: today\n";
    let found = read(&[("given.yaml", given)]);
    let said: Vec<_> = found
        .problems
        .iter()
        .map(|one| (one.code, one.place.line))
        .collect();
    assert_eq!(
        said,
        [
            ("unknown-key", 1),
            ("unknown-setting", 2),
            ("wrong-value", 3)
        ]
    );
    let hint = found.problems.first().and_then(|one| one.hint.as_deref());
    assert_eq!(hint, Some("did you mean `username`?"));
}

#[test]
fn an_example_shows_one_thing_that_exists() {
    assert_eq!(codes("example: x\ngives: 1\n"), ["exactly-one"]);
    let two = "example: x\noperation: kinds\nconnection: test\ngives: 1\n";
    assert_eq!(codes(two), ["exactly-one"]);
    assert_eq!(
        codes("example: x\noperation: kind\ngives: 1\n"),
        ["unknown-operation"]
    );
    assert_eq!(
        codes("example: x\nchoices: queue\ngives: []\n"),
        ["unknown-choices"]
    );
    assert_eq!(
        codes("example: x\npipeline: opn\nends: { effects: [] }\n"),
        ["wrong-value"]
    );
    let two = "example: x\ncallout: { body: { id: 7 }, form: id=7 }\ngives: []\n";
    assert_eq!(codes(two), ["body-and-form"]);
    assert_eq!(
        codes("example: x\noperation: kinds\nexchange: []\ngives: 1\n"),
        ["unknown-key"]
    );
}

#[test]
fn an_example_has_one_outcome_that_fits() {
    assert_eq!(codes("example: x\noperation: kinds\n"), ["exactly-one"]);
    let both = "example: x\noperation: kinds\ngives: 1\nfails: { class: invalid }\n";
    assert_eq!(codes(both), ["exactly-one"]);
    assert_eq!(
        codes("example: x\npipeline: open_ticket\ngives: 1\n"),
        ["exactly-one"]
    );
    assert_eq!(
        codes("example: x\noperation: kinds\nends: { effects: [] }\n"),
        ["exactly-one"]
    );
    assert_eq!(
        codes("example: x\noperation: kinds\nfails: {}\n"),
        ["missing-key"]
    );
}

#[test]
fn what_a_pipeline_could_not_give_is_not_given() {
    let other = "example: x\noperation: read_ticket\ngiven: { ticket: { id: 7 }, tikcet: 1 }\ngives: null\n";
    assert_eq!(codes(other), ["unknown-input"]);
    assert_eq!(
        codes("example: x\noperation: read_ticket\ngives: null\n"),
        ["missing-input"]
    );
    let unlike =
        "example: x\noperation: read_ticket\ngiven: { ticket: { number: 7 } }\ngives: null\n";
    assert!(codes(unlike).iter().all(|code| *code == "input-mismatch"));
    let needless = "example: x\nconnection: test\ngiven: { request: {} }\ngives: {}\n";
    assert_eq!(codes(needless), ["unknown-input"]);
}

#[test]
fn an_exchange_is_sent_and_answered_in_one_way() {
    let with = |request: &str, answer: &str| {
        let exchange = format!("- request: {{ method: GET, url: u{request} }}\n  answer: {answer}");
        codes(&format!(
            "example: x\noperation: kinds\nexchanges:\n{exchange}\ngives: 1\n"
        ))
    };
    assert_eq!(with(", body: 1, form: { a: b }", "{}"), ["body-and-form"]);
    assert_eq!(with(", text: a, form: { a: b }", "{}"), ["body-and-form"]);
    assert_eq!(with("", "{ lost: before, status: 200 }"), ["exactly-one"]);
    assert_eq!(with("", "{ body: 1, text: a }"), ["exactly-one"]);
    assert_eq!(with("", "{ status: 99 }"), ["out-of-range"]);
}

#[test]
fn examples_are_only_found_beside_a_connector() {
    let base = Sources::read("", &root().join("tests/problems/base")).unwrap();
    let all = base
        .files()
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let stray = (
        "scripts/examples/one.yaml".to_owned(),
        "nonsense: 1\n".to_owned(),
    );
    let sources = [Sources::new("", all.chain([stray]))];
    let loaded = load(&sources);
    let found = examples(&sources, &loaded.library);
    assert!(loaded.problems.is_empty() && found.problems.is_empty());
}
