//! The console: the partner's set-up and daily view, in the browser, over the runtime's handle.
//!
//! A call passes, from the outside in: `envelope` (security headers, its line in the log), `guard`
//! (session, own partner only, forms proved by their session), a handler in `pages`, and the
//! runtime. Handlers turn what the runtime says into a template's fields; every decision is the
//! runtime's. What a page shows of a connector comes from the connector's definition, so that a
//! new one has all pages without a line here.
//!
//! Promises: every form works without script, by POST, redirect and GET; what was typed is kept
//! when it is refused; no page loads or sends anything beyond this server. How to add a page is
//! told in the crate's README.

mod asked;
mod assets;
mod directory;
mod envelope;
mod failure;
mod fields;
mod form;
mod guard;
pub mod limits;
mod list;
mod moment;
mod pages;
mod provider;
mod shell;
mod visitor;

use std::fmt;
use std::sync::Arc;

use access::{LINK_LIFE, Pass, ProviderSettings, Scope, TokenKey};
use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use model::{Secret, Timestamp};
use runtime::Runtime;

use crate::provider::Provider;

/// What differs from one server to another.
pub struct Options {
    public_url: Option<String>,
    provider: Option<Provider>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Options {
    /// A console that reads the time from `now`, by which links and sessions end.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            public_url: None,
            provider: None,
            now: Box::new(now),
        }
    }

    /// With the address that people and PSAs reach this server under. If it begins with `https:`,
    /// sessions are sent over TLS only.
    #[must_use]
    pub fn with_public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// With a provider that people sign in with. It sends them back to the public address, which
    /// has to be known.
    #[must_use]
    pub fn with_provider(mut self, provider: ProviderSettings) -> Self {
        self.provider = Some(Provider::new(provider));
        self
    }

    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    pub(crate) fn is_secure(&self) -> bool {
        let url = self.public_url.as_deref();
        url.is_some_and(|url| url.starts_with("https:"))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    pub(crate) fn clock(&self) -> &(dyn Fn() -> Timestamp + Send + Sync) {
        &*self.now
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// What handlers can ask for.
#[derive(Clone)]
pub(crate) struct App {
    runtime: Runtime,
    keys: TokenKey,
    options: Arc<Options>,
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

/// The console over `runtime`, for people who come with a link sealed with `keys`. It answers only
/// its own paths, so that it can be merged into the API on the same port.
pub fn router(runtime: Runtime, keys: TokenKey, options: Options) -> Router {
    let app = App {
        runtime,
        keys,
        options: Arc::new(options),
    };
    pages::guarded()
        .route_layer(from_fn_with_state(app.clone(), guard::admit))
        .merge(pages::open())
        .route_layer(from_fn(envelope::finish))
        .with_state(app)
}

/// The path of a sign-in link that is good once, for a quarter of an hour from `now`.
pub fn sign_in_path(keys: &TokenKey, scope: Scope, now: Timestamp) -> Secret {
    let pass = Pass {
        id: visitor::new_id(),
        scope,
        expires_at: now.after(LINK_LIFE),
    };
    let link = keys.seal_link(&pass);
    Secret::new(format!("/sign-in?link={}", link.expose()))
}
