//! Waiting for a condition instead of for a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a test waits for something that should happen at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// How often a condition is looked at that cannot tell when it changes.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `condition` gives something, and panics when it has not within `limit`.
pub async fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(
            Instant::now() < end,
            "within {limit:?} it did not happen that {what}"
        );
        sleep(LOOK_EVERY).await;
    }
}
