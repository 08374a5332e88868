//! Who may do what: every call under `/api/v1` and `/metrics` brings a bearer token.
//!
//! [`authenticate`] stands before all those routes and refuses a partner's token for another
//! partner's path, so that no handler can forget to. What only the product's side and the people
//! who run the engine may do says so in its handler's signature, by taking an [`Operator`].

use access::{Claims, Refusal, Scope};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use runtime::{ConnectedBy, Runtime};

use crate::App;
use crate::problem::{Code, Problem};

/// Lets a call through when its token is good and reaches the partner in its path.
pub(crate) async fn authenticate(
    State(app): State<App>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let partner = params
        .iter()
        .find(|(name, _)| *name == "partner")
        .map(|(_, id)| id);
    let allowed = match authorised(&app, &request, partner) {
        Ok(claims) => listed(&app, &claims).await.map(|by| (claims.scope, by)),
        Err(problem) => Err(problem),
    };
    match allowed {
        Ok((scope, by)) => {
            request.extensions_mut().insert(by);
            request.extensions_mut().insert(scope);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Who calls. A token that is listed has to be on its list still.
async fn listed(app: &App, claims: &Claims) -> Result<By, Problem> {
    let Some(id) = &claims.id else {
        return Ok(By(format!("{} through the API", claims.scope.role())));
    };
    match app.runtime.use_token(claims.scope.partner(), id).await? {
        Some(token) => Ok(By(format!("The token \u{201c}{}\u{201d}", token.name))),
        None => Err(
            Problem::new(Code::Unauthenticated, "This token was revoked.")
                .remedy("Have a new one made, on the page Tokens of the console.")
                .header(
                    header::WWW_AUTHENTICATE,
                    "Bearer realm=\"dovetail\", error=\"invalid_token\"",
                ),
        ),
    }
}

fn authorised(app: &App, request: &Request, partner: Option<&str>) -> Result<Claims, Problem> {
    let token = bearer(request.headers())?;
    let claims = app
        .tokens
        .verify(token, app.options.now())
        .map_err(refused)?;
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    if !reads && !claims.scope.may_change() {
        let said = "This token may read, and change nothing.";
        return Err(Problem::new(Code::Forbidden, said)
            .remedy("Use a token that was made without `--read-only`."));
    }
    match partner {
        Some(partner) if !claims.scope.reaches(partner) => Err(Problem::new(
            Code::Forbidden,
            "This token is for another partner.",
        )
        .remedy("Use a token of the partner in the path, or an operator's.")),
        _ => Ok(claims),
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match value.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(
            Problem::new(Code::Unauthenticated, "The call brings no bearer token.")
                .remedy("Send `authorization: Bearer <token>`; `dovetail token` makes one.")
                .header(header::WWW_AUTHENTICATE, "Bearer realm=\"dovetail\""),
        ),
    }
}

fn refused(refusal: Refusal) -> Problem {
    let remedy = match refusal {
        Refusal::Malformed { .. } => "Copy the whole token again, from `dvt_` to its end.",
        Refusal::WrongKey => "Have a token made with the key of this server: `dovetail token`.",
        Refusal::Expired { .. } => "Have a new one made: `dovetail token`.",
    };
    let said = refusal.to_string();
    let detail = format!("{}.", said.replacen("the token", "The token", 1));
    Problem::new(Code::Unauthenticated, detail)
        .remedy(remedy)
        .header(
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"dovetail\", error=\"invalid_token\"",
        )
}

/// Who calls, in words for people who read later who changed something.
#[derive(Clone)]
pub(crate) struct By(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(Code::Unauthenticated, "The call brings no bearer token."))
    }
}

/// Who calls.
pub(crate) struct Caller(Scope);

impl Caller {
    /// Refuses a partner's token what only an operator may connect.
    pub(crate) fn may_connect(&self, runtime: &Runtime, connector: &str) -> Result<(), Problem> {
        let connectors = runtime.connectors();
        let form = connectors.iter().find(|one| one.name == connector);
        let by = form.map(|form| form.connected_by);
        if self.0 == Scope::Operator || by != Some(ConnectedBy::Operator) {
            return Ok(());
        }
        let said = "This system is the vendor's own: only an operator connects it.";
        Err(Problem::new(Code::Forbidden, said).remedy("Ask those who run this server."))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let scope = parts.extensions.get::<Scope>().cloned();
        let unknown = || Problem::new(Code::Unauthenticated, "The call brings no bearer token.");
        scope.map(Self).ok_or_else(unknown)
    }
}

/// Proof that the caller is an operator.
pub(crate) struct Operator;

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Scope>() {
            Some(Scope::Operator) => Ok(Self),
            _ => Err(
                Problem::new(Code::Forbidden, "Only an operator's token allows that.")
                    .remedy("Partners, customers and requests are the product's to send."),
            ),
        }
    }
}
