//! Checks what all exchanges of a connector have in common.

use expression::Compiler;
use model::Class;

use super::connector::Surroundings;
use super::{address, auth, duration, duration_or, pairs, rule, template};
use crate::codes;
use crate::connector::{Http, Limit, Retry, SETTLE_DEFAULT, TIMEOUT_DEFAULT};
use crate::page::Spot;
use crate::raw::connector::{LimitText, RetryText};

/// Checks `http`.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) -> Http {
    let text = &around.file.http;
    let setup_names = around.scope.during_setup();
    let addressing = Compiler::named(&setup_names, around.scripts);
    let names = around.scope.common();
    let sending = Compiler::named(&names, around.scripts);
    address::check_whole(&text.base_url, around, &spot.key("base_url"));
    address::check_hosts(&text.hosts, &spot.key("hosts"));
    let limits = text.limits.iter().enumerate();
    Http {
        base_url: template(&addressing, &text.base_url, &spot.key("base_url")),
        hosts: text.hosts.clone(),
        auth: text
            .auth
            .as_ref()
            .and_then(|auth| auth::check(auth, around, &addressing, &spot.key("auth"))),
        headers: pairs(&sending, &text.headers, &spot.key("headers")),
        timeout: duration_or(text.timeout.as_ref(), TIMEOUT_DEFAULT),
        settle: duration_or(text.settle.as_ref(), SETTLE_DEFAULT),
        limits: limits
            .filter_map(|(index, text)| limit(text, &sending, &spot.key("limits").index(index)))
            .collect(),
        retry: retry(text.retry.as_ref(), &spot.key("retry")),
        errors: rule::check(&text.errors, around.scripts, &spot.key("errors")),
    }
}

fn limit(text: &LimitText, compiler: &Compiler<'_>, spot: &Spot<'_>) -> Option<Limit> {
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
                per: duration(per),
                share,
            })
        }
        (None, Some(requests)) => {
            if text.per.is_some() || text.share.is_some() {
                return incomplete("`per` and `share` go with `requests`", "remove them");
            }
            let for_each = text.for_each.as_ref();
            let for_each = for_each.map(|each| template(compiler, each, &spot.key("for_each")));
            Some(Limit::Concurrent { requests, for_each })
        }
        _ => incomplete(
            "a limit has exactly one of `requests` and `concurrent`",
            "keep one",
        ),
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
    let retry = Retry {
        on: on.unwrap_or(usual.on),
        attempts: text.attempts.unwrap_or(usual.attempts),
        from: duration_or(text.from.as_ref(), usual.from),
        to: duration_or(text.to.as_ref(), usual.to),
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
