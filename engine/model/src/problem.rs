//! What is wrong with a file that a person wrote, as data: rendered by the command line, by the
//! console and as JSON from this one structure.

use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and something in it is probably not meant.
    Warning,
}

/// Where in a file, counted from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// How many characters it covers, at least 1.
    pub length: usize,
}

/// One thing wrong, with all that is needed to mend it. It never holds a secret's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable name for this kind of problem, in kebab case, e.g. `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the thing, e.g. "`qeueu` is not a setting of `tickets`".
    pub message: String,
    /// Where it is.
    pub place: Place,
    /// The source line at `place`.
    pub source_line: String,
    /// How to mend it, where that is known, e.g. "did you mean `queue`?".
    pub hint: Option<String>,
}
