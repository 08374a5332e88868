//! Progress: what a run under way has done so far, for whoever watches. It is kept in memory only;
//! what counts is the record that the run leaves.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::Stream;
use futures::stream;
use model::{IntegrationId, Outcome, PartnerId, Run, RunId};

use crate::Runtime;
use crate::error::Error;

/// How often a run that is watched is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// How long a run is watched: whoever wants to know more asks again.
const WATCHED_FOR_MAX: Duration = Duration::from_mins(10);

/// What the runs under way have done so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    runs: Mutex<HashMap<RunId, Counts>>,
}

/// What one run has done so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

/// A run under way; it is no longer when this is dropped.
pub(crate) struct UnderWay<'p> {
    progress: &'p Progress,
    run: RunId,
    pub(crate) counts: Counts,
}

impl Progress {
    /// The run begins.
    pub(crate) fn begin(&self, run: &RunId) -> UnderWay<'_> {
        let counts = Counts::default();
        lock(&self.runs).insert(run.clone(), counts.clone());
        UnderWay {
            progress: self,
            run: run.clone(),
            counts,
        }
    }

    fn of(&self, run: &RunId) -> Option<BTreeMap<String, u64>> {
        let counts = lock(&self.runs).get(run).cloned()?;
        let counts = lock(&counts.0).clone();
        Some(counts)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.progress.runs).remove(&self.run);
    }
}

impl Counts {
    /// The run has done this much more.
    pub(crate) fn add(&self, what: &str, by: u64) {
        let mut counts = lock(&self.0);
        match counts.get_mut(what) {
            Some(count) => *count += by,
            None => drop(counts.insert(what.to_owned(), by)),
        }
    }
}

impl Runtime {
    /// The run as it is now, then as it has become each time that it has changed, until it has
    /// ended. The stream also ends when the run cannot be read, or has been watched for long.
    pub fn watch_run(
        &self,
        partner: PartnerId,
        integration: IntegrationId,
        run: RunId,
    ) -> impl Stream<Item = Result<Run, Error>> + Send + use<> {
        let watch = Watch {
            runtime: self.clone(),
            partner,
            integration,
            run,
            seen: None,
            looks: WATCHED_FOR_MAX.as_millis() / LOOK_EVERY.as_millis(),
        };
        stream::unfold(watch, |mut watch| async {
            let next = watch.next().await?;
            Some((next, watch))
        })
    }

    /// What `run` has done so far, if it has not ended.
    pub(crate) fn with_progress(&self, mut run: Run) -> Run {
        if run.outcome == Outcome::Running
            && let Some(counts) = self.core.progress.of(&run.id)
        {
            run.counts = counts;
        }
        run
    }
}

/// Somebody who watches a run.
struct Watch {
    runtime: Runtime,
    partner: PartnerId,
    integration: IntegrationId,
    run: RunId,
    seen: Option<Run>,
    /// How many more looks are taken.
    looks: u128,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<Run, Error>> {
        loop {
            let is_over = |run: &Run| run.outcome != Outcome::Running;
            if self.looks == 0 || self.seen.as_ref().is_some_and(is_over) {
                return None;
            }
            self.looks -= 1;
            if self.seen.is_some() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            let asked = self
                .runtime
                .run(&self.partner, &self.integration, &self.run);
            let run = match asked.await {
                Ok(run) => run,
                Err(error) => {
                    self.looks = 0;
                    return Some(Err(error));
                }
            };
            if self.seen.as_ref() != Some(&run) {
                self.seen = Some(run.clone());
                return Some(Ok(run));
            }
        }
    }
}

/// The lock's content, also after a panic elsewhere: counts are whole at all times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
