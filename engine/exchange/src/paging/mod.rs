//! Lists that come in pages: read one after the other, with proof at the end that none is missing.
//!
//! `Pager` asks for a page, hands its records over and forgets them, so memory does not grow with
//! the list. `Position` says where to go on and can be stored. `Verdict` says why the pager
//! stopped and whether the list is proven complete; a list that is not must not be used as if it
//! were. What a request looks like and where an answer holds its records is said by `Pages`.

mod order;
mod pager;
mod position;
mod verdict;

use serde_json::Value;

use crate::answer::Answer;
use crate::request::Request;

pub use pager::{Page, Pager};
pub use position::Position;
pub use verdict::{Stop, Verdict};

/// The most pages of one list. At 500 records a page this is five million records; a list that
/// goes on is taken for one that never ends.
pub const PAGES_MAX: u64 = 10_000;

/// How one page leads to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// It does not: there is one page.
    None,
    /// The answer holds the next page's address. The same method and body are sent there: one API
    /// answers a different method with 405, after exactly one page.
    NextUrl,
    /// The next page begins after the highest id of this one; ids must ascend strictly. Needs no
    /// help from the other side and is not disturbed by records that come or go meanwhile.
    IdCursor {
        /// How many records a full page has. Only where the API keeps to it: a shorter page then
        /// ends the list. Without it, only an empty page does.
        size: Option<u64>,
    },
    /// Pages have numbers.
    Number {
        /// The first one's.
        start: u64,
        /// How many records a full page has; a shorter page ends a list that promises no total.
        size: u64,
    },
    /// Pages begin at a number of records.
    Offset {
        /// How many records a full page has; a shorter page ends a list that promises no total.
        size: u64,
    },
    /// The answer holds a token for the next page.
    Cursor,
    /// The answer's `Link` header holds the next page's address (RFC 8288, `rel="next"`).
    LinkHeader,
}

/// How one list is asked for and read.
pub trait Pages: Send + Sync {
    /// The request for the page at `position`. Where the answer gave an address, the pager puts it
    /// into this request; so only id, number, offset and token need to be put in here.
    fn request(&self, position: &Position) -> Result<Request, String>;

    /// What the page holds.
    fn read(&self, answer: Answer) -> Result<PageRead, String>;
}

/// One page, as the caller read it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageRead {
    /// The records that the caller wants, in the order of the answer.
    pub records: Vec<Value>,
    /// How many items the page had: what the list is counted and paged by, whatever the caller
    /// makes of each.
    pub items: u64,
    /// The ids of all items of the page, in its order, as whole numbers or text; empty where
    /// they are not known. Needed for `IdCursor`; elsewhere not looked at.
    pub ids: Vec<Value>,
    /// The next page's address or token; for `LinkHeader` the pager finds it itself.
    pub next: Option<String>,
    /// How many records the whole list has, where the answer says so. Not the number on the page.
    pub promised_total: Option<u64>,
    /// Whether there are more pages, where the answer says so.
    pub has_more: Option<bool>,
    /// Whether the place where the records should be existed. An empty list and a wrong selector
    /// both give no records; only this tells them apart.
    pub selector_hit: bool,
}
