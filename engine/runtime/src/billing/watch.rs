//! How far a plan has come that somebody has just decided about: for whoever waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{Stream, stream};
use model::billing::PlanState;
use model::{IntegrationId, Outcome, PartnerId, Run, Timestamp};

use super::SECTION;
use crate::Runtime;
use crate::error::Error;

/// How often a plan that is watched is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// How many times: for a quarter of an hour. Whoever wants to know more asks again.
const LOOKS_MAX: u32 = 3_000;

/// How many of the newest runs are looked through for the one that is waited for.
const RUNS_SEEN: usize = 20;

/// How far a plan has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProgress {
    /// How many lines there are in each state now.
    pub states: BTreeMap<PlanState, u64>,
    /// The run that was waited for, once it has ended.
    pub ended: Option<Run>,
}

impl Runtime {
    /// How far the plan has come since somebody decided about it at `since`.
    pub async fn plan_progress(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        since: Timestamp,
    ) -> Result<PlanProgress, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        let bills = |name: &str| {
            let is_it = |section: Option<&str>| section == Some(SECTION);
            let named = self.core.pipelines(&integration, |one| one.name == name);
            named.iter().any(|one| is_it(one.section.as_deref()))
        };
        let mut runs = self.runs(partner, id, RUNS_SEEN).await?;
        runs.retain(|run| run.started_at >= since && run.outcome != Outcome::Running);
        let mut states = BTreeMap::new();
        for line in self.plan(partner, id).await?.lines {
            *states.entry(line.state).or_default() += 1;
        }
        Ok(PlanProgress {
            states,
            ended: runs.into_iter().find(|run| bills(&run.pipeline)),
        })
    }

    /// The progress as it is now, then as it has become each time that it has changed, until the
    /// run that follows `since` has ended. It also ends when it has been watched for long.
    pub fn watch_plan(
        &self,
        partner: PartnerId,
        id: IntegrationId,
        since: Timestamp,
    ) -> impl Stream<Item = Result<PlanProgress, Error>> + Send + use<> {
        let watch = Watch {
            runtime: self.clone(),
            partner,
            id,
            since,
            seen: None,
            looks: LOOKS_MAX,
        };
        stream::unfold(watch, async |mut watch| {
            let next = watch.next().await?;
            Some((next, watch))
        })
    }
}

/// Somebody who watches a plan.
struct Watch {
    runtime: Runtime,
    partner: PartnerId,
    id: IntegrationId,
    since: Timestamp,
    seen: Option<PlanProgress>,
    /// How many more looks are taken.
    looks: u32,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<PlanProgress, Error>> {
        loop {
            let is_over = self.seen.as_ref().is_some_and(|seen| seen.ended.is_some());
            if self.looks == 0 || is_over {
                return None;
            }
            self.looks -= 1;
            if self.seen.is_some() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            let (partner, id) = (&self.partner, &self.id);
            match self.runtime.plan_progress(partner, id, self.since).await {
                Ok(now) if self.seen.as_ref() == Some(&now) => {}
                Ok(now) => {
                    self.seen = Some(now.clone());
                    return Some(Ok(now));
                }
                Err(error) => {
                    self.looks = 0;
                    return Some(Err(error));
                }
            }
        }
    }
}
