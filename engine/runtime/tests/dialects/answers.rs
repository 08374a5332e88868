//! What comes back.

use exchange::RawAnswer;
use model::Class;
use runtime::Error;
use serde_json::json;

use crate::world::{World, granted, is_to, one_thing, typed};

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
