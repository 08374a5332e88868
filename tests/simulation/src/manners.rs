//! How the engine behaves towards the PSA, seen from the wire: what no answer of the PSA can tell,
//! because it is about calls that should not have been made.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::promise::{Broken, Promise};
use crate::tokens::Tokens;

/// What is watched, and what was broken first.
#[derive(Debug, Default)]
pub(crate) struct Manners(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The credentials were rejected and nobody has saved others.
    rejected: bool,
    /// The PSA asked not to be called for a while.
    pause: Option<Pause>,
    /// A person tries out a connection, which may be done at any time. What calls are made for that
    /// is told by [`Caller`], but for logins.
    is_tried_out: bool,
    tokens: Tokens,
    broken: Option<Broken>,
}

/// For how long the PSA asked not to be called, and when it said so.
#[derive(Clone, Copy, Debug)]
struct Pause {
    told_at: Instant,
    until: Instant,
}

/// On whose behalf a call is made, as far as the wire shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A person who waits for the answer: the API does it in the caller's own task.
    Person,
    /// The engine's workers.
    Engine,
    /// Whoever needs a token. All who do wait for one login in a task of its own, so that nobody
    /// can tell whether it is a person who tries out a connection.
    Login,
}

impl Manners {
    /// A new life begins: what only the memory of the last one held is not held against it.
    pub(crate) fn begin(&self) {
        let mut state = self.lock();
        (state.rejected, state.pause, state.is_tried_out) = (false, None, false);
        state.tokens = Tokens::default();
    }

    /// A person begins or ends to try out credentials.
    pub(crate) fn try_out(&self, begins: bool) {
        self.lock().is_tried_out = begins;
    }

    /// A call leaves for the PSA; `shows` tells whether it shows who calls, and `token` by what, if
    /// by a token.
    pub(crate) fn leaves(&self, what: &str, caller: Caller, shows: bool, token: Option<&str>) {
        let mut state = self.lock();
        if state.is_of_a_person(caller) {
            return;
        }
        let is_over = token.is_some_and(|token| state.tokens.is_over(token));
        if (state.rejected && shows) || is_over {
            state.breaks(Promise::CredentialsRest, what);
        }
        // What leaves at the very moment at which a call beside it is told could not know.
        let now = Instant::now();
        let is_paused = |pause: Pause| pause.told_at < now && now < pause.until;
        if state.pause.is_some_and(is_paused) {
            state.breaks(Promise::RetryAfterObeyed, what);
        }
    }

    /// A call that showed `token` was answered.
    pub(crate) fn answered(&self, caller: Caller, token: Option<&str>, told: Told) {
        let mut state = self.lock();
        if state.is_of_a_person(caller) {
            // Credentials that work when a person tries them out are saved next.
            state.rejected &= !told.accepts;
            state.tokens.give_to_a_person(told.given);
            return;
        }
        if let Some(token) = token {
            state.tokens.answered(token, told.status);
        }
        if let Some(given) = told.given {
            state.tokens.give(given);
        }
        match (told.status, told.retry_after) {
            (_, _) if told.rejects => state.rejected = true,
            (429, Some(seconds)) => {
                let told_at = Instant::now();
                let until = told_at + Duration::from_secs(seconds);
                if state.pause.is_none_or(|pause| pause.until < until) {
                    state.pause = Some(Pause { told_at, until });
                }
            }
            _ => {}
        }
    }

    /// What was broken, if anything.
    pub(crate) fn broken(&self) -> Option<Broken> {
        self.lock().broken.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer of the PSA tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// The credentials that were shown are no good.
    pub(crate) rejects: bool,
    /// They are.
    pub(crate) accepts: bool,
    /// The token that it gives out.
    pub(crate) given: Option<String>,
    /// The seconds that it asks to wait for.
    pub(crate) retry_after: Option<u64>,
}

impl State {
    /// Whether the call is made for a person who tries out a connection, or may be.
    fn is_of_a_person(&self, caller: Caller) -> bool {
        self.is_tried_out && caller != Caller::Engine
    }

    fn breaks(&mut self, promise: Promise, what: &str) {
        let broken = || Broken::new(promise, format!("{what} was sent all the same"));
        self.broken.get_or_insert_with(broken);
    }
}
