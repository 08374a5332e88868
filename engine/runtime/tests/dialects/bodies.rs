//! What is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use exchange::RawAnswer;
use serde_json::json;

use crate::world::{World, granted, is_to, sent};

const THINGS: &str = "  things: { get: /things }";

#[tokio::test(start_paused = true)]
async fn xml_is_sent_with_what_it_must_not_hold_escaped() {
    let operations = format!(
        "{THINGS}
  probe:
    post: /probe
    text:
      type: text/xml; charset=utf-8
      content: '<probe by=\"{{{{ xml credentials.user }}}}\">{{{{ xml credentials.secret }}}}</probe>'
    record: {{ ok: $.ok }}"
    );
    let world = World::new("", &operations, |request| {
        let headers = request.wire_headers();
        let typed = headers
            .iter()
            .any(|(name, value)| name == "content-type" && value == "text/xml; charset=utf-8");
        let body = "<probe by=\"ada\">p&amp;ss wörd/+=1</probe>";
        granted(typed && sent(request) == body)
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn parts_carry_fields_and_files() {
    let operations = format!(
        "{THINGS}
  probe:
    post: /probe
    multipart:
      - {{ name: note, content: $.credentials.user }}
      - {{ name: absent, content: null }}
      - {{ name: file, content: 'aGVs\n\n      bG8=', content_is: base64, file_name: a.txt, type: text/plain }}
    record: {{ ok: $.ok }}"
    );
    let world = World::new("", &operations, |request| {
        let headers = request.wire_headers();
        let found = headers.iter().find(|(name, _)| name == "content-type");
        let boundary =
            found.and_then(|(_, value)| value.strip_prefix("multipart/form-data; boundary="));
        let Some(boundary) = boundary else {
            return granted(false);
        };
        let body = sent(request);
        let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
        let [_, note, file, end] = parts.as_slice() else {
            return granted(false);
        };
        let note_is_right = note.contains("name=\"note\"") && note.ends_with("\r\n\r\nada\r\n");
        let file_is_right = [
            "name=\"file\"",
            "filename=\"a.txt\"",
            "Content-Type: text/plain",
        ]
        .iter()
        .all(|line| file.contains(line))
            && file.ends_with("\r\n\r\nhello\r\n");
        granted(note_is_right && file_is_right && end.trim() == "--")
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_base64_is_not_sent() {
    let operations = format!(
        "{THINGS}
  probe:
    post: /probe
    multipart: [{{ name: file, content: $.credentials.user, content_is: base64 }}]
    record: {{ ok: $.ok }}"
    );
    let world = World::new("", &operations, |_| granted(true)).await;
    let report = world.test().await;
    assert!(!report.ok);
    assert!(report.message.contains("not base64"), "{}", report.message);
    assert!(world.server.seen("/probe").is_empty());
}

/// A change that is only made to the version that was read: the version is in a header, and comes
/// from an operation that is called first.
#[tokio::test(start_paused = true)]
async fn a_change_can_ask_for_the_version_that_was_read() {
    let operations = format!(
        "{THINGS}
  read: {{ get: /thing, record: {{ etag: '{{{{ answer.headers.etag }}}}' }} }}
  probe:
    before: {{ read: read }}
    put: /thing
    headers: {{ If-Match: $.read.etag }}
    body: {{ name: new }}
    record: {{ ok: $.ok }}"
    );
    for current in [true, false] {
        let world = World::new("", &operations, move |request| {
            if request.method == exchange::Method::Get {
                let mut answer = RawAnswer::json(200, &json!({ "name": "old" }));
                answer.headers.push(("ETag".to_owned(), "\"7\"".to_owned()));
                return answer;
            }
            assert!(is_to(request, "/thing"));
            let now = if current { "\"7\"" } else { "\"8\"" };
            if request.header("if-match") == Some(now) {
                granted(true)
            } else {
                RawAnswer::json(412, &json!({ "error": "somebody else changed it" }))
            }
        })
        .await;
        let report = world.test().await;
        assert_eq!(report.ok, current, "{report:?}");
    }
}

/// Some APIs take maps and lists in forms and queries, written with brackets.
#[tokio::test(start_paused = true)]
async fn forms_and_queries_can_be_nested() {
    let operations = format!(
        "{THINGS}
  probe:
    post: /probe
    query: {{ filter: {{ status: open, 'team[]': [1, 2] }} }}
    form:
      metadata: {{ user: $.credentials.user, absent: null }}
      lines: [{{ price: p1, quantity: 2 }}, {{ price: p2 }}]
      tag: [a, b]
    record: {{ ok: $.ok }}"
    );
    let world = World::new("", &operations, |request| {
        let body = sent(request).replace("%5B", "[").replace("%5D", "]");
        let mut fields: Vec<&str> = body.split('&').collect();
        fields.sort_unstable();
        let query = request.url.replace("%5B", "[").replace("%5D", "]");
        let query = query.split_once('?').unwrap().1.to_owned();
        let expected = [
            "lines[0][price]=p1",
            "lines[0][quantity]=2",
            "lines[1][price]=p2",
            "metadata[user]=ada",
            "tag=a",
            "tag=b",
        ];
        let asked = "filter[status]=open&filter[team][]=1&filter[team][]=2";
        granted(fields == expected && query == asked)
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

/// An answer that is used again is asked for with its version once it is old, and read anew only
/// when it has changed.
#[tokio::test(start_paused = true)]
async fn an_old_answer_is_asked_for_only_if_it_has_changed() {
    let operations =
        "  things: { get: /things, keep: 1m, items: '$[*]' }\n  probe: { get: /probe }";
    let version = Arc::new(AtomicUsize::new(1));
    let shown = Arc::clone(&version);
    let world = World::new("", operations, move |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        let tag = format!("\"{}\"", shown.load(Ordering::Relaxed));
        let mut answer = RawAnswer::json(200, &json!([{ "id": 1, "name": tag }]));
        if request.header("if-none-match") == Some(&tag) {
            answer.status = 304;
            answer.body.clear();
        }
        answer.headers.push(("ETag".to_owned(), tag));
        answer
    })
    .await;
    let id = world.create().await;
    let mut said = Vec::new();
    for current in [1, 1, 1, 2] {
        version.store(current, Ordering::Relaxed);
        said.extend(world.things(&id).await.unwrap());
        tokio::time::sleep(Duration::from_secs(40)).await;
    }
    assert_eq!(said, ["\"1\"", "\"1\"", "\"1\"", "\"1\""]);
    tokio::time::sleep(Duration::from_secs(40)).await;
    said = world.things(&id).await.unwrap();
    assert_eq!(said, ["\"2\""]);
    let asked = world.server.seen("/things");
    let conditional: Vec<bool> = asked
        .iter()
        .map(|request| request.header("if-none-match").is_some())
        .collect();
    assert_eq!(conditional, [false, true, true]);
}
