//! What can go wrong when an expression is evaluated. No variant holds a computed value: values
//! are personal data or worse, and errors end up in logs.

use std::fmt;

/// Why an expression has no value. `Display` names what the author wrote, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The scope lacks a name that the expression was compiled to find in it. The caller built
    /// another scope than it announced to the compiler.
    #[error("`{name}` is missing from the scope of `{expression}`")]
    FindRoot {
        /// The name.
        name: String,
        /// The expression, as it was written.
        expression: String,
    },
    /// A path hit several values where one is needed.
    #[error("`{path}` picks {hits} values where one is needed")]
    PickOne {
        /// The path, as it was written.
        path: String,
        /// How many values it hit.
        hits: usize,
    },
    /// The path library could not evaluate a path.
    #[error("`{path}` cannot be evaluated on this data")]
    Pick {
        /// The path, as it was written.
        path: String,
    },
    /// A template could not be printed.
    #[error("`{template}` cannot be printed: {reason}")]
    Print {
        /// The template, as it was written, abridged.
        template: String,
        /// What a helper or the renderer objects to.
        reason: String,
    },
    /// A script stopped.
    #[error("{file}:{line}:{column}: `{function}` stopped: {reason}")]
    Run {
        /// The script file.
        file: String,
        /// The function that was running, innermost.
        function: String,
        /// The line, counted from 1; of a limit that was hit, that of the function's body.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What happened, in words that hold no value.
        reason: String,
        /// What the script said when it stopped itself with `throw`.
        thrown: Option<Thrown>,
    },
}

/// The text that a script threw. Its author meant it for the partner's eyes, and it may quote a
/// request: show it where the request may be shown, and not in a log. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Thrown(String);

impl Thrown {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// The longest piece of an author's text that an error quotes, in characters.
const QUOTE_CHARS_MAX: usize = 100;

/// `text` as an error quotes it: one line, and not the whole of a long one.
pub(crate) fn quote(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
