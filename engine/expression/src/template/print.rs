//! Printing: the few values that a template needs are put together, and the text is limited.

use std::io;
use std::sync::LazyLock;

use handlebars::{
    Context, Handlebars, Output, RenderContext, RenderError, RenderErrorReason, Renderable,
    no_escape,
};
use serde_json::{Map, Number, Value};

use super::{HELPERS, Need, Template};
use crate::error::{Error, quote};
use crate::scope::Scope;

/// The longest text that a template may print, in bytes. The longest field of a ticket that either
/// PSA takes is far below; a loop over a large list must not fill the memory.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// Knows the helpers; the same for every template.
static REGISTRY: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = Handlebars::new();
    registry.register_escape_fn(no_escape);
    for name in ["lookup", "raw", "log"] {
        registry.unregister_helper(name);
    }
    for helper in &HELPERS {
        if let Some(definition) = helper.definition() {
            registry.register_helper(helper.name, definition);
        }
    }
    registry
});

impl Template {
    /// Prints the template.
    pub(crate) fn print(&self, scope: &Scope<'_>) -> Result<String, Error> {
        let context = Context::from(self.data(scope)?);
        let mut render = RenderContext::new(None);
        let mut text = Limited(String::with_capacity(self.text.len()));
        self.parsed
            .render(&REGISTRY, &context, &mut render, &mut text)
            .map_err(|error| self.fail(reason(&error)))?;
        Ok(text.0)
    }

    fn fail(&self, reason: String) -> Error {
        Error::Print {
            template: quote(&self.text),
            reason,
        }
    }

    /// What the template needs of the scope, and no more, as one object.
    fn data(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        let mut data = Map::new();
        for need in &self.needs {
            let Some(value) = self.find(need, scope)? else {
                continue;
            };
            if need.printed && (value.is_object() || value.is_array()) {
                let what = if value.is_array() {
                    "a list"
                } else {
                    "an object"
                };
                return Err(self.fail(format!("`{}` is {what}", need.names.join("."))));
            }
            insert(&mut data, &need.names, value);
        }
        Ok(Value::Object(data))
    }

    fn find<'v>(&self, need: &Need, scope: &Scope<'v>) -> Result<Option<&'v Value>, Error> {
        let Some((first, names)) = need.names.split_first() else {
            return Ok(None);
        };
        let missing = |name: &str| Error::FindRoot {
            name: name.to_owned(),
            expression: quote(&self.text),
        };
        let mut found = if need.in_document {
            scope.whole().ok_or_else(|| missing("$"))?.get(first)
        } else {
            Some(scope.root(first).ok_or_else(|| missing(first))?)
        };
        for name in names {
            if found.is_some_and(Value::is_array) {
                return Err(self.fail(in_list(name)));
            }
            found = found.and_then(|value| value.get(name));
        }
        Ok(found)
    }
}

fn in_list(name: &str) -> String {
    format!("`{name}` is looked up in a list")
}

fn insert(data: &mut Map<String, Value>, names: &[String], value: &Value) {
    match names {
        [] => {}
        [last] => {
            data.insert(last.clone(), printable(value));
        }
        [first, rest @ ..] => {
            let inner = data
                .entry(first.as_str())
                .or_insert_with(|| Map::new().into());
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// A copy in which whole numbers are integers: an id that some language wrote as `29.0` must not
/// end up in a URL like that.
fn printable(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number)),
        Value::Array(parts) => parts.iter().map(printable).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, part)| (name.clone(), printable(part)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// The largest magnitude below which every whole number is exactly one `f64`.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

fn whole(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT_MAX => {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
            let integer = float as i64;
            integer.into()
        }
        _ => number.clone(),
    }
}

/// Why printing failed, without any value: only texts of this crate are passed on.
fn reason(error: &RenderError) -> String {
    match error.reason() {
        RenderErrorReason::Other(text) => text.clone(),
        RenderErrorReason::IOError(_) => format!("it prints more than {OUTPUT_BYTES_MAX} bytes"),
        RenderErrorReason::InvalidJsonIndex(name) => in_list(name),
        _ => "an argument of a helper is not of the kind it needs".to_owned(),
    }
}

/// Text that cannot grow beyond [`OUTPUT_BYTES_MAX`].
struct Limited(String);

impl Output for Limited {
    fn write(&mut self, part: &str) -> io::Result<()> {
        if self.0.len() + part.len() > OUTPUT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.push_str(part);
        Ok(())
    }
}
