//! Shapes from JSON Schemas (draft 2020-12, as far as names are concerned).

use std::collections::BTreeMap;

use serde_json::Value;

use super::Shape;

/// How many schemas may be inside each other, references followed. A recursive schema never ends,
/// and nobody writes a path this long; beyond it nothing is known.
const DEPTH_MAX: usize = 24;

impl Shape {
    /// What `schema` says about names. Local references (`#/$defs/...`) are followed. Whatever is
    /// not understood is [`Shape::Any`], so that a good path is never refused.
    pub fn from_json_schema(schema: &Value) -> Self {
        shape_of(schema, schema, DEPTH_MAX).unwrap_or_default()
    }
}

/// The shape of what is not null; `None` when nothing else is allowed. A path into null hits
/// nothing, which is no mistake, so a value that may be null has the shape it otherwise has.
fn shape_of(schema: &Value, document: &Value, depth: usize) -> Option<Shape> {
    let Some(depth) = depth.checked_sub(1) else {
        return Some(Shape::Any);
    };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        return found.map_or(Some(Shape::Any), |schema| shape_of(schema, document, depth));
    }
    let combined: Vec<&Value> = ["allOf", "anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten()
        .collect();
    let parts = combined
        .iter()
        .filter_map(|part| shape_of(part, document, depth));
    match own_shape(schema, document, depth) {
        Own::Shape(shape) => parts.chain([shape]).reduce(union),
        Own::Null => None,
        Own::Silent if combined.is_empty() => Some(Shape::Any),
        Own::Silent => parts.reduce(union),
    }
}

/// What a schema says itself, without what it combines.
enum Own {
    Silent,
    Null,
    Shape(Shape),
}

fn own_shape(schema: &Value, document: &Value, depth: usize) -> Own {
    let types: Option<Vec<&str>> = match schema.get("type") {
        Some(Value::String(only)) => Some(vec![only]),
        Some(Value::Array(several)) => Some(several.iter().filter_map(Value::as_str).collect()),
        _ => None,
    };
    let object = schema.get("properties").is_some();
    let array = schema.get("items").is_some();
    let scalar = schema.get("enum").is_some() || schema.get("const").is_some();
    let Some(mut types) = types else {
        return match (object, array, scalar) {
            (true, _, _) => Own::Shape(object_shape(schema, document, depth)),
            (_, true, _) => Own::Shape(array_shape(schema, document, depth)),
            (_, _, true) => Own::Shape(Shape::Scalar),
            (false, false, false) => Own::Silent,
        };
    };
    types.retain(|name| *name != "null");
    let shapes = types.iter().map(|name| match *name {
        "object" => object_shape(schema, document, depth),
        "array" => array_shape(schema, document, depth),
        _ => Shape::Scalar,
    });
    shapes.reduce(union).map_or(Own::Null, Own::Shape)
}

fn array_shape(schema: &Value, document: &Value, depth: usize) -> Shape {
    let element = schema
        .get("items")
        .and_then(|items| shape_of(items, document, depth));
    Shape::array(element.unwrap_or_default())
}

fn object_shape(schema: &Value, document: &Value, depth: usize) -> Shape {
    let properties = schema.get("properties").and_then(Value::as_object);
    let fields: BTreeMap<_, _> = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            (
                name.clone(),
                shape_of(schema, document, depth).unwrap_or_default(),
            )
        })
        .collect();
    let closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|key| schema.get(key) == Some(&Value::Bool(false)));
    Shape::Object {
        fields,
        open: !closed,
    }
}

/// The shape of a value that has one shape or the other, or both at once. For `allOf` this is too
/// generous and never too strict.
fn union(one: Shape, other: Shape) -> Shape {
    match (one, other) {
        (
            Shape::Object { mut fields, open },
            Shape::Object {
                fields: more,
                open: more_open,
            },
        ) => {
            for (name, shape) in more {
                let merged = match fields.remove(&name) {
                    Some(known) => union(known, shape),
                    None => shape,
                };
                fields.insert(name, merged);
            }
            Shape::Object {
                fields,
                open: open || more_open,
            }
        }
        (Shape::Array(one), Shape::Array(other)) => Shape::array(union(*one, *other)),
        (Shape::Scalar, Shape::Scalar) => Shape::Scalar,
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_says_which_names_exist() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "id": { "type": "string" },
                "company": { "$ref": "#/$defs/company" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "user": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/user" }] },
                "either": { "type": ["string", "object", "null"] },
                "anything": {}
            },
            "$defs": {
                "company": { "properties": { "parent": { "$ref": "#/$defs/company" } } },
                "user": {
                    "type": ["object", "null"],
                    "properties": { "name": { "type": "string" } },
                    "additionalProperties": false
                }
            }
        });
        let shape = Shape::from_json_schema(&schema);
        let ends = |path: &[&str]| shape.walk(path.iter().copied()).cloned();
        assert_eq!(ends(&["id"]), Some(Shape::Scalar));
        assert_eq!(ends(&["tags"]), Some(Shape::array(Shape::Scalar)));
        assert_eq!(ends(&["user", "name"]), Some(Shape::Scalar));
        assert_eq!(ends(&["user", "nmae"]), None);
        assert_eq!(ends(&["company", "parent", "whatever"]), Some(Shape::Any));
        assert_eq!(ends(&["anything", "at", "all"]), Some(Shape::Any));
        assert_eq!(ends(&["either", "x"]), Some(Shape::Any));
        assert_eq!(ends(&["unknown"]), None);
    }
}
