//! The server on real sockets: what it refuses early, and how it ends.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::world::World;

/// No step of these tests takes longer, or it hangs.
const LIMIT: Duration = Duration::from_secs(20);

struct Server {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start(router: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let ended = tokio::spawn(api::serve(listener, router, shutdown));
    Server {
        address,
        stop,
        ended,
    }
}

impl Server {
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// All that comes until the server closes the connection.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn ten_megabytes_are_refused_before_they_are_sent() {
    let world = World::new().await;
    let server = start(world.router.clone()).await;
    let token = world.token(api::Scope::Operator, None);
    let head = format!(
        "POST /api/v1/partners/msp-1/requests HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\
         \r\ncontent-type: application/json\r\ncontent-length: 10485760\r\n\r\n"
    );
    // Of the body, not one byte is sent: only a server that does not wait for it answers.
    let answer = read_all(&mut server.send(&head).await).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("/problems/body-too-large"), "{answer}");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let world = World::new().await;
    let server = start(world.router.clone()).await;
    let long = "x".repeat(api::limits::HEAD_BYTES_MAX + 1);
    let answer = read_all(&mut server.send(&format!("GET / HTTP/1.1\r\na: {long}")).await).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let many = "a: b\r\n".repeat(api::limits::HEADERS_MAX + 1);
    let answer = read_all(&mut server.send(&format!("GET / HTTP/1.1\r\n{many}\r\n")).await).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_call_under_way_ends_before_the_server_does() {
    let begun = std::sync::Arc::new(Notify::new());
    let finish = std::sync::Arc::new(Notify::new());
    let (begins, finishes) = (begun.clone(), finish.clone());
    let router = Router::new().route(
        "/slow",
        get(async move || {
            begins.notify_one();
            finishes.notified().await;
            "done"
        }),
    );
    let server = start(router).await;
    let mut call = server.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut idle = server.send("").await;
    timeout(LIMIT, begun.notified()).await.unwrap();

    server.stop.send(()).unwrap();
    assert_eq!(
        read_all(&mut idle).await,
        "",
        "an idle connection is closed"
    );
    assert!(!server.ended.is_finished(), "the server waits for the call");
    finish.notify_one();
    let answer = read_all(&mut call).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"),
        "{answer}"
    );
    timeout(LIMIT, server.ended).await.unwrap().unwrap();
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "the port is closed"
    );
}
