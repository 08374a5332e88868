//! Accepts connections and serves them within limits, until it is told to stop.
//!
//! What a slow or greedy caller could take without end is limited here: the number of connections,
//! the length of a call's head and the time it takes. Its body is `body`'s business.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_TIMEOUT, HEADERS_MAX, SHUTDOWN_GRACE};

/// How long to wait before accepting again when the process has run out of something, such as
/// file descriptors: connections that end give it back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` to whoever connects to `listener`, until `shutdown` is ready. Calls that are
/// under way then may end, within [`SHUTDOWN_GRACE`]; a keep-alive connection without one is
/// closed at once. HTTP/1.1 only: whatever terminates TLS in front speaks it.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let http = http();
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                // The caller went away, or sent no HTTP. Nothing here is anybody's to mend.
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(slot);
        });
    }
    // Whoever connects from now on is refused and tries another server, instead of waiting here.
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some calls did not end in time and are broken off");
    }
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    http
}

/// The next connection, once there is a slot for it; none when accepting it failed.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    // The semaphore is never closed.
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _peer)) => {
            // Answers are small and written whole; delaying them for more helps nobody.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection cannot be told not to delay");
            }
            Some((stream, slot))
        }
        Err(error) => {
            if !of_the_connection(&error) {
                tracing::error!(%error, "connections cannot be accepted for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            None
        }
    }
}

/// Whether an error of accept(2) is that of the one connection, which is gone with it.
fn of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
