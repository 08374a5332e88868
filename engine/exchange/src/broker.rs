//! What all calls with one credential share: the credential itself, whether it is trusted, what
//! may be spent on retries, and the counts.
//!
//! A credential that was rejected is not used again until somebody says that it changed: repeated
//! attempts lock the account on the other side. Until a credential has proven itself, one request
//! at a time is sent with it, so that a wrong one is rejected once and not once per waiting call;
//! the same after "too many calls", so that a pause that was too short costs one more call and not
//! one more of each that waited.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::sabotage::{Bug, sabotaged};
use model::{Class, Secret};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncGuard};
use tokio::time::{Instant, timeout_at};

use crate::auth::Auth;
use crate::auth::renewal::Tokens;
use crate::failure::{Failure, MESSAGE_CHARS_MAX};
use crate::hosts::{Hosts, Pass};
use crate::limits::Gate;
use crate::request::Request;
use crate::retry::Purse;
use crate::scrub::Scrub;
use crate::stats::{Counters, Stats};

/// How many of the tokens that were obtained last are taken out of texts: the newest access and
/// refresh token, and the ones before, which a late answer may still quote.
const TOKENS_HIDDEN_MAX: usize = 4;

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
    tokens: Tokens,
    purse: Purse,
    counters: Counters,
}

#[derive(Debug)]
struct State {
    credential: Arc<Credential>,
    scrub: Arc<Scrub>,
    obtained: VecDeque<Secret>,
    trust: Trust,
    /// Counts the changes, so that a late answer to an old credential does not judge the new one.
    generation: u64,
}

#[derive(Clone, Debug)]
enum Trust {
    Unproven,
    Proven,
    Rejected(Failure),
    /// Replaced by another broker of this name, for good.
    Retired,
}

/// The right to send one request now.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    pub(crate) credential: Arc<Credential>,
    pub(crate) generation: u64,
    _trial: Option<AsyncGuard<'a, ()>>,
}

impl Broker {
    pub(crate) fn new(name: &str, credential: Credential, gate: Gate) -> Self {
        let state = State {
            scrub: Arc::new(scrub_for(&credential, &VecDeque::new())),
            credential: Arc::new(credential),
            obtained: VecDeque::new(),
            trust: Trust::Unproven,
            generation: 0,
        };
        let shared = Shared {
            name: name.to_owned(),
            gate,
            state: Mutex::new(state),
            trial: AsyncMutex::new(()),
            tokens: Tokens::default(),
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

    /// Who calls, as the other side sees it, which asks callers to wait and not credentials: the
    /// name up to its last `#`. What stands behind that tells credentials apart that take each
    /// other's place, and those wait together.
    pub(crate) fn caller(&self) -> &str {
        let name = self.name();
        name.rsplit_once('#').map_or(name, |(caller, _)| caller)
    }

    /// Whether both are the same broker, and not only of the same name.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Gives the broker another credential, and trust anew.
    pub fn set_credential(&self, credential: Credential) {
        {
            let mut state = self.lock();
            state.scrub = Arc::new(scrub_for(&credential, &state.obtained));
            state.credential = Arc::new(credential);
        }
        self.credentials_changed();
    }

    /// Somebody mended the credential, here or on the other side: it may be used again.
    pub fn credentials_changed(&self) {
        let mut state = self.lock();
        if !matches!(state.trust, Trust::Retired) {
            state.trust = Trust::Unproven;
            state.generation += 1;
        }
    }

    /// Sends nothing more: another credential stands under this name now, and whoever still holds
    /// this one would not learn that the other one was rejected.
    pub(crate) fn retire(&self) {
        let mut state = self.lock();
        state.trust = Trust::Retired;
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

    /// Refuses a request to a host that the credential may not be sent to.
    pub(crate) fn check_host(&self, request: &Request) -> Result<Pass, Failure> {
        let credential = Arc::clone(&self.lock().credential);
        credential.hosts.check(&request.url).map_err(|refused| {
            let message = self.scrub().excerpt(&refused, MESSAGE_CHARS_MAX);
            Failure::unsent(Class::Invalid, message)
        })
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    /// Takes these tokens out of texts from now on.
    pub(crate) fn hide<'a>(&self, tokens: impl IntoIterator<Item = &'a Secret>) {
        let mut state = self.lock();
        state.obtained.extend(tokens.into_iter().cloned());
        let surplus = state.obtained.len().saturating_sub(TOKENS_HIDDEN_MAX);
        state.obtained.drain(..surplus);
        state.scrub = Arc::new(scrub_for(&state.credential, &state.obtained));
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
            Trust::Retired => {
                let message = "not sent, because the credentials were replaced meanwhile";
                return Err(Failure::unsent(Class::Unavailable, message));
            }
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

    /// Whether what was admitted may still be sent.
    pub(crate) fn still_admits(&self, admission: &Admission<'_>) -> bool {
        let state = self.lock();
        state.generation == admission.generation
            && matches!(state.trust, Trust::Unproven | Trust::Proven)
    }

    /// Somebody was answered who showed this credential: it is good.
    pub(crate) fn trust(&self, admission: &Admission<'_>) {
        let mut state = self.lock();
        // A rejection stands until the credential changes, whatever was still under way.
        if state.generation == admission.generation && matches!(state.trust, Trust::Unproven) {
            state.trust = Trust::Proven;
        }
    }

    /// The other side had too many calls: the next one is on trial again.
    pub(crate) fn doubt(&self, admission: &Admission<'_>) {
        let mut state = self.lock();
        if state.generation == admission.generation && matches!(state.trust, Trust::Proven) {
            state.trust = Trust::Unproven;
        }
    }

    /// The credential was rejected: `failure` is what every later call gets.
    pub(crate) fn reject(&self, admission: &Admission<'_>, failure: &Failure) {
        let mut state = self.lock();
        if state.generation == admission.generation && !sabotaged(Bug::ShowsRejectedCredentials) {
            let mut later = failure.clone();
            (later.attempts, later.sent, later.status) = (0, false, None);
            later.message = format!(
                "not sent, because an earlier call failed: {}",
                later.message
            );
            state.trust = Trust::Rejected(later);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn scrub_for(credential: &Credential, obtained: &VecDeque<Secret>) -> Scrub {
    let of_auth = credential.auth.secrets();
    Scrub::new(credential.secrets.iter().chain(&of_auth).chain(obtained))
}
