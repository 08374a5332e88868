//! Pages that one operation reads and another one is made of (`pages_of`): what the other one gives
//! is made while a page is at hand, so that a run which reads both asks once.
//!
//! It is used once, by the run that read the pages from the first to their proven end, and not
//! after that run has changed anything or looks afresh. In every other case the other one asks by
//! itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use definition::Operation;
use exchange::paging::Verdict;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::kept::bytes;
use super::{Remote, lock};
use crate::halt::Failed;

/// How many KiB of records all runs hold together. What is more is asked for again. Sixty
/// thousand lines of recurring invoices fit.
const ROOM_KIB: usize = 64 << 10;

/// The room for records of all runs, by KiB.
#[derive(Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_KIB)))
    }
}

/// What was made of another's pages, by operation.
pub(super) type Shared = Mutex<BTreeMap<String, Made>>;

/// What was made of the pages so far.
#[derive(Debug, Default)]
pub(super) struct Made {
    records: Vec<Value>,
    room: Option<OwnedSemaphorePermit>,
    /// How the pages ended, once they did.
    verdict: Option<Verdict>,
}

impl Made {
    /// Takes the records of one more page; `None` where there is no room for them.
    fn take(&mut self, records: Vec<Value>, room: &Room) -> Option<()> {
        let kib = records.iter().map(bytes).sum::<usize>().div_ceil(1 << 10);
        let free = Arc::clone(&room.0);
        let permit = free.try_acquire_many_owned(u32::try_from(kib).ok()?).ok()?;
        match &mut self.room {
            Some(room) => room.merge(permit),
            None => self.room = Some(permit),
        }
        self.records.extend(records);
        Some(())
    }
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
            let room = &self.core.room;
            let read = read.ok().filter(|read| read.selector_hit);
            if read
                .and_then(|read| made.take(read.records, room))
                .is_none()
            {
                shared.remove(&sharer.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_let_go_and_leaves_its_room_to_others() {
        let room = Room::default();
        let page = || vec![Value::from("x".repeat(ROOM_KIB << 9))];
        let (mut one, mut other) = (Made::default(), Made::default());
        assert_eq!(one.take(page(), &room), Some(()));
        assert_eq!(
            one.take(page(), &room),
            None,
            "a little more than half each"
        );
        assert_eq!(one.take(vec![Value::from(1)], &room), Some(()));
        assert_eq!(other.take(page(), &room), None, "one room for all");
        drop(one);
        assert_eq!(other.take(page(), &room), Some(()));
        assert_eq!(other.records.len(), 1);
    }
}
