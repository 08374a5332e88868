//! The one path of every call: address checked, limits kept, credentials added, sent, read,
//! judged, and made again where that is safe.
//!
//! It promises that an effect is sent again only if it surely did not happen before, that nothing
//! is sent with a rejected credential or to a host that is not allowed, and that no secret is in
//! what it returns or logs. It does not remember calls: a process that ends in the middle leaves
//! the outcome for the caller to find out. A single attempt is in `attempt`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Class;
use model::sabotage::{Bug, sabotaged};
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use crate::allowance::Allowance;
use crate::answer::Answer;
use crate::attempt::{Miss, Next};
use crate::auth::Fresh;
use crate::broker::{Broker, Credential};
use crate::classify::{Classify, Kind};
use crate::clock::{Clock, Random, later};
use crate::failure::Failure;
use crate::limits::{Gate, KEPT_FOR_REFUSED, Limit, Priority};
use crate::request::Request;
use crate::retry::Retry;
use crate::transport::Transport;

/// How long a call waits for limits, pauses and backoff when the caller has no opinion.
pub const PATIENCE_DEFAULT: Duration = Duration::from_mins(2);

/// How a call is made: everything but the request itself, so that all pages of a list share it.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Whose credential it is made with.
    pub broker: &'a Broker,
    /// Whether it is made without showing the credential, e.g. to find the right server. It still
    /// keeps the credential's limits, and may be what finds the credential to be wrong.
    pub anonymous: bool,
    /// Whether it changes the remote side.
    pub kind: Kind,
    /// The limits it must keep.
    pub limits: &'a [Limit],
    /// What answers tell about limits, where they do.
    pub allowance: Option<&'a Allowance>,
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

/// What has become of a call so far.
#[derive(Default)]
struct Course {
    /// Attempts that count against the retry policy.
    tries: u32,
    /// Requests handed to the transport.
    handed_over: u32,
    sent: bool,
    /// The token that was refused, so that it is renewed; once per call.
    refused_token: Option<u64>,
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
        self.broker_or(name, credential)
    }

    /// The broker called `name`, made with `credential` where there is none. Of two who find none
    /// at the same time, the second must not take away what the first has told it since.
    pub fn broker_or(&self, name: &str, credential: Credential) -> Broker {
        let made = || Broker::new(name, credential, self.shared.gate.clone());
        let mut brokers = self.brokers();
        brokers.entry(name.to_owned()).or_insert_with(made).clone()
    }

    /// The broker called `name`, where there is one.
    pub fn broker(&self, name: &str) -> Option<Broker> {
        self.brokers().get(name).cloned()
    }

    /// Forgets a broker whose credential is used no more. Calls that are under way with it end, and
    /// are not made again.
    pub fn forget_broker(&self, name: &str) {
        if let Some(broker) = self.brokers().remove(name) {
            broker.retire();
        }
    }

    /// Lets nothing more be sent under `name`, also not by whoever asks for it only from now on,
    /// until it is forgotten. Calls that are under way with it end, and are not made again.
    pub fn retire_broker(&self, name: &str) {
        self.broker_or(name, Credential::default()).retire();
    }

    /// Every broker, e.g. for metrics.
    pub fn all_brokers(&self) -> Vec<Broker> {
        self.brokers().values().cloned().collect()
    }

    /// How much of `limit` is taken at this moment.
    pub fn taken(&self, limit: &Limit) -> u32 {
        self.shared.gate.taken(limit)
    }

    /// The clock the exchange reads.
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    pub(crate) fn fresh(&self) -> Fresh<'_> {
        Fresh {
            now: self.shared.clock.now(),
            random: &*self.shared.random,
        }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.shared.transport
    }

    /// Makes one call and gives its answer, or says why there is none. Dropping the future in the
    /// middle frees what the call holds; an effect's outcome is unknown then.
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
            self.keep_for(failure, terms);
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

    /// Keeps the credential for a call that a limit refused, which whoever made it makes again.
    fn keep_for(&self, failure: &Failure, terms: &Terms<'_>) {
        if failure.class == Class::RateLimited {
            let asked = failure.retry_after.unwrap_or_default();
            let until = later(Instant::now(), asked.saturating_add(KEPT_FOR_REFUSED));
            self.gate()
                .keep(terms.broker.caller(), terms.priority, until);
        }
    }

    /// Attempts until one succeeds or no further one is allowed.
    async fn attempts(&self, request: &Request, terms: &Terms<'_>) -> Result<Answer, Failure> {
        terms.broker.check_host(request)?;
        let until = later(Instant::now(), terms.patience);
        let mut course = Course::default();
        loop {
            let miss = match self
                .attempt(request, terms, until, course.refused_token)
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(miss) => miss,
            };
            let wait = self.again(miss, terms, until, &mut course)?;
            terms.broker.counters().retries.one();
            sleep(wait).await;
        }
    }

    /// How long to wait before the next attempt, or why there is none.
    fn again(
        &self,
        miss: Miss<'_>,
        terms: &Terms<'_>,
        until: Instant,
        course: &mut Course,
    ) -> Result<Duration, Failure> {
        let Miss {
            mut failure, next, ..
        } = miss;
        course.handed_over += failure.attempts;
        course.sent |= failure.sent;
        (failure.attempts, failure.sent) = (course.handed_over, course.sent);
        match next {
            Next::Stop => return Err(failure),
            Next::NewToken(serial) if course.refused_token.is_none() => {
                course.refused_token = Some(serial);
                return Ok(Duration::ZERO);
            }
            Next::NewToken(_) | Next::ByPolicy => {}
        }
        course.tries += 1;
        let wait = self.wait(&failure, course.tries, terms);
        let class = failure.class;
        let allowed = terms.retry.allows(class, course.tries)
            && later(Instant::now(), wait) <= until
            && terms.broker.purse().spend(terms.retry.budget);
        if !allowed {
            return Err(failure);
        }
        tracing::debug!(%class, tries = course.tries, ?wait, "trying again: {}", failure.message);
        Ok(wait)
    }

    /// How long to wait after `failure`. What was asked for holds for the whole credential, and
    /// so does "too many calls" when nothing was asked for.
    fn wait(&self, failure: &Failure, tries: u32, terms: &Terms<'_>) -> Duration {
        let wait = terms
            .retry
            .wait(tries, failure.retry_after, &*self.shared.random);
        let asked = failure.class == Class::RateLimited || failure.retry_after.is_some();
        if asked && failure.status.is_some() && !sabotaged(Bug::IgnoresRetryAfter) {
            self.gate()
                .pause(terms.broker.caller(), later(Instant::now(), wait));
        }
        wait
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
