//! What comes back.

use std::sync::atomic::{AtomicUsize, Ordering};

use exchange::RawAnswer;
use model::Class;
use runtime::Error;
use serde_json::json;

use crate::world::{World, granted, is_to, one_thing, sent, typed};

/// A server that grants the right and answers the rest with this.
async fn world(operation: &str, answer: RawAnswer) -> World {
    let operations =
        format!("  probe: {{ get: /probe }}\n  things:\n    get: /things\n{operation}");
    World::new("", &operations, move |request| {
        if is_to(request, "/probe") {
            granted(true)
        } else {
            answer.clone()
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_in_every_form() {
    let xml = "<list><thing no='1'><name>one &amp; two</name></thing><thing no='2'><name>three</name></thing></list>";
    for (operation, answer) in [
        (
            "    answers: json\n    items: '$[*]'",
            RawAnswer::json(
                200,
                &json!([
            { "id": 1, "name": "one & two" }, { "id": 2, "name": "three" }]),
            ),
        ),
        (
            "    answers: json_lines\n    items: '$[*]'",
            typed(
                200,
                "application/x-ndjson",
                "{\"id\":1,\"name\":\"one & two\"}\n{\"id\":2,\"name\":\"three\"}\n",
            ),
        ),
        (
            "    answers: csv\n    items: '$[*]'\n    record: { id: $.No, name: $.Name }",
            typed(200, "text/csv", "No,Name\r\n1,one & two\r\n2,\"three\"\r\n"),
        ),
        (
            "    answers: xml\n    items: '$.list.thing[*]'\n    record: { id: \"$['@no']\", name: $.name }",
            typed(200, "text/xml", xml),
        ),
    ] {
        let world = world(operation, answer).await;
        let id = world.create().await;
        assert_eq!(
            world.things(&id).await.unwrap(),
            ["one & two", "three"],
            "{operation}"
        );
        let asked = world.server.seen("/things");
        let accept = asked.first().unwrap().wire_headers();
        assert!(
            accept.iter().any(|(name, _)| name == "accept"),
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn anything_can_be_read_as_text() {
    let operation = "    answers: anything\n    record: { id: 1, name: $ }";
    let world = world(operation, typed(200, "text/plain", "OK 17")).await;
    let id = world.create().await;
    assert_eq!(world.things(&id).await.unwrap(), ["OK 17"]);
}

/// A gateway's sign-in page comes with status 200 too.
#[tokio::test(start_paused = true)]
async fn what_is_not_what_was_asked_for_is_no_success() {
    let page = typed(200, "text/html", "<html><title>Sign in</title></html>");
    let empty = typed(200, "application/json", "");
    for (answers, answer) in [
        ("json", page.clone()),
        ("json", empty),
        ("json_lines", page.clone()),
        ("xml", typed(200, "text/xml", "<list><thing>")),
    ] {
        let operation = format!("    answers: {answers}\n    items: '$[*]'");
        let world = world(&operation, answer).await;
        let id = world.create().await;
        let refused = world.things(&id).await;
        assert!(
            matches!(
                refused,
                Err(Error::Refused {
                    class: Class::Unavailable,
                    ..
                })
            ),
            "{answers}: {refused:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_can_come_with_status_200() {
    let http = r#"
  errors:
    - when: { status: 200, body: $.errors, matches: "^(?<field>\\w+) is closed" }
      is: invalid
      remedy: "Open {{ field }}." "#;
    let operations = "
  probe: { get: /probe }
  things: { get: /things, items: '$.things[*]', errors: [{ when: { body: $.denied }, is: forbidden }] }";
    let answers = [
        (
            json!({ "errors": "Tuesday is closed", "things": [] }),
            Some(Class::Invalid),
        ),
        (
            json!({ "denied": "no", "things": [] }),
            Some(Class::Forbidden),
        ),
        (json!({ "things": one_thing() }), None),
    ];
    for (answer, expected) in answers {
        let said = answer.clone();
        let world = World::new(http, operations, move |request| {
            if is_to(request, "/probe") {
                granted(true)
            } else {
                RawAnswer::json(200, &said)
            }
        })
        .await;
        let id = world.create().await;
        match (world.things(&id).await, expected) {
            (Ok(things), None) => assert_eq!(things, ["one"]),
            (Err(Error::Refused { class, remedy, .. }), Some(expected)) => {
                assert_eq!(class, expected);
                if class == Class::Invalid {
                    assert_eq!(remedy.as_deref(), Some("Open Tuesday."));
                }
            }
            (other, _) => panic!("{answer} gave {other:?}"),
        }
    }
}

/// A graph of things is asked for by POST, refuses with status 200 and says why beside no data.
#[tokio::test(start_paused = true)]
async fn a_query_language_can_refuse_with_status_200() {
    const OPERATIONS: &str = "
  probe: { post: /graphql, body: { query: '{ me { ok } }' }, record: { ok: $.data.me.ok } }
  things:
    post: /graphql
    body:
      query: 'query($after: ID) { things(after: $after) { nodes { id } } }'
      variables: { after: $.page.cursor }
    pages: { by_cursor: { cursor: $.data.things.info.end }, more: $.data.things.info.more }
    items: $.data.things.nodes[*]";
    const RULES: &str = "
  errors:
    - when: { body: \"$.errors[?(@.extensions.code=='THROTTLED')].message\" }
      is: rate_limited
    - when: { body: '$.errors[*].message', matches: '(?<text>.+)' }
      is: invalid
      remedy: 'It says: {{ text }}'";
    let calls = AtomicUsize::new(0);
    let world = World::new(RULES, OPERATIONS, move |request| {
        let body = sent(request);
        if body.contains("me") && !body.contains("things") {
            return RawAnswer::json(200, &json!({ "data": { "me": { "ok": true } } }));
        }
        let refused = |code: &str| {
            let error = json!({ "message": "no", "extensions": { "code": code } });
            RawAnswer::json(200, &json!({ "data": null, "errors": [error] }))
        };
        let page = |id: u32, more: bool| {
            let info = json!({ "end": "e", "more": more });
            let things = json!({ "nodes": [{ "id": id, "name": "t" }], "info": info });
            RawAnswer::json(200, &json!({ "data": { "things": things } }))
        };
        match calls.fetch_add(1, Ordering::Relaxed) {
            0 => refused("THROTTLED"),
            1 => page(1, true),
            2 => page(2, false),
            _ => refused("OTHER"),
        }
    })
    .await;
    let id = world.create().await;
    let things = world.things(&id).await.unwrap();
    assert_eq!(things.len(), 2);
    let asked: Vec<String> = world.server.seen("/graphql").iter().map(sent).collect();
    let after: Vec<bool> = asked
        .iter()
        .map(|body| body.contains("\"after\":\"e\""))
        .collect();
    assert_eq!(after.iter().filter(|after| **after).count(), 1, "{asked:?}");
    match world.things(&id).await {
        Err(Error::Refused { class, remedy, .. }) => {
            assert_eq!(class, Class::Invalid);
            assert_eq!(remedy.as_deref(), Some("It says: no"));
        }
        other => panic!("{other:?}"),
    }
}

/// Where a list is taken for one record, its only choice would be nothing.
#[tokio::test(start_paused = true)]
async fn a_choice_of_nothing_is_an_error() {
    let answer = RawAnswer::json(200, &one_thing());
    let world = world("    timeout: 5s", answer).await;
    let id = world.create().await;
    let refused = world.things(&id).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("has nothing"),
        "{refused:?}"
    );
}
