//! Checks what all exchanges of a connector have in common.

use std::time::Duration;

use expression::{Expression, Shape};
use model::Class;
use serde_json::Value;

use super::connector::Surroundings;
use super::secret::mentions;
use super::value::Values;
use super::{PAUSE, WAIT, WINDOW, address, auth, duration, header, rule};
use crate::codes;
use crate::connector::{
    Allowance, Http, Left, Limit, Reset, ResetIn, Retry, SETTLE_DEFAULT, TIMEOUT_DEFAULT,
};
use crate::page::Spot;
use crate::raw::auth::AuthText;
use crate::raw::connector::{AllowanceText, LimitText, ResetText, RetryText};
use crate::raw::value::{SpanText, Template};

/// Checks `http`.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) -> Http {
    let text = &around.file.http;
    let setup_names = around.scope.during_setup();
    let addressing = Values::named(&setup_names, around.scripts);
    let names = around.scope.common();
    let sending = Values::named(&names, around.scripts);
    address::check_whole(&text.base_url, around, &spot.key("base_url"));
    header::check(&text.headers, &spot.key("headers"));
    around
        .secrets
        .doubt_headers(&text.headers, &spot.key("headers"));
    if text.auth.as_ref().is_some_and(AuthText::puts_authorization) {
        header::refuse_authorization(&text.headers, &spot.key("headers"));
    }
    let hosts = text.hosts.iter().enumerate();
    let (given, fixed): (Vec<_>, Vec<_>) = hosts.partition(|(_, host)| host.contains("{{"));
    address::check_hosts(&fixed, &spot.key("hosts"));
    let callers = around.scope.callers();
    let counting = Values::named(&callers, around.scripts);
    let limits = text.limits.iter().enumerate();
    let limits = limits.filter_map(|(index, text)| {
        let spot = spot.key("limits").index(index);
        let across = text
            .across
            .as_ref()
            .map(|across| counting.varying_template(across, &spot.key("across")));
        limit(text, across, &sending, &spot)
    });
    Http {
        base_url: addressing.template(&text.base_url, &spot.key("base_url")),
        hosts: fixed.into_iter().map(|(_, host)| host.clone()).collect(),
        given_hosts: given_hosts(&given, around, &spot.key("hosts")),
        auth: text
            .auth
            .as_ref()
            .and_then(|auth| auth::check(auth, around, &addressing, &spot.key("auth"))),
        headers: sending.pairs(&text.headers, &spot.key("headers")),
        timeout: wait(text.timeout.as_ref(), TIMEOUT_DEFAULT, &spot.key("timeout")),
        settle: wait(text.settle.as_ref(), SETTLE_DEFAULT, &spot.key("settle")),
        limits: limits.collect(),
        allowance: text
            .allowance
            .as_ref()
            .and_then(|text| allowance(text, &spot.key("allowance"))),
        retry: retry(text.retry.as_ref(), &spot.key("retry")),
        errors: rule::check(
            &text.errors,
            &around.scope.told(),
            around,
            &spot.key("errors"),
        ),
        warning: text.warning.as_ref().and_then(|path| {
            let told = around.scope.told();
            let values = Values::document(&Shape::Any, &told, around.scripts);
            values.selector(path, &spot.key("warning"))
        }),
    }
}

/// Hosts that are printed from what a partner gives, and from nothing else: not from answers, or
/// whoever can write into one could lead calls anywhere.
fn given_hosts(
    hosts: &[(usize, &String)],
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Vec<Expression> {
    let credentials = around.scope.credentials();
    let values = Values::named(&credentials, around.scripts);
    let one = |(index, host): &(usize, &String)| {
        let (at, text) = (spot.index(*index), Template((*host).clone()));
        around
            .secrets
            .refuse_in(&Value::String(text.0.clone()), &at);
        values.varying_template(&text, &at)
    };
    hosts.iter().map(one).collect()
}

/// How long to wait for something, if the file says so.
pub(crate) fn wait(text: Option<&SpanText>, usual: Duration, spot: &Spot<'_>) -> Duration {
    text.map_or(usual, |text| duration(text, WAIT, spot))
}

fn limit(
    text: &LimitText,
    across: Option<Expression>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Option<Limit> {
    let incomplete = |message: &str, hint: &str| {
        spot.error(
            codes::INCOMPLETE_LIMIT,
            message.to_owned(),
            Some(hint.to_owned()),
        );
        None
    };
    match (text.requests, text.concurrent) {
        (Some(requests), None) => {
            if text.for_each.is_some() {
                return incomplete("`for_each` goes with `concurrent`", "remove it");
            }
            let Some(per) = &text.per else {
                return incomplete("this limit has no span", "add `per`, as in `per: 1h`");
            };
            let share = text.share.as_deref().map_or(100, percentage);
            Some(Limit::Window {
                requests,
                per: duration(per, WINDOW, &spot.key("per")),
                share,
                across,
            })
        }
        (None, Some(requests)) => {
            if text.per.is_some() || text.share.is_some() {
                return incomplete("`per` and `share` go with `requests`", "remove them");
            }
            let for_each = text.for_each.as_ref();
            let for_each = for_each.map(|each| values.template(each, &spot.key("for_each")));
            Some(Limit::Concurrent {
                requests,
                for_each,
                across,
            })
        }
        _ => incomplete(
            "a limit has exactly one of `requests` and `concurrent`",
            "keep one",
        ),
    }
}

/// Doubts a limit that goes by what is worked on, where operations do not say that: all of these
/// would be counted as one.
pub(crate) fn entities(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let operations = around.file.operations.0.iter();
    let without = operations.filter(|(_, text)| text.entity.is_none());
    let without: Vec<String> = without.map(|(name, _)| format!("`{name}`")).collect();
    for (index, limit) in around.file.http.limits.iter().enumerate() {
        let each = limit.for_each.as_ref();
        let goes_by_it = each.is_some_and(|each| mentions(&each.0, "operation.entity"));
        if goes_by_it && !without.is_empty() {
            let message = format!("these do not say what they work on: {}", without.join(", "));
            let hint = "give each its `entity`, as the API calls it; without, they are counted \
                as one";
            let at = spot.key("limits").index(index).key("for_each");
            at.key_warning(codes::MISSING_ENTITY, message, Some(hint.to_owned()));
        }
    }
}

fn allowance(text: &AllowanceText, spot: &Spot<'_>) -> Option<Allowance> {
    let header = |key: &str, name: &Option<String>| {
        let name = name.clone()?;
        header::check_name(&name, &spot.key(key));
        Some(name)
    };
    let remaining = header("remaining", &text.remaining).map(Left::Remaining);
    let used = header("used", &text.used).map(Left::Used);
    let reset_in = match text.reset_in {
        None | Some(ResetText::FromNow) => ResetIn::FromNow,
        Some(ResetText::UnixSeconds) => ResetIn::UnixSeconds,
        Some(ResetText::UnixMillis) => ResetIn::UnixMillis,
    };
    let reset = header("reset", &text.reset).map(|name| Reset::Header(name, reset_in));
    let pause = text.pause.as_ref();
    let pause = pause.map(|span| Reset::After(duration(span, PAUSE, &spot.key("pause"))));
    let (Some(left), Some(reset)) = (
        only(remaining, used, "remaining", "used", spot),
        only(reset, pause, "reset", "pause", spot),
    ) else {
        return None;
    };
    Some(Allowance {
        left,
        reset,
        keep: text.keep.unwrap_or_default(),
    })
}

/// The one of two that is given; a problem where that are both or neither.
fn only<T>(one: Option<T>, other: Option<T>, name: &str, or: &str, spot: &Spot<'_>) -> Option<T> {
    match (one, other) {
        (Some(only), None) | (None, Some(only)) => Some(only),
        _ => {
            let message = format!("exactly one of `{name}` and `{or}` is given");
            let hint = "the one tells it by a header of its own, the other does without".to_owned();
            spot.key_error(codes::EXACTLY_ONE, message, Some(hint));
            None
        }
    }
}

/// The form was checked with the structure.
fn percentage(text: &str) -> u8 {
    text.trim_end_matches('%').parse().unwrap_or(100)
}

fn retry(text: Option<&RetryText>, spot: &Spot<'_>) -> Retry {
    let usual = Retry::default();
    let Some(text) = text else { return usual };
    let on: Option<Vec<Class>> = text
        .on
        .as_ref()
        .map(|on| on.iter().map(|class| Class::from(*class)).collect());
    for (index, class) in on.iter().flatten().enumerate() {
        if !class.passes() {
            let message = format!("`{class}` does not pass by itself, so trying again is no use");
            let hint = "keep to `rate_limited`, `unavailable` and `unknown_outcome`".to_owned();
            spot.key("on")
                .index(index)
                .error(codes::RETRY_FORBIDDEN, message, Some(hint));
        }
    }
    let pause = |key: &str, text: Option<&SpanText>, usual| {
        text.map_or(usual, |text| duration(text, PAUSE, &spot.key(key)))
    };
    let retry = Retry {
        on: on.unwrap_or(usual.on),
        attempts: text.attempts.unwrap_or(usual.attempts),
        from: pause("from", text.from.as_ref(), usual.from),
        to: pause("to", text.to.as_ref(), usual.to),
    };
    if retry.to < retry.from {
        let message = "the longest pause is shorter than the first".to_owned();
        spot.error(
            codes::BACKWARD_PAUSES,
            message,
            Some("make `to` at least `from`".to_owned()),
        );
    }
    retry
}
