//! Waiting for a condition instead of for a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a test waits for something that should happen at once, on a busy machine.
pub const SOON: Duration = Duration::from_mins(1);

/// How often a condition is looked at that cannot tell when it changes.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until `condition` gives something; nothing when it has not within `limit`.
pub async fn wait<T>(limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let found = condition().await;
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        sleep(LOOK_EVERY).await;
    }
}
