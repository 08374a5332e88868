//! What a form sends: names and values, in the order of the page.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::failure::Failure;
use crate::limits::FIELDS_MAX;

/// The field that proves that a form is of this session.
pub(crate) const PROOF: &str = "_proof";

/// The field that says which button of a form was pressed.
pub(crate) const ACTION: &str = "do";

/// The fields of a form that the guard has let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`; `None` if there are too many fields.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX + 1);
        let read: Vec<(String, String)> = pairs.map(|(a, b)| (a.into(), b.into())).collect();
        (read.len() <= FIELDS_MAX).then_some(Self(read))
    }

    /// The last value of `name`: a box that is not ticked sends nothing, so that a page may put a
    /// hidden field before it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().rev().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// As [`Self::get`], without white space around it and without what is then blank.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// Which button was pressed.
    pub(crate) fn action(&self) -> &str {
        self.get(ACTION).unwrap_or_default()
    }

    /// All fields whose names begin with `prefix`, by the rest of the name.
    pub(crate) fn below<'a>(&'a self, prefix: &'a str) -> BTreeMap<&'a str, &'a str> {
        let pairs = self.0.iter();
        pairs
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
            .collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let fields = parts.extensions.get::<Self>().cloned();
        fields.ok_or_else(Failure::not_a_form)
    }
}
