//! One call as operations read it: method, parameters, body.

use std::collections::HashMap;

use axum::extract::Query as QueryString;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::answer::Refusal;

/// One call, read.
pub(crate) struct Request<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) body: &'a str,
}

impl Request<'_> {
    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// A parameter of the query string, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = QueryString::<HashMap<String, String>>::try_from_uri(&self.parts.uri).ok()?;
        pairs
            .0
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_str(self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::invalid("The body must be an object.")),
            Err(error) => Err(Refusal::invalid(format!(
                "The body is not valid JSON: {error}"
            ))),
        }
    }

    pub(crate) fn wrong_verb(&self) -> Refusal {
        Refusal::Verb(self.method().clone())
    }

    pub(crate) fn only_get(&self) -> Result<(), Refusal> {
        if self.method() == Method::GET {
            Ok(())
        } else {
            Err(self.wrong_verb())
        }
    }
}
