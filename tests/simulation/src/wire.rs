//! The wires between the engine and the simulated systems, all in process.
//!
//! The other side is its own master: what was sent takes its course there when the engine dies, and
//! a request whose connection broke may arrive all the same, later.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http;
use axum::response::Response;
use exchange::{Lack, RawAnswer, Request, Transport, TransportError};
use simulators::{NoAnswer, Product};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use crate::dice::Dice;
use crate::fuse::Fuse;
use crate::manners::{Caller, Manners, Told};
use crate::tenant::Tenant;
use crate::trace::Trace;

/// The host name of the simulated PSA.
pub(crate) const PSA: &str = "psa.simulated";

/// The host name of the simulated product.
pub(crate) const PRODUCT: &str = "product.simulated";

/// The longest that a PSA takes over a call, unless something goes wrong there.
pub(crate) const LATENCY_MAX: Duration = Duration::from_millis(240);

/// How long the other side goes on with a call of an engine that died over it.
pub(crate) const COURSE_MAX: Duration = Duration::from_millis(300);

/// How much later than its connection broke a request may arrive: well within the time that the
/// connectors give an effect to settle.
const LATE_MAX: Duration = Duration::from_secs(3);

/// How likely a connection breaks so, in hundredths.
const LATE_PERCENT: u64 = 3;

/// The largest body that a simulator sends, in bytes.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// What lies between the engine and the others, whoever dies.
pub(crate) struct Network {
    pub(crate) psa: Arc<dyn Tenant>,
    pub(crate) product: Product,
    pub(crate) manners: Manners,
    pub(crate) trace: Arc<Trace>,
    pub(crate) dice: Dice,
    /// Whether connections break.
    pub(crate) is_faulty: AtomicBool,
    /// The calls that may have made tickets, in the order in which they left.
    sent: Mutex<Vec<String>>,
    /// One late request at a time, so that they alone never exceed a limit.
    late: Semaphore,
}

impl Network {
    pub(crate) fn new(
        psa: Arc<dyn Tenant>,
        product: Product,
        trace: Arc<Trace>,
        dice: Dice,
    ) -> Self {
        Self {
            psa,
            product,
            manners: Manners::default(),
            trace,
            dice,
            is_faulty: AtomicBool::new(false),
            sent: Mutex::default(),
            late: Semaphore::new(1),
        }
    }

    async fn answer(&self, to: Other, request: http::Request<Body>) -> Response {
        match to {
            Other::Psa => self.psa.answer(request).await,
            Other::Product => self.product.answer(request).await,
        }
    }

    /// What an answer of the PSA from this address tells.
    fn told(&self, url: &str, answer: &RawAnswer, shows: bool) -> Told {
        let wait = |(name, value): &(String, String)| {
            (name == "retry-after")
                .then(|| value.parse().ok())
                .flatten()
        };
        Told {
            status: answer.status,
            rejects: shows && self.psa.rejects_credentials(url, answer),
            accepts: shows && (200..300).contains(&answer.status),
            given: self.psa.given_token(url, answer),
            retry_after: answer.headers.iter().find_map(wait),
        }
    }

    /// Takes note of a call that may make a ticket.
    fn note_sent(&self, request: &Request, what: &str) {
        if request.method.as_str() == "POST" && request.url.ends_with("/Tickets") {
            let mut sent = self.sent.lock().expect("no player panics with it");
            sent.push(what.to_owned());
        }
    }

    /// The place among all calls that make tickets of the first one that has this reference.
    pub(crate) fn first_sent(&self, reference: &str) -> Option<usize> {
        let sent = self.sent.lock().expect("no player panics with it");
        let quoted = format!("\"{reference}\"");
        sent.iter().position(|what| what.contains(&quoted))
    }

    /// Whether this request's connection breaks, and it arrives later than that.
    fn comes_late(&self) -> bool {
        self.is_faulty.load(Ordering::Relaxed) && self.dice.percent(LATE_PERCENT)
    }
}

/// Who is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    Psa,
    Product,
}

/// The way out of one life.
pub(crate) struct Wire {
    pub(crate) network: Arc<Network>,
    pub(crate) fuse: Fuse,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let network = &self.network;
        let (to, what) = self.leave(request).await?;
        let shows = network.psa.shows_credentials(&request.url);
        let token = bearer(request);
        let caller = self.caller(shows, token.as_deref());
        if to == Other::Psa {
            let manners = &network.manners;
            manners.leaves(&what, caller, shows, token.as_deref());
            network.note_sent(request, &what);
            if network.comes_late() {
                network
                    .trace
                    .note(&format!("{what}: breaks, and comes late"));
                self.arrive_late(request);
                return Err(broken());
            }
        }
        let answer = self.fuse.over(self.course(to, request)).await;
        let Ok(answer) = answer else {
            return Err(broken());
        };
        let answer = received(answer).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        network.trace.note(&format!("{what}: {status}"));
        if let (Other::Psa, Ok(answer)) = (to, &answer) {
            let told = network.told(&request.url, answer, shows);
            network.manners.answered(caller, token.as_deref(), told);
        }
        answer
    }
}

impl Wire {
    /// On whose behalf a call is made that shows who calls, and by this token.
    fn caller(&self, shows: bool, token: Option<&str>) -> Caller {
        let logs_in = self.network.psa.sessions().is_some();
        if logs_in && shows && token.is_none() {
            Caller::Login
        } else if tokio::task::try_id().is_none() {
            // The scenario itself is played outside of any task.
            Caller::Person
        } else {
            Caller::Engine
        }
    }

    /// The last moment at which a death means that nothing was sent.
    async fn leave(&self, request: &Request) -> Result<(Other, String), TransportError> {
        self.fuse.over(async {}).await;
        let to = match host(&request.url) {
            PSA => Other::Psa,
            PRODUCT => Other::Product,
            other => {
                let detail = format!("there is no {other}");
                return Err(TransportError::not_sent(Lack::Connect, detail));
            }
        };
        let body = request.body.to_bytes();
        let body = String::from_utf8_lossy(&body);
        let what = format!("{} {} {body}", request.method.as_str(), request.url);
        Ok((to, what))
    }

    /// Hands the request over. What becomes of it does not depend on whether we live to see it;
    /// only a caller who lost patience closes the connection, and so ends what hangs.
    fn course(&self, to: Other, request: &Request) -> oneshot::Receiver<Response> {
        let (mut tell, told) = oneshot::channel();
        let (network, fuse) = (self.network.clone(), self.fuse.clone());
        let request = in_process(request);
        tokio::spawn(async move {
            let mut answer = pin!(network.answer(to, request));
            let answered = tokio::select! {
                biased;
                answer = &mut answer => Some(answer),
                () = tell.closed() => None,
            };
            match answered {
                Some(answer) => drop(tell.send(answer)),
                None if fuse.is_burnt() => drop(timeout(COURSE_MAX, answer).await),
                None => {}
            }
        });
        told
    }

    fn arrive_late(&self, request: &Request) {
        let (network, request) = (self.network.clone(), in_process(request));
        let after = network.dice.span(LATE_MAX);
        tokio::spawn(async move {
            sleep(after).await;
            if let Ok(_alone) = network.late.try_acquire() {
                let arrived = network.answer(Other::Psa, request);
                drop(timeout(COURSE_MAX, arrived).await);
            }
        });
    }
}

fn broken() -> TransportError {
    TransportError::unknown(Lack::Broken, "the connection broke")
}

/// The whole answer, unless the connection breaks before its end.
async fn received(answer: Response) -> Result<RawAnswer, TransportError> {
    if answer.extensions().get::<NoAnswer>().is_some() {
        return Err(broken());
    }
    let status = answer.status().as_u16();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value)));
    let headers = headers.collect();
    let body = to_bytes(answer.into_body(), BODY_MAX).await;
    let body = body.map_err(|_| broken())?.to_vec();
    Ok(RawAnswer {
        status,
        headers,
        body,
    })
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', ':']).next().unwrap_or_default()
}

/// The token that a request shows.
fn bearer(request: &Request) -> Option<String> {
    let mut headers = request.wire_headers().into_iter();
    let shown = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    shown.1.strip_prefix("Bearer ").map(str::to_owned)
}

fn in_process(request: &Request) -> http::Request<Body> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url.as_str());
    for (name, value) in request.wire_headers() {
        builder = builder.header(name, value);
    }
    builder
        .body(Body::from(request.body.to_bytes()))
        .expect("the engine makes valid requests")
}
