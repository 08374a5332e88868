//! One call from its headers to its answer: admission, faults, latency, operation, log.
//!
//! Faults meet only calls that were admitted, so that a rejected call does not use one up. A
//! fault that says "after" strikes once the operation is done, which is what makes a client's
//! doubt ("did it take hold?") a real one.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request as HttpRequest, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Autotask;
use super::access::Verdict;
use super::answer::{self, Refusal};
use super::call::Request;
use super::route::Route;
use super::traffic::{Thread, Violation};
use crate::faults::strike;
use crate::reply::empty;
use crate::traffic::Call;
use crate::wait;

/// Largest body of a call, in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Answers any call to the API.
pub(crate) async fn answer(State(autotask): State<Autotask>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let name = entity_name(parts.uri.path());
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return autotask.log(&parts, &name, empty(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let Some(route) = Route::of(parts.uri.path()) else {
        return autotask.log(&parts, &name, Refusal::NoPage.response());
    };
    // Held until the answer is complete: that is what counts as one thread.
    let _thread = match autotask.admit(&parts.headers, route, &name) {
        Ok(thread) => thread,
        Err(refusal) => return autotask.log(&parts, &name, refusal.response()),
    };
    let body = String::from_utf8_lossy(&body);
    let request = Request {
        parts: &parts,
        body: &body,
    };
    autotask.meet(route, &name, &request).await
}

/// The name that threads, faults and the log know a path by; empty for a path to nothing.
fn entity_name(path: &str) -> String {
    match Route::of(path) {
        Some(route) => match route.entity() {
            Some(entity) => entity.path.to_owned(),
            None => path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase(),
        },
        None => String::new(),
    }
}

impl Autotask {
    /// Lets a call in, or says why not. Zone and version discovery are open to everybody.
    fn admit(
        &self,
        headers: &HeaderMap,
        route: Route<'_>,
        name: &str,
    ) -> Result<Option<Thread>, Refusal> {
        if matches!(route, Route::ZoneInformation | Route::VersionInformation) {
            return Ok(None);
        }
        self.authenticate(headers)?;
        let limits = &self.config().limits;
        let retry_after = self.config().quirks.retry_after;
        let mut traffic = self.traffic();
        if !traffic.count(self.now(), limits.hourly) {
            let text = "The API request threshold has been exceeded.".to_owned();
            return Err(Refusal::TooMany { text, retry_after });
        }
        let code = &self.config().credentials.integration_code;
        let thread = traffic.enter(code, name, limits.threads);
        thread.map(Some).ok_or_else(|| {
            let threads = limits.threads;
            let text = format!("API thread threshold of {threads} threads has been exceeded");
            Refusal::TooMany { text, retry_after }
        })
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let config = self.config();
        let text = config.quirks.unauthorized_text.as_deref();
        let verdict = self.account().check(
            headers,
            &config.credentials,
            config.limits.wrong_secrets,
            text,
        );
        let (violation, refusal) = match verdict {
            Verdict::Welcome => return Ok(()),
            Verdict::Rejected(refusal) => (Violation::RejectedCredentials, refusal),
            Verdict::Shut(refusal) => (Violation::CallAfterLock, refusal),
        };
        self.traffic().log.violate(violation);
        Err(refusal)
    }

    /// Carries out an admitted call under the fault it meets, if any.
    async fn meet(&self, route: Route<'_>, name: &str, request: &Request<'_>) -> Response {
        let fault = self.faults().take(request.parts.method.as_str(), name);
        if let Some(response) = strike::before(fault, too_many_threads) {
            let response = self.log(request.parts, name, response);
            return strike::withheld(fault, response).await;
        }
        self.delay().await;
        let answered = self.operate(route, request);
        if matches!(answered, Err(Refusal::Verb(_))) {
            self.traffic().log.violate(Violation::WrongVerb);
        }
        let response = match answered {
            Ok(body) => answer::ok(&body),
            Err(refusal) => refusal.response(),
        };
        let response = self.log(request.parts, name, response);
        strike::after(fault, response).await
    }

    async fn delay(&self) {
        let limits = &self.config().limits;
        let mut least = limits.latency;
        if limits.slows_down {
            let used = self.traffic().hourly(self.now());
            least += slowdown(used, limits.hourly);
        }
        wait::latency(least, limits.jitter, || self.draw()).await;
    }

    fn log(&self, parts: &Parts, name: &str, response: Response) -> Response {
        self.traffic().log.call(Call {
            at: self.now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            entity: name.to_owned(),
            status: response.status().as_u16(),
        });
        self.note_change();
        response
    }
}

fn too_many_threads(retry_after: Option<u32>) -> Response {
    answer::too_many(
        "API thread threshold of 3 threads has been exceeded",
        retry_after,
    )
}

/// Waiting time that the server adds when much of the hour is used up.
fn slowdown(used: usize, hourly: usize) -> Duration {
    match used.saturating_mul(4) {
        quarters if quarters >= hourly.saturating_mul(3) => Duration::from_secs(1),
        quarters if quarters >= hourly.saturating_mul(2) => Duration::from_millis(500),
        _ => Duration::ZERO,
    }
}
