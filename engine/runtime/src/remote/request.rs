//! From an operation and its names to the request that is sent.

mod body;

use definition::connector::{Left, Limit, Reset, ResetIn};
use definition::operation::{Answers, Operation};
use exchange::{Expect, Request, ResetForm};
use expression::{Expression, Scope};
use serde_json::Value;

use super::{Remote, limits_name};

/// What an exchange needs beyond what a definition says about retries.
pub(super) fn retry(retry: &definition::connector::Retry) -> exchange::Retry {
    exchange::Retry {
        on: retry.on.clone(),
        attempts: retry.attempts,
        from: retry.from,
        to: retry.to,
        budget: exchange::Budget::default(),
    }
}

impl Remote {
    /// The request of `operation` for these names.
    pub(super) fn request(
        &self,
        operation: &Operation,
        scope: &Scope<'_>,
    ) -> Result<Request, expression::Error> {
        let http = &self.connector.http;
        let mut url = text(&operation.url.evaluate(scope)?);
        if url.starts_with('/') {
            url.insert_str(
                0,
                text(&http.base_url.evaluate(scope)?).trim_end_matches('/'),
            );
        }
        let mut request = Request::new(method(operation.method), url);
        request.timeout = operation.timeout;
        for (name, value) in &operation.query {
            for (name, value) in pairs(name, value.evaluate(scope)?) {
                // An address that is none is refused by the host check, with all its text.
                if !request.add_query(&name, &value) {
                    break;
                }
            }
        }
        let common = if operation.anonymous {
            [].iter()
        } else {
            http.headers.iter()
        };
        for (name, value) in common.chain(&operation.headers) {
            for value in values(value.evaluate(scope)?) {
                request.set_header(name, value);
            }
        }
        request.expect = expect(operation.answers);
        if let Some(body) = &operation.body {
            request.body = body::compute(body, scope)?;
        }
        Ok(request)
    }

    /// Where answers tell how many calls are left.
    pub(super) fn allowance(&self) -> Option<exchange::Allowance> {
        let told = self.connector.http.allowance.as_ref()?;
        Some(exchange::Allowance {
            left: match &told.left {
                Left::Remaining(header) => exchange::Left::Remaining(header.clone()),
                Left::Used(header) => exchange::Left::Used(header.clone()),
            },
            reset: match &told.reset {
                Reset::Header(header, form) => {
                    exchange::Reset::Header(header.clone(), reset(*form))
                }
                Reset::After(pause) => exchange::Reset::After(*pause),
            },
            keep: u64::from(told.keep),
        })
    }

    /// The limits that a call for these names has to keep. They are the integration's: the other
    /// side counts the calls of a trial among its calls.
    pub(super) fn limits(
        &self,
        scope: &Scope<'_>,
    ) -> Result<Vec<exchange::Limit>, expression::Error> {
        let limits = self.connector.http.limits.iter().enumerate();
        limits
            .map(|(at, limit)| self.limit(at, limit, scope))
            .collect()
    }

    /// The limit at `at`, with the key under which calls are counted together.
    pub(super) fn limit(
        &self,
        at: usize,
        limit: &Limit,
        scope: &Scope<'_>,
    ) -> Result<exchange::Limit, expression::Error> {
        Ok(match limit {
            Limit::Window {
                requests,
                per,
                share,
                across,
            } => exchange::Limit::Window {
                key: format!("{}#{at}", self.counted_with(across.as_ref(), scope)?),
                requests: *requests,
                per: *per,
                share_percent: *share,
            },
            Limit::Concurrent {
                requests,
                for_each,
                across,
            } => {
                let whose = self.counted_with(across.as_ref(), scope)?;
                let each = match for_each {
                    Some(each) => text(&each.evaluate(scope)?),
                    None => String::new(),
                };
                exchange::Limit::Concurrent {
                    key: format!("{whose}#{at}#{each}"),
                    at_most: *requests,
                }
            }
        })
    }

    /// Whom the other side counts together: the partner's integrations that it takes for one, else
    /// this one alone. Before setup has found out which those are, nobody can tell; the few calls
    /// until then are the integration's own.
    fn counted_with(
        &self,
        across: Option<&Expression>,
        scope: &Scope<'_>,
    ) -> Result<String, expression::Error> {
        match across.filter(|_| self.is_set_up()) {
            Some(across) => {
                let (partner, connector) = (&self.integration.partner, &self.connector.name);
                let shared = text(&across.evaluate(scope)?);
                Ok(format!("{partner}/{connector}/{shared}"))
            }
            None => Ok(limits_name(&self.integration)),
        }
    }
}

const fn method(method: definition::operation::Method) -> exchange::Method {
    match method {
        definition::operation::Method::Get => exchange::Method::Get,
        definition::operation::Method::Post => exchange::Method::Post,
        definition::operation::Method::Put => exchange::Method::Put,
        definition::operation::Method::Patch => exchange::Method::Patch,
        definition::operation::Method::Delete => exchange::Method::Delete,
    }
}

const fn expect(answers: Answers) -> Expect {
    match answers {
        Answers::JsonOrEmpty => Expect::JsonOrEmpty,
        Answers::Json => Expect::Json,
        Answers::JsonLines => Expect::JsonLines,
        Answers::Csv => Expect::Csv,
        Answers::Xml => Expect::Xml,
        Answers::Anything => Expect::Anything,
    }
}

/// A value as it stands in an address or a header.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The values of one parameter: none for null, several for a list.
pub(super) fn values(value: Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().filter(|v| !v.is_null()).map(text).collect(),
        value => vec![text(&value)],
    }
}

/// The pairs of one parameter, as forms and queries have them: a map has a pair for each of its
/// keys, `name[key]`, and a list of maps for each of its parts, `name[0][key]`, as most APIs that
/// take nested forms read them. A list of anything else repeats the name; `key[]` stays as it is.
pub(super) fn pairs(name: &str, value: Value) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => {
            let within = fields.into_iter();
            within
                .flat_map(|(key, value)| pairs(&within_brackets(name, &key), value))
                .collect()
        }
        Value::Array(parts) if parts.iter().any(Value::is_object) => {
            let parts = parts.into_iter().enumerate();
            parts
                .flat_map(|(at, part)| pairs(&format!("{name}[{at}]"), part))
                .collect()
        }
        value => {
            let repeated = values(value).into_iter();
            repeated.map(|value| (name.to_owned(), value)).collect()
        }
    }
}

fn within_brackets(name: &str, key: &str) -> String {
    match key.strip_suffix("[]") {
        Some(key) => format!("{name}[{key}][]"),
        None => format!("{name}[{key}]"),
    }
}

/// A count, which some APIs write as a float or as text.
pub(super) fn whole(value: &Value) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only whole numbers that are not negative get there"
    )]
    let of_float = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().and_then(of_float)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

const fn reset(form: ResetIn) -> ResetForm {
    match form {
        ResetIn::FromNow => ResetForm::FromNow,
        ResetIn::UnixSeconds => ResetForm::UnixSeconds,
        ResetIn::UnixMillis => ResetForm::UnixMillis,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_nested_is_written_with_brackets() {
        let value = json!({
            "note": "x",
            "none": null,
            "tags[]": ["a", "b"],
            "lines": [{ "price": 1 }, { "to": [2, 3] }],
        });
        let written: Vec<String> = pairs("of", value)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let expected = [
            "of[lines][0][price]=1",
            "of[lines][1][to]=2",
            "of[lines][1][to]=3",
            "of[note]=x",
            "of[tags][]=a",
            "of[tags][]=b",
        ];
        let mut sorted = written;
        sorted.sort();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn counts_are_read_in_every_form_that_apis_use() {
        assert_eq!(whole(&json!(12)), Some(12));
        assert_eq!(whole(&json!(12.0)), Some(12));
        assert_eq!(whole(&json!("12")), Some(12));
        for wrong in [json!(-1), json!(1.5), json!("many"), json!(null)] {
            assert_eq!(whole(&wrong), None, "{wrong}");
        }
    }
}
