//! Checks error rules.

use expression::Shape;
use regex::{Regex, RegexBuilder};

use super::cause;
use super::connector::Surroundings;
use super::value::Values;
use crate::codes;
use crate::page::Spot;
use crate::raw::operation::{ErrorText, WhenText};
use crate::rule::{ErrorRule, StatusPattern};

/// The largest compiled regular expression, in bytes. `\w{1000}` squared reaches it; no pattern
/// over an error message does.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Checks a list of rules, whose texts may name `told`.
pub(crate) fn check(
    rules: &[ErrorText],
    told: &Shape,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Vec<ErrorRule> {
    let mut checked = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let at = spot.index(index);
        let earlier = rules
            .iter()
            .take(index)
            .position(|before| covers(&before.when, &rule.when));
        if let Some(before) = earlier {
            let message = "this rule is never reached".to_owned();
            let hint = format!("`{}` applies wherever it would", spot.index(before).path());
            at.error(codes::UNREACHABLE_RULE, message, Some(hint));
        }
        checked.push(one(rule, told, around, &at));
    }
    checked
}

fn one(rule: &ErrorText, told: &Shape, around: &Surroundings<'_>, spot: &Spot<'_>) -> ErrorRule {
    let when = spot.key("when");
    let nothing = Shape::object::<String>([]);
    let reading = Values::document(&Shape::Any, &nothing, around.scripts);
    let matches = rule
        .when
        .matches
        .as_ref()
        .and_then(|text| pattern(text, &when.key("matches")));
    let groups: Vec<&str> = matches
        .iter()
        .flat_map(|regex| regex.capture_names().flatten())
        .collect();
    let names = groups.iter().fold(told.clone(), |names, group| {
        names.with(*group, Shape::Scalar)
    });
    let printing = Values::named(&names, around.scripts);
    // Groups are unknown when the pattern is; its own problem is enough then.
    let is_known = matches.is_some() || rule.when.matches.is_none();
    let remedy = rule.remedy.as_ref().filter(|_| is_known);
    let cause = if is_known {
        cause::of_rule(rule, &groups, &printing, around, spot)
    } else {
        None
    };
    ErrorRule {
        status: rule
            .when
            .status
            .as_ref()
            .and_then(|status| status_pattern(&status.0, &when)),
        header: rule.when.header.as_ref().map(|name| name.to_lowercase()),
        body: rule
            .when
            .body
            .as_ref()
            .and_then(|path| reading.selector(path, &when.key("body"))),
        matches: matches.clone(),
        class: rule.is.into(),
        remedy: remedy.map(|text| printing.template(text, &spot.key("remedy"))),
        cause,
    }
}

fn status_pattern(value: &serde_json::Value, when: &Spot<'_>) -> Option<StatusPattern> {
    let pattern = StatusPattern::parse(value);
    if pattern.is_none() {
        let message = format!(
            "`{}` is not a status",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        );
        let hint = "write a number from 100 to 599, or a class such as `5xx`".to_owned();
        when.key("status")
            .error(codes::BAD_STATUS, message, Some(hint));
    }
    pattern
}

/// Compiles a regular expression.
pub(crate) fn pattern(text: &str, spot: &Spot<'_>) -> Option<Regex> {
    if text.len() > 1 && text.starts_with('/') && text.ends_with('/') {
        let message = "the slashes around this are part of what it matches".to_owned();
        let hint = format!("write `{}`", text.trim_matches('/'));
        spot.error(codes::BAD_REGEX, message, Some(hint));
    }
    match RegexBuilder::new(text).size_limit(REGEX_BYTES_MAX).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            // The library draws the pattern over several lines; the reason is in the last.
            let error = error.to_string();
            let reason = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            let message = format!("this is not a regular expression: {reason}");
            spot.error(codes::BAD_REGEX, message, None);
            None
        }
    }
}

/// Whether every answer that `later` is about is one that `earlier` is about. What two different
/// paths or patterns have in common is not guessed.
fn covers(earlier: &WhenText, later: &WhenText) -> bool {
    let status = earlier.status.as_ref().is_none_or(|status| {
        let parse = |value: &crate::raw::value::StatusText| StatusPattern::parse(&value.0);
        match (parse(status), later.status.as_ref().and_then(parse)) {
            (Some(StatusPattern::Hundred(digit)), Some(StatusPattern::Exactly(status))) => {
                status / 100 == digit
            }
            (Some(earlier), Some(later)) => earlier == later,
            _ => false,
        }
    });
    let header = earlier.header.is_none() || earlier.header == later.header;
    let same_body =
        earlier.body.as_ref().map(|body| &body.0) == later.body.as_ref().map(|body| &body.0);
    let body = earlier.body.is_none() || same_body;
    let matches = earlier.matches.is_none() || earlier.matches == later.matches;
    status && header && body && matches
}
