//! What was called and which error rules spoke, where somebody asked to know: the rehearsal of
//! examples, which says what they leave untried. Nothing is noted in a server.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes note of calls.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<Noted>);

/// What was noted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// Every operation that was called.
    pub(crate) operations: BTreeSet<String>,
    /// Those that change the remote side, as often as they were called, in the order of the calls.
    pub(crate) effects: Vec<String>,
    /// The error rules that said what an answer means, as messages name them.
    pub(crate) rules: BTreeSet<String>,
}

impl Witness {
    pub(crate) fn called(&self, operation: &str, is_effect: bool, rule: Option<&str>) {
        let mut noted = self.lock();
        noted.operations.insert(operation.to_owned());
        if is_effect {
            noted.effects.push(operation.to_owned());
        }
        noted.rules.extend(rule.map(ToOwned::to_owned));
    }

    pub(crate) fn noted(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
