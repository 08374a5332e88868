//! JSONPath (RFC 9535): read once, checked against what is known, walked without copying.
//!
//! Names, indexes and `[*]`, which is nearly every path there is, are walked here, borrowing and
//! without building a location for each hit as the library does. From the first segment that is
//! more than that (a filter, slice, union or `..`) the library takes over.

mod check;
mod parse;

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use crate::error::Error;
use crate::scope::Scope;

/// A path that was found good.
#[derive(Debug)]
pub(crate) struct Path {
    text: Box<str>,
    start: Start,
    steps: Box<[Step]>,
    rest: Option<JpQuery>,
}

/// What the steps are taken from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The one document that `$` is.
    Document,
    /// One of the names that `$` has.
    Root(Box<str>),
}

/// One step on the way to what an expression looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'e> {
    /// The field of this name.
    Name(&'e str),
    /// Any part of a list, any value of a map.
    Each,
}

#[derive(Debug)]
pub(crate) enum Step {
    Name(Box<str>),
    /// From the end when negative.
    Index(i64),
    Each,
}

/// What a path hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picked<'v> {
    pub(crate) values: Vec<&'v Value>,
    pub(crate) lacking: Option<String>,
}

impl Path {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn start(&self) -> &Start {
        &self.start
    }

    /// The way to what is looked at in the document, which is all of what lies at its end; `None`
    /// where it does not begin there.
    pub(crate) fn places(&self) -> Option<Vec<Place<'_>>> {
        let steps = self.steps.iter().map(|step| match step {
            Step::Name(name) => Place::Name(name),
            Step::Index(_) | Step::Each => Place::Each,
        });
        (self.start == Start::Document).then(|| steps.collect())
    }

    /// Whether it leads to this field of a name of the scope, or to all of the name.
    pub(crate) fn looks_at(&self, root: &str, field: &str) -> bool {
        let begins = matches!(&self.start, Start::Root(name) if **name == *root);
        begins
            && match self.steps.first() {
                Some(Step::Name(name)) => **name == *field,
                Some(Step::Index(_) | Step::Each) | None => true,
            }
    }

    /// Whether there is no more to it than its steps.
    pub(crate) fn is_walked(&self) -> bool {
        self.rest.is_none()
    }

    /// The one value hit, `None` when there is none.
    pub(crate) fn pick_one<'v>(&self, scope: &Scope<'v>) -> Result<Option<&'v Value>, Error> {
        if self.rest.is_none() && !self.steps.iter().any(|step| matches!(step, Step::Each)) {
            let start = self.begin(scope)?;
            return Ok(self
                .steps
                .iter()
                .try_fold(start, |value, step| step.single(value)));
        }
        match *self.pick(scope)?.values {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            ref several => Err(Error::PickOne {
                path: self.text.to_string(),
                hits: several.len(),
            }),
        }
    }

    /// Every value hit, in document order.
    pub(crate) fn pick<'v>(&self, scope: &Scope<'v>) -> Result<Picked<'v>, Error> {
        let mut values = vec![self.begin(scope)?];
        for step in &self.steps {
            let next: Vec<&Value> = values.iter().flat_map(|value| step.all(value)).collect();
            if next.is_empty() && !values.iter().any(|value| step.fits(value)) {
                return Ok(Picked {
                    values: next,
                    lacking: Some(step.to_string()),
                });
            }
            values = next;
        }
        let Some(rest) = &self.rest else {
            return Ok(Picked {
                values,
                lacking: None,
            });
        };
        let mut hits = Vec::new();
        for value in values {
            let found = js_path_process(rest, value).map_err(|_| Error::Pick {
                path: self.text.to_string(),
            })?;
            hits.extend(found.into_iter().map(|hit| hit.val));
        }
        Ok(Picked {
            values: hits,
            lacking: None,
        })
    }

    fn begin<'v>(&self, scope: &Scope<'v>) -> Result<&'v Value, Error> {
        let (found, name) = match &self.start {
            Start::Document => (scope.whole(), "$"),
            Start::Root(name) => (scope.root(name), &**name),
        };
        found.ok_or_else(|| Error::FindRoot {
            name: name.to_owned(),
            expression: self.text.to_string(),
        })
    }
}

impl Step {
    fn single<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Name(name) => value.as_object()?.get(&**name),
            Self::Index(index) => {
                let list = value.as_array()?;
                let distance = usize::try_from(index.unsigned_abs()).ok()?;
                let from_end = index.is_negative();
                list.get(if from_end {
                    list.len().checked_sub(distance)?
                } else {
                    distance
                })
            }
            Self::Each => None,
        }
    }

    fn all<'v>(&self, value: &'v Value) -> Box<dyn Iterator<Item = &'v Value> + 'v> {
        match (self, value) {
            (Self::Each, Value::Array(list)) => Box::new(list.iter()),
            (Self::Each, Value::Object(map)) => Box::new(map.values()),
            _ => Box::new(self.single(value).into_iter()),
        }
    }

    /// Whether no hit in `value` is an answer rather than a surprise: a list may be empty, or
    /// shorter than an index; but a field that is not there may mean that an answer changed form.
    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Name(_) => false,
            Self::Index(_) => value.is_array(),
            Self::Each => value.is_array() || value.is_object(),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Each => f.write_str("[*]"),
        }
    }
}
