//! Why a script stopped, in words: where, what, and no value.
//!
//! The library's own messages quote values (an index, a thrown text), and values are personal
//! data; hence each kind of error has its sentence here.

use rhai::EvalAltResult;

use super::{Function, limits};
use crate::error::{Error, Thrown};

/// Explains `error`, which ended a call of `function` in `file`. Of a limit that was hit the
/// library does not say where; then it is the body of the function that was called.
pub(super) fn explain(error: &EvalAltResult, file: &str, function: &Function) -> Error {
    let (name, inner) = innermost(error, &function.name);
    let position = inner.position();
    let thrown = match inner {
        EvalAltResult::ErrorRuntime(value, _) if value.is_string() => {
            let text: String = value.to_string().chars().take(THROWN_CHARS_MAX).collect();
            Some(Thrown::new(text))
        }
        _ => None,
    };
    Error::Run {
        file: file.to_owned(),
        function: name.to_owned(),
        line: position.line().unwrap_or(function.line),
        column: position.position().unwrap_or(function.column),
        reason: reason(inner),
        thrown,
    }
}

/// The longest text that is kept of a `throw`, in characters.
const THROWN_CHARS_MAX: usize = 1_000;

/// The error itself, and the function it happened in.
fn innermost<'e>(error: &'e EvalAltResult, function: &'e str) -> (&'e str, &'e EvalAltResult) {
    match error {
        EvalAltResult::ErrorInFunctionCall(name, _, inner, _) => innermost(inner, name),
        _ => (function, error),
    }
}

fn reason(error: &EvalAltResult) -> String {
    use EvalAltResult as Kind;
    match error {
        Kind::ErrorVariableNotFound(name, _) => format!("there is no variable `{name}`"),
        Kind::ErrorPropertyNotFound(name, _) => format!(
            "there is no field `{name}`; for a field that may be missing, write `.get(\"{name}\")`"
        ),
        Kind::ErrorIndexNotFound(..) => "there is no such field".to_owned(),
        Kind::ErrorArrayBounds(length, ..) => {
            format!("an index is outside of its list of {length} elements")
        }
        Kind::ErrorStringBounds(..) => "an index is outside of its text".to_owned(),
        Kind::ErrorFunctionNotFound(signature, _) => {
            format!("there is no function `{signature}`")
        }
        Kind::ErrorMismatchDataType(wanted, given, _)
        | Kind::ErrorMismatchOutputType(wanted, given, _) => {
            format!("a value of type `{given}` stands where `{wanted}` is needed")
        }
        Kind::ErrorIndexingType(kind, _) => format!("a value of type `{kind}` has no parts"),
        Kind::ErrorFor(_) => "`for` needs a list, a map or a range".to_owned(),
        Kind::ErrorArithmetic(..) => {
            "a calculation has no result: division by zero, or a number too large".to_owned()
        }
        Kind::ErrorAssignmentToConstant(name, _) => format!("`{name}` is a constant"),
        Kind::ErrorTooManyOperations(_) => {
            format!(
                "it takes more than {} operations; does a loop end?",
                limits::OPERATIONS_MAX
            )
        }
        Kind::ErrorTerminated(..) => {
            format!(
                "it takes longer than {} ms",
                limits::WALL_TIME_MAX.as_millis()
            )
        }
        Kind::ErrorStackOverflow(_) => {
            format!(
                "functions call each other more than {} deep",
                limits::CALL_DEPTH_MAX
            )
        }
        Kind::ErrorTooManyVariables(_) => {
            format!("it has more than {} variables", limits::VARIABLES_MAX)
        }
        Kind::ErrorDataTooLarge(kind, _) => format!("too large: {}", kind.to_lowercase()),
        Kind::ErrorRuntime(..) => "it threw an error".to_owned(),
        _ => "it did something that scripts cannot do".to_owned(),
    }
}
