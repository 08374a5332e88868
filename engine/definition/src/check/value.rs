//! Compiles the values of a file, and sees what an author most likely meant otherwise.

use expression::{Compiler, Expression, Fault, Scripts, Selector, Shape};
use serde_json::{Map, Value};

use super::scope::is_directive;
use crate::codes;
use crate::page::Spot;
use crate::raw::value::{Computed, Pairs, Picked, Template};

/// Names that are given, and that hardly any API has at the top of its answers.
const OWN_ROOTS: [&str; 4] = ["credentials", "settings", "setup", "vendor"];

/// Compiles values for one kind of scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    compiler: Compiler<'a>,
    /// The names that can be used, as far as they are known.
    names: &'a Shape,
    /// What `$` is, where it is a document.
    document: Option<&'a Shape>,
}

impl<'a> Values<'a> {
    /// For a scope of names.
    pub(crate) fn named(names: &'a Shape, scripts: &'a Scripts) -> Self {
        Self {
            compiler: Compiler::named(names, scripts),
            names,
            document: None,
        }
    }

    /// For a document as `$`, with names around it.
    pub(crate) fn document(document: &'a Shape, outer: &'a Shape, scripts: &'a Scripts) -> Self {
        Self {
            compiler: Compiler::document(document, outer, scripts),
            names: outer,
            document: Some(document),
        }
    }

    /// Compiles a value, reporting its faults; null stands for one that has any.
    pub(crate) fn value(&self, value: &Value, spot: &Spot<'_>) -> Expression {
        self.forgotten_dollar(value, spot);
        self.compile(value).unwrap_or_else(|faults| {
            spot.faults(faults);
            Expression::constant(Value::Null)
        })
    }

    pub(crate) fn compile(&self, value: &Value) -> Result<Expression, Vec<Fault>> {
        self.compiler.compile(value)
    }

    pub(crate) fn computed(&self, value: &Computed, spot: &Spot<'_>) -> Expression {
        self.value(&value.0, spot)
    }

    pub(crate) fn template(&self, text: &Template, spot: &Spot<'_>) -> Expression {
        self.value(&Value::String(text.0.clone()), spot)
    }

    pub(crate) fn selector(&self, text: &Picked, spot: &Spot<'_>) -> Option<Selector> {
        self.foreign_root(&text.0, spot);
        match self.compiler.selector(&Value::String(text.0.clone())) {
            Ok(selector) => Some(selector),
            Err(faults) => {
                spot.faults(faults);
                None
            }
        }
    }

    pub(crate) fn pairs(
        &self,
        pairs: &Pairs<Computed>,
        spot: &Spot<'_>,
    ) -> Vec<(String, Expression)> {
        let one = |name: &str, value: &Computed| {
            let at = spot.key(name);
            if value.0.is_null() {
                empty(name, &at);
            }
            (name.to_owned(), self.computed(value, &at))
        };
        pairs
            .0
            .iter()
            .map(|(name, value)| one(name, value))
            .collect()
    }

    /// Compiles a value in a place where one that is always the same makes no sense.
    pub(crate) fn varying(&self, value: &Value, spot: &Spot<'_>) -> Expression {
        let errors = spot.errors();
        let expression = self.value(value, spot);
        if expression.is_constant() && spot.errors() == errors && !spot.is_spoiled() {
            let message = format!("`{}` is always the same here", plain(value));
            let hint = match value.as_str() {
                Some(text) if is_dotted(text) => format!("did you mean `$.{text}`?"),
                _ => "pick it with a path, as in `$.id`".to_owned(),
            };
            spot.error(codes::CONSTANT_VALUE, message, Some(hint));
        }
        expression
    }

    pub(crate) fn varying_template(&self, text: &Template, spot: &Spot<'_>) -> Expression {
        self.varying(&Value::String(text.0.clone()), spot)
    }

    /// Reports texts such as `request.id`, which read like a path and are none. As the key of an
    /// effect, such a text would be the same for all requests, and only the first got its ticket.
    fn forgotten_dollar(&self, value: &Value, spot: &Spot<'_>) {
        match value {
            Value::String(text) if text.starts_with('$') => self.foreign_root(text, spot),
            Value::String(text) if text.contains('{') => self.single_braces(text, spot),
            Value::String(text) if self.reads_like_a_path(text) => {
                let message = format!("`{text}` is a text, and reads like a path");
                let hint = format!("write `$.{text}`; or `literal: {text}` if the text is meant");
                spot.error(codes::FORGOTTEN_DOLLAR, message, Some(hint));
            }
            Value::Array(parts) => {
                let parts = parts.iter().enumerate();
                parts.for_each(|(index, part)| self.forgotten_dollar(part, &spot.index(index)));
            }
            Value::Object(fields) if !is_directive(fields) => self.in_fields(fields, spot),
            _ => {}
        }
    }

    /// Reports paths such as `$.settings.tickets.queue`, in a filter, too, where `$` is what was
    /// answered: they find nothing, and nobody would see why.
    fn foreign_root(&self, path: &str, spot: &Spot<'_>) {
        if !matches!(self.document, Some(Shape::Any)) {
            return;
        }
        let is_known = |text: &&str| {
            let mut names = text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
            let (first, second) = (names.next().unwrap_or_default(), names.next());
            let names = [Some(first), second];
            OWN_ROOTS.contains(&first) && self.names.walk(names.into_iter().flatten()).is_some()
        };
        let Some(rest) = path.split("$.").skip(1).find(is_known) else {
            return;
        };
        let is_part = |one: char| one.is_ascii_alphanumeric() || "._".contains(one);
        let name: String = rest.chars().take_while(|one| is_part(*one)).collect();
        let message = format!("`$` is what was answered here, and `{name}` is no part of it");
        let hint =
            format!("print it with `{{{{ {name} }}}}`, or compare it in `where` or a script");
        spot.error(codes::FOREIGN_ROOT, message, Some(hint));
    }

    /// Reports `{ company.name }` in a text: printed as it stands, it would be the same for all. In
    /// an address, it is no part of one anyway.
    fn single_braces(&self, text: &str, spot: &Spot<'_>) {
        if text.starts_with('/') || text.contains("://") {
            return;
        }
        let is_known = |name: &&str| {
            let root = name.split('.').next().unwrap_or_default();
            is_dotted(name) && self.names.names().any(|known| known == root)
        };
        for name in in_single_braces(text).filter(is_known) {
            let message = format!("`{{ {name} }}` is text, and not what `{name}` is");
            let hint = format!("write two braces on each side: `{{{{ {name} }}}}`");
            spot.error(codes::SINGLE_BRACES, message, Some(hint));
        }
    }

    fn in_fields(&self, fields: &Map<String, Value>, spot: &Spot<'_>) {
        if let Some(key) = misspelt_script(fields) {
            let message = format!("`{key}` calls nothing: a function is called by `script`");
            let hint = "did you mean `script`?".to_owned();
            spot.key(key)
                .key_error(codes::UNKNOWN_KEY, message, Some(hint));
        }
        for (key, part) in fields {
            self.forgotten_dollar(part, &spot.key(key));
        }
    }

    fn reads_like_a_path(&self, text: &str) -> bool {
        let first = text.split('.').next().unwrap_or_default();
        text.contains('.') && is_dotted(text) && self.names.names().any(|name| name == first)
    }
}

/// Reports what is named and never sent. Mostly it is the rest of a text that a comma has cut.
fn empty(name: &str, spot: &Spot<'_>) {
    let message = format!("`{name}` has no value, so it is never sent");
    let hint = if name.contains(' ') {
        "in braces a comma ends a value: put the whole text in quotes"
    } else {
        "give it a value, or remove it"
    };
    spot.key_error(codes::EMPTY_VALUE, message, Some(hint.to_owned()));
}

/// The only key of a map, where it names a function of a script and is no directive.
fn misspelt_script(fields: &Map<String, Value>) -> Option<&str> {
    let mut fields = fields.iter();
    let (key, value) = fields.next().filter(|_| fields.len() == 0)?;
    let names_function = value.as_str()?.contains(".rhai#");
    names_function.then_some(key.as_str())
}

/// What stands between one brace on each side.
fn in_single_braces(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let (inside, after) = rest.split_once('}')?;
        let is_single = !text.get(..at)?.ends_with('{') && !after.starts_with('}');
        is_single.then_some(inside.trim())
    })
}

/// Whether a text is made of names with points between them.
fn is_dotted(text: &str) -> bool {
    let name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    text.split('.').all(name)
}

/// A value as a message quotes it.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{in_single_braces, is_dotted};

    #[test]
    fn single_braces_are_told_from_those_of_templates() {
        let found = |text| in_single_braces(text).collect::<Vec<_>>();
        assert_eq!(found("{{ a }} { b.c } {d}"), ["b.c", "d"]);
        assert!(found("{{#if a}}{{ b }}{{/if}} {{{ c }}} }").is_empty());
    }

    #[test]
    fn names_with_points_read_like_a_path() {
        assert!(is_dotted("request.customer_id") && is_dotted("id"));
        for other in [
            "",
            "request.",
            "1.0",
            "Read tickets",
            "$.id",
            "a-b.c",
            "{{ id }}",
        ] {
            assert!(!is_dotted(other), "{other}");
        }
    }
}
