//! Who gets in: every page but the sign-in needs a session that reaches the partner in its path,
//! and every form the proof that a page of this session sent it.
//!
//! It stands before all guarded routes, so that no handler can forget any of this. A handler that
//! only operators may reach says so by taking an [`Operator`].

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, OriginalUri, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::App;
use crate::asked;
use crate::failure::Failure;
use crate::fields::{Fields, PROOF};
use crate::limits::{FORM_BYTES_MAX, FORM_TIMEOUT};
use crate::pages::sign_in::SESSION_OVER;
use crate::visitor::Visitor;

/// Lets a call through with its [`Visitor`] and, if it is a form, its [`Fields`].
pub(crate) async fn admit(
    State(app): State<App>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let partner = params.iter().find(|(name, _)| *name == "partner");
    let partner = partner.map(|(_, id)| id.to_owned());
    let Some(visitor) = Visitor::of(&app, request.headers()).await else {
        return to_sign_in(&app, &request);
    };
    if partner.is_some_and(|id| !visitor.scope().reaches(&id)) {
        return Failure::of_another_partner().into_response();
    }
    match with_fields(&app, &visitor, request).await {
        Ok(mut request) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

/// Leads somebody who is not signed in to where they can do that, and back once they have.
fn to_sign_in(app: &App, request: &Request) -> Response {
    // Whoever sends a form was in the midst of something, and is told what became of it.
    let is_form = request.method() == Method::POST;
    let path = if is_form { SESSION_OVER } else { "/sign-in" };
    let mut response = Redirect::to(path).into_response();
    let uri = request.extensions().get::<OriginalUri>();
    let uri = uri.map_or(request.uri(), |original| &original.0);
    if let Some(asked) = asked::remember(&app.options, request.method(), uri, request.headers()) {
        response.headers_mut().append(header::SET_COOKIE, asked);
    }
    response
}

/// The request, with the fields of its form if it sends one.
async fn with_fields(app: &App, visitor: &Visitor, request: Request) -> Result<Request, Failure> {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let fields = read(&parts.headers, body).await?;
    let proof = fields.get(PROOF).unwrap_or_default();
    if !is_from_here(&parts.headers) || !app.keys.proves_form(&visitor.pass.id, proof) {
        return Err(Failure::unproved());
    }
    // The way out is everybody's.
    let leaves = parts.uri.path() == crate::pages::SIGN_OUT;
    if !visitor.may_change() && !leaves {
        return Err(Failure::reader());
    }
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// The fields of a form.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Fields, Failure> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let is_form = |text: &str| text.starts_with("application/x-www-form-urlencoded");
    if !content_type.is_some_and(is_form) {
        return Err(Failure::not_a_form());
    }
    let body = tokio::time::timeout(FORM_TIMEOUT, to_bytes(body, FORM_BYTES_MAX)).await;
    let body = body.map_err(|_| Failure::slow())?;
    let body = body.map_err(|_| Failure::too_large())?;
    Fields::read(&body).ok_or_else(Failure::too_large)
}

/// Whether a browser says that a form comes from a page of this server. Those that say nothing are
/// held by the proof alone.
pub(crate) fn is_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    let site = site.and_then(|value| value.to_str().ok());
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// Proof that the visitor is an operator.
pub(crate) struct Operator;

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        match visitor.scope().partner() {
            None => Ok(Self),
            Some(_) => Err(Failure::of_another_partner()),
        }
    }
}
