//! Tokens as they pass over the wire: one that is over must not be shown again.
//!
//! A token is over once the engine was told that it is refused. The one exception is named by
//! `exchange`: a token that came in place of a refused one, and is refused within [`FRESH_TOKEN`],
//! or again within [`FRESH_TOKEN_IN_A_ROW`], cannot be told from a right that is missing. A refusal
//! whose answer got lost was never told.

use std::collections::BTreeMap;

use exchange::auth::{FRESH_TOKEN, FRESH_TOKEN_IN_A_ROW};
use tokio::time::Instant;

/// What one life of the engine was told of its tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    given: BTreeMap<String, Given>,
    /// The token that was given out last.
    newest: Option<String>,
    /// The token that the last answer refused.
    refused: Option<String>,
}

#[derive(Debug)]
struct Given {
    at: Instant,
    /// Whether it came in place of one that was over.
    replaces: bool,
    is_over: bool,
}

impl Tokens {
    /// A login gave out a token.
    pub(crate) fn give(&mut self, token: String) {
        let given = Given {
            at: Instant::now(),
            replaces: self.newest.as_ref().is_some_and(|last| self.is_over(last)),
            is_over: false,
        };
        self.given.insert(token.clone(), given);
        self.newest = Some(token);
    }

    /// A call with this token was answered.
    pub(crate) fn answered(&mut self, token: &str, status: u16) {
        match status {
            200..300 => self.refused = None,
            401 => self.refuse(token),
            _ => {}
        }
    }

    fn refuse(&mut self, token: &str) {
        let fresh = match &self.refused {
            Some(last) if last == token => FRESH_TOKEN_IN_A_ROW,
            _ => FRESH_TOKEN,
        };
        self.refused = Some(token.to_owned());
        if let Some(given) = self.given.get_mut(token) {
            given.is_over |= !given.replaces || given.at.elapsed() >= fresh;
        }
    }

    /// A login gave out a token while a person tried out a connection: to the person, or to the
    /// engine. It counts as one that came in place of another, which it may be.
    pub(crate) fn give_to_a_person(&mut self, token: Option<String>) {
        let given = Given {
            at: Instant::now(),
            replaces: true,
            is_over: false,
        };
        self.given.extend(token.map(|token| (token, given)));
    }

    /// Whether nobody should show the token any more.
    pub(crate) fn is_over(&self, token: &str) -> bool {
        self.given.get(token).is_some_and(|given| given.is_over)
    }
}
