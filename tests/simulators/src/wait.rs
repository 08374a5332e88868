//! Waiting for a condition instead of for a time; and the time that a simulated system takes.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::error::Elapsed;

/// Looks at `condition` now and after each change, until it holds or `limit` has passed.
pub(crate) async fn until(
    changes: &watch::Sender<u64>,
    condition: impl Fn() -> bool,
    limit: Duration,
) -> Result<(), Elapsed> {
    // Subscribed before the first look, so that no change between the two is missed.
    let mut changes = changes.subscribe();
    let holds = async {
        while !condition() {
            // The caller holds the sender, so it cannot be gone before we are.
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(limit, holds).await
}

/// Takes as long as an answer takes: `least`, and a drawn share of `jitter`.
pub(crate) async fn latency(least: Duration, jitter: Duration, draw: impl FnOnce() -> f64) {
    let more = if jitter.is_zero() {
        Duration::ZERO
    } else {
        jitter.mul_f64(draw())
    };
    let delay = least + more;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
