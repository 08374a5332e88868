//! The kinds of value that stand in the files: expressions, templates, durations, named lists.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What a name looks like: an operation's, a field's, a pipeline's.
pub(crate) const NAME_PATTERN: &str = "^[a-z][a-z0-9_]{0,63}$";
/// What a span of time looks like.
pub(crate) const SPAN_PATTERN: &str = "^[0-9]{1,9}(ms|s|m|h|d)$";

/// What a content type looks like.
pub(crate) const TYPE_PATTERN: &str = r"^[\w.+-]+/[\w.+-]+(;[ -~]*)?$";

macro_rules! written_as_value {
    ($name:ident, $public:literal, $schema:expr) => {
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $public.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

pub(crate) use written_as_value;

/// A value that is computed: a path, a template, a script, or a map or list of such.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Computed(pub(crate) Value);

written_as_value!(
    Computed,
    "Value",
    json_schema!({
        "description": "A value that is computed. A text that starts with `$.` picks a typed \
            value, a text with `{{ }}` prints text, a map with the one key `script` calls a \
            function, `literal` keeps a text from being read so, a map or list is built from its \
            parts, and anything else is itself.",
        "examples": [
            "$.request.id",
            "Request {{ request.id }}",
            { "script": "ticket.rhai#compose" }
        ]
    })
);

/// A text that is computed.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Template(pub(crate) String);

written_as_value!(
    Template,
    "Template",
    json_schema!({
        "type": "string",
        "description": "A text, with `{{ }}` where something is printed into it; or a path that \
            starts with `$.` and picks one.",
        "examples": ["/Tickets/{{ ticket.id }}", "$.pageDetails.nextPageUrl"]
    })
);

/// A path that picks values.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Picked(pub(crate) String);

written_as_value!(
    Picked,
    "Selector",
    json_schema!({
        "type": "string",
        "description": "A JSONPath that may pick several values. `$` is the answer's body.",
        "examples": ["$.items[*]", "$.fields[?(@.name=='queueID')].picklistValues[*]"]
    })
);

/// A span of time with its unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct SpanText(pub(crate) String);

written_as_value!(
    SpanText,
    "Span",
    json_schema!({
        "type": "string",
        "pattern": SPAN_PATTERN,
        "description": "A span of time: a whole number and one of the units ms, s, m, h, d.",
        "examples": ["250ms", "30s", "5m", "1h", "2d"]
    })
);

/// A name.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Name(pub(crate) String);

written_as_value!(
    Name,
    "Name",
    json_schema!({
        "type": "string",
        "pattern": NAME_PATTERN,
        "description": "A name: small letters, digits and underscores, first a letter.",
        "examples": ["list_companies"]
    })
);

/// An HTTP status, or a class of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct StatusText(pub(crate) Value);

written_as_value!(
    StatusText,
    "Status",
    json_schema!({
        "type": ["integer", "string"],
        "description": "An HTTP status such as 404, or a class of them such as 5xx.",
        "examples": [404, "5xx"]
    })
);

/// A map whose keys are names the author chose, in the order they were written. The order is what
/// a form shows its fields in.
#[derive(Clone, Debug)]
pub(crate) struct Named<T>(pub(crate) Vec<(String, T)>);

/// A map whose keys are somebody else's names, such as HTTP headers or query parameters.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData)).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": NAME_PATTERN },
            "additionalProperties": generator.subschema_for::<T>()
        })
    }
}

impl<T: JsonSchema> JsonSchema for Pairs<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Pairs_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>()
        })
    }
}
