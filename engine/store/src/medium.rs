//! What a store lies on: bytes in order, written together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// Raw keys and what they shall hold; nothing removes the entry.
pub(crate) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A raw entry.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// Bytes in order.
pub(crate) trait Medium: Send + Sync + 'static {
    /// The entry at `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// At most `limit` entries under `prefix`, in order, strictly after `after`. Fewer than `limit`
    /// means that there are no more.
    fn page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, Error>;

    /// Whether there is room to write `bytes` more.
    fn room(&self, bytes: usize) -> Result<(), Error>;

    /// Writes all, or after a crash none, and returns once it is durable.
    fn write(&self, writes: &Writes) -> Result<(), Error>;
}

/// A medium that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Ram(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Ram {
    /// A second one with the same entries.
    pub(crate) fn copy(&self) -> Self {
        Self(Mutex::new(self.entries().clone()))
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for Ram {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.entries().get(key).cloned())
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, Error> {
        let entries = self.entries();
        let page = entries
            .range::<[u8], _>((start(prefix, after), std::ops::Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()));
        Ok(page.collect())
    }

    fn room(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, writes: &Writes) -> Result<(), Error> {
        let mut entries = self.entries();
        for (key, value) in writes {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(())
    }
}

/// Where a page begins: at its prefix, or behind `after` when that is further on.
pub(crate) fn start<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> std::ops::Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => std::ops::Bound::Excluded(after),
        _ => std::ops::Bound::Included(prefix),
    }
}
