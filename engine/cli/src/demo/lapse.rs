//! What went otherwise than it should on the tour.

use std::fmt;

use exchange::TransportError;

/// Something that did not hold, in a sentence for whoever watches.
#[derive(Debug)]
pub(super) struct Lapse(String);

impl Lapse {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TransportError> for Lapse {
    fn from(error: TransportError) -> Self {
        Self(format!("the engine did not answer: {error}"))
    }
}

impl From<simulators::Error> for Lapse {
    fn from(error: simulators::Error) -> Self {
        Self(error.to_string())
    }
}

/// A lapse with the words of `what`, unless `holds`.
pub(super) fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), Lapse> {
    if holds { Ok(()) } else { Err(Lapse(what())) }
}
