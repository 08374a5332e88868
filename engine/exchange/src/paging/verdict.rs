//! How the reading of a list ended, and whether that proves it complete.

use serde::{Deserialize, Serialize};

use super::{Paging, Position};

/// Why a pager stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It has not: there may be more pages, or reading failed.
    NotYet,
    /// The list comes in one page.
    SinglePage,
    /// The answer named no next page.
    NoNext,
    /// The answer said that there is no more.
    NoMore,
    /// The page had fewer records than a full one.
    ShortPage,
    /// The page had no records.
    EmptyPage,
    /// As many records were read as were promised.
    TotalReached,
}

/// What is known of a list after its last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why the pager stopped.
    pub stopped: Stop,
    /// How many pages were read, over all resumptions.
    pub pages: u64,
    /// How many records were read, over all resumptions.
    pub records: u64,
    /// How many there should be, where the API says so.
    pub promised: Option<u64>,
    /// Whether every page had a place for records.
    pub selector_hit: bool,
    /// Whether nothing can be missing.
    pub proven_complete: bool,
    /// Why something may be missing, for people; `None` exactly when it is proven complete.
    pub doubt: Option<String>,
}

impl Verdict {
    pub(super) fn new(stopped: Stop, position: &Position, paging: &Paging, more: bool) -> Self {
        let doubt = doubt(stopped, position, paging, more);
        Self {
            stopped,
            pages: position.pages,
            records: position.records,
            promised: position.promised,
            selector_hit: position.selector_hit,
            proven_complete: doubt.is_none(),
            doubt,
        }
    }
}

/// The first reason to doubt; `more` is whether the last page said that there is more.
fn doubt(stopped: Stop, position: &Position, paging: &Paging, more: bool) -> Option<String> {
    let Position {
        records,
        promised,
        promised_first,
        ..
    } = position;
    if stopped == Stop::NotYet {
        return Some(format!(
            "the list was not read to its end, only {records} records of it"
        ));
    }
    // Records that came after the first page are not missing from a list that goes by ids.
    let by_id = matches!(paging, Paging::IdCursor { .. });
    if let Some(promised) = promised.filter(|p| p > records || p < records && !by_id) {
        return Some(format!("{promised} records were promised, {records} came"));
    }
    if more {
        return Some("the last page read said that there is more".to_owned());
    }
    // Pages that are counted, openly or behind a token, shift when a record before them goes, and
    // one is never seen. The total is the only trace of it. Added records can only come twice.
    if promised < promised_first {
        return Some("the promised total fell while the list was read".to_owned());
    }
    if !position.selector_hit && promised.is_none() {
        return Some(
            "a page had no place for records: an empty list looks like a wrong selector".to_owned(),
        );
    }
    None
}
