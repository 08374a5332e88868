//! Whether a change whose answer was lost took hold.

use model::billing::Decimal;

/// What a quantity that was read says about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It took hold.
    Done,
    /// It did not, and may be made again.
    NotDone,
    /// Somebody else has changed the line, or the change took hold in part. Nobody can tell.
    Unclear,
}

/// Tells from what the PSA has now whether a change from `before` to `after` took hold. This works
/// whether the API takes differences or absolute quantities, because only the result is looked at.
pub fn settle(before: Decimal, after: Decimal, now: Decimal) -> Settled {
    if now == after {
        Settled::Done
    } else if now == before {
        Settled::NotDone
    } else {
        Settled::Unclear
    }
}
