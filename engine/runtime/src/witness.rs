//! What was called, what its answers showed and which error rules spoke, where somebody asked to
//! know: the rehearsal of examples, which says what they leave untried. Nothing is noted in a
//! server.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use definition::Operation;
use definition::operation::PageKind;
use exchange::paging::{Stop, Verdict};
use expression::Expression;
use serde_json::Value;

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
    /// What answers have shown, each with the name of its operation, its list of choices or its
    /// check.
    pub(crate) shown: BTreeSet<(String, Shown)>,
    /// What answers to changes warned of.
    pub(crate) warnings: Vec<String>,
}

/// What an answer can show of how it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    /// A field of a record, by the way to it, with a value that is not null.
    Field(Vec<String>),
    /// An item that counts, where not all do.
    Counts,
    /// An item that does not count.
    LeftOut,
    /// `pages.more` decided whether there is another page.
    More,
    /// `pages.total` decided it, or stood there where it cannot decide.
    Total,
    /// The record was `otherwise`, since the system does not have it.
    Otherwise,
    /// A choice that is the default.
    Default,
    /// The reason of this number for a list of choices to be short applied.
    Short(usize),
    /// A check found something wrong.
    Wrong,
    /// A check found something as it should be.
    Fine,
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

    /// Something of this name was shown.
    pub(crate) fn saw(&self, of: &str, shown: Shown) {
        self.lock().shown.insert((of.to_owned(), shown));
    }

    /// An item was looked at, and counts or does not.
    pub(crate) fn counted(&self, operation: &Operation, counts: bool) {
        let shown = if counts {
            Shown::Counts
        } else {
            Shown::LeftOut
        };
        self.saw(&operation.name, shown);
    }

    /// A record was made of an answer.
    pub(crate) fn read(&self, operation: &Operation, record: &Value) {
        let fields = operation.record.iter().flat_map(Expression::fields);
        let has_value = |way: &Vec<&str>| {
            let value = way.iter().try_fold(record, |value, name| value.get(name));
            value.is_some_and(|value| !value.is_null())
        };
        for way in fields.filter(has_value) {
            let way = way.into_iter().map(ToOwned::to_owned).collect();
            let shown = (operation.name.clone(), Shown::Field(way));
            self.lock().shown.insert(shown);
        }
    }

    /// A page of `items` was read, after which the list stands as `verdict` says.
    pub(crate) fn turned(&self, operation: &Operation, items: u64, verdict: &Verdict) {
        let Some(pages) = &operation.pages else {
            return;
        };
        let size = match pages.kind {
            PageKind::ByLastId { size, .. }
            | PageKind::ByNumber { size, .. }
            | PageKind::ByOffset { size } => Some(u64::from(size)),
            PageKind::ByNextUrl { .. } | PageKind::ByCursor { .. } | PageKind::ByLinkHeader => None,
        };
        let goes_on = verdict.stopped == Stop::NotYet;
        let (more, total) = match size {
            // A page that is not full would be the last by itself, and a full one never.
            Some(size) if items < size => (goes_on, goes_on && verdict.promised.is_some()),
            Some(_) => (false, verdict.stopped == Stop::TotalReached),
            None => (verdict.stopped == Stop::NoMore, verdict.promised.is_some()),
        };
        let mut noted = self.lock();
        for (shown, decided) in [(Shown::More, more), (Shown::Total, total)] {
            if decided {
                noted.shown.insert((operation.name.clone(), shown));
            }
        }
    }

    pub(crate) fn warned(&self, warning: &str) {
        self.lock().warnings.push(warning.to_owned());
    }

    pub(crate) fn noted(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
