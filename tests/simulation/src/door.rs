//! The front door of one life: the API's router, called in process by the product, by people, and
//! by the PSA's callouts.

use std::sync::Arc;

use api::{Claims, Options, Scope, TokenKey};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use exchange::{Clock as _, TokioClock};
use model::{Secret, Timestamp};
use runtime::Runtime;
use serde_json::Value;
use simulators::callout::{Callout, Sender};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::trace::Trace;

/// The largest answer that is read, in bytes.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// A way into the engine that is alive.
#[derive(Clone)]
pub(crate) struct Door {
    router: Router,
    token: Secret,
    /// Closed when the engine dies.
    alive: watch::Receiver<()>,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; null when it is no JSON.
    pub body: Value,
}

/// The engine died over the call, or there is none: nobody knows what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

impl Door {
    /// The door to `runtime`, for as long as the sender of `alive` lives.
    pub(crate) fn open(
        runtime: Runtime,
        clock: Arc<TokioClock>,
        alive: watch::Receiver<()>,
    ) -> Self {
        let tokens = TokenKey::from_bytes([7; 32]);
        let claims = Claims {
            scope: Scope::Operator,
            id: None,
            issued_at: Timestamp::from_millis(0),
            expires_at: None,
        };
        let token = tokens.mint(&claims);
        let router = api::router(runtime, tokens, Options::new(move || clock.now()));
        Self {
            router,
            token,
            alive,
        }
    }

    /// Makes a call with a token that may do everything.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Lost> {
        let bearer = format!("Bearer {}", self.token.expose());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.pass(request.body(body).expect("a valid call")).await
    }

    async fn pass(&self, request: Request<Body>) -> Result<Answer, Lost> {
        let mut alive = self.alive.clone();
        let answered = async {
            let answer = self.router.clone().oneshot(request).await;
            let (head, body) = answer.expect("a router answers").into_parts();
            let body = to_bytes(body, BODY_MAX).await.expect("a whole body");
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let status = head.status.as_u16();
            Answer { status, body }
        };
        tokio::select! {
            biased;
            _ = alive.changed() => Err(Lost),
            answer = answered => Ok(answer),
        }
    }
}

/// Brings the PSA's callouts to the engine that is alive.
pub(crate) struct Callouts {
    pub(crate) doors: watch::Receiver<Option<Door>>,
    pub(crate) trace: Arc<Trace>,
}

#[async_trait]
impl Sender for Callouts {
    async fn send(&self, callout: &Callout) -> Result<u16, String> {
        let door = self.doors.borrow().clone();
        let door = door.ok_or("nobody listens")?;
        let path = callout.url.splitn(4, '/').nth(3).unwrap_or_default();
        let mut request = Request::builder()
            .method(callout.method.clone())
            .uri(format!("/{path}"));
        if let Some(kind) = callout.content_type {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if let Some(authorization) = &callout.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = Body::from(callout.body.clone());
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = door.pass(request).await.map_err(|Lost| "it died");
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.trace
            .note(&format!("callout {}: {status}", callout.body));
        Ok(answer?.status)
    }
}
