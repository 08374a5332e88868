//! The outline of a document: which parts of it will be looked at. The rest is checked to be JSON
//! and skipped, since most of what an API answers is never used, and to build it costs more than
//! all that is done with what is.
//!
//! What is read by an outline has the same values at the places that the outline names as the
//! whole document has, and is of the same kind (map, list, scalar) there and above. Other places
//! may be missing.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Which parts of a value will be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// All of it.
    Whole,
    /// These fields of a map, and of anything else nothing.
    Fields(BTreeMap<String, Self>),
    /// This of each part of a list, and of each value of a map.
    Each(Box<Self>),
}

impl Outline {
    /// Nothing but what kind of value it is.
    pub fn nothing() -> Self {
        Self::Fields(BTreeMap::new())
    }

    /// What both look at.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fields(mut fields), Self::Fields(others)) => {
                for (name, other) in others {
                    let known = fields.remove(&name).unwrap_or_else(Self::nothing);
                    fields.insert(name, known.and(other));
                }
                Self::Fields(fields)
            }
            (Self::Each(one), Self::Each(other)) => Self::Each(Box::new(one.and(*other))),
            (Self::Fields(fields), other) | (other, Self::Fields(fields)) if fields.is_empty() => {
                other
            }
            _ => Self::Whole,
        }
    }

    /// Reads JSON.
    pub(crate) fn read(&self, text: &str) -> Result<Value, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(text);
        let value = self.deserialize(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for &Outline {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        match self {
            Outline::Whole => Value::deserialize(from),
            Outline::Fields(_) | Outline::Each(_) => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for &Outline {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        match self {
            Outline::Fields(wanted) => {
                while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match wanted.get(&*name) {
                        Some(outline) => {
                            let value = map.next_value_seed(outline)?;
                            fields.insert(name.into_owned(), value);
                        }
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
            Outline::Each(outline) => {
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value_seed(&**outline)?;
                    fields.insert(name, value);
                }
            }
            Outline::Whole => {
                while let Some((name, value)) = map.next_entry()? {
                    fields.insert(name, value);
                }
            }
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut parts = Vec::new();
        match self {
            Outline::Fields(_) => while list.next_element::<IgnoredAny>()?.is_some() {},
            Outline::Each(outline) => {
                while let Some(part) = list.next_element_seed(&**outline)? {
                    parts.push(part);
                }
            }
            Outline::Whole => {
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
            }
        }
        Ok(Value::Array(parts))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test should panic")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fields<const N: usize>(fields: [(&str, Outline); N]) -> Outline {
        Outline::Fields(
            fields
                .map(|(name, outline)| (name.to_owned(), outline))
                .into(),
        )
    }

    #[test]
    fn only_what_is_looked_at_is_kept() {
        let row = fields([
            ("id", Outline::Whole),
            ("at", fields([("town", Outline::Whole)])),
        ]);
        let outline = fields([("rows", Outline::Each(Box::new(row)))]);
        let text = r#"{"n": 2, "rows": [{"id": 1, "x": [1, {}], "at": {"town": "a", "no": 3}},
            {"x": "ü", "id": null}, 7, [1], {"at": []}]}"#;
        let kept = json!({ "rows": [{ "id": 1, "at": { "town": "a" } }, { "id": null }, 7, [],
            { "at": [] }] });
        assert_eq!(outline.read(text).unwrap(), kept);
    }

    #[test]
    fn what_is_skipped_must_be_json_too() {
        let outline = fields([("id", Outline::Whole)]);
        for wrong in [
            r#"{"id": 1, "x": [1, }"#,
            r#"{"id": 1} more"#,
            r#"{"id": 1, "x": "ab"#,
        ] {
            let whole = serde_json::from_str::<Value>(wrong).unwrap_err();
            let error = outline.read(wrong).unwrap_err();
            assert_eq!(error.is_eof(), whole.is_eof(), "{wrong}");
        }
    }

    #[test]
    fn what_two_look_at_is_kept_for_both() {
        let one = fields([("a", fields([("b", Outline::Whole)]))]);
        let other = fields([
            ("a", fields([("c", Outline::Whole)])),
            ("d", Outline::Whole),
        ]);
        let both = fields([
            ("a", fields([("b", Outline::Whole), ("c", Outline::Whole)])),
            ("d", Outline::Whole),
        ]);
        assert_eq!(one.clone().and(other), both);
        assert_eq!(
            one.and(Outline::Each(Box::new(Outline::Whole))),
            Outline::Whole
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c\"\\\\ü]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// At the places that it names, an outline gives what the whole document has there.
        #[test]
        fn named_places_are_as_in_the_whole(document in any_json()) {
            let outline = fields([("a", fields([("b", Outline::Whole)])),
                ("b", Outline::Each(Box::new(fields([("a", Outline::Whole)]))))]);
            let read = outline.read(&document.to_string()).unwrap();
            prop_assert_eq!(read.pointer("/a/b"), document.pointer("/a/b"));
            for place in 0..4 {
                for pointer in [format!("/b/{place}/a"), "/b/a/a".to_owned(), "/b/c/a".to_owned()] {
                    prop_assert_eq!(read.pointer(&pointer), document.pointer(&pointer));
                }
            }
            prop_assert_eq!(Outline::Whole.read(&document.to_string()).unwrap(), document);
        }
    }
}
