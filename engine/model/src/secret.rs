//! A value that must not be seen: it prints as dots, and its text is asked for by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that never reaches a log, an error or an answer by accident. Serialising it does write the
/// text, because the store keeps it; nothing that leaves the program may hold this type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}
