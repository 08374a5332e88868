//! Following long work until it has ended, with a line of progress for whoever watches.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::Integration;
use crate::error::Error;

/// How often the server is asked.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// A line on standard error that is written over and over; nothing where nobody watches.
pub(super) struct Progress {
    is_watched: bool,
    began: Instant,
}

impl Progress {
    pub(super) fn begin() -> Self {
        Self {
            is_watched: io::stderr().is_terminal(),
            began: Instant::now(),
        }
    }

    /// Shows how far it is. If that fails there is nobody left to tell.
    pub(super) fn show(&self, text: &str) {
        if self.is_watched {
            let seconds = self.began.elapsed().as_secs();
            drop(write!(io::stderr().lock(), "\r\x1b[K{text} ({seconds} s)"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_watched {
            drop(write!(io::stderr().lock(), "\r\x1b[K"));
        }
    }
}

/// Asks until `ask` gives something, for at most `wait`.
pub(super) async fn until<T>(
    what: &str,
    wait: Duration,
    mut ask: impl AsyncFnMut(&Progress) -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let progress = Progress::begin();
    let end = Instant::now() + wait;
    loop {
        if let Some(found) = ask(&progress).await? {
            return Ok(found);
        }
        if Instant::now() >= end {
            return Err(Error::StillRunning {
                what: what.to_owned(),
            });
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// A run once it has ended.
pub(super) async fn run(of: &Integration, id: &str, wait: Duration) -> Result<Value, Error> {
    let path = format!("runs/{id}");
    until(id, wait, async |progress| {
        let run = of.get(&path).await?;
        let text = |name: &str| run.get(name).and_then(Value::as_str).unwrap_or_default();
        progress.show(&format!("{}: {}", text("pipeline"), text("status")));
        let has_ended = run.get("ended_at").is_some_and(|at| !at.is_null());
        Ok(has_ended.then_some(run))
    })
    .await
}
