//! What happens to an integration, and the pipelines that are run because of it.

use std::time::Duration;

use definition::pipeline::{Event, Pipeline, Priority};
use expression::Scope;
use model::{Integration, RunId, Timestamp, Trigger};
use serde_json::{Map, Value};
use store::Batch;

use crate::core::Core;
use crate::work::Work;

/// Something that happened to an integration.
pub(crate) struct Happened<'a> {
    pub(crate) event: Event,
    /// What it brought, by name.
    pub(crate) roots: Map<String, Value>,
    /// Not to be looked at before this moment.
    pub(crate) due: Timestamp,
    /// A run that waits under the same fold stands for this one too.
    pub(crate) fold: Option<&'a str>,
}

impl Happened<'_> {
    /// Something that brings nothing and is to be looked at now.
    pub(crate) fn plain(event: Event, now: Timestamp) -> Self {
        Self {
            event,
            roots: Map::new(),
            due: now,
            fold: None,
        }
    }
}

impl Core {
    /// Queues every pipeline of the integration's family that is on `event`. With `fold`, a run
    /// that waits already stands for this one too.
    pub(crate) fn enqueue_event(
        &self,
        batch: &mut Batch,
        integration: &Integration,
        happened: &Happened<'_>,
    ) {
        let wanted = |pipeline: &Pipeline| {
            pipeline.on.contains(&happened.event) && runs(integration, pipeline)
        };
        for pipeline in self.pipelines(integration, wanted) {
            self.enqueue_one(batch, integration, &pipeline, happened);
        }
    }

    /// Queues one pipeline because of what happened.
    pub(crate) fn enqueue_one(
        &self,
        batch: &mut Batch,
        integration: &Integration,
        pipeline: &Pipeline,
        happened: &Happened<'_>,
    ) {
        let Happened {
            roots, due, fold, ..
        } = happened;
        let run = self.run_id();
        let work = Work::Pipeline {
            partner: integration.partner.clone(),
            integration: integration.id.clone(),
            pipeline: pipeline.name.clone(),
            trigger: Trigger::Event,
            roots: roots.clone(),
            run: run.clone(),
        };
        let lane = lane(integration, pipeline, roots);
        let mut job = work.job(run.to_string(), lane, priority(pipeline.priority), *due);
        job.fold = fold.map(|fold| format!("{fold}/{}", pipeline.name));
        // One that gathers what else comes stands for this run, and is due with it.
        if let Some(fold) = &job.fold {
            batch.hasten_fold(job.group.clone(), fold.clone(), *due);
        }
        batch.enqueue(job);
        // The scheduled run waits for its time in the same lane, and would hold up this one.
        if pipeline.every.is_some() {
            batch.step_behind(schedule_job(integration, &pipeline.name));
        }
    }

    /// Queues the scheduled runs of the integration, as its schedule now says.
    pub(crate) fn enqueue_schedule(&self, batch: &mut Batch, integration: &Integration) {
        for pipeline in self.pipelines(integration, |pipeline| pipeline.every.is_some()) {
            if let Some(every) = every(integration, &pipeline) {
                let due = self.now().after(every);
                Self::enqueue_scheduled(batch, integration, &pipeline, due, 0);
            }
        }
    }

    /// Queues the next scheduled run of one pipeline, which has just failed so often in a row.
    pub(crate) fn enqueue_scheduled(
        batch: &mut Batch,
        integration: &Integration,
        pipeline: &Pipeline,
        due: Timestamp,
        failures: u32,
    ) {
        let generation = integration.schedule_generation;
        let work = Work::Schedule {
            partner: integration.partner.clone(),
            integration: integration.id.clone(),
            pipeline: pipeline.name.clone(),
            generation,
            failures,
        };
        let id = schedule_job(integration, &pipeline.name);
        let lane = lane(integration, pipeline, &Map::new());
        batch.enqueue(work.job(id, lane, priority(pipeline.priority), due));
    }

    /// The pipelines of the integration's family that `wanted` picks, in the order of their names.
    pub(crate) fn pipelines(
        &self,
        integration: &Integration,
        wanted: impl Fn(&Pipeline) -> bool,
    ) -> Vec<std::sync::Arc<Pipeline>> {
        let connector = self.library.connectors.get(&integration.connector);
        let family = connector.and_then(|one| self.library.families.get(&one.family));
        let all = family
            .into_iter()
            .flat_map(|family| family.pipelines.values());
        all.filter(|pipeline| wanted(pipeline)).cloned().collect()
    }

    /// A new run's id. Later ones sort after earlier ones.
    pub(crate) fn run_id(&self) -> RunId {
        let millis = self.now().as_millis().cast_unsigned();
        let text = format!("{}-{}", store::key::number(millis), self.short_id());
        RunId::new(text).unwrap_or_else(|_| unreachable_id())
    }
}

fn unreachable_id() -> RunId {
    #[expect(clippy::expect_used, reason = "the text is an id")]
    RunId::new("run").expect("an id")
}

/// The id of the job that runs a pipeline whenever its time has come.
pub(crate) fn schedule_job(integration: &Integration, pipeline: &str) -> String {
    let partner = &integration.partner;
    format!(
        "{partner}/schedule/{}/{pipeline}/{}",
        integration.id, integration.schedule_generation
    )
}

/// How often `pipeline` runs for this integration.
pub(crate) fn every(integration: &Integration, pipeline: &Pipeline) -> Option<Duration> {
    let own = integration
        .schedule
        .get(&pipeline.name)
        .and_then(|span| model::span::parse(span));
    own.or(pipeline.every)
}

/// Whether the section of the settings that the pipeline needs is switched on.
pub(crate) fn runs(integration: &Integration, pipeline: &Pipeline) -> bool {
    let section = pipeline.section.as_deref();
    section.is_none_or(|section| integration.is_on(section))
}

/// The lane of a run: the pipeline's own key, within its integration.
pub(crate) fn lane(
    integration: &Integration,
    pipeline: &Pipeline,
    roots: &Map<String, Value>,
) -> String {
    let scope = roots
        .iter()
        .fold(Scope::new(), |scope, (name, value)| scope.with(name, value));
    let key = pipeline.lane.evaluate(&scope).unwrap_or(Value::Null);
    format!(
        "{}/{}/{}",
        integration.id,
        pipeline.name,
        model::request::id_text(&key)
    )
}

/// A priority as the queue orders by it.
pub(crate) const fn priority(priority: Priority) -> u8 {
    match priority {
        Priority::Tickets => 0,
        Priority::Directory => 1,
        Priority::Billing => 2,
    }
}
