//! Checks what all exchanges of a connector have in common.

use expression::{Compiler, Scripts};
use model::Class;

use super::connector::Surroundings;
use super::{duration, duration_or, pairs, rule, template};
use crate::codes;
use crate::connector::{Http, Limit, Retry, SETTLE_DEFAULT, TIMEOUT_DEFAULT};
use crate::page::Spot;
use crate::raw::connector::{LimitText, RetryText};
use serde_json::Value;

/// Checks `http`.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) -> Http {
    let text = &around.file.http;
    let setup_names = around.scope.during_setup();
    let addressing = Compiler::named(&setup_names, around.scripts);
    let names = around.scope.common();
    let sending = Compiler::named(&names, around.scripts);
    let base_url = Value::String(text.base_url.0.clone());
    around.secrets.refuse_in(&base_url, &spot.key("base_url"));
    check_start(&text.base_url.0, &spot.key("base_url"));
    hosts(&text.hosts, &spot.key("hosts"));
    let limits = text.limits.iter().enumerate();
    Http {
        base_url: template(&addressing, &text.base_url, &spot.key("base_url")),
        hosts: text.hosts.clone(),
        headers: pairs(&sending, &text.headers, &spot.key("headers")),
        timeout: duration_or(text.timeout.as_ref(), TIMEOUT_DEFAULT),
        settle: duration_or(text.settle.as_ref(), SETTLE_DEFAULT),
        limits: limits
            .filter_map(|(index, text)| limit(text, &sending, &spot.key("limits").index(index)))
            .collect(),
        retry: retry(text.retry.as_ref(), &spot.key("retry")),
        errors: errors(around.scripts, text, spot),
    }
}

fn errors(
    scripts: &Scripts,
    text: &crate::raw::connector::HttpText,
    spot: &Spot<'_>,
) -> Vec<crate::rule::ErrorRule> {
    rule::check(&text.errors, scripts, &spot.key("errors"))
}

/// What leads all addresses is written out or computed, and encrypted either way.
fn check_start(url: &str, spot: &Spot<'_>) {
    if !["https://", "{{", "$"]
        .iter()
        .any(|start| url.starts_with(start))
    {
        let message = format!("`{url}` is not an address to begin with");
        spot.error(
            codes::BAD_URL,
            message,
            Some("begin it with `https://`".to_owned()),
        );
    }
}

fn hosts(hosts: &[String], spot: &Spot<'_>) {
    for (index, host) in hosts.iter().enumerate() {
        if !is_host_pattern(host) {
            let message = format!("`{host}` is not a host");
            let hint = "write `api.example.net`, or `*.example.net` for all hosts below it; \
                without scheme, port or path"
                .to_owned();
            spot.index(index)
                .error(codes::BAD_HOST, message, Some(hint));
        }
    }
}

/// A wildcard stands for whole labels in front of at least two others: `*.net` is nobody's.
fn is_host_pattern(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// Whether `host` is one of `patterns`.
pub(crate) fn is_allowed(host: &str, patterns: &[String]) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => host == pattern,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_the_names_below_it_and_no_other() {
        let patterns = ["*.example.net".to_owned(), "api.other.net".to_owned()];
        for allowed in ["a.example.net", "a.b.example.net", "api.other.net"] {
            assert!(is_allowed(allowed, &patterns), "{allowed}");
        }
        for refused in [
            "example.net",
            "evilexample.net",
            "a.example.net.evil.org",
            "other.net",
        ] {
            assert!(!is_allowed(refused, &patterns), "{refused}");
        }
        for wrong in [
            "*.net",
            "*",
            "https://a.net",
            "a.net/x",
            "a.net:443",
            "A.net",
            "-a.net",
        ] {
            assert!(!is_host_pattern(wrong), "{wrong}");
        }
    }
}
