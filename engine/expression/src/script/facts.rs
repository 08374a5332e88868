//! What can be seen of a function without running it: which fields it reads of what it is given,
//! and what it surely gives. Rhai itself takes a field that is not there for nothing, and a ticket
//! would go without it.
//!
//! Only what is certain is told. A parameter that the function changes or hides is not followed.

use std::collections::BTreeSet;

use rhai::{AST, ASTFlags, ASTNode, Expr, Position, Stmt};

/// What is known of one function.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The fields it reads of its parameters.
    pub(crate) reads: Vec<Read>,
    /// What it gives.
    pub(crate) gives: Gives,
}

/// A chain of fields that begins with a parameter, such as `request.user.name`.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) parameter: String,
    pub(crate) fields: Vec<String>,
    /// The line, counted from 1.
    pub(crate) line: usize,
}

/// What a function surely gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Gives {
    /// That depends.
    #[default]
    Something,
    /// Nothing: it ends with what has no value, in this line.
    Nothing(usize),
    /// A map with exactly these keys.
    Map(BTreeSet<String>),
}

/// What is known of the function of this name with these parameters.
pub(super) fn of(tree: &AST, name: &str, parameters: &[&str]) -> Facts {
    let mut alone = tree.clone_functions_only();
    alone.retain_functions(|_, _, found, count| found == name && count == parameters.len());
    let mut seen = Seen::default();
    alone.walk(&mut |nodes: &[ASTNode]| {
        if let [ASTNode::Stmt(statement)] = nodes {
            seen.last = given(statement);
        }
        if let Some(node) = nodes.last() {
            seen.take(node);
        }
        true
    });
    let is_given = |name: &str| parameters.contains(&name);
    let changed = seen.changed;
    let reads = seen.reads.into_iter();
    let reads =
        reads.filter(|read| is_given(&read.parameter) && !changed.contains(&read.parameter));
    Facts {
        reads: reads.collect(),
        gives: Some(seen.last)
            .filter(|_| !seen.returns)
            .unwrap_or_default(),
    }
}

#[derive(Default)]
struct Seen {
    reads: Vec<Read>,
    /// Names that are given another value somewhere.
    changed: BTreeSet<String>,
    /// What the last statement so far gives.
    last: Gives,
    returns: bool,
}

impl Seen {
    fn take(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Expr(Expr::Dot(chain, _, position)) => {
                if let Expr::Variable(variable, ..) = &chain.lhs {
                    self.reads.push(Read {
                        parameter: variable.1.to_string(),
                        fields: fields(&chain.rhs),
                        line: line(*position),
                    });
                }
            }
            ASTNode::Stmt(Stmt::Var(variable, ..)) => {
                self.changed.insert(variable.0.name.to_string());
            }
            ASTNode::Stmt(Stmt::For(each, _)) => {
                self.changed.insert(each.0.name.to_string());
            }
            ASTNode::Stmt(Stmt::Assignment(assigned)) => {
                self.changed.extend(first(&assigned.1.lhs));
            }
            ASTNode::Stmt(Stmt::Return(_, flags, _)) => {
                self.returns |= !flags.contains(ASTFlags::BREAK);
            }
            _ => {}
        }
    }
}

/// The fields of a chain, as far as they are written out.
fn fields(mut rest: &Expr) -> Vec<String> {
    let mut fields = Vec::new();
    loop {
        let (here, next) = match rest {
            Expr::Dot(chain, ..) => (&chain.lhs, Some(&chain.rhs)),
            other => (other, None),
        };
        let Expr::Property(property, _) = here else {
            return fields;
        };
        fields.push(property.2.to_string());
        let Some(next) = next else { return fields };
        rest = next;
    }
}

/// The variable that a place to assign to begins with.
fn first(place: &Expr) -> Option<String> {
    match place {
        Expr::Variable(variable, ..) => Some(variable.1.to_string()),
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => first(&chain.lhs),
        _ => None,
    }
}

fn given(last: &Stmt) -> Gives {
    match last {
        Stmt::Assignment(_) | Stmt::Var(..) => Gives::Nothing(line(last.position())),
        Stmt::Expr(value) => match &**value {
            Expr::Map(map, _) => {
                Gives::Map(map.0.iter().map(|(key, _)| key.name.to_string()).collect())
            }
            _ => Gives::Something,
        },
        _ => Gives::Something,
    }
}

fn line(position: Position) -> usize {
    position.line().unwrap_or(0)
}
