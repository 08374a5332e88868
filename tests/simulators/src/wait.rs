//! Waiting for a condition instead of for a time.

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
