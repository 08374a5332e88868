//! Printing: the few values that a template needs are put together, and the text is limited.

use std::io;
use std::sync::LazyLock;

use handlebars::{
    Context, Handlebars, Output, RenderContext, RenderError, RenderErrorReason, Renderable,
    no_escape,
};
use serde_json::{Map, Number, Value};

use super::{HELPERS, Need, Piece, Template};
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
        match &self.pieces {
            Some(pieces) => self.print_pieces(pieces, scope),
            None => self.render(scope),
        }
    }

    /// Prints a template without blocks and helpers, as [`Template::render`] would.
    fn print_pieces(&self, pieces: &[Piece], scope: &Scope<'_>) -> Result<String, Error> {
        let mut text = Limited(String::with_capacity(self.text.len()));
        for piece in pieces {
            let written = match piece {
                Piece::Text(part) => text.write(part),
                Piece::Field(need) => match self.find(need, scope)? {
                    None | Some(Value::Null) => Ok(()),
                    Some(Value::String(part)) => text.write(part),
                    Some(value) => {
                        self.check_printable(need, value)?;
                        text.write(&printable(value).to_string())
                    }
                },
            };
            written.map_err(|_| self.fail(too_long()))?;
        }
        Ok(text.0)
    }

    /// Prints the template by the library.
    fn render(&self, scope: &Scope<'_>) -> Result<String, Error> {
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
            self.check_printable(need, value)?;
            insert(&mut data, &need.names, value);
        }
        Ok(Value::Object(data))
    }

    fn check_printable(&self, need: &Need, value: &Value) -> Result<(), Error> {
        let what = match value {
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
            _ => return Ok(()),
        };
        if need.printed {
            return Err(self.fail(format!("`{}` is {what}", need.names.join("."))));
        }
        Ok(())
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
        RenderErrorReason::IOError(_) => too_long(),
        RenderErrorReason::InvalidJsonIndex(name) => in_list(name),
        _ => "an argument of a helper is not of the kind it needs".to_owned(),
    }
}

fn too_long() -> String {
    format!("it prints more than {OUTPUT_BYTES_MAX} bytes")
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::compile::Names;
    use crate::shape::Shape;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[^{}]{0,6}".prop_map(Value::from),
            Just(json!([1])),
            Just(json!({ "b": 1 })),
        ]
    }

    proptest! {
        /// What is printed at once is what the library prints, and fails where it does.
        #[test]
        fn pieces_are_what_the_library_prints(
            parts in prop::collection::vec(
                prop_oneof![
                    "[^{}\\\\]{0,5}",
                    Just("{{ a }}".to_owned()),
                    Just("{{a.b}}".to_owned()),
                    Just("{{{c}}}".to_owned()),
                    Just("\\{{a}}".to_owned()),
                    Just("{{! note }}".to_owned()),
                    Just("{{~a~}}".to_owned()),
                    Just("\n{{c}}\n".to_owned()),
                ],
                0..6,
            ),
            a in value(),
            b in value(),
            c in value(),
            nested in any::<bool>(),
        ) {
            let names = Names { roots: &Shape::Any, document: None };
            let template = Template::compile(&parts.concat(), &names).unwrap();
            let is_plain = !parts.contains(&"{{! note }}".to_owned());
            prop_assert_eq!(template.pieces.is_some(), is_plain);
            let a = if nested { json!({ "b": b }) } else { a };
            let scope = Scope::new().with("a", &a).with("c", &c);
            // Where several fields cannot be printed, either may be the one that is named.
            prop_assert_eq!(template.print(&scope).ok(), template.render(&scope).ok());
        }
    }
}
