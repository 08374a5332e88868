//! One call from its headers to its answer: admission, faults, latency, operation, log.
//!
//! Faults meet only calls that were admitted, so that a rejected call does not use one up. A
//! fault that says "after" strikes once the operation is done, which is what makes a client's
//! doubt ("did it take hold?") a real one.

use axum::body::to_bytes;
use axum::extract::{Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::HaloPsa;
use super::answer::{Refusal, too_many};
use super::call::Call;
use super::entities::TICKET;
use super::route::Route;
use super::token::Grant;
use super::violation::Violation;
use super::write;
use crate::faults::strike;
use crate::reply::empty;
use crate::traffic::{Call as Logged, keep};
use crate::wait;

/// Largest body of a call, in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Answers any call to the tenant.
pub(crate) async fn answer(State(halo): State<HaloPsa>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let text = String::from_utf8_lossy(body.as_deref().unwrap_or_default());
    let call = Call {
        parts: &parts,
        body: &text,
    };
    let Some(route) = Route::of(parts.uri.path()) else {
        let response = Refusal::NotFound.response(&halo.quirks());
        return halo.log(&call, "", response);
    };
    if body.is_err() {
        return halo.log(&call, route.name(), empty(StatusCode::PAYLOAD_TOO_LARGE));
    }
    halo.meet(route, &call).await
}

impl HaloPsa {
    /// Lets a call in, or says why not.
    fn admit(&self, route: Route<'_>, call: &Call<'_>) -> Result<Option<Grant>, Refusal> {
        let grant = if route.is_open() {
            None
        } else {
            Some(self.authenticate(&call.parts.headers)?)
        };
        if self.count_call() {
            return Ok(grant);
        }
        self.violate(Violation::RateLimit);
        Err(Refusal::TooMany)
    }

    /// Carries out a call, once it is admitted, under the fault it meets, if any.
    async fn meet(&self, route: Route<'_>, call: &Call<'_>) -> Response {
        let quirks = self.quirks();
        let name = route.name();
        let grant = match self.admit(route, call) {
            Ok(grant) => grant,
            Err(refusal) => return self.log(call, name, refusal.response(&quirks)),
        };
        let fault = self.faults().take(call.method().as_str(), name);
        if let Some(response) = strike::before(fault, too_many) {
            let response = self.log(call, name, response);
            return strike::withheld(fault, response).await;
        }
        let limits = &self.config().limits;
        wait::latency(limits.latency, limits.jitter, || self.draw()).await;
        let answered = self.operate(route, call, grant.as_ref());
        if matches!(answered, Err(Refusal::Verb)) {
            self.violate(Violation::WrongVerb);
        }
        let response = match answered {
            Ok(done) => done.response(),
            Err(refusal) => refusal.response(&quirks),
        };
        let response = self.log(call, name, response);
        strike::after(fault, response).await
    }

    /// Records a call with the status it gets, before a fault takes the answer away.
    fn log(&self, call: &Call<'_>, name: &str, response: Response) -> Response {
        let status = response.status().as_u16();
        let mut traffic = self.traffic();
        if name == TICKET.path && write::creates(call) {
            keep(&mut traffic.creations, status);
        }
        traffic.log.call(Logged {
            at: self.now(),
            method: call.method().to_string(),
            path: call.parts.uri.path().to_owned(),
            entity: name.to_owned(),
            status,
        });
        drop(traffic);
        self.note_change();
        response
    }
}
