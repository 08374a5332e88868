//! What is known of a value before it exists: enough to tell a misspelled name from a good one.
//!
//! A shape is not a schema and validates nothing. It comes from one ([`Shape::from_json_schema`])
//! or is put together by whoever announces names to a [`Compiler`](crate::Compiler).

mod schema;

use std::collections::BTreeMap;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: any path into it may hit something.
    #[default]
    Any,
    /// A text, number, boolean or null: no path leads into it.
    Scalar,
    /// An object.
    Object {
        /// The fields that it can have.
        fields: BTreeMap<String, Shape>,
        /// Whether it may have others too.
        open: bool,
    },
    /// A list of values of one shape.
    Array(Box<Shape>),
}

/// What a name means in a shape.
pub(crate) enum Found<'s> {
    /// This.
    Shape(&'s Shape),
    /// Nothing: the object has other fields only.
    Missing,
    /// Nothing: a list or a scalar has no names; the text says which it is.
    NoFields(&'static str),
}

static ANY: Shape = Shape::Any;

impl Shape {
    /// An object with exactly these fields.
    pub fn object<N: Into<String>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, shape)| (name.into(), shape))
            .collect();
        Self::Object {
            fields,
            open: false,
        }
    }

    /// An object with these fields and perhaps others.
    pub fn open_object<N: Into<String>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, shape)| (name.into(), shape))
            .collect();
        Self::Object { fields, open: true }
    }

    /// A list of `element`s.
    pub fn array(element: Self) -> Self {
        Self::Array(Box::new(element))
    }

    /// This object with one more field. What is not an object becomes one with this field only.
    #[must_use]
    pub fn with(self, name: impl Into<String>, shape: Self) -> Self {
        let (mut fields, open) = match self {
            Self::Object { fields, open } => (fields, open),
            Self::Any | Self::Scalar | Self::Array(_) => (BTreeMap::new(), false),
        };
        fields.insert(name.into(), shape);
        Self::Object { fields, open }
    }

    /// The shape at the end of `names`, each a field or, in a list, anything at all. `None` when
    /// it is certain that nothing is there.
    pub fn walk<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<&Self> {
        names.into_iter().try_fold(self, |shape, name| match shape {
            Self::Array(element) => Some(&**element),
            Self::Any | Self::Scalar | Self::Object { .. } => match shape.field(name) {
                Found::Shape(shape) => Some(shape),
                Found::Missing | Found::NoFields(_) => None,
            },
        })
    }

    /// The names of the known fields; none for what is not an object.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = match self {
            Self::Object { fields, .. } => Some(fields),
            Self::Any | Self::Scalar | Self::Array(_) => None,
        };
        fields.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Whether this shape itself names `name` as a field.
    pub(crate) fn declares(&self, name: &str) -> bool {
        matches!(self, Self::Object { fields, .. } if fields.contains_key(name))
    }

    pub(crate) fn field(&self, name: &str) -> Found<'_> {
        match self {
            Self::Any => Found::Shape(&ANY),
            Self::Scalar => Found::NoFields("a single value"),
            Self::Array(_) => Found::NoFields("a list"),
            Self::Object { fields, open } => match fields.get(name) {
                Some(shape) => Found::Shape(shape),
                None if *open => Found::Shape(&ANY),
                None => Found::Missing,
            },
        }
    }

    /// The shape of the parts: elements of a list, or any field of an object. `None` for a scalar.
    pub(crate) fn part(&self) -> Option<&Self> {
        match self {
            Self::Array(element) => Some(element),
            Self::Any | Self::Object { .. } => Some(&ANY),
            Self::Scalar => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_ends_where_nothing_can_be() {
        let shape = Shape::object([
            ("id", Shape::Scalar),
            (
                "items",
                Shape::array(Shape::object([("name", Shape::Scalar)])),
            ),
            ("extra", Shape::open_object([("known", Shape::Scalar)])),
        ]);
        let ends = |path: &[&str]| shape.walk(path.iter().copied()).cloned();
        assert_eq!(ends(&["items", "0", "name"]), Some(Shape::Scalar));
        assert_eq!(ends(&["items", "0", "nmae"]), None);
        assert_eq!(ends(&["id", "x"]), None);
        assert_eq!(ends(&["extra", "unheard", "of"]), Some(Shape::Any));
    }
}
