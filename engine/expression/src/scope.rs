//! What an expression is evaluated on: values that exist already, found by name.
//!
//! A scope borrows. Putting one together costs one small list, however large the values are, and
//! evaluating on it copies what is picked and nothing else.

use serde_json::Value;

/// The values that expressions see. Build it in the form that the expressions were compiled for:
/// [`Compiler::named`](crate::Compiler::named) goes with [`Scope::new`],
/// [`Compiler::document`](crate::Compiler::document) with [`Scope::document`].
#[derive(Clone, Debug, Default)]
pub struct Scope<'v> {
    document: Option<&'v Value>,
    roots: Vec<(&'v str, &'v Value)>,
}

impl<'v> Scope<'v> {
    /// A scope in which `$` is the set of the names given by [`Scope::with`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A scope in which `$` is `document`. Templates and scripts may use the names given by
    /// [`Scope::with`] besides.
    pub fn document(document: &'v Value) -> Self {
        Self {
            document: Some(document),
            roots: Vec::new(),
        }
    }

    /// The same scope with one more name; it hides an earlier one that is equal.
    #[must_use]
    pub fn with(mut self, name: &'v str, value: &'v Value) -> Self {
        self.roots.push((name, value));
        self
    }

    /// The same names, with `document` as `$`.
    #[must_use]
    pub fn over(&self, document: &'v Value) -> Self {
        Self {
            document: Some(document),
            roots: self.roots.clone(),
        }
    }

    pub(crate) fn whole(&self) -> Option<&'v Value> {
        self.document
    }

    pub(crate) fn root(&self, name: &str) -> Option<&'v Value> {
        self.roots
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }
}
