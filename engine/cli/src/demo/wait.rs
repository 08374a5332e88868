//! Waiting for a condition, for a limited time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::lapse::Lapse;

/// How long anything on the tour may take. Some of it waits on purpose: an answer that never came
/// is looked for only after the PSA has had time to finish.
const LIMIT: Duration = Duration::from_mins(1);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(25);

/// Looks with `look` until it gives something. It says why it does not yet, which is told if it
/// never does.
pub(super) async fn wait_for<T, F>(what: &str, mut look: impl FnMut() -> F) -> Result<T, Lapse>
where
    F: Future<Output = Result<Result<T, String>, Lapse>>,
{
    let started = Instant::now();
    loop {
        match look().await? {
            Ok(found) => return Ok(found),
            Err(seen) if started.elapsed() > LIMIT => {
                let seconds = LIMIT.as_secs();
                let text = format!("{what} did not happen within {seconds} s; last seen: {seen}");
                return Err(Lapse::new(text));
            }
            Err(_) => sleep(INTERVAL).await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_never_happens_says_what_was_seen() {
        let mut looks = 0;
        let waited = wait_for("rain", || {
            looks += 1;
            async { Ok(Err::<(), _>("sun".to_owned())) }
        });
        let lapse = waited.await.unwrap_err().to_string();
        assert_eq!(lapse, "rain did not happen within 60 s; last seen: sun");
        assert!(looks > 100);
    }
}
