//! YAML text as a tree in which every value and every key knows where it stands.
//!
//! The dialect is deliberately small: one document, no tags, each key once, and plain words that
//! mean what they look like. `no` and `0x10` are texts, because a country code that turns into
//! `false` is a wrong bill. Aliases work, within limits that a billion-laughs file runs into.

mod build;
mod scalar;
mod slip;
#[cfg(test)]
mod tests;

pub(crate) use build::parse;
pub(crate) use scalar::within;

use serde_json::{Map, Number, Value};

/// How deep values may nest.
pub(crate) const DEPTH_MAX: usize = 64;
/// How many values a file may hold once its aliases are expanded.
pub(crate) const NODES_MAX: usize = 50_000;

/// Where something stands: line and column from 1, columns and length in characters. A span never
/// reaches beyond its first line, because one line is what a reader is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) length: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A text and how it was written, which is needed to point at a character inside it.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) style: Style,
}

/// How a text is written. It decides where its n-th character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    DoubleQuoted,
    Block,
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// The entry of `key`, if this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The value below this one by one step of a JSON pointer, unescaped.
    pub(crate) fn child(&self, step: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(_) => self.entry(step).map(|entry| &entry.value),
            Kind::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The best place to show for this value by itself: for a map its first key, since the map as
    /// such begins nowhere visible.
    pub(crate) fn visible_span(&self) -> Span {
        match &self.kind {
            Kind::Map(entries) => entries.first().map_or(self.span, |entry| entry.key_span),
            _ => self.span,
        }
    }

    /// The value without its places. Keys keep their order.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(value.clone()),
            Kind::Text(text) => Value::String(text.value.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Kind::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}
