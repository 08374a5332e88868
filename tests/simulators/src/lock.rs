//! Locking what a simulator keeps.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere does not make the data wrong: each change is made in one go.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
