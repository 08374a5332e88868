//! Calls to the provider that people sign in with. Its addresses are the operator's, or stand in
//! what the provider says of itself; nothing of a partner's or a visitor's decides where they go.

use std::fmt;
use std::time::Duration;

use exchange::{
    About, Answer, Body, Broker, Content, Credential, Expect, Hosts, Kind, Limit, Method,
    Rejection, Request, Terms,
};
use model::{Class, Secret};
use serde_json::Value;

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::integrations::token_hash;
use crate::outbox::origin;

/// How long the provider may take to answer, with a person in front of it. Whoever waits for a
/// free place waits no longer than this, either.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer: keys and tokens are some kilobytes.
const BODY_BYTES_MAX: usize = 256 << 10;

/// The most calls at once. They are made for people who are not signed in yet, so that anybody can
/// cause them.
const CALLS_AT_ONCE: u32 = 8;

/// The longest code of an error that is quoted: those of RFC 6749 are shorter.
const CODE_CHARS_MAX: usize = 40;

/// One call to a provider.
pub struct ProviderCall<'a> {
    /// Where to.
    pub url: &'a str,
    /// What is posted; without it, the call is a GET.
    pub form: Option<Vec<(String, String)>>,
    /// The header `authorization`.
    pub authorization: Option<Secret>,
    /// What an error must not quote, besides that header.
    pub secret: Option<&'a Secret>,
}

impl<'a> ProviderCall<'a> {
    /// A GET of what anybody may see.
    pub fn get(url: &'a str) -> Self {
        Self {
            url,
            form: None,
            authorization: None,
            secret: None,
        }
    }
}

impl Runtime {
    /// What the provider answers, as JSON. Whatever is no success is an error that says so much for
    /// the log: the status, and the code of the error if there is one.
    pub async fn ask_provider(&self, call: ProviderCall<'_>) -> Result<Value, Error> {
        let broker = self.core.provider_broker(&call);
        let limit = Limit::Concurrent {
            key: "sign-in".to_owned(),
            at_most: CALLS_AT_ONCE,
        };
        let retry = exchange::Retry::never();
        let terms = Terms {
            broker: &broker,
            anonymous: false,
            allowance: None,
            kind: Kind::Read,
            limits: &[limit],
            retry: &retry,
            patience: TIMEOUT,
            rules: &not_given,
            priority: exchange::Priority::Tickets,
            about: About {
                partner: "",
                integration: "",
                operation: "sign_in",
            },
        };
        match self.core.exchange.call(&request(call), &terms).await {
            Ok(Answer {
                body: Content::Json(value),
                ..
            }) => Ok(value),
            Ok(_) => Ok(Value::Null),
            Err(failure) => Err(Error::Refused {
                class: failure.class,
                message: format!("the provider does not answer: {}", failure.message),
                remedy: None,
            }),
        }
    }
}

impl Core {
    /// One for each origin and secret, of which a provider has a few.
    fn provider_broker(&self, call: &ProviderCall<'_>) -> Broker {
        let origin = origin(call.url);
        let proof = call.authorization.as_ref().or(call.secret);
        let what = token_hash(&format!("{origin} {}", proof.map_or("", Secret::expose)));
        let name = format!("sign-in/{}", what.get(..12).unwrap_or_default());
        let secrets = call.authorization.iter().chain(call.secret);
        let credential = || Credential {
            secrets: secrets.cloned().collect(),
            hosts: Hosts::default().trust(origin).unwrap_or_default(),
            ..Credential::default()
        };
        let known = self.exchange.broker(&name);
        known.unwrap_or_else(|| self.exchange.set_broker(&name, credential()))
    }
}

fn request(call: ProviderCall<'_>) -> Request {
    let method = call.form.as_ref().map_or(Method::Get, |_| Method::Post);
    let mut request = Request::new(method, call.url);
    request.timeout = TIMEOUT;
    request.body_bytes_max = BODY_BYTES_MAX;
    request.expect = Expect::Json;
    request.set_header("accept", "application/json");
    if let Some(header) = call.authorization {
        request.set_header("authorization", header.expose());
    }
    request.body = call.form.map_or(Body::Empty, Body::Form);
    request
}

/// Whatever is no success is one and the same: nobody is signed in. None of it counts as rejected
/// credentials, after which the exchange would make no further call.
fn not_given(answer: &Answer) -> Option<Rejection> {
    let is_fine = (200..300).contains(&answer.status);
    (!is_fine).then(|| Rejection {
        class: Class::Unavailable,
        rule: "not given".to_owned(),
        message: Some(match code(answer) {
            Some(code) => format!("status {}: {code}", answer.status),
            None => format!("status {}", answer.status),
        }),
        remedy: None,
        cause: None,
        retry_after: None,
    })
}

/// The code of an error as RFC 6749 has it, such as `invalid_client`; nothing else is quoted.
fn code(answer: &Answer) -> Option<&str> {
    let Content::Json(body) = &answer.body else {
        return None;
    };
    let code = body.get("error")?.as_str()?;
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (code.len() <= CODE_CHARS_MAX && code.bytes().all(is_code)).then_some(code)
}

impl fmt::Debug for ProviderCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderCall({})", origin(self.url))
    }
}

#[cfg(test)]
mod tests {
    use exchange::RawAnswer;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_quotes_a_code_and_no_other_text() {
        let said = |status, body: Value| {
            let raw = RawAnswer::json(status, &body);
            let answer = Answer::read(raw, Expect::Json, Duration::ZERO);
            not_given(&answer).and_then(|rejection| rejection.message)
        };
        assert_eq!(said(200, json!({ "error": "ignored" })), None);
        let refused = said(401, json!({ "error": "invalid_client", "x": "secret" }));
        assert_eq!(refused.as_deref(), Some("status 401: invalid_client"));
        for body in [
            json!({ "error": "Code 12 is\nwrong" }),
            json!([]),
            json!({ "error": 5 }),
        ] {
            assert_eq!(said(400, body).as_deref(), Some("status 400"));
        }
    }
}
