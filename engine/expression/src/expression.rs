//! Compiled expressions and how they are evaluated.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::path::{Path, Place, Start};
use crate::scope::Scope;
use crate::script::Call;
use crate::template::Template;

/// A value of a file, ready to be computed. Cloning it is cheap, and it can be used from many
/// threads at once.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Node>);

/// How a value is computed.
#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    Pick(Path),
    Print(Template),
    Call(Call),
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
}

impl Expression {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(node))
    }

    /// An expression that always has this value.
    pub fn constant(value: Value) -> Self {
        Self::new(Node::Constant(value))
    }

    /// Computes the value. A path that hits nothing gives null; one that hits several values is an
    /// error, because taking the first would be a guess.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        self.0.evaluate(scope)
    }

    /// Computes the value, borrowing it where it exists already: the way to look at a large part
    /// of a scope without copying it.
    pub fn borrow<'v>(&'v self, scope: &Scope<'v>) -> Result<Cow<'v, Value>, Error> {
        static NULL: Value = Value::Null;
        match &*self.0 {
            Node::Constant(value) => Ok(Cow::Borrowed(value)),
            Node::Pick(path) => Ok(Cow::Borrowed(path.pick_one(scope)?.unwrap_or(&NULL))),
            node => node.evaluate(scope).map(Cow::Owned),
        }
    }

    /// Whether the value is the same for every scope.
    pub fn is_constant(&self) -> bool {
        matches!(*self.0, Node::Constant(_))
    }

    /// The ways to all that is looked at in the document; `None` where that is known only when it
    /// is evaluated, as for templates and scripts.
    pub fn places(&self) -> Option<Vec<Vec<Place<'_>>>> {
        let mut places = Vec::new();
        self.0.places(&mut places).then_some(places)
    }

    /// The ways, by names, to all that is computed within a map that is written out: in
    /// `{ id: $.id, user: { name: $.name } }` these are `id` and `user`, `name`.
    pub fn fields(&self) -> Vec<Vec<&str>> {
        let mut fields = Vec::new();
        self.0.fields(&mut Vec::new(), &mut fields);
        fields
    }

    /// The names of the scope that are looked at. What is looked up in the document itself, where
    /// `$` is one document, is not among them.
    pub fn roots(&self) -> BTreeSet<&str> {
        let mut roots = BTreeSet::new();
        self.0.roots(&mut roots);
        roots
    }

    /// Whether this field of a name of the scope is looked at, by itself or with all of the name.
    pub fn looks_at(&self, root: &str, field: &str) -> bool {
        self.0.looks_at(root, field)
    }
}

impl Node {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Pick(path) => Ok(path.pick_one(scope)?.cloned().unwrap_or_default()),
            Self::Print(template) => template.print(scope).map(Value::String),
            Self::Call(call) => call.run(scope),
            Self::Array(parts) => parts
                .iter()
                .map(|part| part.evaluate(scope))
                .collect::<Result<_, _>>(),
            Self::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (name, node) in fields {
                    object.insert(name.clone(), node.evaluate(scope)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// Adds the ways of this node; false where they are not known.
    fn places<'n>(&'n self, places: &mut Vec<Vec<Place<'n>>>) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::Pick(path) => {
                let way = path.places();
                let is_known = way.is_some();
                places.extend(way);
                is_known
            }
            Self::Print(_) | Self::Call(_) => false,
            Self::Object(fields) => fields.iter().all(|(_, node)| node.places(places)),
            Self::Array(parts) => parts.iter().all(|node| node.places(places)),
        }
    }

    fn fields<'n>(&'n self, above: &mut Vec<&'n str>, fields: &mut Vec<Vec<&'n str>>) {
        match self {
            Self::Object(parts) => {
                for (name, node) in parts {
                    above.push(name);
                    node.fields(above, fields);
                    above.pop();
                }
            }
            Self::Constant(_) => {}
            _ if above.is_empty() => {}
            _ => fields.push(above.clone()),
        }
    }

    fn roots<'n>(&'n self, roots: &mut BTreeSet<&'n str>) {
        match self {
            Self::Constant(_) => {}
            Self::Pick(path) => {
                if let Start::Root(name) = path.start() {
                    roots.insert(name);
                }
            }
            Self::Print(template) => roots.extend(template.roots()),
            Self::Call(call) => roots.extend(call.roots()),
            Self::Object(fields) => fields.iter().for_each(|(_, node)| node.roots(roots)),
            Self::Array(parts) => parts.iter().for_each(|node| node.roots(roots)),
        }
    }

    fn looks_at(&self, root: &str, field: &str) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Pick(path) => path.looks_at(root, field),
            Self::Print(template) => template.looks_at(root, field),
            Self::Call(call) => call.roots().any(|name| name == root),
            Self::Object(fields) => fields.iter().any(|(_, node)| node.looks_at(root, field)),
            Self::Array(parts) => parts.iter().any(|node| node.looks_at(root, field)),
        }
    }
}

/// A path that may hit any number of values, such as the items of a page.
#[derive(Clone, Debug)]
pub struct Selector(Arc<Path>);

/// What a [`Selector`] hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Hits<'v> {
    /// The values, in document order.
    pub values: Vec<&'v Value>,
    /// The name or step that was looked for and was nowhere, e.g. `items`. With it, no hits do not
    /// mean an empty list: the data has not the form that the path was written for. Filters,
    /// slices and `..` may hit nothing without being reported here.
    pub lacking: Option<String>,
}

impl Selector {
    pub(crate) fn new(path: Path) -> Self {
        Self(Arc::new(path))
    }

    /// Picks every value that the path hits, borrowing from the scope.
    pub fn pick_all<'v>(&self, scope: &Scope<'v>) -> Result<Hits<'v>, Error> {
        let picked = self.0.pick(scope)?;
        Ok(Hits {
            values: picked.values,
            lacking: picked.lacking,
        })
    }

    /// The way to what is looked at in the document.
    pub fn places(&self) -> Option<Vec<Place<'_>>> {
        self.0.places()
    }

    /// Whether the values are exactly what lies at the end of that way, so that only what is then
    /// looked at of each of them has to be there.
    pub fn ends_there(&self) -> bool {
        self.0.is_walked()
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        self.0.text()
    }
}
