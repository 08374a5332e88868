//! What every page has in common: the headers that keep a browser from doing anything but show it,
//! and its line in the log.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

/// Nothing from elsewhere, nothing inline, no frames; so that even a text that got past the
/// escaping of templates would do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Addresses name partners and, once, a link; other sites are told none of it.
    (header::REFERRER_POLICY, "same-origin"),
];

/// Stands around every page.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The route as it was written: a path may hold a secret, a route never does.
    let route = request.extensions().get::<MatchedPath>();
    let route = route
        .map(|route| route.as_str().to_owned())
        .unwrap_or_default();
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a partner may see is for nobody's cache.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    let (status, duration) = (answer.status().as_u16(), started.elapsed());
    let duration_ms = duration.as_secs_f64() * 1000.0;
    tracing::info!(%method, route, status, duration_ms, "page");
    answer
}
