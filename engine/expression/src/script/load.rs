//! From the text of a script to a file that can be called, or to what is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{AST, Engine, FnAccess, LexError, ParseErrorType, Position};

use super::facts::{self, Facts};
use super::{File, Function, ScriptFault, calls, limits};

/// Reads `source`. One fault of syntax ends the reading; those that a reader finds afterwards are
/// reported together.
pub(super) fn load(
    engine: &Engine,
    callable: &calls::Callable,
    name: &str,
    source: &str,
) -> Result<File, Vec<ScriptFault>> {
    if source.len() > limits::SOURCE_BYTES_MAX {
        let message = format!(
            "the script has {} bytes, the limit is {}",
            source.len(),
            limits::SOURCE_BYTES_MAX
        );
        return Err(vec![ScriptFault::of_file("script-too-long", message)]);
    }
    let mut tree = engine.compile(source).map_err(|error| {
        let mut fault = ScriptFault::at(error.1, "invalid-script", error.0.to_string());
        fault.hint = advice(&error.0).map(ToOwned::to_owned);
        vec![fault]
    })?;
    tree.set_source(name);
    let faults = check(&tree, callable);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(File {
        functions: functions(&tree),
        facts: facts_of(&tree),
        tree: Arc::new(tree),
    })
}

/// How the slips are mended that those make who know other languages better.
fn advice(error: &ParseErrorType) -> Option<&'static str> {
    Some(match error {
        ParseErrorType::MissingToken(token, _) => match token.as_str() {
            ";" => "a `;` ends each statement but the last: look at the line before, too",
            "}" => "each `{` has its `}`: look at those above, too",
            ")" => "each `(` has its `)`",
            _ => return None,
        },
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => {
            "a text stands in double quotes: `\"...\"`"
        }
        ParseErrorType::Reserved(word) if ["null", "nil"].contains(&word.as_str()) => {
            "what is not there is `()`: `if item.name == () { ... }`"
        }
        ParseErrorType::VariableUndefined(_) => {
            "known are the parameters of the function, and what `let` made before"
        }
        _ => return None,
    })
}

fn functions(tree: &AST) -> Vec<Function> {
    let library = tree.shared_lib();
    // A closure is a function too, under a name that nobody can write.
    let named = tree
        .iter_functions()
        .filter(|function| !function.name.contains('$'));
    let functions = named.map(|function| {
        let definition = library.get_script_fn(function.name, function.params.len());
        let body = definition.map_or(Position::NONE, |found| found.body.start_position());
        Function {
            name: function.name.to_owned(),
            parameters: function
                .params
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            private: function.access == FnAccess::Private,
            line: body.line().unwrap_or(0),
            column: body.position().unwrap_or(0),
        }
    });
    let mut functions: Vec<_> = functions.collect();
    functions.sort_by_key(|function| (function.line, function.column));
    functions
}

fn facts_of(tree: &AST) -> BTreeMap<String, Facts> {
    let known = tree.iter_functions().map(|function| {
        let facts = facts::of(tree, function.name, &function.params);
        (function.name.to_owned(), facts)
    });
    known.collect()
}

fn check(tree: &AST, callable: &calls::Callable) -> Vec<ScriptFault> {
    let statements = tree
        .statements()
        .iter()
        .filter(|statement| !statement.is_noop());
    let mut faults: Vec<ScriptFault> = statements
        .map(|statement| {
            let message = "this stands outside of a function and would never run".to_owned();
            let mut fault = ScriptFault::at(statement.position(), "top-level-code", message);
            fault.hint = Some("move it into the function that needs it".to_owned());
            fault
        })
        .collect();
    faults.extend(calls::check(tree, callable));
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

impl ScriptFault {
    pub(super) fn at(position: Position, code: &'static str, message: String) -> Self {
        Self {
            line: position.line().unwrap_or(0),
            column: position.position().unwrap_or(0),
            code,
            message,
            hint: None,
        }
    }
}
