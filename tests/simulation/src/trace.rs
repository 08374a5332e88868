//! What happened in one seed, reduced to a number: two plays of a seed that differ anywhere differ
//! in it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Takes note of what happens, and when.
#[derive(Debug)]
pub struct Trace {
    began: Instant,
    noted: Mutex<(DefaultHasher, u64)>,
}

impl Trace {
    /// A trace that begins now.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            noted: Mutex::new((DefaultHasher::new(), 0)),
        }
    }

    /// Notes that something happens now. With `DOVETAIL_TRACE` set it is shown as well, to see
    /// what led to a promise being broken.
    pub(crate) fn note(&self, what: &str) {
        let at = self.began.elapsed().as_millis();
        if std::env::var_os("DOVETAIL_TRACE").is_some() {
            show(at, what);
        }
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        (at, what).hash(&mut noted.0);
        noted.1 += 1;
    }

    /// The number so far, and how much was noted.
    pub(crate) fn sum(&self) -> (u64, u64) {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        (noted.0.finish(), noted.1)
    }
}

#[expect(clippy::print_stderr, reason = "somebody asked to see it")]
fn show(at: u128, what: &str) {
    eprintln!("{at:>9} ms  {what}");
}
