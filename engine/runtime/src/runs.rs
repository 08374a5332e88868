//! Runs: pipelines that are executed by schedule, on an event or because a person asks, each with
//! a record of what it did and proved.

mod records;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use definition::Pipeline;
use definition::pipeline::Event;
use model::{
    Check, Integration, IntegrationId, IssueKind, Outcome, PartnerId, Run, RunId, Trigger, Verdict,
};
use serde_json::Map;
use store::{Batch, Expect, Lease};

use crate::Runtime;
use crate::aside::unserved;
use crate::context::Context;
use crate::core::{Core, is_usable};
use crate::error::Error;
use crate::events::{every, lane, priority, runs, schedule_job};
use crate::halt::Halt;
use crate::issues::{Trouble, issue_id};
use crate::remote::Remote;
use crate::step;
use crate::work::Work;
use crate::worker::store_error;

pub(crate) use records::put_run;
use records::{asked_for, started};

/// A failed scheduled run is repeated after this long, if its schedule is not faster anyway.
const REPEAT: Duration = Duration::from_mins(1);

/// The kinds of issues that a failed run opens, and a good one clears.
const RUN_ISSUES: [IssueKind; 6] = [
    IssueKind::Incomplete,
    IssueKind::Refused,
    IssueKind::RightMissing,
    IssueKind::ScriptFailed,
    IssueKind::Ambiguous,
    IssueKind::Unreachable,
];

/// What a run came to.
struct Ended {
    outcome: Outcome,
    counts: BTreeMap<String, u64>,
    verdicts: Vec<Verdict>,
    checks: Vec<Check>,
    /// Whether it has made something that it has not taken away.
    has_effects: bool,
    /// The effects on the state, to be committed with the end.
    batch: Batch,
    halt: Option<Halt>,
}

/// A run about to be recorded.
struct Task<'a> {
    partner: &'a PartnerId,
    pipeline: &'a Pipeline,
    run: RunId,
    trigger: Trigger,
    roots: Map<String, serde_json::Value>,
    is_scheduled: bool,
    /// How often in a row it failed before, where it is scheduled.
    failures: u32,
}

impl Task<'_> {
    /// Whether it only tries out what real work does: it tells the person who asked, and what it
    /// has made is taken away, however long that takes.
    fn is_test(&self) -> bool {
        self.pipeline.on.contains(&Event::TestTicketAsked)
    }

    /// Whether its end is recorded. What a callout causes is told in the request's history; a run
    /// per callout would bury the runs that people look for.
    fn is_recorded(&self) -> bool {
        self.roots.is_empty() || self.is_test()
    }
}

impl Core {
    /// Does a job that runs a pipeline.
    pub(crate) async fn do_pipeline(
        self: &Arc<Self>,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
    ) -> Result<(), store::Error> {
        let (integration, name, generation) = match work {
            Work::Pipeline {
                integration,
                pipeline,
                ..
            } => (integration, pipeline, None),
            Work::Schedule {
                integration,
                pipeline,
                generation,
                ..
            } => (integration, pipeline, Some(*generation)),
            _ => return Ok(()),
        };
        let row = match self.integration(partner, integration).await {
            Ok(row) => row,
            Err(Error::Store(error)) => return Err(error),
            // The integration was removed; its jobs end with it.
            Err(_) => return self.end(lease).await,
        };
        let integration = row.value.0;
        let outdated = generation.is_some_and(|one| one != integration.schedule_generation);
        let pipelines = self.pipelines(&integration, |pipeline| pipeline.name == *name);
        let Some(pipeline) = pipelines.into_iter().next().filter(|_| !outdated) else {
            return self.end(lease).await;
        };
        let task = task(work, partner, &pipeline, self.run_id());
        if !is_usable(&integration) {
            if task.is_test() {
                let trouble = self.idle(&integration);
                return self.keep_behind(lease, work, partner, &trouble).await;
            }
            return self.skip(lease, &integration, &task).await;
        }
        if !runs(&integration, &pipeline) {
            return self.skip(lease, &integration, &task).await;
        }
        self.run(lease, work, integration, task).await
    }

    /// Ends a job that leads to nothing more.
    pub(crate) async fn end(&self, lease: &Lease) -> Result<(), store::Error> {
        let mut batch = Batch::new();
        batch.complete(lease);
        self.store.commit(batch).await.map(drop)
    }

    /// Passes over a run because the integration is stopped, or this part of it is switched off. A
    /// scheduled one comes again; others are made up for when that is mended. Who asked for it is
    /// told.
    async fn skip(
        &self,
        lease: &Lease,
        integration: &Integration,
        task: &Task<'_>,
    ) -> Result<(), store::Error> {
        let mut batch = Batch::new();
        batch.complete(lease);
        if task.is_scheduled {
            let due = self
                .now()
                .after(every(integration, task.pipeline).unwrap_or(REPEAT));
            Self::enqueue_scheduled(&mut batch, integration, task.pipeline, due, 0);
        }
        if task.trigger == Trigger::Person && task.is_recorded() {
            put_run(
                &mut batch,
                &self.passed_over(integration, task),
                Expect::Any,
            );
        }
        self.store.commit(batch).await.map(drop)
    }

    /// The record of a run that was asked for and could not begin.
    fn passed_over(&self, integration: &Integration, task: &Task<'_>) -> Run {
        let (message, remedy) = if is_usable(integration) {
            let section = task.pipeline.section.as_deref().unwrap_or_default();
            let message = format!("the settings of {section} are switched off");
            (message, "Switch them on, then run it again.".to_owned())
        } else {
            let trouble = self.idle(integration);
            (trouble.title, trouble.remedy)
        };
        Run {
            ended_at: Some(self.now()),
            outcome: Outcome::Failed {
                class: None,
                message,
            },
            remedy: Some(remedy),
            ..asked_for(
                integration,
                task.pipeline,
                task.run.clone(),
                started(&task.run),
            )
        }
    }

    async fn run(
        self: &Arc<Self>,
        lease: &Lease,
        work: &Work,
        integration: Integration,
        task: Task<'_>,
    ) -> Result<(), store::Error> {
        let started = self.now();
        let ended = self.run_steps(lease, &integration, &task).await?;
        let is_good = matches!(ended.outcome, Outcome::Succeeded)
            // A test that comes to its end leaves nothing to be mended, whatever it has found.
            || (task.is_test() && ended.halt.is_none());
        let has_changed = ended.counts.contains_key("effects");
        let (halt, has_effects) = (ended.halt, ended.has_effects);
        let mut batch = ended.batch;
        if let Some(Halt::Wait { wait, .. }) = halt {
            // The run goes on when it is claimed again; until then it has not ended.
            batch.release(lease, self.now().after(wait));
            return self.store.commit(batch).await.map(drop);
        }
        let goes_on = task.is_test() && matches!(halt, Some(Halt::Again { .. }));
        if task.is_recorded() {
            let run = Run {
                id: task.run.clone(),
                partner: task.partner.clone(),
                integration: integration.id.clone(),
                pipeline: task.pipeline.name.clone(),
                trigger: task.trigger,
                started_at: started,
                ended_at: Some(self.now()).filter(|_| !goes_on),
                outcome: if goes_on {
                    Outcome::Running
                } else {
                    ended.outcome
                },
                counts: ended.counts,
                verdicts: ended.verdicts,
                checks: ended.checks,
                remedy: halt.as_ref().and_then(Halt::remedy).map(str::to_owned),
            };
            put_run(&mut batch, &run, Expect::Any);
        }
        if let Some(halt) = halt {
            if task.is_test() {
                self.test_failed(&mut batch, lease, work, &integration, halt, has_effects)
                    .await?;
            } else {
                self.run_failed(&mut batch, (lease, work), &integration, &task, halt)
                    .await?;
            }
        } else {
            batch.complete(lease);
            if task.is_test() {
                self.forget_test(&mut batch, &integration, &task.roots);
            }
            if task.is_scheduled {
                let due = self
                    .now()
                    .after(every(&integration, task.pipeline).unwrap_or(REPEAT));
                Self::enqueue_scheduled(&mut batch, &integration, task.pipeline, due, 0);
            }
        }
        self.store.commit(batch).await?;
        if is_good {
            self.run_mended(task.partner, &integration.id, &task.pipeline.name)
                .await?;
        }
        if has_changed && !task.is_test() {
            // What was refused for want of, say, a flag may be taken now that it exists.
            let tried = self.try_refused(task.partner, &integration.id).await;
            tried.map_err(store_error)?;
        }
        self.forget_runs(task.partner, &integration.id).await
    }

    async fn run_steps(
        self: &Arc<Self>,
        lease: &Lease,
        integration: &Integration,
        task: &Task<'_>,
    ) -> Result<Ended, store::Error> {
        let partner = self
            .partner_value(task.partner)
            .await
            .map_err(store_error)?;
        let priority = match task.pipeline.priority {
            definition::pipeline::Priority::Tickets => exchange::Priority::Tickets,
            definition::pipeline::Priority::Directory => exchange::Priority::Directory,
            definition::pipeline::Priority::Billing => exchange::Priority::Billing,
        };
        let remote = Remote::new(self, Arc::new(integration.clone()), priority);
        let remote = remote.map_err(store_error)?;
        let calls_before = remote.stats().attempts;
        let name = task.pipeline.name.as_str();
        let mut context =
            Context::new(remote, name, &partner, &task.run, lease, task.roots.clone());
        let under_way = task.is_recorded().then(|| self.progress.begin(&task.run));
        context.watched = under_way.as_ref().map(|run| run.counts.clone());
        let result = step::run(&mut context, &task.pipeline.steps).await;
        let calls = context.remote.stats().attempts.saturating_sub(calls_before);
        context.count("calls", calls);
        match context.remote.warnings().len() {
            0 => {}
            warnings => context.count("warnings", warnings as u64),
        }
        let (outcome, batch, halt) = match result {
            Ok(_) => (verified(&context.checks), context.take_batch(), None),
            Err(Halt::Store(error)) => return Err(error),
            Err(halt) => {
                let (class, message) = halt.describe();
                // What was found out until then stands: one ticket that cannot be read does not
                // keep those before it from being closed.
                (
                    Outcome::Failed { class, message },
                    context.take_batch(),
                    Some(halt),
                )
            }
        };
        Ok(Ended {
            outcome,
            counts: context.counts,
            verdicts: context.verdicts,
            checks: context.checks,
            has_effects: context.has_effects,
            batch,
            halt,
        })
    }

    /// Settles the job of a run that failed: it comes again, and a person is told if that will not
    /// mend it.
    async fn run_failed(
        self: &Arc<Self>,
        batch: &mut Batch,
        (lease, work): (&Lease, &Work),
        integration: &Integration,
        task: &Task<'_>,
        halt: Halt,
    ) -> Result<(), store::Error> {
        let partner = task.partner;
        let subject = run_subject(&task.pipeline.name);
        // What passes by itself is tried until it has passed, whoever asked for it.
        let mut mends_itself = matches!(halt, Halt::Again { .. } | Halt::Store(_));
        let tries = task.failures + lease.job.attempts;
        let trouble = match halt {
            Halt::Again { message, .. } => unserved(self, integration, tries, &subject, &message),
            Halt::Wait { .. } | Halt::Store(_) => None,
            // A good run clears what a bad one opened, and knows it by the pipeline alone.
            Halt::Behind { trouble, .. } => Some(Trouble {
                subject,
                cause: None,
                ..*trouble
            }),
            Halt::Rejected { message, remedy } => {
                let row = self
                    .integration(partner, &integration.id)
                    .await
                    .map_err(store_error)?;
                // Where others took their place meanwhile, those are not to blame.
                mends_itself = !self.is_rejected(&row.value.0);
                (!mends_itself).then(|| self.stop(batch, Some(row), message, remedy))
            }
            Halt::Undefined(what) => Some(Trouble {
                kind: IssueKind::ScriptFailed,
                integration: Some(integration.id.clone()),
                subject,
                cause: None,
                title: format!("{} cannot be run: {what}", task.pipeline.title),
                detail: None,
                remedy: "Correct the connector or pipeline file, then run it again.".to_owned(),
            }),
        };
        let mut probed = None;
        if let Some(trouble) = trouble {
            let issue = self.open_issue(batch, partner, &trouble).await;
            let issue = issue.map_err(store_error)?;
            let is_of_run = trouble.kind != IssueKind::CredentialsRejected;
            // Where no schedule comes again, one piece is kept to find out when it is mended.
            if is_of_run && task.pipeline.every.is_none() {
                let behind = self.behind(partner, &issue).await.map_err(store_error)?;
                probed = Some(issue).filter(|_| behind == 0);
            }
        }
        let every = every(integration, task.pipeline).unwrap_or(REPEAT);
        let wait = self.backoff(tries, None).max(REPEAT / 4).min(every);
        let due = self.now().after(wait);
        if task.is_scheduled {
            // At the end of its lane: what somebody asks for meanwhile gets its turn.
            batch.complete(lease);
            Self::enqueue_scheduled(batch, integration, task.pipeline, due, tries + 1);
        } else if mends_itself && task.roots.is_empty() && task.pipeline.every.is_some() {
            // Its schedule sees to it from here. To wait at the head of the lane would keep what
            // somebody asks for meanwhile from being tried, and each would read everything again.
            batch.complete(lease);
            batch.hasten(schedule_job(integration, &task.pipeline.name), due);
        } else if mends_itself {
            batch.retry(lease, due);
        } else if let Some(issue) = probed {
            Self::put_behind(batch, partner, &issue, lease, work.clone());
        } else {
            batch.complete(lease);
        }
        Ok(())
    }

    /// Clears the issues that failures of this pipeline had opened.
    async fn run_mended(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
        pipeline: &str,
    ) -> Result<(), store::Error> {
        for kind in RUN_ISSUES {
            let id = issue_id(kind, Some(integration), &run_subject(pipeline));
            self.clear_issue(partner, &id).await.map_err(store_error)?;
        }
        Ok(())
    }
}

/// How a run ended whose steps were all done.
fn verified(checks: &[Check]) -> Outcome {
    let failed = checks.iter().filter(|check| !check.holds);
    let failed: Vec<&str> = failed.map(|check| check.what.as_str()).collect();
    if failed.is_empty() {
        return Outcome::Succeeded;
    }
    let message = format!("not found to be so: {}", failed.join("; "));
    Outcome::Failed {
        class: None,
        message,
    }
}

fn task<'a>(work: &Work, partner: &'a PartnerId, pipeline: &'a Pipeline, fresh: RunId) -> Task<'a> {
    let (run, trigger, roots, is_scheduled) = match work {
        Work::Pipeline {
            run,
            trigger,
            roots,
            ..
        } => (run.clone(), *trigger, roots.clone(), false),
        _ => (fresh, Trigger::Schedule, Map::new(), true),
    };
    let failures = match work {
        Work::Schedule { failures, .. } => *failures,
        _ => 0,
    };
    Task {
        partner,
        pipeline,
        run,
        trigger,
        roots,
        is_scheduled,
        failures,
    }
}

/// What tells the issues of one pipeline's runs from others.
pub(crate) fn run_subject(pipeline: &str) -> String {
    format!("run.{pipeline}")
}

impl Runtime {
    /// Runs the pipeline now, or all that run by schedule. Gives the runs' ids; their records say
    /// `running` until they have ended.
    pub async fn sync(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        pipeline: Option<&str>,
    ) -> Result<Vec<RunId>, Error> {
        let core = &self.core;
        let integration = core.integration(partner, id).await?.value.0;
        Core::usable(&integration)?;
        let wanted = |one: &Pipeline| {
            let is_named = pipeline.is_none_or(|name| one.name == name);
            is_named && one.every.is_some() && runs(&integration, one)
        };
        let pipelines = core.pipelines(&integration, wanted);
        if let (Some(name), true) = (pipeline, pipelines.is_empty()) {
            return Err(Error::not_found("pipeline", name));
        }
        let (mut batch, mut runs) = (Batch::new(), Vec::new());
        for pipeline in pipelines {
            let id = core.run_id();
            let run = asked_for(&integration, &pipeline, id.clone(), core.now());
            put_run(&mut batch, &run, Expect::Absent);
            let work = Work::Pipeline {
                partner: partner.clone(),
                integration: integration.id.clone(),
                pipeline: pipeline.name.clone(),
                run: id.clone(),
                trigger: Trigger::Person,
                roots: Map::new(),
            };
            let gathers = crate::billing::gathering(&integration, &pipeline.name);
            batch.hasten_fold(partner.as_str(), gathers, core.now());
            let lane = lane(&integration, &pipeline, &Map::new());
            batch.enqueue(work.job(
                id.to_string(),
                lane,
                priority(pipeline.priority),
                core.now(),
            ));
            // The scheduled run waits for its time in the same lane, and would hold up this one.
            batch.step_behind(schedule_job(&integration, &pipeline.name));
            runs.push(id);
        }
        self.commit(batch, "the queue").await?;
        Ok(runs)
    }
}
