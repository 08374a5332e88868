//! The past: a store as it was at one moment, read page by page while commits go on.
//!
//! Before a group of commits is written, what its keys hold is noted here, unless the reader is
//! past them. A page is what the medium has, with what was noted in its place. So nobody waits for
//! a reader that is slow, and what it costs is what is changed meanwhile, up to a limit.

use std::ops::Bound;

use super::{Snapshot, State, Stretch, lock};
use crate::Error;
use crate::limits::{EXPORT_HELD_BYTES_MAX, EXPORT_STRIDE};
use crate::medium::{Entry, Medium, Writes};

/// What keys held at the moment at which a reader began.
#[derive(Debug, Default)]
pub(crate) struct Past {
    held: Writes,
    bytes: usize,
    /// What lies before it was read, and so does the key itself.
    passed: Vec<u8>,
    is_lost: bool,
}

/// Some entries of the past.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Where to go on behind; nothing at the end.
    pub(crate) after: Option<Vec<u8>>,
}

impl Past {
    /// Takes note of what keys held `before` they were written. The first to say so is right: the
    /// later ones tell what was written since.
    pub(super) fn note(&mut self, before: &Writes) {
        let ahead = (Bound::Excluded(self.passed.clone()), Bound::Unbounded);
        for (raw, value) in before.range(ahead) {
            if !self.is_lost && !self.held.contains_key(raw) {
                self.bytes += raw.len() + value.as_ref().map_or(0, Vec::len);
                self.held.insert(raw.clone(), value.clone());
            }
        }
        if self.bytes > EXPORT_HELD_BYTES_MAX {
            (self.held, self.is_lost) = (Writes::new(), true);
        }
    }

    /// Everything up to `raw` was read.
    fn pass(&mut self, raw: &[u8]) {
        let ahead = self.held.split_off(raw);
        for (raw, value) in std::mem::replace(&mut self.held, ahead) {
            self.bytes -= raw.len() + value.map_or(0, |value| value.len());
        }
        self.passed = raw.to_vec();
    }
}

impl<M: Medium> State<M> {
    /// From this moment on the past is kept. Gives the last number given to a version or a job by
    /// then. No group is under way at that moment: what was committed before is in it, and
    /// nothing else is.
    pub(crate) fn begin_past(&self) -> Result<u64, Error> {
        let sequence = lock(&self.sequence);
        let mut past = lock(&self.past);
        if past.is_some() {
            return Err(Error::ExportUnderWay);
        }
        *past = Some(Past::default());
        Ok(*sequence)
    }

    /// The past is of no more use.
    pub(crate) fn end_past(&self) {
        *lock(&self.past) = None;
    }

    /// The next entries under `prefix` as they were. Prefixes are read in their order.
    pub(crate) fn past_page(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Page, Error> {
        // As long as the snapshot is held, nothing is noted that it does not show as it is noted.
        let snapshot: Snapshot<'_, M> = self.snapshot();
        let found = snapshot.page(prefix, after, EXPORT_STRIDE)?;
        let end = found.get(EXPORT_STRIDE - 1).map(|(raw, _)| raw.clone());
        let mut past = lock(&self.past);
        let past = past.as_mut().filter(|past| !past.is_lost);
        let past = past.ok_or(Error::ExportBehind {
            max: EXPORT_HELD_BYTES_MAX,
        })?;
        let stretch = Stretch {
            prefix,
            after,
            end: end.as_deref(),
        };
        let entries = stretch.as_in(&past.held, found);
        if let Some(end) = &end {
            past.pass(end);
        }
        Ok(Page {
            entries,
            after: end,
        })
    }
}
