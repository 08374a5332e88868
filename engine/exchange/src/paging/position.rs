//! Where the reading of a list stands: enough to go on after a pause or a restart.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{PageRead, Paging};
use crate::hex::hex;

/// The place before the page that is read next. Its fields are what `Pages::request` needs; the
/// default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// How many pages were read.
    pub pages: u64,
    /// How many records were read, which is also the offset of the next page.
    pub records: u64,
    /// The number of the next page (`Number` only).
    pub number: u64,
    /// The highest id so far (`IdCursor` only).
    pub last_id: Option<Value>,
    /// The address or token of the next page.
    pub next: Option<String>,
    /// The total that the first page promised.
    pub promised_first: Option<u64>,
    /// The total that the last page promised.
    pub promised: Option<u64>,
    /// Whether every page so far had a place for records.
    pub selector_hit: bool,
    /// How many records the longest page so far had.
    pub longest: u64,
    /// A digest of the last page, to notice an API that gives the same page again.
    pub page_digest: Option<String>,
}

impl Position {
    /// The beginning of a list.
    pub fn start(paging: &Paging) -> Self {
        let number = if let Paging::Number { start, .. } = paging {
            *start
        } else {
            0
        };
        Self {
            number,
            selector_hit: true,
            ..Self::default()
        }
    }

    /// The place after `page`.
    pub(super) fn after(&self, paging: &Paging, page: &PageRead, digest: Option<String>) -> Self {
        // A list that begins after an id is shorter with every page, and so is its total.
        let promised = match paging {
            Paging::IdCursor { .. } => self.promised.or(page.promised_total),
            _ => page.promised_total.or(self.promised),
        };
        Self {
            pages: self.pages + 1,
            records: self.records.saturating_add(page.items),
            number: self.number.saturating_add(1),
            last_id: page.ids.last().or(self.last_id.as_ref()).cloned(),
            next: page.next.clone(),
            promised_first: self.promised_first.or(page.promised_total),
            promised,
            selector_hit: self.selector_hit && page.selector_hit,
            longest: self.longest.max(page.items),
            page_digest: digest,
        }
    }
}

/// Tells pages apart; `None` for an empty page, which is like any other.
pub(super) fn digest(records: &[Value]) -> Option<String> {
    if records.is_empty() {
        return None;
    }
    let mut digest = Sha256::new();
    for record in records {
        digest.update(record.to_string().as_bytes());
        digest.update([0]);
    }
    Some(short_hex(&digest.finalize()))
}

/// Sixteen hexadecimal digits of a digest are plenty to tell the pages of one list apart.
pub(super) fn short_hex(digest: &[u8]) -> String {
    hex(digest.get(..8).unwrap_or(digest))
}
