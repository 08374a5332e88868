//! The provider of accounts elsewhere, and what is remembered of it.
//!
//! Anybody can begin to sign in, so that anybody can cause calls to the provider. Hence what it
//! says of itself and its keys are asked for once in a while and not for each visitor, a key that
//! is not known is looked for again once in a minute at most, and a provider that gave no answer is
//! left in peace for a moment. One asks while the others wait for what comes of it.

use std::time::Duration;

use access::{Attempt, Denied, Endpoints, ProviderSettings};
use axum::http::StatusCode;
use model::Timestamp;
use runtime::{ProviderCall, Runtime};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::failure::Failure;

/// How long what the provider says of itself, and its keys, hold: a key that it withdraws counts no
/// longer than this.
const HOLDS_FOR: Duration = Duration::from_mins(15);

/// How long after the keys were asked for they are asked for again because one is not among them:
/// a provider that has just changed them is followed at once, a wrong token causes no call.
const KEYS_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// How long a provider that could not be used is left in peace.
const PEACE: Duration = Duration::from_secs(5);

/// A provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    endpoints: Option<Kept<Endpoints>>,
    keys: Option<Kept<Value>>,
    /// Until when it is not asked again.
    in_peace_until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    value: T,
    at: Timestamp,
}

/// What a provider is asked with: the runtime that calls it, and what time it is.
pub(crate) struct Asking<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

impl Provider {
    pub(crate) fn new(settings: ProviderSettings) -> Self {
        Self {
            settings,
            known: Mutex::default(),
        }
    }

    /// Where the provider is to be found.
    pub(crate) async fn endpoints(&self, asking: &Asking<'_>) -> Result<Endpoints, Failure> {
        let mut known = self.known.lock().await;
        let now = (asking.now)();
        if let Some(kept) = known.endpoints.as_ref().filter(|kept| kept.holds(now)) {
            return Ok(kept.value.clone());
        }
        let url = self.settings.discovery_url();
        let document = known.ask(asking, ProviderCall::get(&url)).await?;
        let value = self.settings.endpoints(&document).map_err(|error| {
            tracing::error!(%error, "the provider of accounts cannot be used");
            known.leave_in_peace((asking.now)());
            unavailable()
        })?;
        let kept = Kept::new(value.clone(), (asking.now)());
        known.endpoints = Some(kept);
        Ok(value)
    }

    /// The claims that the provider vouches for to whoever brings `code`, once they are verified.
    pub(crate) async fn claims(
        &self,
        asking: &Asking<'_>,
        attempt: &Attempt,
        (code, back): (&str, &str),
    ) -> Result<Map<String, Value>, Failure> {
        let at = self.endpoints(asking).await?;
        let call = attempt.exchange(&self.settings, &at, code, back);
        let call = ProviderCall {
            form: Some(call.form),
            authorization: call.authorization,
            secret: self.settings.client_secret.as_ref(),
            ..ProviderCall::get(&at.token)
        };
        // Each code is another one, so that this call is made for each visitor; the runtime bounds
        // how many at once.
        let given = asking.runtime.ask_provider(call).await;
        let given = given.map_err(|error| no_answer(&error))?;
        let token = given.get("id_token").and_then(Value::as_str);
        let token = token.unwrap_or_default();
        let verified = self.verified(asking, attempt, &at, token).await?;
        verified.map_err(|error| {
            tracing::warn!(%error, "an identity is not believed");
            Failure::denied("What the provider says of you cannot be verified")
        })
    }

    /// The claims of `token`, by keys that are known or, where it is signed with none of them, by
    /// those that the provider publishes now.
    async fn verified(
        &self,
        asking: &Asking<'_>,
        attempt: &Attempt,
        at: &Endpoints,
        token: &str,
    ) -> Result<Result<Map<String, Value>, Denied>, Failure> {
        let mut known = self.known.lock().await;
        let keys = match known.keys.clone().filter(|kept| kept.holds((asking.now)())) {
            Some(keys) => keys,
            None => known.ask_for_keys(asking, &at.keys).await?,
        };
        let verify = |keys: &Kept<Value>| {
            let now = (asking.now)();
            self.settings.verify(token, &keys.value, attempt, now)
        };
        let verified = verify(&keys);
        let may_be_new = matches!(verified, Err(Denied::UnknownKey | Denied::Signature));
        if !may_be_new || (asking.now)().since(keys.at) < KEYS_AGAIN_AFTER {
            return Ok(verified);
        }
        Ok(verify(&known.ask_for_keys(asking, &at.keys).await?))
    }
}

impl Known {
    async fn ask(&mut self, asking: &Asking<'_>, call: ProviderCall<'_>) -> Result<Value, Failure> {
        let now = (asking.now)();
        if self.in_peace_until.is_some_and(|until| now < until) {
            return Err(unavailable());
        }
        let answer = asking.runtime.ask_provider(call).await;
        answer.map_err(|error| {
            self.leave_in_peace((asking.now)());
            no_answer(&error)
        })
    }

    async fn ask_for_keys(
        &mut self,
        asking: &Asking<'_>,
        url: &str,
    ) -> Result<Kept<Value>, Failure> {
        let value = self.ask(asking, ProviderCall::get(url)).await?;
        let kept = Kept::new(value, (asking.now)());
        self.keys = Some(kept.clone());
        Ok(kept)
    }

    fn leave_in_peace(&mut self, now: Timestamp) {
        self.in_peace_until = Some(now.after(PEACE));
    }
}

impl<T> Kept<T> {
    fn new(value: T, at: Timestamp) -> Self {
        Self { value, at }
    }

    fn holds(&self, now: Timestamp) -> bool {
        now < self.at.after(HOLDS_FOR)
    }
}

fn no_answer(error: &runtime::Error) -> Failure {
    tracing::error!(%error, "the provider of accounts cannot be used");
    unavailable()
}

fn unavailable() -> Failure {
    let title = "The provider of your account cannot be used now";
    let remedy = "Try again in a minute, or sign in with a link. The log of this server says more.";
    Failure::new(StatusCode::BAD_GATEWAY, title, remedy)
}
