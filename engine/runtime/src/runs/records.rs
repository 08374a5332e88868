//! The records of runs: how they are kept, found and forgotten.

use std::collections::BTreeMap;

use definition::Pipeline;
use model::{Integration, IntegrationId, Outcome, PartnerId, Run, RunId, Timestamp, Trigger};
use store::{Batch, Expect, Key, Record, Records, key};

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::tables::RunRow;

impl Core {
    /// Removes the oldest runs when there are too many.
    pub(super) async fn forget_runs(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
    ) -> Result<(), store::Error> {
        let prefix = RunRow::key(partner.as_str(), &[integration.as_str()]);
        let kept = self.config.retention.runs;
        let rows = self.store.scan(&prefix, None, kept * 2).await?;
        if rows.len() < kept + kept / 10 {
            return Ok(());
        }
        let mut batch = Batch::new();
        for row in rows.into_iter().skip(kept) {
            batch.delete(row.key, Expect::Any);
        }
        self.store.commit(batch).await.map(drop)
    }
}

impl Runtime {
    /// The newest runs of an integration, at most `limit`.
    pub async fn runs(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
        limit: usize,
    ) -> Result<Vec<Run>, Error> {
        self.core.integration(partner, integration).await?;
        let rows = self
            .core
            .store
            .scan_records::<RunRow>(
                partner.as_str(),
                &[integration.as_str()],
                None::<&Key>,
                limit.min(self.core.config.retention.runs),
            )
            .await?;
        let runs = rows.into_iter().map(|(_, row)| row.value.0);
        Ok(runs.map(|run| self.with_progress(run)).collect())
    }

    /// One run.
    pub async fn run(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
        run: &RunId,
    ) -> Result<Run, Error> {
        let parts = [
            integration.as_str(),
            &key::newest_first(started(run)),
            run.as_str(),
        ];
        let row = self
            .core
            .store
            .get_record::<RunRow>(partner.as_str(), &parts)
            .await?;
        let row = row.ok_or_else(|| Error::not_found("run", run))?;
        Ok(self.with_progress(row.value.0))
    }
}

/// The record of a run that a person has asked for, as it begins.
pub(super) fn asked_for(
    integration: &Integration,
    pipeline: &Pipeline,
    id: RunId,
    started_at: Timestamp,
) -> Run {
    Run {
        id,
        partner: integration.partner.clone(),
        integration: integration.id.clone(),
        pipeline: pipeline.name.clone(),
        trigger: Trigger::Person,
        started_at,
        ended_at: None,
        outcome: Outcome::Running,
        counts: BTreeMap::new(),
        verdicts: Vec::new(),
        checks: Vec::new(),
        remedy: None,
    }
}

fn run_key(run: &Run) -> [String; 3] {
    [
        run.integration.to_string(),
        key::newest_first(started(&run.id)),
        run.id.to_string(),
    ]
}

/// When a run was asked for, which is written into its id.
pub(super) fn started(run: &RunId) -> Timestamp {
    let millis = run
        .as_str()
        .split('-')
        .next()
        .and_then(key::read_number)
        .unwrap_or_default();
    Timestamp::from_millis(millis.cast_signed())
}

pub(crate) fn put_run(batch: &mut Batch, run: &Run, expect: Expect) {
    let parts = run_key(run);
    let parts = parts.each_ref().map(String::as_str);
    batch.put_record(run.partner.as_str(), &parts, &RunRow(run.clone()), expect);
}
