//! Bodies that cannot be read, and where each is said to be wrong.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test should panic"
)]

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::Method;
use futures::stream;
use model::{CustomerId, Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the fields are what the bodies are checked against"
)]
struct Example {
    customer_id: CustomerId,
    #[serde(default)]
    opened_at: Option<Timestamp>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    credentials: BTreeMap<String, Secret>,
    #[serde(default)]
    min_score: u8,
}

/// Reads `body` under `content_type` as the server would, and gives back the problem.
async fn refused(content_type: Option<&str>, body: impl Into<Body>) -> Value {
    let mut request = Request::builder().method(Method::POST).uri("/");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    problem(request.body(body.into()).unwrap()).await
}

async fn problem(request: Request) -> Value {
    let read = <Input<Example> as FromRequest<()>>::from_request(request, &()).await;
    let response = read.err().unwrap().render("id");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn good_bodies_are_read() {
    for content_type in ["application/json", "application/vnd.x+json; charset=utf-8"] {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(
                r#" {"customer_id": "c-1", "opened_at": "2026-07-01T12:00:00Z"} "#,
            ))
            .unwrap();
        let read = <Input<Example> as FromRequest<()>>::from_request(request, &()).await;
        let Input(example) = read.ok().unwrap();
        assert_eq!(example.customer_id.as_str(), "c-1");
    }
}

#[tokio::test]
async fn a_wrong_place_is_pointed_at_and_its_value_not_repeated() {
    for (body, pointer, message, hint) in [
        (
            r#"{"custmer_id": "c"}"#,
            "/custmer_id",
            "there is no such field",
            Some("did you mean `customer_id`?"),
        ),
        (
            r#"{"zzz": 1}"#,
            "/zzz",
            "there is no such field",
            Some(
                "the fields are \
            customer_id, opened_at, domains, credentials, min_score",
            ),
        ),
        ("{}", "/customer_id", "this field is missing", None),
        (
            r#"{"customer_id": 7}"#,
            "/customer_id",
            "expected a string, found a whole number",
            None,
        ),
        (
            r#"{"customer_id": "a b"}"#,
            "/customer_id",
            "customer id may hold letters, digits and . _ : @ + - only, this one holds ' '",
            None,
        ),
        (
            r#"{"customer_id": "c", "opened_at": "today"}"#,
            "/opened_at",
            "expected an RFC 3339 date and time",
            None,
        ),
        (
            r#"{"customer_id": "c", "domains": ["a", null]}"#,
            "/domains/1",
            "expected a string, found null",
            None,
        ),
        (
            r#"{"customer_id": "c", "domains": {}}"#,
            "/domains",
            "expected an array, found an object",
            None,
        ),
        (
            r#"{"customer_id": "c", "credentials": {"a/b~": 5309}}"#,
            "/credentials/a~1b~0",
            "expected a string, found a whole number",
            None,
        ),
        (
            r#"{"customer_id": "c", "credentials": "hunter2, expected x"}"#,
            "/credentials",
            "expected an object, found a string",
            None,
        ),
        (
            r#"{"customer_id": "c", "min_score": 1.5}"#,
            "/min_score",
            "expected a whole number, found a number",
            None,
        ),
        (
            r#"{"customer_id": "c", "customer_id": "d"}"#,
            "/customer_id",
            "this field is there twice",
            None,
        ),
        ("[]", "", "expected an object, found an array", None),
        ("null", "", "expected an object, found null", None),
    ] {
        let problem = refused(Some("application/json"), body).await;
        assert_eq!(problem["type"], "/problems/invalid", "{body}");
        let fault = &problem["faults"][0];
        assert_eq!(fault["pointer"], pointer, "{body}");
        assert_eq!(fault["message"], message, "{body}");
        assert_eq!(
            fault["hint"],
            hint.map_or(Value::Null, |hint| json!(hint)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    for (body, detail) in [
        ("", "The body is empty."),
        (" \n", "The body is empty."),
        (
            "id=1",
            "The body is not JSON: expected value at line 1, column 1.",
        ),
        (
            "{\n  \"customer_id\": c\n}",
            "The body is not JSON: expected value at line 2, column 18.",
        ),
        (
            r#"{"customer_id": "c""#,
            "The body is not JSON: EOF while parsing an object at line 1, column 19.",
        ),
        (
            r#"{"customer_id": "c"} x"#,
            "The body is not JSON: trailing characters at line 1, column 22.",
        ),
        (
            "\u{feff}{}",
            "The body is not JSON: expected value at line 1, column 1.",
        ),
    ] {
        let problem = refused(Some("application/json"), body).await;
        assert_eq!(problem["type"], "/problems/body-not-json", "{body}");
        assert_eq!(problem["detail"], detail, "{body}");
        assert!(problem["remedy"].is_string(), "{body}");
    }
    let latin1 = b"{\"customer_id\": \"M\xfcller\"}".to_vec();
    let problem = refused(Some("application/json"), latin1).await;
    assert_eq!(problem["type"], "/problems/body-not-json");
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    for declared in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("json"),
    ] {
        let problem = refused(declared, "{}").await;
        assert_eq!(
            problem["type"], "/problems/media-type-unsupported",
            "{declared:?}"
        );
    }
}

#[tokio::test]
async fn a_body_announced_as_too_long_is_refused_unread() {
    let unread = Body::from_stream(stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Bytes, axum::Error>>> { panic!("the body was read") },
    ));
    let request = Request::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, BODY_BYTES_MAX + 1)
        .body(unread)
        .unwrap();
    let problem = problem(request).await;
    assert_eq!(problem["type"], "/problems/body-too-large");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("1048576 bytes")
    );
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_no_further_than_the_limit() {
    let chunk = Bytes::from(vec![b' '; 100_000]);
    let mut sent = 0_usize;
    let endless = Body::from_stream(stream::poll_fn(move |_| {
        sent += chunk.len();
        assert!(sent <= BODY_BYTES_MAX + chunk.len(), "read past the limit");
        std::task::Poll::Ready(Some(Ok::<_, axum::Error>(chunk.clone())))
    }));
    let problem = refused(Some("application/json"), endless).await;
    assert_eq!(problem["type"], "/problems/body-too-large");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let silent = Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>());
    let problem = refused(Some("application/json"), silent).await;
    assert_eq!(problem["type"], "/problems/body-too-slow");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let broken = Body::from_stream(stream::iter([
        Ok(Bytes::from_static(b"{\"customer_id\":")),
        Err(axum::Error::new(std::io::Error::other("reset"))),
    ]));
    let problem = refused(Some("application/json"), broken).await;
    assert_eq!(problem["type"], "/problems/body-incomplete");
}
