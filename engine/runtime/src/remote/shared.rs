//! Pages that one operation reads and another one is made of (`pages_of`): what the other one gives
//! is made while a page is at hand, so that a run which reads both asks once.
//!
//! It is used once, by the run that read the pages from the first to their proven end, and not
//! after that run has changed anything or looks afresh. In every other case the other one asks by
//! itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use definition::Operation;
use exchange::paging::Verdict;
use serde_json::{Map, Value};

use super::kept::bytes;
use super::{Remote, lock};
use crate::halt::Failed;

/// How many bytes of records one run holds. What is more is asked for again. Forty thousand lines
/// of recurring invoices fit.
const SHARED_BYTES_MAX: usize = 32 << 20;

/// What was made of another's pages, by operation.
pub(super) type Shared = Mutex<BTreeMap<String, Made>>;

/// What was made of the pages so far.
#[derive(Debug, Default)]
pub(super) struct Made {
    records: Vec<Value>,
    bytes: usize,
    /// How the pages ended, once they did.
    verdict: Option<Verdict>,
}

/// An operation that reads the same pages, with the names that it sees.
pub(super) type Sharer<'a> = (&'a Operation, Map<String, Value>);

impl Remote {
    /// The operations that read the pages of `operation`.
    pub(super) async fn sharers<'a>(
        &'a self,
        operation: &Operation,
    ) -> Result<Vec<Sharer<'a>>, Failed> {
        let mut sharers = Vec::new();
        for other in self.connector.operations.values() {
            if other.pages_of.as_ref() == Some(&operation.name) {
                sharers.push((&**other, self.roots(other, &Map::new()).await?));
            }
        }
        Ok(sharers)
    }

    /// Begins to make what `sharers` give, if the pages are read `from_the_first`.
    pub(super) fn begin_sharing(&self, sharers: &[Sharer<'_>], from_the_first: bool) {
        for (sharer, _) in sharers {
            let mut shared = lock(&self.shared);
            shared.remove(&sharer.name);
            if from_the_first {
                shared.insert(sharer.name.clone(), Made::default());
            }
        }
    }

    /// Takes what `sharers` make of one page. One that cannot be made has its say when it is read
    /// by itself.
    pub(super) fn share(&self, sharers: &[Sharer<'_>], answered: &Value) {
        for (sharer, roots) in sharers {
            let read = self.read(sharer, roots, answered);
            let mut shared = lock(&self.shared);
            let Some(made) = shared.get_mut(&sharer.name) else {
                continue;
            };
            match read {
                Ok(read) if read.selector_hit => {
                    made.bytes += read.records.iter().map(bytes).sum::<usize>();
                    made.records.extend(read.records);
                    if made.bytes > SHARED_BYTES_MAX {
                        shared.remove(&sharer.name);
                    }
                }
                Ok(_) | Err(_) => {
                    shared.remove(&sharer.name);
                }
            }
        }
    }

    /// Takes note of how the pages ended; what is not proven to be all of them is no use.
    pub(super) fn end_sharing(&self, sharers: &[Sharer<'_>], verdict: Option<&Verdict>) {
        let proven = verdict.filter(|verdict| verdict.proven_complete);
        for (sharer, _) in sharers {
            let mut shared = lock(&self.shared);
            match (shared.get_mut(&sharer.name), proven) {
                (Some(made), Some(verdict)) => made.verdict = Some(verdict.clone()),
                _ => {
                    shared.remove(&sharer.name);
                }
            }
        }
    }

    /// What `operation` gives, where the pages it reads were read just before; and how they ended.
    pub(crate) fn take_shared(&self, operation: &str) -> Option<(Vec<Value>, Verdict)> {
        let made = lock(&self.shared).remove(operation)?;
        Some((made.records, made.verdict?))
    }

    /// What was read before may be another by now.
    pub(super) fn forget_shared(&self) {
        lock(&self.shared).clear();
    }
}
