//! Signing in with an account elsewhere, where the operator has set that up.
//!
//! The browser goes to the provider with an attempt of its own, kept in a sealed cookie, and comes
//! back with a code. Whoever comes back without that cookie, with another one's answer, or a second
//! time, is not signed in; neither is one for whom no rule is configured. Nothing in the address
//! says where it goes on afterwards: that is the page that was asked for here. To sign out ends the
//! session here; the page after it leads to where it ends at the provider, too, where that says so.

use access::Attempt;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::App;
use crate::failure::Failure;
use crate::pages::sign_in::admit;
use crate::provider::{Asking, Provider};
use crate::visitor::{self, cookie};

/// Where the way to the provider begins.
pub(crate) const BEGIN: &str = "/sign-in/provider";

/// Where the provider sends people back to.
pub(crate) const BACK: &str = "/sign-in/provider/back";

/// The cookie of an attempt.
const COOKIE: &str = "dovetail_attempt";

/// The longest code that is passed on, in bytes: those in use are up to some 2 kB.
const CODE_BYTES_MAX: usize = 8 << 10;

/// The most characters of what the provider says of a person that the log shows.
const LOGGED_CHARS_MAX: usize = 100;

/// What the provider sends along.
#[derive(Deserialize)]
pub(crate) struct Answered {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
    /// Who answers, if the provider says so.
    iss: Option<String>,
}

/// Sends the browser to the provider.
pub(crate) async fn begin(State(app): State<App>) -> Result<Response, Failure> {
    let provider = provider(&app)?;
    let endpoints = provider.endpoints(&asking(&app)).await?;
    let now = app.options.now();
    let chance = || format!("{}{}", visitor::new_id(), visitor::new_id());
    let attempt = Attempt::begin([visitor::new_id(), chance(), chance()], now);
    let url = attempt.url(&provider.settings, &endpoints, &back(&app));
    let life = attempt.expires_at.since(now).as_secs();
    let kept = app.keys.seal_attempt(&attempt);
    let kept = visitor::cookie_of(&app.options, COOKIE, kept.expose(), life);
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(&url)).into_response())
}

/// Signs in whom the provider vouches for. The attempt is used up, durably, before the session is
/// handed out, and not before somebody is vouched for: what anybody can send writes nothing.
pub(crate) async fn end(
    State(app): State<App>,
    headers: HeaderMap,
    answered: Result<Query<Answered>, QueryRejection>,
) -> Result<Response, Failure> {
    let provider = provider(&app)?;
    let Query(answered) = answered.map_err(|_| not_begun())?;
    let attempt = begun(&app, &headers, &answered).await?;
    let code = answered.code(&provider.settings.issuer)?;
    let (asking, back) = (asking(&app), back(&app));
    let claims = provider.claims(&asking, &attempt, (code, &back)).await?;
    let subject = claims.get("sub").and_then(|it| it.as_str());
    let subject = logged(subject.unwrap_or_default());
    let Some(scope) = provider.settings.scope_of(&claims) else {
        tracing::warn!(subject, "no rule lets this account in");
        return Err(Failure::denied("Your account is not allowed in here"));
    };
    let until = attempt.expires_at;
    if !app.runtime.spend_pass(&attempt.state, until).await? {
        return Err(not_begun());
    }
    tracing::info!(subject, %scope, "an account elsewhere signed in");
    let mut response = admit(&app, &headers, scope, provider.settings.session);
    let over = visitor::cookie_of(&app.options, COOKIE, "", 0);
    response.headers_mut().append(header::SET_COOKIE, over);
    Ok(response)
}

/// The attempt of this browser that the answer is for, if it was not used up.
async fn begun(app: &App, headers: &HeaderMap, answered: &Answered) -> Result<Attempt, Failure> {
    let now = app.options.now();
    let kept = cookie(headers, COOKIE).and_then(|text| app.keys.open_attempt(text, now).ok());
    let attempt = kept.filter(|attempt| attempt.state == answered.state);
    let attempt = attempt.ok_or_else(not_begun)?;
    if app.runtime.is_spent(&attempt.state).await? {
        return Err(not_begun());
    }
    Ok(attempt)
}

impl Answered {
    /// The code, if it comes from `issuer` as far as the answer says.
    fn code(&self, issuer: &str) -> Result<&str, Failure> {
        let is_theirs = self.iss.as_ref().is_none_or(|iss| iss == issuer);
        if is_theirs && (1..=CODE_BYTES_MAX).contains(&self.code.len()) {
            return Ok(&self.code);
        }
        // What it says is not shown: anybody can put words into an address.
        tracing::info!(error = logged(&self.error), "the provider signed nobody in");
        Err(Failure::denied("The provider did not sign you in"))
    }
}

/// Where somebody who has signed out here signs out at the provider; nowhere, where there is none,
/// or it does not say.
pub(crate) async fn leave_url(app: &App) -> Option<String> {
    let provider = app.options.provider()?;
    let endpoints = provider.endpoints(&asking(app)).await.ok()?;
    provider.settings.leave_url(&endpoints)
}

fn provider(app: &App) -> Result<&Provider, Failure> {
    app.options.provider().ok_or_else(Failure::no_such_page)
}

fn asking(app: &App) -> Asking<'_> {
    Asking {
        runtime: &app.runtime,
        now: app.options.clock(),
    }
}

/// The address that the provider sends people back to, as it is registered there.
fn back(app: &App) -> String {
    let root = app.options.public_url().unwrap_or_default();
    format!("{}{BACK}", root.trim_end_matches('/'))
}

/// What came from outside, as a line of the log takes it.
fn logged(text: &str) -> String {
    let shown = text.chars().take(LOGGED_CHARS_MAX);
    shown.flat_map(char::escape_debug).collect()
}

fn not_begun() -> Failure {
    Failure::denied("This attempt to sign in is over, or was begun in another browser")
}
