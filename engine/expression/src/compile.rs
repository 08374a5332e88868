//! From a value of a file to an expression, or to everything that is wrong with it.

use serde_json::{Map, Value};

use crate::expression::{Expression, Node, Selector};
use crate::fault::{self, Fault};
use crate::path::Path;
use crate::script::{Call, Scripts};
use crate::shape::Shape;
use crate::template::Template;

/// How deep maps and lists may be nested in one value. Evaluation recurses, and on a worker thread
/// the stack is small.
pub const NESTING_MAX: usize = 48;

/// The name under which a script asks for the whole of `$` where that is one document.
pub const DOCUMENT_PARAMETER: &str = "item";

/// Compiles values for one kind of scope.
#[derive(Clone, Copy, Debug)]
pub struct Compiler<'a> {
    names: Names<'a>,
    scripts: &'a Scripts,
}

/// What can be named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// What `$` is, when it is one document.
    pub(crate) document: Option<&'a Shape>,
    /// The names of the scope: an object, its fields the names.
    pub(crate) roots: &'a Shape,
}

impl<'a> Compiler<'a> {
    /// For a scope of names, [`Scope::new`](crate::Scope::new): `$` is the object of its names, and
    /// paths, templates and the parameters of scripts all begin with one of `roots`.
    pub fn named(roots: &'a Shape, scripts: &'a Scripts) -> Self {
        Self {
            names: Names {
                document: None,
                roots,
            },
            scripts,
        }
    }

    /// For a scope around a document, [`Scope::document`](crate::Scope::document): `$` is that
    /// document. In a template, a first name that `document` does not declare and `outer` does is
    /// one of the names around it. A script gets the document as [`DOCUMENT_PARAMETER`] and the
    /// names around it by their names.
    pub fn document(document: &'a Shape, outer: &'a Shape, scripts: &'a Scripts) -> Self {
        Self {
            names: Names {
                document: Some(document),
                roots: outer,
            },
            scripts,
        }
    }

    /// Compiles `source`, or gives every fault in it.
    pub fn compile(&self, source: &Value) -> Result<Expression, Vec<Fault>> {
        let mut walk = Walk {
            compiler: self,
            pointer: String::new(),
            faults: Vec::new(),
        };
        let node = walk.node(source, 0);
        if walk.faults.is_empty() {
            Ok(Expression::new(node))
        } else {
            Err(walk.faults)
        }
    }

    /// Compiles `source` as a path that may hit many values.
    pub fn selector(&self, source: &Value) -> Result<Selector, Vec<Fault>> {
        match source.as_str() {
            Some(text) if Path::is_meant(text) => {
                Path::compile(text, &self.names).map(Selector::new)
            }
            other => {
                let name = other.unwrap_or_default().trim_start_matches(['$', '.']);
                let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic());
                let hint = if is_name && !name.contains([' ', '{']) {
                    format!("did you mean `$.{name}`?")
                } else {
                    "write a JSONPath, e.g. `$.items[*]`".to_owned()
                };
                let message = "a list selector is needed here";
                Err(vec![Fault::new(fault::NOT_A_SELECTOR, message).hint(hint)])
            }
        }
    }
}

/// One pass over a value. A part with a fault is replaced by null, so that the pass goes on; the
/// result is thrown away then.
struct Walk<'c, 'a> {
    compiler: &'c Compiler<'a>,
    pointer: String,
    faults: Vec<Fault>,
}

impl Walk<'_, '_> {
    fn node(&mut self, source: &Value, depth: usize) -> Node {
        if depth > NESTING_MAX {
            let message = format!("maps and lists are nested more than {NESTING_MAX} deep here");
            return self.fail(vec![Fault::new(fault::NESTED_TOO_DEEPLY, message)]);
        }
        match source {
            Value::String(text) => self.text(text),
            Value::Array(parts) => self.array(parts, depth),
            Value::Object(fields) => self.object(fields, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => Node::Constant(source.clone()),
        }
    }

    fn text(&mut self, text: &str) -> Node {
        let names = &self.compiler.names;
        let compiled = if Path::is_meant(text) {
            Path::compile(text, names).map(Node::Pick)
        } else if text.contains("{{") {
            Template::compile(text, names).map(Node::Print)
        } else if let Some(fault) = Path::without_dot(text) {
            Err(vec![fault])
        } else {
            Ok(Node::Constant(text.into()))
        };
        compiled.unwrap_or_else(|faults| self.fail(faults))
    }

    fn array(&mut self, parts: &[Value], depth: usize) -> Node {
        let mut nodes = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            nodes.push(self.below(&index.to_string(), part, depth));
        }
        let constants: Option<Vec<Value>> = nodes.iter().map(constant).collect();
        constants.map_or(Node::Array(nodes), |values| {
            Node::Constant(Value::Array(values))
        })
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Node {
        let mut all = fields.iter();
        if let (Some((key, value)), None) = (all.next(), all.next()) {
            match key.as_str() {
                "literal" => return Node::Constant(value.clone()),
                "script" => return self.script(value),
                _ => {}
            }
        }
        let mut nodes = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            nodes.push((name.clone(), self.below(name, value, depth)));
        }
        let constants: Option<Map<String, Value>> = nodes
            .iter()
            .map(|(name, node)| Some((name.clone(), constant(node)?)))
            .collect();
        constants.map_or(Node::Object(nodes), |map| {
            Node::Constant(Value::Object(map))
        })
    }

    fn script(&mut self, reference: &Value) -> Node {
        let Compiler { names, scripts } = self.compiler;
        let compiled = match reference {
            Value::String(text) => Call::compile(text, names, scripts),
            _ => Err(vec![Call::invalid_reference()]),
        };
        let length = self.pointer.len();
        self.pointer.push_str("/script");
        let node = compiled.map_or_else(|faults| self.fail(faults), Node::Call);
        self.pointer.truncate(length);
        node
    }

    fn below(&mut self, key: &str, value: &Value, depth: usize) -> Node {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&key.replace('~', "~0").replace('/', "~1"));
        let node = self.node(value, depth + 1);
        self.pointer.truncate(length);
        node
    }

    fn fail(&mut self, faults: Vec<Fault>) -> Node {
        let pointer = &self.pointer;
        let placed = faults.into_iter().map(|fault| Fault {
            pointer: pointer.clone(),
            ..fault
        });
        self.faults.extend(placed);
        Node::Constant(Value::Null)
    }
}

fn constant(node: &Node) -> Option<Value> {
    match node {
        Node::Constant(value) => Some(value.clone()),
        _ => None,
    }
}
