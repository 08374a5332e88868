//! Signing in with a link that works once, and signing out.
//!
//! Opening the link shows a page with one button, and only the button uses it up: what looks at
//! links before people do, such as a mail filter, leaves it whole.

use std::time::Duration;

use access::{Pass, SESSION_LIFE, Scope};
use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::App;
use crate::asked;
use crate::assets::Links;
use crate::failure::Failure;
use crate::guard;
use crate::pages::provider;
use crate::shell;
use crate::visitor::{self, Anyone, Visitor};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    link: String,
    /// How the session ended, where somebody comes from one: `yes` or `over`.
    #[serde(default)]
    left: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    links: Links,
    /// The secret part of the link; empty for somebody who came without one.
    link: String,
    /// What is wrong with it.
    wrong: Option<&'static str>,
    /// What the button says that leads to an account elsewhere, where that is set up and nobody
    /// came with a link.
    provider: Option<String>,
    /// How the session ended, and where it ends at the provider, too.
    ended: Option<&'static str>,
    leave: Option<String>,
}

/// Leads to where the visitor's work begins.
pub(crate) async fn home(Anyone(visitor): Anyone) -> Redirect {
    match visitor.as_ref().map(|visitor| visitor.scope().partner()) {
        None => Redirect::to("/sign-in"),
        Some(None) => Redirect::to("/partners"),
        Some(Some(partner)) => Redirect::to(&format!("/partners/{partner}/integrations")),
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    Anyone(visitor): Anyone,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    if asked.link.is_empty() {
        return match visitor {
            Some(_) => Ok(Redirect::to("/").into_response()),
            None => shell::page(&SignInPage {
                ended: ended(&asked.left),
                leave: match asked.left.as_str() {
                    "yes" => provider::leave_url(&app).await,
                    _ => None,
                },
                ..SignInPage::new(&app, "", None)
            }),
        };
    }
    match usable(&app, &asked.link).await? {
        Ok(_) => shell::page(&SignInPage::new(&app, &asked.link, None)),
        Err(wrong) => sorry(&app, wrong),
    }
}

/// Uses the link up, durably, before the session is handed out.
pub(crate) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let fields = guard::read(&headers, body).await?;
    // A page of another site could sign its own visitor in as somebody else.
    if !guard::is_from_here(&headers) {
        return Err(Failure::unproved());
    }
    let link = fields.get("link").unwrap_or_default();
    let pass = match usable(&app, link).await? {
        Ok(pass) => pass,
        Err(wrong) => return sorry(&app, wrong),
    };
    if !app.runtime.spend_pass(&pass.id, pass.expires_at).await? {
        return sorry(&app, USED);
    }
    Ok(admit(&app, &headers, pass.scope, SESSION_LIFE))
}

/// Hands out the session, and leads to the page that was asked for.
pub(crate) fn admit(app: &App, headers: &HeaderMap, scope: Scope, life: Duration) -> Response {
    let (path, forgotten) = asked::go_on(&app.options, headers, &scope);
    let session = visitor::sign_in(app, scope, life);
    let mut response = Redirect::to(&path).into_response();
    for cookie in [session, forgotten] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(crate) async fn sign_out(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    let cookie = visitor::sign_out(&app, &visitor).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(LEFT)).into_response())
}

/// Where somebody is led who has signed out.
const LEFT: &str = "/sign-in?left=yes";

/// Where somebody is led whose session was over when they sent a form.
pub(crate) const SESSION_OVER: &str = "/sign-in?left=over";

/// How a session ended, by the word for it in the address.
fn ended(left: &str) -> Option<&'static str> {
    match left {
        "yes" => Some("You are signed out here."),
        "over" => Some("Your session was over. Nothing of what you sent was saved."),
        _ => None,
    }
}

const USED: &str = "This link was used already.";

/// What the link says, or why it is of no use.
async fn usable(app: &App, link: &str) -> Result<Result<Pass, &'static str>, Failure> {
    let pass = match app.keys.open_link(link, app.options.now()) {
        Ok(pass) => pass,
        Err(access::Refusal::Expired { .. }) => return Ok(Err("This link is too old.")),
        Err(_) => return Ok(Err("This link is not whole, or not for this server.")),
    };
    let spent = app.runtime.is_spent(&pass.id).await?;
    Ok(if spent { Err(USED) } else { Ok(pass) })
}

impl SignInPage {
    fn new(app: &App, link: &str, wrong: Option<&'static str>) -> Self {
        let provider = app.options.provider().filter(|_| link.is_empty());
        Self {
            links: Links::new(),
            link: link.to_owned(),
            wrong,
            provider: provider.map(|provider| provider.settings.title.clone()),
            ended: None,
            leave: None,
        }
    }
}

fn sorry(app: &App, wrong: &'static str) -> Result<Response, Failure> {
    let text = Html(SignInPage::new(app, "", Some(wrong)).render()?);
    Ok((StatusCode::FORBIDDEN, text).into_response())
}
