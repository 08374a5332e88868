//! Deliberate bugs, to prove that the simulation finds such.
//!
//! A test that never fails proves nothing. So at the places where the engine keeps its promises, a
//! bug can be planted that breaks one of them; `tests/simulation/tests/sabotage.rs` plants each of
//! them and demands that it is found. Without the feature `sabotage`, which no program is built
//! with, [`sabotaged`] is always false and nothing of it is left after compilation.

/// What somebody could get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A request is acknowledged while it is still on its way to the disk.
    AcknowledgesBeforeFlush,
    /// After a lost answer the effect is sent again, and not looked for.
    SendsWithoutLooking,
    /// The intent is not made durable before the call.
    ForgetsIntent,
    /// The product is told of closes that came from it.
    EchoesClose,
    /// Credentials that were rejected are used on.
    ShowsRejectedCredentials,
    /// Calls that change something do not count against the limits.
    LimitsReadsOnly,
    /// The PSA asks to wait, and only the call that it told waits.
    IgnoresRetryAfter,
    /// The same request again is taken for a new one.
    TakesIdTwice,
    /// A request changes its state, and the counters do not.
    ForgetsCounters,
    /// An event that the product did not take is not sent again.
    DropsEvents,
    /// A record is overwritten although somebody else changed it meanwhile.
    LosesUpdates,
    /// A request joins a ticket, or leaves it, as if nobody else did at the same time.
    SharesUnguarded,
    /// What is known of effects is removed after a while, whether or not the work is over.
    ForgetsTooSoon,
    /// A change of a quantity whose answer was lost is made again, and what became of it not read.
    RepeatsChange,
}

/// Whether `bug` is planted.
#[cfg(not(feature = "sabotage"))]
pub const fn sabotaged(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "sabotage")]
pub use planted::{plant, sabotaged};

#[cfg(feature = "sabotage")]
mod planted {
    use std::cell::Cell;

    use super::Bug;

    std::thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants `bug`, or none, in everything that this thread does from now on.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether `bug` is planted.
    pub fn sabotaged(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}
