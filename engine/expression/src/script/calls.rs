//! The calls in a script against what can be called. Rhai itself looks a function up when it is
//! reached, which may be a rare branch of a ticket at stake.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Engine, Expr, FnCallExpr, Position, Stmt};

use super::ScriptFault;
use crate::fault;

/// What the engine can call: each name with the numbers of arguments it is known for.
pub(super) type Callable = BTreeMap<String, BTreeSet<usize>>;

/// Part of the language itself, so that no package lists them.
const KEYWORDS: [&str; 9] = [
    "print",
    "debug",
    "type_of",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
];

/// What `engine` can call, whatever the script.
pub(super) fn of_engine(engine: &Engine) -> Callable {
    let native = engine.collect_fn_metadata(
        None,
        |function| {
            Some((
                function.metadata.name.to_string(),
                function.metadata.num_params,
            ))
        },
        true,
    );
    let mut callable = Callable::new();
    for (name, arguments) in native {
        callable.entry(name).or_default().insert(arguments);
    }
    callable
}

/// Every call in `tree` of what does not exist. A closure kept in a map and called like a method
/// of it is among them: it cannot be told from a misspelled name.
pub(super) fn check(tree: &AST, native: &Callable) -> Vec<ScriptFault> {
    let mut own = Callable::new();
    for function in tree.iter_functions() {
        own.entry(function.name.to_owned())
            .or_default()
            .insert(function.params.len());
    }
    let mut faults = Vec::new();
    tree.walk(&mut |nodes: &[ASTNode]| {
        if let Some((call, position, method)) = nodes.last().and_then(call) {
            faults.extend(fault_of(call, position, method, &own, native));
        }
        true
    });
    faults
}

/// The call that a node of the tree is, and whether it is written like a method.
fn call<'t>(node: &ASTNode<'t>) -> Option<(&'t FnCallExpr, Position, bool)> {
    match node {
        ASTNode::Expr(Expr::MethodCall(call, position)) => Some((call, *position, true)),
        ASTNode::Expr(Expr::FnCall(call, position))
        | ASTNode::Stmt(Stmt::FnCall(call, position)) => Some((call, *position, false)),
        _ => None,
    }
}

fn fault_of(
    call: &FnCallExpr,
    position: Position,
    method: bool,
    own: &Callable,
    native: &Callable,
) -> Option<ScriptFault> {
    let name = call.name.as_str();
    if call.op_token.is_some() || KEYWORDS.contains(&name) {
        return None;
    }
    let written = call.args.len();
    // What stands before the dot is `this` for a script's own function, and the first argument
    // for any other.
    let passed = written + usize::from(method);
    let (in_own, in_native) = (own.get(name), native.get(name));
    let fits = in_own.is_some_and(|counts| counts.contains(&written))
        || in_native.is_some_and(|counts| counts.contains(&passed));
    if fits {
        return None;
    }
    let (message, hint) = if in_own.is_some() || in_native.is_some() {
        (
            format!("`{name}` cannot be called with {}", counted(written)),
            None,
        )
    } else {
        // The names of operators and of what stands behind `x.name` are no words.
        let words = own.keys().chain(native.keys()).map(String::as_str);
        let words = words.filter(|word| word.chars().all(|c| c.is_alphanumeric() || c == '_'));
        (
            format!("there is no function `{name}`"),
            nearest(name, words),
        )
    };
    let mut fault = ScriptFault::at(position, "unknown-call", message);
    fault.hint = hint;
    Some(fault)
}

/// The nearest name only: the list of all would be far too long.
fn nearest<'n>(name: &str, words: impl Iterator<Item = &'n str>) -> Option<String> {
    fault::suggest(name, words).filter(|hint| hint.starts_with("did you mean"))
}

fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        several => format!("{several} arguments"),
    }
}
