//! Why the runtime did not do what was asked of it, in terms that an API can pass on.

use model::{Class, Held, IssueId, RequestId};

/// Why a call on the runtime failed. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was looked for, e.g. "request".
        what: &'static str,
        /// The id it was looked for by.
        id: String,
    },
    /// A request of this id exists and says something else.
    #[error("request `{request}` was accepted before with other content")]
    IdTaken {
        /// The id.
        request: RequestId,
    },
    /// What was given cannot be used.
    #[error("{}", first_message(faults))]
    Invalid {
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
    /// The remote side refused the call that this needed, or could not be reached.
    #[error("{message}")]
    Refused {
        /// What kind of failure it was.
        class: Class,
        /// What the remote side said, without secrets.
        message: String,
        /// What a person can do about it.
        remedy: Option<String>,
    },
    /// The integration is stopped until its credentials are replaced.
    #[error("the integration is stopped because its credentials were rejected")]
    Stopped {
        /// The issue that says more.
        issue: IssueId,
    },
    /// People keep the integration from being used.
    #[error("the integration is {}", match held {
        Held::Paused { .. } => "paused",
        Held::Disconnected { .. } => "disconnected",
    })]
    Held {
        /// How, and since when.
        held: Held,
    },
    /// Others keep changing the same thing; nothing is wrong with the call itself.
    #[error("{what} is being changed by others; try again")]
    Busy {
        /// What is contended.
        what: &'static str,
    },
    /// Such a thing is under way, and there is one at a time.
    #[error("another {what} is under way; begin again when it has ended")]
    UnderWay {
        /// What there is one of at a time.
        what: &'static str,
    },
    /// The state could not be read or made durable.
    #[error("the state could not be read or made durable")]
    Store(#[from] store::Error),
}

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the input, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there, in one sentence.
    pub message: String,
    /// How to mend it, where that is known.
    pub hint: Option<String>,
    /// Where in the text at `pointer`, if it is a text that has parts, such as a script.
    pub place: Option<InText>,
}

/// A place within a text that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InText {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The line as it was written, and below it carets under the place.
    pub excerpt: String,
}

impl InText {
    /// `length` characters of `text` from this line and column on.
    pub(crate) fn new(text: &str, line: usize, column: usize, length: usize) -> Self {
        let written = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let indent = written.chars().take(column.saturating_sub(1));
        // A tab stays one, so that the caret stands right whatever the width of tabs.
        let indent: String = indent.map(|c| if c == '\t' { c } else { ' ' }).collect();
        let left = written
            .chars()
            .count()
            .saturating_sub(indent.chars().count());
        let carets = "^".repeat(length.clamp(1, left.max(1)));
        Self {
            line,
            column,
            excerpt: format!("{written}\n{indent}{carets}"),
        }
    }

    /// `length` characters of `text` after the first `start`.
    pub(crate) fn at_offset(text: &str, start: usize, length: usize) -> Self {
        let before: String = text.chars().take(start).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Self::new(text, line, column, length)
    }
}

fn first_message(faults: &[Fault]) -> &str {
    let first = faults.first();
    first.map_or("the input cannot be used", |fault| fault.message.as_str())
}

impl Error {
    /// An error about one place of the input.
    pub(crate) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            faults: vec![Fault {
                pointer: pointer.into(),
                message: message.into(),
                hint: None,
                place: None,
            }],
        }
    }

    pub(crate) fn not_found(what: &'static str, id: &(impl ToString + ?Sized)) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }
}

/// `error` and everything that caused it, in one line, for a log or an issue.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
