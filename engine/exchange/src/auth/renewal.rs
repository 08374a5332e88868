//! One token per credential, obtained once however many calls wait for it.
//!
//! A renewal runs in a task of its own: a caller that gives up does not take a refresh token that
//! the other side has already exchanged with it. Calls that came while one was under way share its
//! result, also its failure, so a login that fails is not repeated by every one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::{Class, Secret};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::{Auth, Grant, OAuth2, Obtain};
use crate::answer::Answer;
use crate::broker::{Broker, Credential};
use crate::clock::later;
use crate::exchange::Exchange;
use crate::failure::Failure;

/// How long before its end a token is renewed, or a tenth of its life where that is less: a call
/// must not be sent with a token that ends on its way.
pub const RENEWED_BEFORE_END: Duration = Duration::from_mins(1);

/// A token that replaced a refused one and is younger than this is not renewed because of another
/// refusal: it is the call that was refused. Some APIs answer 401 where 403 is meant; without this,
/// each such call would cost a login.
pub const FRESH_TOKEN: Duration = Duration::from_mins(1);

/// The same, when the refusal before was of the same token and no call was answered in between:
/// then it is rather the token. Where it is not, a login for each so long is what that costs.
pub const FRESH_TOKEN_IN_A_ROW: Duration = Duration::from_secs(5);

/// A token in use.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) text: Secret,
    /// Tells tokens apart without looking at them.
    pub(crate) serial: u64,
    obtained: Instant,
    /// Whether it came in place of one that was refused.
    replaces: bool,
    renew_at: Option<Instant>,
}

impl Held {
    /// Whether a refusal is not about it: the one before was refused, too, a moment ago. The
    /// first one may have been revoked however new it is.
    pub(crate) fn is_beyond_doubt(&self, in_a_row: bool) -> bool {
        let fresh = if in_a_row {
            FRESH_TOKEN_IN_A_ROW
        } else {
            FRESH_TOKEN
        };
        self.replaces && self.obtained.elapsed() < fresh
    }

    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= Instant::now())
    }
}

/// What an attempt knew of the credential's tokens when it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The token that was refused before.
    pub(crate) refused: Option<u64>,
    /// How many renewals had ended.
    pub(crate) renewals: u64,
}

/// Why there is no token, with the answer that said so, for the connector's rules to comment on.
#[derive(Clone, Debug)]
pub(crate) struct NoToken {
    pub(crate) failure: Failure,
    pub(crate) answer: Option<Arc<Answer>>,
}

impl From<Failure> for NoToken {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            answer: None,
        }
    }
}

/// A credential's token.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    slot: Arc<AsyncMutex<Slot>>,
    /// How many renewals have ended; read without the lock, to see what happened while waiting.
    renewals: Arc<AtomicU64>,
    /// The serial of the token that the last answer refused; zero when it honoured one.
    refused: AtomicU64,
    /// The serial of the last token that was found to be over.
    over: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    /// The credential's generation that all this belongs to.
    generation: u64,
    held: Option<Held>,
    /// The newest refresh token, and whether it is durable.
    refresh: Option<(Secret, bool)>,
    /// The refresh token of the credential that it descends from.
    root: Option<Secret>,
    last_failure: Option<NoToken>,
    serials: u64,
}

/// What a renewal is made for.
pub(crate) struct Need {
    pub(crate) exchange: Exchange,
    pub(crate) broker: Broker,
    pub(crate) credential: Arc<Credential>,
    pub(crate) generation: u64,
}

impl Tokens {
    /// How many renewals have ended so far.
    pub(crate) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Acquire)
    }

    /// A token was honoured.
    pub(crate) fn honoured(&self) {
        self.refused.store(0, Ordering::Release);
    }

    /// A token was refused; whether it was the last time, too.
    pub(crate) fn refused(&self, serial: u64) -> bool {
        self.refused.swap(serial, Ordering::AcqRel) == serial
    }

    /// A token is over: no call shows it from now on. Whoever found that out renews it, but may
    /// have to wait for a place first, and others go ahead meanwhile.
    pub(crate) fn over(&self, serial: u64) {
        self.over.store(serial, Ordering::Release);
    }

    /// A token that is not about to end and was not refused. Where a renewal failed since the
    /// attempt began, its failure.
    pub(crate) async fn get(
        &self,
        need: Need,
        known: Known,
        until: Instant,
    ) -> Result<Held, NoToken> {
        let slot = timeout_at(until, Arc::clone(&self.slot).lock_owned());
        let mut slot = slot.await.map_err(|_| {
            Failure::unsent(
                Class::Unavailable,
                "waited too long for another call's login",
            )
        })?;
        slot.follow(&need)?;
        // First, because what is held is then refused or about to end.
        let happened = self.renewals() != known.renewals;
        if let Some(failure) = slot.last_failure.clone().filter(|_| happened) {
            return Err(failure);
        }
        let over = self.over.load(Ordering::Acquire);
        let is_over = |held: &Held| known.refused == Some(held.serial) || over == held.serial;
        let held = slot.held.as_ref();
        if let Some(held) = held.filter(|held| !is_over(held) && !held.is_due()) {
            return Ok(held.clone());
        }
        let replaces = known.refused.is_some() || held.is_some_and(is_over);
        let renewals = Arc::clone(&self.renewals);
        let renewal = async move {
            let result = slot.obtain(&need, replaces).await;
            slot.last_failure = result.as_ref().err().cloned();
            renewals.fetch_add(1, Ordering::Release);
            result
        };
        tokio::spawn(renewal.in_current_span())
            .await
            .unwrap_or_else(|_| {
                Err(Failure::unsent(Class::Unavailable, "the login was interrupted").into())
            })
    }
}

impl Slot {
    /// Forgets what belongs to an earlier state of the credential. A refresh token is kept while
    /// the credential still begins with the same one: it was exchanged, and the newest is the only
    /// one that is good.
    fn follow(&mut self, need: &Need) -> Result<(), Failure> {
        if self.generation == need.generation {
            return Ok(());
        }
        if self.generation > need.generation {
            let message = "the credential changed while the call waited for a login";
            return Err(Failure::unsent(Class::Unavailable, message));
        }
        let root = need.credential.auth.refresh_token().cloned();
        let refresh = self.refresh.take().filter(|_| self.root == root);
        let (generation, serials) = (need.generation, self.serials);
        *self = Self {
            generation,
            refresh,
            root,
            serials,
            held: None,
            last_failure: None,
        };
        Ok(())
    }

    async fn obtain(&mut self, need: &Need, replaces: bool) -> Result<Held, NoToken> {
        // One that could not be stored last time is the only copy there is.
        self.keep(need).await?;
        let auth = &need.credential.auth;
        let newest = self.refresh.as_ref().map(|(token, _)| token);
        let obtain = auth.obtain(newest, &need.exchange.fresh())?;
        let (token, refresh) = match obtain {
            Obtain::Made(token) => (token, None),
            Obtain::Call(request, made) => {
                need.broker.hide(&made);
                let answer = need.exchange.login(&request, need).await?;
                auth.read_token(&answer).map_err(|mut failure| {
                    failure.retry_after = need.exchange.asked_wait(&answer);
                    NoToken {
                        failure,
                        answer: Some(Arc::new(answer.clone())),
                    }
                })?
            }
        };
        need.broker
            .hide([Some(&token.text), refresh.as_ref()].into_iter().flatten());
        if let Some(refresh) = refresh {
            self.root = auth.refresh_token().cloned();
            self.refresh = Some((refresh, false));
        }
        self.serials += 1;
        let obtained = Instant::now();
        let renew_at = token
            .lives
            .map(|lives| later(obtained, lives.saturating_sub(early(lives))));
        self.keep(need).await?;
        let held = Held {
            text: token.text,
            serial: self.serials,
            obtained,
            replaces,
            renew_at,
        };
        self.held = Some(held.clone());
        Ok(held)
    }

    /// Makes the newest refresh token durable, unless it is.
    async fn keep(&mut self, need: &Need) -> Result<(), NoToken> {
        let Auth::OAuth2(OAuth2 {
            grant: Grant::RefreshToken { keeper, .. },
            ..
        }) = &need.credential.auth
        else {
            return Ok(());
        };
        let Some((token, durable @ false)) = &mut self.refresh else {
            return Ok(());
        };
        keeper
            .keep(need.broker.name(), token)
            .await
            .map_err(|wrong| {
                let message = format!("the new refresh token could not be stored: {wrong}");
                Failure::unsent(Class::Unavailable, message)
            })?;
        *durable = true;
        Ok(())
    }
}

fn early(lives: Duration) -> Duration {
    RENEWED_BEFORE_END.min(lives / 10)
}
