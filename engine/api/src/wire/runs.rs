//! Runs: what pipelines did and proved.

use std::collections::BTreeMap;

use model::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{Moment, each};

/// What to run now.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncInput {
    /// The pipeline; without one, all that run by the clock.
    #[serde(default)]
    #[schema(example = "pull_tickets")]
    pub(crate) pipeline: Option<String>,
}

/// What was started.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncReceipt {
    /// The ids of the runs, to look up how they end.
    pub(crate) runs: Vec<String>,
}

/// Whom a test ticket is made for; without any, the first customer that has a company.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestTicketInput {
    /// The customer; the ticket goes to the company that it is mapped to.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "c-7")]
    pub(crate) customer: Option<CustomerId>,
    /// The id of a company of the directory, whatever the mapping says.
    #[serde(default)]
    #[schema(value_type = Option<Value>, example = 174)]
    pub(crate) company: Option<Value>,
}

/// What was started.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestTicketReceipt {
    /// The id of the run, which tells what was verified.
    pub(crate) run: String,
}

/// How many runs to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsAsked {
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// Runs of an integration.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunList {
    /// The latest first.
    pub(crate) runs: Vec<Run>,
}

/// One execution of a pipeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct Run {
    /// Its id.
    id: String,
    /// The integration it worked on.
    integration: String,
    /// The pipeline's name.
    #[schema(example = "pull_tickets")]
    pipeline: String,
    /// Why it ran.
    trigger: Trigger,
    /// How it stands.
    status: RunStatus,
    /// Why it failed, when it did.
    failure: Option<Failure>,
    /// When it began.
    started_at: Moment,
    /// When it ended.
    ended_at: Option<Moment>,
    /// What it did, counted by name.
    #[schema(example = json!({"calls": 3, "records": 1200}))]
    counts: BTreeMap<String, u64>,
    /// What is known about each read's completeness.
    verdicts: Vec<Verdict>,
    /// What was held against what was expected, in that order.
    checks: Vec<Check>,
}

impl From<model::Run> for Run {
    fn from(run: model::Run) -> Self {
        let (status, failure) = match run.outcome {
            model::Outcome::Running => (RunStatus::Running, None),
            model::Outcome::Succeeded => (RunStatus::Succeeded, None),
            model::Outcome::Failed { class, message } => {
                let class = class.map(model::Class::name);
                let remedy = run.remedy;
                let failure = Failure {
                    class,
                    message,
                    remedy,
                };
                (RunStatus::Failed, Some(failure))
            }
        };
        Self {
            id: run.id.to_string(),
            integration: run.integration.to_string(),
            pipeline: run.pipeline,
            trigger: run.trigger.into(),
            status,
            failure,
            started_at: run.started_at.into(),
            ended_at: run.ended_at.map(Moment::from),
            counts: run.counts,
            verdicts: each(run.verdicts),
            checks: each(run.checks),
        }
    }
}

/// Why a run ran.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trigger {
    /// Its time had come.
    Schedule,
    /// Something happened, such as new settings.
    Event,
    /// A person asked for it.
    Person,
}

impl From<model::Trigger> for Trigger {
    fn from(trigger: model::Trigger) -> Self {
        match trigger {
            model::Trigger::Schedule => Self::Schedule,
            model::Trigger::Event => Self::Event,
            model::Trigger::Person => Self::Person,
        }
    }
}

/// How a run stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    /// It has not ended.
    Running,
    /// All of it was done.
    Succeeded,
    /// It was not done; what had been done stays, and the next run goes on from there.
    Failed,
}

/// Why a run failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure {
    /// The class of the failed call, where a call failed.
    #[schema(example = "unavailable")]
    class: Option<&'static str>,
    /// What went wrong.
    message: String,
    /// What to do about it, where that is known.
    remedy: Option<String>,
}

/// Something that was held against what was expected.
#[derive(Serialize, ToSchema)]
pub(crate) struct Check {
    /// What should be so.
    #[schema(example = "It has the title that was sent")]
    what: String,
    /// Whether it is.
    holds: bool,
    /// What was found, as text.
    found: Option<String>,
    /// What it should have been; null where anything would have done.
    expected: Option<String>,
}

impl From<model::Check> for Check {
    fn from(check: model::Check) -> Self {
        Self {
            what: check.what,
            holds: check.holds,
            found: check.found,
            expected: check.expected,
        }
    }
}

/// What is known about the completeness of one read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verdict {
    /// The operation that read.
    #[schema(example = "list_companies")]
    operation: String,
    /// Why it stopped reading.
    #[schema(example = "the last page was not full")]
    stopped: String,
    /// Pages seen.
    pages: u64,
    /// Records seen.
    records: u64,
    /// Records that the PSA said there are, where it says so.
    promised: Option<u64>,
    /// Whether this is shown to be all there was.
    complete: bool,
}

impl From<model::Verdict> for Verdict {
    fn from(verdict: model::Verdict) -> Self {
        Self {
            operation: verdict.operation,
            stopped: verdict.stopped,
            pages: verdict.pages,
            records: verdict.records,
            promised: verdict.promised,
            complete: verdict.complete,
        }
    }
}
