//! The real transport against real sockets: whatever the other side does to the connection, the
//! call ends with the class that is safe.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange::{
    Content, Exchange, Expect, Failure, Hosts, Kind, Lack, Method, Network, NetworkOptions,
    Request, Retry, Sent, SystemClock, SystemRandom, Transport, TransportError,
};
use model::Class;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::{Plan, credential};

/// `{"ok":true}`, compressed.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0xcf, 0x56, 0xb2,
    0x2a, 0x29, 0x2a, 0x4d, 0xad, 0x05, 0x00, 0x90, 0x5f, 0xd4, 0xa7, 0x0b, 0x00, 0x00, 0x00,
];

/// What a server does with a connection once it has read the request's head.
#[derive(Clone)]
enum Then {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and then nothing, for ever.
    SendAndHang(Vec<u8>),
}

/// A server of raw bytes on a free port; gives its origin and the heads of requests it saw.
async fn server(then: Then) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn({
        let heads = Arc::clone(&heads);
        async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, then.clone(), Arc::clone(&heads)));
            }
        }
    });
    (origin, heads)
}

async fn serve(mut stream: TcpStream, then: Then, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    match then {
        // The client may have gone; then there is nothing more to do.
        Then::Send(bytes) => drop(stream.write_all(&bytes).await),
        Then::SendAndHang(bytes) => {
            drop(stream.write_all(&bytes).await);
            std::future::pending::<()>().await;
        }
    }
}

fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn network() -> Network {
    Network::new(&NetworkOptions::default()).unwrap()
}

async fn raw(request: &Request) -> Result<exchange::RawAnswer, TransportError> {
    network().send(request).await
}

/// A call through the whole exchange, made once.
async fn call(origin: &str, kind: Kind, expect: Expect) -> Result<exchange::Answer, Failure> {
    let transport = Arc::new(network());
    let exchange = Exchange::new(transport, Arc::new(SystemClock), Arc::new(SystemRandom));
    let mut plan = Plan::new(&exchange, kind);
    let mut credential = credential();
    credential.hosts = Hosts::default().trust(origin).unwrap();
    plan.broker.set_credential(credential);
    plan.retry = Retry::never();
    let mut request = Request::new(Method::Get, format!("{origin}/x?y=1"));
    request.expect = expect;
    request.timeout = Duration::from_secs(5);
    exchange.call(&request, &plan.terms()).await
}

#[tokio::test]
async fn a_plain_call_succeeds() {
    let answer = http(
        "200 OK",
        "content-type: application/json\r\nX-Two: 2\r\n",
        br#"{"a":1}"#,
    );
    let (origin, heads) = server(Then::Send(answer)).await;
    let answer = call(&origin, Kind::Read, Expect::Json).await.unwrap();
    assert_eq!(answer.body, Content::Json(json!({"a": 1})));
    assert_eq!(answer.header("x-two"), Some("2"));
    let heads = heads.lock().unwrap();
    let head = heads.first().unwrap();
    assert!(head.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("accept-encoding: gzip\r\n"), "{head}");
    assert!(head.contains("user-agent: dovetail/"), "{head}");
}

/// Runs the test above once more, in an environment that names a proxy where nobody listens.
#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "network::a_plain_call_succeeds"]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        again.env(name, "http://127.0.0.1:1");
    }
    again.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let (origin, _) = server(Then::Send(http(
        "200 OK",
        "content-encoding: gzip\r\n",
        GZIPPED,
    )))
    .await;
    let answer = call(&origin, Kind::Read, Expect::Json).await.unwrap();
    assert_eq!(answer.body, Content::Json(json!({"ok": true})));
}

#[tokio::test]
async fn a_body_that_ends_early_leaves_an_effect_unknown() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"".to_vec();
    let zipped = http(
        "200 OK",
        "content-encoding: gzip\r\n",
        GZIPPED.get(..20).unwrap(),
    );
    let no_answer = Vec::new();
    for bytes in [cut, chunked, zipped, no_answer] {
        let (origin, _) = server(Then::Send(bytes)).await;
        let failure = call(&origin, Kind::Effect, Expect::Json).await.unwrap_err();
        assert_eq!(
            (failure.class, failure.sent),
            (Class::UnknownOutcome, true),
            "{failure}"
        );
        let failure = call(&origin, Kind::Read, Expect::Json).await.unwrap_err();
        assert_eq!(
            (failure.class, failure.sent),
            (Class::Unavailable, true),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn json_that_is_cut_without_a_broken_connection_is_noticed() {
    let answer = http(
        "201 Created",
        "content-type: application/json\r\n",
        br#"{"id": 12"#,
    );
    let (origin, _) = server(Then::Send(answer)).await;
    let failure = call(&origin, Kind::Effect, Expect::Json).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownOutcome);
    assert!(failure.message.contains("truncated"), "{failure}");
}

#[tokio::test]
async fn a_slow_body_ends_with_the_timeout() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    let (origin, _) = server(Then::SendAndHang(begun)).await;
    let transport = Arc::new(network());
    let exchange = Exchange::new(transport, Arc::new(SystemClock), Arc::new(SystemRandom));
    let plan = Plan::new(&exchange, Kind::Effect);
    let mut credential = credential();
    credential.hosts = Hosts::default().trust(&origin).unwrap();
    plan.broker.set_credential(credential);
    let mut request = Request::new(Method::Post, &origin);
    request.timeout = Duration::from_millis(200);
    let failure = exchange.call(&request, &plan.terms()).await.unwrap_err();
    assert_eq!((failure.class, failure.sent), (Class::UnknownOutcome, true));
}

#[tokio::test]
async fn errors_without_json_are_classed_by_status() {
    let page = b"<html><title>Not here</title></html>";
    let (origin, _) = server(Then::Send(http(
        "404 Not Found",
        "content-type: text/html\r\n",
        page,
    )))
    .await;
    let failure = call(&origin, Kind::Read, Expect::Json).await.unwrap_err();
    assert_eq!(failure.class, Class::NotFound);
    assert_eq!(failure.message, "status 404: Not here");
    let (origin, _) = server(Then::Send(http("401 Unauthorized", "", b""))).await;
    let failure = call(&origin, Kind::Read, Expect::Json).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.status),
        (Class::CredentialsRejected, Some(401))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, visits) = server(Then::Send(http("200 OK", "", b""))).await;
    let location = format!("location: {elsewhere}/\r\n");
    let (origin, _) = server(Then::Send(http("302 Found", &location, b""))).await;
    let failure = call(&origin, Kind::Read, Expect::JsonOrEmpty)
        .await
        .unwrap_err();
    assert_eq!((failure.class, failure.status), (Class::Invalid, Some(302)));
    assert!(visits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_only() {
    let (origin, _) = server(Then::Send(http("200 OK", "", &[b'x'; 1_000]))).await;
    let mut request = Request::new(Method::Get, &origin);
    request.body_bytes_max = 1_000;
    assert_eq!(raw(&request).await.unwrap().body.len(), 1_000);
    request.body_bytes_max = 999;
    assert_eq!(raw(&request).await.unwrap_err().lack, Lack::TooLarge);
}

#[tokio::test]
async fn what_never_connected_was_not_sent() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let without_tls = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    for address in [
        format!("http://{closed}/"),
        format!("https://{without_tls}/"),
    ] {
        let error = raw(&Request::new(Method::Post, &address))
            .await
            .unwrap_err();
        assert_eq!(
            (error.sent, error.lack),
            (Sent::Not, Lack::Connect),
            "{address}: {error}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent() {
    let (origin, heads) = server(Then::Send(http("200 OK", "", b""))).await;
    let mut request = Request::new(Method::Get, &origin);
    request.set_header("x-note", "two\r\nlines: here");
    let error = raw(&request).await.unwrap_err();
    assert_eq!(
        (error.sent, error.lack),
        (Sent::Not, Lack::Unsendable),
        "{error}"
    );
    assert!(heads.lock().unwrap().is_empty());
}
