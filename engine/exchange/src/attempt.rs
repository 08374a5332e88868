//! One attempt of a call: through the gate, with credentials, over the transport, to a judgement.

use std::sync::Arc;
use std::time::Duration;

use model::Class;
use tokio::time::{Instant, timeout};

use crate::answer::Answer;
use crate::auth::renewal::{Held, Known, Need, NoToken};
use crate::broker::{Admission, Broker};
use crate::classify::{Kind, describe, judge, nothing_known};
use crate::clock::later;
use crate::exchange::{Exchange, Terms};
use crate::failure::{Failure, MESSAGE_CHARS_MAX};
use crate::hosts::Pass;
use crate::limits::{Permit, Priority, Refusal};
use crate::request::Request;
use crate::retry::retry_after;
use crate::transport::{Lack, Sent, TransportError};

/// An attempt without success.
pub(crate) struct Miss<'a> {
    pub(crate) failure: Failure,
    pub(crate) next: Next,
    /// The places of the attempt. They are given up only after a pause that follows from the
    /// failure has begun, or the next call would slip through in between.
    _places: Option<(Permit, Admission<'a>)>,
}

/// What may follow a miss.
pub(crate) enum Next {
    /// Nothing: another attempt would miss for the same reason.
    Stop,
    /// Another attempt, where the retry policy allows it.
    ByPolicy,
    /// Another attempt at once with another token than this one, which was refused.
    NewToken(u64),
}

/// A request that is ready to go, and the right to send it.
struct Ready<'a> {
    permit: Permit,
    admission: Admission<'a>,
    signed: Request,
    token: Option<Held>,
}

impl Exchange {
    /// Makes one attempt; `refused` is a token that is not to be used again.
    pub(crate) async fn attempt<'a>(
        &self,
        request: &Request,
        terms: &Terms<'a>,
        until: Instant,
        refused: Option<u64>,
    ) -> Result<Answer, Miss<'a>> {
        let broker = terms.broker;
        let known = Known {
            refused,
            renewals: broker.tokens().renewals(),
        };
        let Ready {
            permit,
            admission,
            signed,
            token,
        } = loop {
            let ready = self.prepare(request, terms, until, known).await?;
            // Waiting for a trial or a login takes time, in which the other side may have had
            // enough, or rejected somebody else who showed the same.
            if !self.gate().is_paused(broker.caller()) && broker.still_admits(&ready.admission) {
                break ready;
            }
            ready.permit.not_sent();
        };
        let answer = match self.deliver(&signed, broker).await {
            Ok(answer) => answer,
            Err(error) => {
                if error.sent == Sent::Not {
                    permit.not_sent();
                }
                return Err(by_policy(unanswered(&error, broker, terms.kind)));
            }
        };
        self.obey(&answer, terms);
        match self.judged(&answer, &signed, terms) {
            None => {
                if !terms.anonymous {
                    broker.trust(&admission);
                    broker.tokens().honoured();
                }
                Ok(answer)
            }
            Some(failure) => {
                let miss = refusal(failure, terms, &admission, token.as_ref());
                Err(Miss {
                    _places: Some((permit, admission)),
                    ..miss
                })
            }
        }
    }

    /// Waits for a place and for trust, and adds the credentials.
    async fn prepare<'a>(
        &self,
        request: &Request,
        terms: &Terms<'a>,
        until: Instant,
        known: Known,
    ) -> Result<Ready<'a>, Miss<'a>> {
        let broker = terms.broker;
        let passed = self
            .gate()
            .pass(broker.caller(), terms.limits, terms.priority, until)
            .await;
        let permit = passed.map_err(|refusal| stop(held_back(refusal, terms.priority)))?;
        let signed = async {
            let admission = broker.admit(until).await.map_err(stop)?;
            let (signed, token) = self.sign(request, terms, &admission, known, until).await?;
            Ok((admission, signed, token))
        };
        match signed.await {
            Ok((admission, signed, token)) => Ok(Ready {
                permit,
                admission,
                signed,
                token,
            }),
            Err(miss) => {
                permit.not_sent();
                Err(miss)
            }
        }
    }

    /// The request with its credentials, and the token among them.
    async fn sign<'a>(
        &self,
        request: &Request,
        terms: &Terms<'a>,
        admission: &Admission<'a>,
        known: Known,
        until: Instant,
    ) -> Result<(Request, Option<Held>), Miss<'a>> {
        let mut signed = request.clone();
        let pass = terms.broker.check_host(request).map_err(stop)?;
        signed.public_only = pass == Pass::Given;
        if terms.anonymous {
            return Ok((signed, None));
        }
        let auth = &admission.credential.auth;
        let token = if auth.has_token() {
            Some(self.token(terms, admission, known, until).await?)
        } else {
            None
        };
        let text = token.as_ref().map(|held| &held.text);
        let applied = auth.apply(&mut signed, text, &self.fresh());
        applied.map_err(|wrong| stop(Failure::unsent(Class::Invalid, wrong)))?;
        Ok((signed, token))
    }

    async fn token<'a>(
        &self,
        terms: &Terms<'a>,
        admission: &Admission<'a>,
        known: Known,
        until: Instant,
    ) -> Result<Held, Miss<'a>> {
        let need = Need {
            exchange: self.clone(),
            broker: terms.broker.clone(),
            credential: Arc::clone(&admission.credential),
            generation: admission.generation,
        };
        let got = terms.broker.tokens().get(need, known, until).await;
        got.map_err(|none| without_token(none, terms, admission))
    }

    /// Sends the request that obtains a token: outside the limits of calls, which wait for it.
    pub(crate) async fn login(&self, request: &Request, need: &Need) -> Result<Answer, NoToken> {
        let broker = &need.broker;
        let mut request = request.clone();
        request.public_only = broker.check_host(&request)? == Pass::Given;
        let delivered = self.deliver(&request, broker).await;
        delivered.map_err(|error| {
            let mut failure = unanswered(&error, broker, Kind::Read);
            // The call that waits for the token was not sent.
            (failure.attempts, failure.sent) = (0, false);
            failure.message = format!("login: {}", failure.message);
            failure.into()
        })
    }

    /// Hands a request to the transport, within its timeout, and decodes the answer.
    async fn deliver(&self, request: &Request, broker: &Broker) -> Result<Answer, TransportError> {
        let counters = broker.counters();
        counters.attempts.one();
        counters.bytes_sent.add(request.body.to_bytes().len());
        let address = broker.scrub().text(&request.url);
        tracing::debug!(method = %request.method, %address, "sending");
        let begun = Instant::now();
        let sent = timeout(request.timeout, self.transport().send(request)).await;
        let raw = sent.unwrap_or_else(|_| {
            let detail = format!("no complete answer within {:?}", request.timeout);
            Err(TransportError::unknown(Lack::Timeout, detail))
        })?;
        let (status, bytes, elapsed) = (raw.status, raw.body.len(), begun.elapsed());
        tracing::debug!(status, bytes, ?elapsed, "answered");
        counters.bytes_received.add(bytes);
        Ok(Answer::to(request, raw, elapsed))
    }

    /// Pauses the credential when the answer says that nothing more is left.
    fn obey(&self, answer: &Answer, terms: &Terms<'_>) {
        let now = self.clock().now();
        if let Some(pause) = terms
            .allowance
            .and_then(|allowance| allowance.pause(answer, now))
        {
            tracing::debug!(?pause, "the allowance is used up");
            self.gate()
                .pause(terms.broker.caller(), later(Instant::now(), pause));
        }
    }

    fn judged(&self, answer: &Answer, request: &Request, terms: &Terms<'_>) -> Option<Failure> {
        let conditional = request.header("if-none-match").is_some()
            || request.header("if-modified-since").is_some();
        let (class, rule) = judge(answer, terms.kind, terms.rules, conditional)?;
        if class == Class::RateLimited {
            terms.broker.counters().rate_limited.one();
        }
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
            cause: rule
                .as_ref()
                .and_then(|rule| rule.cause.clone())
                .map(|cause| Box::new(cause.cleaned(clean))),
            status: Some(answer.status),
            retry_after: rule
                .as_ref()
                .and_then(|rule| rule.retry_after)
                .or_else(|| self.asked_wait(answer)),
            rule: rule.map(|rule| rule.rule),
            attempts: 1,
            sent: true,
        })
    }

    pub(crate) fn asked_wait(&self, answer: &Answer) -> Option<Duration> {
        retry_after(answer.header("retry-after")?, self.clock().now())
    }
}

/// What follows from a refusal for the token and the credential.
fn refusal<'a>(
    mut failure: Failure,
    terms: &Terms<'a>,
    admission: &Admission<'a>,
    token: Option<&Held>,
) -> Miss<'a> {
    // A rule that takes the status for something else knows better.
    let about_caller = failure.rule.is_none() || failure.class == Class::CredentialsRejected;
    let over = about_caller && admission.credential.auth.token_is_over(failure.status);
    if let Some(token) = token.filter(|_| over) {
        let in_a_row = terms.broker.tokens().refused(token.serial);
        if !token.is_beyond_doubt(in_a_row) {
            terms.broker.tokens().over(token.serial);
            return miss(failure, Next::NewToken(token.serial));
        }
        // The second login was accepted a moment ago: it is not who calls but what they ask for.
        failure.class = Class::Forbidden;
        failure.message = format!("refused with a new token: {}", failure.message);
        return stop(failure);
    }
    match failure.class {
        Class::CredentialsRejected => terms.broker.reject(admission, &failure),
        // These come from someone who knows who calls.
        Class::Forbidden | Class::NotFound if !terms.anonymous => terms.broker.trust(admission),
        // After the pause one call goes ahead of the others, to see whether it was long enough.
        Class::RateLimited => terms.broker.doubt(admission),
        _ => {}
    }
    by_policy(failure)
}

/// What follows when no token can be had. The class of a login's refusal is known; the connector's
/// rules may know better words for it.
fn without_token<'a>(none: NoToken, terms: &Terms<'a>, admission: &Admission<'a>) -> Miss<'a> {
    let NoToken {
        mut failure,
        answer,
    } = none;
    let scrub = terms.broker.scrub();
    let clean = |text: String| scrub.excerpt(&text, MESSAGE_CHARS_MAX);
    let rule = answer.and_then(|answer| terms.rules.classify(&answer));
    if let Some(rule) = rule.filter(|rule| rule.class == failure.class) {
        failure.message = rule.message.unwrap_or(failure.message);
        failure.remedy = rule.remedy.map(clean);
        failure.rule = Some(rule.rule);
    }
    failure.message = clean(failure.message);
    if failure.class == Class::CredentialsRejected {
        terms.broker.reject(admission, &failure);
    }
    by_policy(failure)
}

fn stop<'a>(failure: Failure) -> Miss<'a> {
    miss(failure, Next::Stop)
}

fn by_policy<'a>(failure: Failure) -> Miss<'a> {
    miss(failure, Next::ByPolicy)
}

fn miss<'a>(failure: Failure, next: Next) -> Miss<'a> {
    Miss {
        failure,
        next,
        _places: None,
    }
}

fn held_back(refusal: Refusal, priority: Priority) -> Failure {
    match refusal {
        Refusal::Crowded => Failure::unsent(
            Class::RateLimited,
            "too many calls wait for this credential already",
        ),
        Refusal::TooLate { free_in } => Failure::unsent(
            Class::RateLimited,
            match priority {
                Priority::Tickets => "no place became free within the request limits in time",
                Priority::Directory | Priority::Billing => {
                    "no place became free within the request limits in time; tickets go first"
                }
            },
        )
        .retry_after(free_in),
    }
}

fn unanswered(error: &TransportError, broker: &Broker, kind: Kind) -> Failure {
    let class = match (error.sent, error.lack) {
        // Repeating it will not make it writable, or smaller.
        (Sent::Not, Lack::Unsendable) => Class::Invalid,
        (_, Lack::TooLarge) if kind == Kind::Read => Class::Invalid,
        (Sent::Not, _) => Class::Unavailable,
        (Sent::Unknown, _) => nothing_known(kind),
    };
    let message = broker.scrub().excerpt(&error.detail, MESSAGE_CHARS_MAX);
    let mut failure = Failure::unsent(class, message);
    failure.attempts = 1;
    failure.sent = error.sent == Sent::Unknown;
    if error.lack == Lack::TooLarge {
        failure = failure.remedy("Ask for smaller pages, or raise the operation's body limit.");
    }
    failure
}
