//! Who looks at a page: the session in the cookie.
//!
//! A session is a sealed text that the browser brings along; nothing of it is stored, except that
//! it was signed out. The cookie is out of reach of scripts and is not sent along by forms of other
//! sites.

use std::convert::Infallible;
use std::time::Duration;

use access::{Pass, Scope, TokenKey};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use runtime::Runtime;

use crate::limits::COOKIE_BYTES_MAX;
use crate::{App, Options};

/// The cookie's name.
const COOKIE: &str = "dovetail_session";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The session.
    pub(crate) pass: Pass,
    /// What the forms of this session carry.
    pub(crate) proof: String,
}

impl Visitor {
    /// The visitor that the cookie of a call proves, if it proves one that is not signed out. A
    /// state that cannot be read admits nobody.
    pub(crate) async fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        let text = cookie(headers, COOKIE)?;
        let pass = app.keys.open_session(text, app.options.now()).ok()?;
        match app.runtime.is_spent(&pass.id).await {
            Ok(false) => Some(Self::new(&app.keys, pass)),
            Ok(true) => None,
            Err(error) => {
                tracing::error!(%error, "whether a session was signed out cannot be read");
                None
            }
        }
    }

    fn new(keys: &TokenKey, pass: Pass) -> Self {
        let proof = keys.form_proof(&pass.id);
        Self { pass, proof }
    }

    /// What the visitor may do.
    pub(crate) fn scope(&self) -> &Scope {
        &self.pass.scope
    }

    /// Who changes something here, in words for people who read it later.
    pub(crate) fn by(&self) -> String {
        format!("{} in the console", self.scope().role())
    }

    /// Whether the visitor may change anything.
    pub(crate) fn may_change(&self) -> bool {
        self.scope().may_change()
    }
}

/// The visitor whom the guard has let in. Only guarded routes may ask.
impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = crate::failure::Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(crate::failure::Failure::signed_out)
    }
}

/// Whoever looks, signed in or not.
pub(crate) struct Anyone(pub(crate) Option<Visitor>);

impl FromRequestParts<App> for Anyone {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(Visitor::of(app, &parts.headers).await))
    }
}

/// A session of this `life` for somebody with `scope`: the header that hands it to the browser.
pub(crate) fn sign_in(app: &App, scope: Scope, life: Duration) -> HeaderValue {
    let pass = Pass {
        id: new_id(),
        scope,
        expires_at: app.options.now().after(life),
    };
    let session = app.keys.seal_session(&pass);
    cookie_of(&app.options, COOKIE, session.expose(), life.as_secs())
}

/// Ends the session for good, whoever else may have a copy of its cookie, and gives the header that
/// takes it from the browser.
pub(crate) async fn sign_out(app: &App, visitor: &Visitor) -> Result<HeaderValue, runtime::Error> {
    let (runtime, pass): (&Runtime, _) = (&app.runtime, &visitor.pass);
    runtime.spend_pass(&pass.id, pass.expires_at).await?;
    Ok(cookie_of(&app.options, COOKIE, "", 0))
}

/// The header that gives the browser a cookie for so long; for no time, that takes it away.
pub(crate) fn cookie_of(options: &Options, name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if options.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // Sealed texts are base64url, and what was asked for is graphic ASCII: every one is a header.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The cookie of this name that a call brings.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter();
    let all = all.filter(|value| value.len() <= COOKIE_BYTES_MAX);
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// An id that nobody guesses.
pub(crate) fn new_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}
