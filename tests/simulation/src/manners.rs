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
    /// The PSA asked not to be called before then.
    paused_until: Option<Instant>,
    /// A person tries out a connection, which may be done at any time.
    is_tried_out: bool,
    tokens: Tokens,
    broken: Option<Broken>,
}

impl Manners {
    /// A new life begins: what only the memory of the last one held is not held against it.
    pub(crate) fn begin(&self) {
        let mut state = self.lock();
        (state.rejected, state.paused_until, state.is_tried_out) = (false, None, false);
        state.tokens = Tokens::default();
    }

    /// A person begins or ends to try out credentials.
    pub(crate) fn try_out(&self, begins: bool) {
        let mut state = self.lock();
        state.is_tried_out = begins;
        state.rejected = false;
        state.tokens.look_away();
    }

    /// A call leaves for the PSA; `shows` tells whether it shows who calls, and `token` by what, if
    /// by a token.
    pub(crate) fn leaves(&self, what: &str, shows: bool, token: Option<&str>) {
        let mut state = self.lock();
        if state.is_tried_out {
            return;
        }
        let is_over = token.is_some_and(|token| state.tokens.is_over(token));
        if (state.rejected && shows) || is_over {
            state.breaks(Promise::CredentialsRest, what);
        }
        if state
            .paused_until
            .is_some_and(|until| Instant::now() < until)
        {
            state.breaks(Promise::RetryAfterObeyed, what);
        }
    }

    /// A call that showed `token` was answered; `rejects` tells whether that says that the
    /// credentials are no good, and `given` what token it gives out.
    pub(crate) fn answered(
        &self,
        (status, token): (u16, Option<&str>),
        (rejects, given): (bool, Option<String>),
        retry_after: Option<u64>,
    ) {
        let mut state = self.lock();
        if state.is_tried_out {
            return;
        }
        if let Some(token) = token {
            state.tokens.answered(token, status);
        }
        if let Some(given) = given {
            state.tokens.give(given);
        }
        match (status, retry_after) {
            (_, _) if rejects => state.rejected = true,
            (429, Some(seconds)) => {
                let until = Instant::now() + Duration::from_secs(seconds);
                state.paused_until = state.paused_until.max(Some(until));
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

impl State {
    fn breaks(&mut self, promise: Promise, what: &str) {
        let broken = || Broken::new(promise, format!("{what} was sent all the same"));
        self.broken.get_or_insert_with(broken);
    }
}
