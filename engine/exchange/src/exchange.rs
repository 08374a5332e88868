//! The one path of every call: address checked, limits kept, credentials added, sent, read,
//! judged, and made again where that is safe.
//!
//! It promises that an effect is sent again only if it surely did not happen before, that nothing
//! is sent with a rejected credential or to a host that is not allowed, and that no secret is in
//! what it returns or logs. It does not remember calls: a process that ends in the middle leaves
//! the outcome for the caller to find out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Class;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument as _;

use crate::answer::Answer;
use crate::broker::{Admission, Broker, Credential};
use crate::classify::{Classify, Kind, describe, judge, nothing_known};
use crate::clock::{Clock, Random};
use crate::failure::{Failure, MESSAGE_CHARS_MAX};
use crate::limits::{Gate, Limit, Permit, Priority, Refusal};
use crate::request::Request;
use crate::retry::{Retry, retry_after};
use crate::transport::{Lack, Sent, Transport, TransportError};

/// How long a call waits for limits, pauses and backoff when the caller names no time.
pub const PATIENCE_DEFAULT: Duration = Duration::from_mins(2);

/// How a call is made: everything but the request itself, so that all pages of a list share it.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Whose credential it is made with.
    pub broker: &'a Broker,
    /// Whether it changes the remote side.
    pub kind: Kind,
    /// The limits it must keep.
    pub limits: &'a [Limit],
    /// When it is made again.
    pub retry: &'a Retry,
    /// How long it may wait in all before it is sent (again): for limits, pauses and backoff. An
    /// attempt that was begun has the request's own timeout.
    pub patience: Duration,
    /// What the connector says about answers.
    pub rules: &'a dyn Classify,
    /// Who goes first.
    pub priority: Priority,
    /// What it is called in logs.
    pub about: About<'a>,
}

/// What a call is called in logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The partner.
    pub partner: &'a str,
    /// The integration.
    pub integration: &'a str,
    /// The operation.
    pub operation: &'a str,
}

/// Makes calls. Cloning gives the same exchange: the same limits, brokers and transport.
#[derive(Clone)]
pub struct Exchange {
    shared: Arc<Shared>,
}

struct Shared {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Gate,
    brokers: Mutex<HashMap<String, Broker>>,
}

impl Exchange {
    /// An exchange over the given seams.
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let brokers = Mutex::new(HashMap::new());
        let shared = Shared {
            transport,
            clock,
            random,
            gate: Gate::new(),
            brokers,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The broker called `name`, with this credential from now on. A broker that exists keeps its
    /// counts and pauses, and is trusted anew.
    pub fn set_broker(&self, name: &str, credential: Credential) -> Broker {
        if let Some(broker) = self.broker(name) {
            broker.set_credential(credential);
            return broker;
        }
        let broker = Broker::new(name, credential, self.shared.gate.clone());
        self.brokers()
            .entry(name.to_owned())
            .or_insert(broker)
            .clone()
    }

    /// The broker called `name`, where there is one.
    pub fn broker(&self, name: &str) -> Option<Broker> {
        self.brokers().get(name).cloned()
    }

    /// Forgets a broker whose credential is used no more.
    pub fn forget_broker(&self, name: &str) {
        self.brokers().remove(name);
    }

    /// Every broker, e.g. for metrics.
    pub fn all_brokers(&self) -> Vec<Broker> {
        self.brokers().values().cloned().collect()
    }

    /// The clock the exchange reads.
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// Makes one call and gives its answer, or says why there is none.
    pub async fn call(&self, request: &Request, terms: &Terms<'_>) -> Result<Answer, Failure> {
        let About {
            partner,
            integration,
            operation,
        } = terms.about;
        let span = tracing::debug_span!("call", partner, integration, operation);
        terms.broker.counters().calls.one();
        let result = self.attempts(request, terms).instrument(span.clone()).await;
        if let Err(failure) = &result {
            terms.broker.counters().failures.one();
            let Failure {
                class,
                message,
                attempts,
                ..
            } = failure;
            span.in_scope(|| tracing::debug!(%class, attempts, "call failed: {message}"));
        }
        result
    }

    /// Attempts until one succeeds or no further one is allowed.
    async fn attempts(&self, request: &Request, terms: &Terms<'_>) -> Result<Answer, Failure> {
        if let Err(refused) = terms.broker.hosts().check(&request.url) {
            let message = terms.broker.scrub().excerpt(&refused, MESSAGE_CHARS_MAX);
            return Err(Failure::unsent(Class::Invalid, message));
        }
        let until = Instant::now() + terms.patience;
        let (mut attempts, mut sent) = (0, false);
        loop {
            let mut failure = match self.attempt(request, terms, until, attempts > 0).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempts += failure.attempts;
            sent |= failure.sent;
            let was_made = failure.attempts > 0;
            (failure.attempts, failure.sent) = (attempts, sent);
            let wait = self.wait(&failure, terms);
            let again = was_made
                && terms.retry.allows(failure.class, attempts)
                && Instant::now() + wait <= until
                && terms.broker.purse().spend(terms.retry.budget);
            if !again {
                return Err(failure);
            }
            let class = failure.class;
            tracing::debug!(%class, attempts, ?wait, "trying again: {}", failure.message);
            sleep(wait).await;
        }
    }

    /// How long to wait after `failure`. What was asked for holds for the whole credential, and
    /// so does "too many calls" when nothing was asked for.
    fn wait(&self, failure: &Failure, terms: &Terms<'_>) -> Duration {
        let attempts = failure.attempts.max(1);
        let wait = terms
            .retry
            .wait(attempts, failure.retry_after, &*self.shared.random);
        let limited = failure.class == Class::RateLimited && failure.status.is_some();
        if limited || failure.retry_after.is_some() && failure.status.is_some() {
            self.shared
                .gate
                .pause(terms.broker.name(), Instant::now() + wait);
        }
        wait
    }

    /// One attempt, from the gate to the judgement.
    async fn attempt(
        &self,
        request: &Request,
        terms: &Terms<'_>,
        until: Instant,
        again: bool,
    ) -> Result<Answer, Failure> {
        let broker = terms.broker;
        let permit = self
            .shared
            .gate
            .pass(broker.name(), terms.limits, terms.priority, until)
            .await
            .map_err(held_back)?;
        let admission = match broker.admit(until).await {
            Ok(admission) => admission,
            Err(failure) => {
                permit.not_sent();
                return Err(failure);
            }
        };
        let signed = match signed(request, &admission) {
            Ok(signed) => signed,
            Err(message) => {
                permit.not_sent();
                return Err(Failure::unsent(Class::Invalid, message));
            }
        };
        if again {
            broker.counters().retries.one();
        }
        let result = self.send(&signed, terms, permit).await;
        broker.learn(&admission, result.as_ref().err());
        result
    }

    async fn send(
        &self,
        request: &Request,
        terms: &Terms<'_>,
        permit: Permit,
    ) -> Result<Answer, Failure> {
        let counters = terms.broker.counters();
        counters.attempts.one();
        let scrub = terms.broker.scrub();
        let address = scrub.text(&request.url);
        tracing::debug!(method = %request.method, %address, "sending");
        let sent = self.deliver(request, terms.broker).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                if error.sent == Sent::Not {
                    permit.not_sent();
                }
                return Err(unanswered(&error, terms));
            }
        };
        drop(permit);
        let (status, elapsed) = (answer.status, answer.elapsed);
        tracing::debug!(status, ?elapsed, "answered");
        match self.judged(&answer, request, terms) {
            None => Ok(answer),
            Some(failure) => {
                if failure.class == Class::RateLimited {
                    counters.rate_limited.one();
                }
                Err(failure)
            }
        }
    }

    /// Hands a request to the transport, within its timeout, and decodes the answer.
    async fn deliver(&self, request: &Request, broker: &Broker) -> Result<Answer, TransportError> {
        let counters = broker.counters();
        counters.bytes_sent.add(request.body.to_bytes().len());
        let begun = Instant::now();
        let sent = timeout(request.timeout, self.shared.transport.send(request)).await;
        let raw = sent.unwrap_or_else(|_| {
            let detail = format!("no complete answer within {:?}", request.timeout);
            Err(TransportError::unknown(Lack::Timeout, detail))
        })?;
        counters.bytes_received.add(raw.body.len());
        Ok(Answer::read(raw, request.expect, begun.elapsed()))
    }

    fn judged(&self, answer: &Answer, request: &Request, terms: &Terms<'_>) -> Option<Failure> {
        let conditional = request.header("if-none-match").is_some()
            || request.header("if-modified-since").is_some();
        let (class, rule) = judge(answer, terms.kind, terms.rules, conditional)?;
        let header = answer.header("retry-after");
        let asked = header.and_then(|header| retry_after(header, self.shared.clock.now()));
        let scrub = terms.broker.scrub();
        let clean = |text: &str| scrub.excerpt(text, MESSAGE_CHARS_MAX);
        let said = rule.as_ref().and_then(|rule| rule.message.clone());
        Some(Failure {
            class,
            message: clean(&said.unwrap_or_else(|| describe(answer))),
            remedy: rule
                .as_ref()
                .and_then(|rule| rule.remedy.as_deref())
                .map(clean),
            status: Some(answer.status),
            retry_after: rule.as_ref().and_then(|rule| rule.retry_after).or(asked),
            rule: rule.map(|rule| rule.rule),
            attempts: 1,
            sent: true,
        })
    }

    fn brokers(&self) -> MutexGuard<'_, HashMap<String, Broker>> {
        self.shared
            .brokers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({} brokers)", self.brokers().len())
    }
}

fn signed(request: &Request, admission: &Admission<'_>) -> Result<Request, String> {
    let mut signed = request.clone();
    admission.credential.auth.apply(&mut signed)?;
    Ok(signed)
}

fn held_back(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Crowded => Failure::unsent(
            Class::RateLimited,
            "too many calls wait for this credential already",
        ),
        Refusal::TooLate { free_in } => Failure::unsent(
            Class::RateLimited,
            "no place became free within the limits of this credential in time",
        )
        .retry_after(free_in),
    }
}

fn unanswered(error: &TransportError, terms: &Terms<'_>) -> Failure {
    let class = match (error.sent, error.lack) {
        // Repeating it will not make it writable, or smaller.
        (Sent::Not, Lack::Unsendable) => Class::Invalid,
        (_, Lack::TooLarge) if terms.kind == Kind::Read => Class::Invalid,
        (Sent::Not, _) => Class::Unavailable,
        (Sent::Unknown, _) => nothing_known(terms.kind),
    };
    let message = terms
        .broker
        .scrub()
        .excerpt(&error.detail, MESSAGE_CHARS_MAX);
    let mut failure = Failure::unsent(class, message);
    failure.attempts = 1;
    failure.sent = error.sent == Sent::Unknown;
    if error.lack == Lack::TooLarge {
        failure = failure.remedy("Ask for smaller pages, or raise the operation's body limit.");
    }
    failure
}
