//! What every call has in common: its request id, its line in the log, and the form of its answer
//! when something is wrong.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use crate::App;
use crate::limits::REQUEST_ID_BYTES_MAX;
use crate::problem::Problem;
use crate::routes::Routes;

/// The header that names a call, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Which calls get a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Each.
    Always,
    /// Those that failed; all others only with `debug`. There may be thousands a second, and the
    /// metrics tell how many.
    WhenItFails,
}

/// Stands around every route.
pub(crate) async fn finish(
    State((app, told)): State<(App, Told)>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let asked = Asked::of(&request);
    let span = match told {
        Told::Always => asked.span(&id),
        Told::WhenItFails => tracing::debug_span!("call", request_id = %id, route = %asked.route()),
    };
    let answer = next.run(request).instrument(span.clone()).await;
    let failed = !answer.status().is_success();
    let span = if failed { asked.span(&id) } else { span };
    let answer = span.in_scope(|| completed(answer, &asked, &app.routes, &id));
    let (status, took) = (answer.status().as_u16(), started.elapsed());
    span.in_scope(|| {
        let duration_ms = took.as_secs_f64() * 1e3;
        if failed || told == Told::Always {
            tracing::info!(status, duration_ms, "answered");
        } else {
            tracing::debug!(status, duration_ms, "answered");
        }
    });
    with_headers(answer, &id)
}

/// What was asked for, as far as it is needed once the request is gone.
struct Asked {
    method: Method,
    /// Its path may hold a callout's token and is not to be logged.
    uri: Uri,
    /// The route as it was written, with its parameters in braces.
    route: Option<MatchedPath>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            route: request.extensions().get().cloned(),
        }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("(none)", MatchedPath::as_str)
    }

    /// What its lines in the log have in common.
    fn span(&self, id: &str) -> Span {
        let (method, route) = (&self.method, self.route());
        tracing::info_span!("call", request_id = %id, %method, %route)
    }
}

/// The caller's own request id where it can stand in a log line, otherwise a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |text: &&str| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    match headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(sane)
    {
        Some(given) => given.to_owned(),
        None => format!("{:016x}", rand::random::<u64>()),
    }
}

/// Writes the body of an answer that reports a problem, whether a handler found it or the router.
fn completed(mut answer: Response, asked: &Asked, routes: &Routes, id: &str) -> Response {
    if let Some(problem) = answer.extensions_mut().remove::<Problem>() {
        return write(problem, id);
    }
    match &asked.route {
        None => write(routes.no_such_path(asked.uri.path()), id),
        Some(route) if answer.status() == StatusCode::METHOD_NOT_ALLOWED => {
            write(routes.wrong_method(route.as_str(), &asked.method), id)
        }
        Some(_) => answer,
    }
}

fn write(problem: Problem, id: &str) -> Response {
    let code = problem.code().name();
    if let Some(inside) = problem.for_the_log() {
        tracing::error!(code, inside, "the call failed");
    } else {
        tracing::debug!(code, "the call was refused");
    }
    problem.render(id)
}

fn with_headers(mut answer: Response, id: &str) -> Response {
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    // What a partner may see is for nobody's cache, and JSON is never anything else.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    answer
}
