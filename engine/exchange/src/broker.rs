//! What all calls with one credential share: the credential itself, whether it is trusted, what
//! may be spent on retries, and the counts.
//!
//! A credential that was rejected is not used again until somebody says that it changed: repeated
//! attempts lock the account on the other side. Until a credential has proven itself, one request
//! at a time is sent with it, so that a wrong one is rejected once and not once per waiting call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Class, Secret};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncGuard};
use tokio::time::{Instant, timeout_at};

use crate::auth::Auth;
use crate::failure::Failure;
use crate::hosts::Hosts;
use crate::limits::Gate;
use crate::retry::Purse;
use crate::scrub::Scrub;
use crate::stats::{Counters, Stats};

/// One set of credentials and where it may be sent.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// How requests are given the credential.
    pub auth: Auth,
    /// Every secret that could occur in a request or an answer, besides those in `auth`.
    pub secrets: Vec<Secret>,
    /// The only hosts that are called with it.
    pub hosts: Hosts,
}

/// The shared state of one credential. Cloning gives the same broker.
#[derive(Clone, Debug)]
pub struct Broker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    gate: Gate,
    state: Mutex<State>,
    /// Held by the one request that is under way while the credential is unproven.
    trial: AsyncMutex<()>,
    purse: Purse,
    counters: Counters,
}

#[derive(Debug)]
struct State {
    credential: Arc<Credential>,
    scrub: Arc<Scrub>,
    trust: Trust,
    /// Counts the changes, so that a late answer to an old credential does not judge the new one.
    generation: u64,
}

#[derive(Clone, Debug)]
enum Trust {
    Unproven,
    Proven,
    Rejected(Failure),
}

/// The right to send one request now.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    pub(crate) credential: Arc<Credential>,
    generation: u64,
    _trial: Option<AsyncGuard<'a, ()>>,
}

impl Broker {
    pub(crate) fn new(name: &str, credential: Credential, gate: Gate) -> Self {
        let state = State {
            scrub: Arc::new(scrub_for(&credential)),
            credential: Arc::new(credential),
            trust: Trust::Unproven,
            generation: 0,
        };
        let shared = Shared {
            name: name.to_owned(),
            gate,
            state: Mutex::new(state),
            trial: AsyncMutex::new(()),
            purse: Purse::default(),
            counters: Counters::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The name it was made under.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Gives the broker another credential, and trust anew.
    pub fn set_credential(&self, credential: Credential) {
        {
            let mut state = self.lock();
            state.scrub = Arc::new(scrub_for(&credential));
            state.credential = Arc::new(credential);
        }
        self.credentials_changed();
    }

    /// Somebody mended the credential, here or on the other side: it may be used again.
    pub fn credentials_changed(&self) {
        let mut state = self.lock();
        state.trust = Trust::Unproven;
        state.generation += 1;
    }

    /// Whether the credential was rejected and has not changed since.
    pub fn is_rejected(&self) -> bool {
        matches!(self.lock().trust, Trust::Rejected(_))
    }

    /// What it was used for.
    pub fn stats(&self) -> Stats {
        self.shared
            .counters
            .read(self.shared.gate.waiting(&self.shared.name))
    }

    /// Takes this credential's secrets out of text.
    pub fn scrub(&self) -> Arc<Scrub> {
        Arc::clone(&self.lock().scrub)
    }

    pub(crate) fn hosts(&self) -> Hosts {
        self.lock().credential.hosts.clone()
    }

    pub(crate) fn purse(&self) -> &Purse {
        &self.shared.purse
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Lets a request through, waiting for the one on trial while nothing is proven.
    pub(crate) async fn admit(&self, until: Instant) -> Result<Admission<'_>, Failure> {
        if let Some(admission) = self.admitted(None)? {
            return Ok(admission);
        }
        let trial = timeout_at(until, self.shared.trial.lock())
            .await
            .map_err(|_| {
                Failure::unsent(
                    Class::RateLimited,
                    "waited too long for the credential's first answer",
                )
            })?;
        let admission = self.admitted(Some(trial))?;
        // With the trial in hand, one of the two applies.
        admission.ok_or_else(|| Failure::unsent(Class::Unavailable, "the credential is on trial"))
    }

    fn admitted<'a>(
        &'a self,
        trial: Option<AsyncGuard<'a, ()>>,
    ) -> Result<Option<Admission<'a>>, Failure> {
        let state = self.lock();
        let trial = match &state.trust {
            Trust::Rejected(failure) => return Err(failure.clone()),
            Trust::Proven => None,
            Trust::Unproven if trial.is_some() => trial,
            Trust::Unproven => return Ok(None),
        };
        let credential = Arc::clone(&state.credential);
        Ok(Some(Admission {
            credential,
            generation: state.generation,
            _trial: trial,
        }))
    }

    /// Draws from an answer what it says about the credential.
    pub(crate) fn learn(&self, admission: &Admission<'_>, failure: Option<&Failure>) {
        let mut state = self.lock();
        if state.generation != admission.generation {
            return;
        }
        match failure.map(|failure| (failure.class, failure)) {
            Some((Class::CredentialsRejected, failure)) => {
                let mut later = failure.clone();
                (later.attempts, later.sent, later.status) = (0, false, None);
                later.message = format!("not sent, because an earlier call failed: {later}");
                state.trust = Trust::Rejected(later);
            }
            // These come from someone who knows who calls.
            None | Some((Class::Forbidden | Class::NotFound, _)) => state.trust = Trust::Proven,
            Some(_) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn scrub_for(credential: &Credential) -> Scrub {
    let of_auth = credential.auth.secrets();
    Scrub::new(credential.secrets.iter().chain(&of_auth))
}
