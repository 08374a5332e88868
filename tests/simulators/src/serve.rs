//! Serving a simulator's router on a real port, with a way to break a connection on purpose.
//!
//! A router cannot refuse to answer, but a broken network can. So a handler marks its answer with
//! [`NoAnswer`], and the listener here cuts the connection before a byte of it is written. Who
//! calls a router in process must look for the mark and treat it as a lost connection.

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Extension, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Error;

/// How long [`Running::stop`] waits for open connections before it drops them.
pub const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// Mark (a response extension) of an answer that must never reach the caller.
#[derive(Debug, Clone, Copy)]
pub struct NoAnswer;

/// A simulator that listens on a port until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "dropping it stops the simulator"]
pub struct Running {
    /// Address without a path or final slash, such as `http://127.0.0.1:40123`.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Stops listening, lets open requests finish for at most [`STOP_WAIT_MAX`].
    pub async fn stop(mut self) {
        let stop = self.stop.take();
        if stop.is_some_and(|stop| stop.send(()).is_err()) {
            tracing::debug!(address = %self.address, "the simulator had ended by itself");
        }
        if tokio::time::timeout(STOP_WAIT_MAX, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
    }

    /// Waits until the simulator ends by itself, which is only on an error.
    pub async fn ended(mut self) {
        drop((&mut self.task).await);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `router` at `address` (port 0 takes a free one).
pub async fn serve(router: Router, address: SocketAddr) -> Result<Running, Error> {
    let bind = |source| Error::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let service = router
        .layer(middleware::from_fn(cut_unanswered))
        .into_make_service_with_connect_info::<Cut>();
    let server = axum::serve(CuttableListener(listener), service)
        .with_graceful_shutdown(async move { drop(stopped.await) });
    let task = tokio::spawn(server.into_future());
    Ok(Running {
        url: format!("http://{address}"),
        address,
        stop: Some(stop),
        task,
    })
}

async fn cut_unanswered(
    Extension(ConnectInfo(cut)): Extension<ConnectInfo<Cut>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.extensions().get::<NoAnswer>().is_some() {
        cut.0.store(true, Ordering::SeqCst);
    }
    response
}

/// The switch that breaks one connection; shared between its stream and its requests.
#[derive(Clone)]
struct Cut(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (
            CuttableStream {
                stream,
                cut: Cut(Arc::new(AtomicBool::new(false))),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cut.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
