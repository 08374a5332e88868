//! The promises that every seed is held against, by name.

use std::fmt;

/// One thing that the engine promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// What was acknowledged is there.
    Kept,
    /// What nobody reported is not there.
    NothingForged,
    /// Who asked is told rightly, or not at all.
    UserTold,
    /// Once faults stop, everything comes to rest, and no issue stays.
    Settles,
    /// No request has two tickets.
    OneTicket,
    /// A request and its ticket know each other.
    Linked,
    /// Requests that come again share a ticket just as the settings say.
    TicketsShared,
    /// Where a company catches all, no request waits for a mapping.
    CatchesAll,
    /// A request is closed exactly when its ticket is.
    ClosesAgree,
    /// Every request is in one state, and the counters say the same as the requests.
    LedgerAddsUp,
    /// The product is told of each close in the PSA, and of nothing else, under one id each.
    ProductIsTold,
    /// What the PSA allows at once and per hour is never exceeded.
    LimitsKept,
    /// Credentials that were rejected are not shown again until somebody saves others.
    CredentialsRest,
    /// What the PSA asks to wait for is waited for.
    RetryAfterObeyed,
    /// The directory holds the companies that the PSA has.
    DirectoryWhole,
}

/// A promise that was broken, and how.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// What was seen.
    pub seen: String,
}

impl Broken {
    pub(crate) fn new(promise: Promise, seen: impl Into<String>) -> Self {
        let seen = seen.into();
        Self { promise, seen }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is broken: {}", self.promise, self.seen)
    }
}

/// Breaks `promise` unless `holds`.
pub(crate) fn hold(
    promise: Promise,
    holds: bool,
    seen: impl FnOnce() -> String,
) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken::new(promise, seen()))
    }
}
