//! Load: callers that each send the next call as soon as the last one is answered.
//!
//! Calls are written as bytes and answers are only looked at for their status and length, so that
//! sending them costs a small part of what answering them does.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What a round of load found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Calls that were answered with 2xx.
    pub(crate) answered: u64,
    /// How long each of them took.
    pub(crate) waits: Vec<Duration>,
    /// From the first call to the last answer.
    pub(crate) took: Duration,
}

impl Found {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    /// How long all but one of so many calls took at most.
    pub(crate) fn all_but(&mut self, one_of: usize) -> Duration {
        self.waits.sort_unstable();
        let at = self
            .waits
            .len()
            .saturating_sub(self.waits.len() / one_of + 1);
        self.waits.get(at).copied().unwrap_or_default()
    }
}

/// Sends `body(number)` to `http://127.0.0.1:{port}{path}` from so many callers for so long.
pub(crate) async fn post(
    port: u16,
    path: &str,
    callers: u64,
    lasting: Duration,
    body: fn(u64) -> String,
) -> Found {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let path = path.to_owned();
        tasks.spawn(async move {
            let numbers = (caller..).step_by(usize::try_from(callers).unwrap_or(usize::MAX));
            call(port, &path, began + lasting, numbers, body).await
        });
    }
    let mut found = Found::default();
    while let Some(waits) = tasks.join_next().await {
        let waits = waits.expect("a caller should not panic");
        found.answered += waits.len() as u64;
        found.waits.extend(waits);
    }
    found.took = began.elapsed();
    found
}

async fn call(
    port: u16,
    path: &str,
    until: Instant,
    mut numbers: impl Iterator<Item = u64>,
    body: fn(u64) -> String,
) -> Vec<Duration> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    stream
        .set_nodelay(true)
        .expect("an option of every connection");
    let (mut waits, mut buffer) = (Vec::new(), Vec::with_capacity(4_096));
    while Instant::now() < until {
        let body = body(numbers.next().unwrap_or_default());
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let began = Instant::now();
        stream
            .write_all(head.as_bytes())
            .await
            .expect("the server reads");
        buffer.clear();
        while !is_whole(&buffer) {
            let read = stream
                .read_buf(&mut buffer)
                .await
                .expect("the server answers");
            assert!(
                read > 0,
                "the server hung up: {}",
                String::from_utf8_lossy(&buffer)
            );
        }
        let status = buffer.get(9..10);
        assert!(status == Some(b"2"), "{}", String::from_utf8_lossy(&buffer));
        waits.push(began.elapsed());
    }
    waits
}

/// Whether an answer has come as a whole. Its length must be told.
fn is_whole(buffer: &[u8]) -> bool {
    let Some(head) = buffer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text.split("content-length:").nth(1).map(str::trim_start);
    let length = length.and_then(|length| length.split("\r\n").next()?.trim().parse().ok());
    let length: usize = length.expect("an answer that tells its length");
    buffer.len() >= head + 4 + length
}
