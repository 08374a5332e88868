//! The REST API and the callout listener, over the runtime's handle.
//!
//! A call passes, from the outside in: [`serve()`] (connections, length and time of the head),
//! `answer` (request id, log line, form of problems), `auth` (bearer token, own partner only), a
//! route's handler with its extractors (`params`, `body`), and the runtime. Handlers do no more
//! than turn wire types into the runtime's and back; every decision is the runtime's.
//!
//! Promises: 2xx is answered only once the work is durable, because the runtime returns no
//! earlier; whatever else is answered is a problem that says what, where and how to mend it, and
//! means that nothing was taken in. It sees the runtime and the model, never the store or a PSA.

mod answer;
mod auth;
mod body;
mod csv;
pub mod limits;
mod openapi;
mod params;
mod problem;
mod routes;
mod serve;
mod wire;

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use model::Timestamp;
use runtime::Runtime;

use crate::answer::Told;

pub use access::{Claims, Refusal, Scope, TokenKey};
pub use serve::serve;

/// What differs from one server to another.
pub struct Options {
    public_url: Option<String>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Options {
    /// A server that reads the time from `now`, by which tokens expire.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            public_url: None,
            now: Box::new(now),
        }
    }

    /// With the address that PSAs reach this server under, e.g. `https://dovetail.example`.
    /// Callout addresses are shown under it; without it, as paths.
    #[must_use]
    pub fn with_public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// What handlers can ask for. Every call takes a copy or two, so what it holds is shared.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

pub(crate) struct Parts {
    runtime: Runtime,
    tokens: TokenKey,
    options: Arc<Options>,
    routes: routes::Routes,
    document: Bytes,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<App> for Runtime {
    fn from_ref(app: &App) -> Self {
        app.runtime.clone()
    }
}

impl FromRef<App> for Arc<Options> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.options)
    }
}

/// The whole API over `runtime`, for bearers of tokens minted with `tokens`.
///
/// It answers every path, those it does not know with a problem. Whatever else is to be served on
/// the same port is merged into it, with paths of its own.
pub fn router(runtime: Runtime, tokens: TokenKey, options: Options) -> Router {
    let (routes, document) = described();
    let app = App(Arc::new(Parts {
        runtime,
        tokens,
        options: Arc::new(options),
        routes,
        document,
    }));
    let finish = |told| from_fn_with_state((app.clone(), told), answer::finish);
    let (guarded, _) = routes::guarded().split_for_parts();
    let (open, _) = routes::open().split_for_parts();
    let (frequent, _) = routes::frequent().split_for_parts();
    guarded
        .route_layer(from_fn_with_state(app.clone(), auth::authenticate))
        .merge(open)
        .layer(finish(Told::Always))
        .merge(frequent.layer(finish(Told::WhenItFails)))
        .with_state(app)
}

/// The routes as they are documented, and the document. Made once: it is the same for every router
/// of the process.
fn described() -> (routes::Routes, Bytes) {
    static DESCRIBED: OnceLock<(routes::Routes, Bytes)> = OnceLock::new();
    let describe = || {
        let document = openapi::document();
        let text = openapi::text(&document).into();
        (routes::Routes::of(&document), text)
    };
    DESCRIBED.get_or_init(describe).clone()
}

/// The OpenAPI document as JSON text, as it is served at `/api/openapi.json`.
pub fn document() -> String {
    openapi::text(&openapi::document())
}
