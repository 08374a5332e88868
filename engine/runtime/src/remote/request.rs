//! From an operation and its names to the request that is sent.

use definition::connector::Limit;
use definition::operation::{Body, Operation};
use exchange::Request;
use expression::Scope;
use serde_json::Value;

use super::Remote;

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
            for value in values(value.evaluate(scope)?) {
                // An address that is none is refused by the host check, with all its text.
                if !request.add_query(name, &value) {
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
        request.body = match &operation.body {
            None => exchange::Body::Empty,
            Some(Body::Json { value, keep_nulls }) => {
                let mut value = value.evaluate(scope)?;
                if !keep_nulls {
                    drop_nulls(&mut value);
                }
                exchange::Body::Json(value)
            }
            Some(Body::Form(fields)) => {
                let mut form = Vec::new();
                for (name, value) in fields {
                    let values = values(value.evaluate(scope)?);
                    form.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
                exchange::Body::Form(form)
            }
        };
        Ok(request)
    }

    /// The limits that a call for these names has to keep.
    pub(super) fn limits(
        &self,
        scope: &Scope<'_>,
    ) -> Result<Vec<exchange::Limit>, expression::Error> {
        let mut limits = Vec::new();
        for (at, limit) in self.connector.http.limits.iter().enumerate() {
            limits.push(match limit {
                Limit::Window {
                    requests,
                    per,
                    share,
                } => exchange::Limit::Window {
                    key: format!("{}#{at}", self.broker.name()),
                    requests: *requests,
                    per: *per,
                    share_percent: *share,
                },
                Limit::Concurrent { requests, for_each } => {
                    let each = match for_each {
                        Some(each) => text(&each.evaluate(scope)?),
                        None => String::new(),
                    };
                    exchange::Limit::Concurrent {
                        key: format!("{}#{at}#{each}", self.broker.name()),
                        at_most: *requests,
                    }
                }
            });
        }
        Ok(limits)
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

/// A value as it stands in an address or a header.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The values of one parameter: none for null, several for a list.
fn values(value: Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().filter(|v| !v.is_null()).map(text).collect(),
        value => vec![text(&value)],
    }
}

/// Takes out keys without a value: some APIs take a null for a wrong value, and none for the
/// absence of one.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(parts) => parts.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
