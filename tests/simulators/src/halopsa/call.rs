//! One call as operations read it: method, parameters, body.

use std::collections::HashMap;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, Uri};

/// One call, read.
pub(crate) struct Call<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) body: &'a str,
}

impl Call<'_> {
    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(crate) fn parameters(&self) -> Parameters {
        Parameters::of(&self.parts.uri)
    }
}

/// Parameters of a query string or fields of a form, by name in lower case.
#[derive(Debug, Default)]
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0);
        let pairs = pairs.unwrap_or_default().into_iter();
        Self(
            pairs
                .map(|(key, value)| (key.to_lowercase(), value))
                .collect(),
        )
    }

    /// The fields of a form; its body is written as a query string is.
    pub(crate) fn of_form(body: &str) -> Self {
        let uri = format!("/?{body}").parse();
        uri.map(|uri| Self::of(&uri)).unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a parameter is `true`; anything else is not.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether something `fits`, or nobody asked that it should.
    pub(crate) fn only(&self, name: &str, fits: bool) -> bool {
        fits || !self.flag(name)
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// Numbers that are separated by commas; none when the parameter is absent.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<i64>> {
        let text = self.text(name)?;
        let numbers = text.split(',').filter_map(|part| part.trim().parse().ok());
        Some(numbers.collect())
    }
}
