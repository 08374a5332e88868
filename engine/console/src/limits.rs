//! Everything here that could grow without end, and where it stops.

use std::time::Duration;

/// The longest form, in bytes: a script of the longest kind with its settings, percent-encoded, or
/// the CSV of the largest mapping that is known, several times over.
pub const FORM_BYTES_MAX: usize = 4 << 20;

/// The most fields of a form: what a page of the mapping has, several times over.
pub const FIELDS_MAX: usize = 20_000;

/// How long a browser may take to send a form.
pub const FORM_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest cookie header that is looked at, in bytes.
pub const COOKIE_BYTES_MAX: usize = 8 << 10;

/// Partners on one page of an operator's list.
pub const PARTNERS_PER_PAGE: usize = 100;

/// Customers on one page of the mapping: as many as a person works through at a time, and few
/// enough that a page of them is there at once.
pub const CUSTOMERS_PER_PAGE: usize = 100;

/// Products on one page: each has a box with every item of the PSA, and one more for a customer.
pub const PRODUCTS_PER_PAGE: usize = 50;

/// Companies that the mapping's box offers at a time; typing narrows them down.
pub const COMPANIES_OFFERED: usize = 5_000;

/// Lines of a plan on one page.
pub const LINES_PER_PAGE: usize = 100;

/// How much of the usage that no line bills a page lists; all of it is counted.
pub const UNBILLED_SHOWN: usize = 50;

/// Changes on one page of what was written.
pub const CHANGES_PER_PAGE: usize = 100;

/// How long after a button was pressed its page follows the run: a run of the largest plan takes
/// less, and whoever comes later sees the plan as it is anyway.
pub const FOLLOWED_FOR: Duration = Duration::from_mins(15);
