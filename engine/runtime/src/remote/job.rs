//! Long jobs: started once, asked after until they are done, forgotten when their result is read.
//!
//! How far a job has come is durable before anything rests on it, so that a crash, or the wait
//! between two questions, goes on with the same job. Nobody waits in here: while the job runs, the
//! work is handed back and comes again. A start whose answer is lost is not looked for; another
//! job is started, which only reads. Credentials that are tried out keep nothing, and so wait.

use std::time::Duration;

use definition::operation::{Job, Operation};
use exchange::Failure;
use expression::Scope;
use model::{Class, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, Expect, Record as _, Records as _};

use super::{Remote, expression_failed};
use crate::core::hex;
use crate::halt::Failed;
use crate::tables::{JobRow, LongJob};

/// How long a trial of credentials waits for a job, with a person in front of it.
const TRIAL_PATIENCE: Duration = Duration::from_secs(30);

/// The name that what is known of a job has in expressions.
pub(super) const ROOT: &str = "job";

/// How a job stands.
enum Standing {
    Done,
    Running(String),
}

impl Remote {
    /// The job of `operation`, which is done. `None` where the operation has no job.
    pub(super) async fn job(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) -> Result<Option<Done>, Failed> {
        let Some(job) = &operation.job else {
            return Ok(None);
        };
        let mut row = match self.known_job(operation, job, inputs).await? {
            Some(known) => known,
            None => self.start_job(operation, job, inputs).await?,
        };
        let began = tokio::time::Instant::now();
        while row.ask.is_none() {
            match self.ask_job(operation, job, inputs, &mut row).await? {
                Standing::Done => {}
                Standing::Running(_) if self.is_trial && began.elapsed() < TRIAL_PATIENCE => {
                    tokio::time::sleep(job.every).await;
                }
                Standing::Running(state) => {
                    return Err(Failed::Waiting {
                        operation: operation.name.clone(),
                        state,
                        wait: job.every,
                    });
                }
            }
        }
        Ok(Some(Done {
            mark: row.at,
            names: json!({ "start": row.start, "ask": row.ask }),
        }))
    }

    /// Adds to `batch` that the result of the job of `operation` was read.
    pub(super) fn forget_job(
        &self,
        batch: &mut Batch,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) {
        if operation.job.is_some() && !self.is_trial {
            let (name, digest) = (&operation.name, digest(inputs));
            let parts = [self.integration.id.as_str(), name, &digest];
            let key = JobRow::key(self.integration.partner.as_str(), &parts);
            batch.delete(key, Expect::Any);
        }
    }

    /// Forgets the job at once: its result was read, or cannot be had any more.
    pub(super) async fn drop_job(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) -> Result<(), Failed> {
        let mut batch = Batch::new();
        self.forget_job(&mut batch, operation, inputs);
        if !batch.is_empty() {
            self.core.store.commit(batch).await?;
        }
        Ok(())
    }

    /// The job that is under way. One that nobody has asked after for as long as it may take was
    /// abandoned: what it made is as old, and perhaps gone.
    async fn known_job(
        &self,
        operation: &Operation,
        job: &Job,
        inputs: &Map<String, Value>,
    ) -> Result<Option<LongJob>, Failed> {
        let digest = digest(inputs);
        let parts = [self.integration.id.as_str(), &operation.name, &digest];
        let store = &self.core.store;
        let row = store
            .get_record::<JobRow>(self.integration.partner.as_str(), &parts)
            .await?;
        let now = self.core.now();
        Ok(row
            .map(|row| row.value.0)
            .filter(|row| now.since(row.asked) <= job.at_most))
    }

    async fn start_job(
        &self,
        operation: &Operation,
        job: &Job,
        inputs: &Map<String, Value>,
    ) -> Result<LongJob, Failed> {
        let start = self.record(&job.start, inputs).await?;
        let now = self.core.now();
        let row = LongJob {
            start,
            ask: None,
            at: now,
            asked: now,
        };
        self.keep_job(operation, inputs, &row).await?;
        Ok(row)
    }

    async fn ask_job(
        &self,
        operation: &Operation,
        job: &Job,
        inputs: &Map<String, Value>,
        row: &mut LongJob,
    ) -> Result<Standing, Failed> {
        let mut names = inputs.clone();
        names.insert(ROOT.to_owned(), json!({ "start": row.start }));
        let record = self.record(&job.ask, &names).await?;
        let scope = Scope::document(&record);
        let failed = |error| expression_failed(operation, error);
        let state = model::request::id_text(&job.state.evaluate(&scope).map_err(failed)?);
        let now = self.core.now();
        row.asked = now;
        if job.done.contains(&state) {
            row.ask = Some(record);
            self.keep_job(operation, inputs, row).await?;
            return Ok(Standing::Done);
        }
        if job.failed.contains(&state) {
            let why = job.why.as_ref().map(|why| why.evaluate(&scope));
            let why = why.transpose().map_err(failed)?.unwrap_or_default();
            self.drop_job(operation, inputs).await?;
            let said = Some(why).filter(|why| !why.is_null());
            let said = said.map_or_else(|| state.clone(), |why| model::request::id_text(&why));
            return Err(self.job_failed(
                operation,
                Class::Invalid,
                &format!("its job failed: {said}"),
            ));
        }
        if now.since(row.at) > job.at_most {
            self.drop_job(operation, inputs).await?;
            let message = format!(
                "its job is not done after {:?}, the state is `{state}`",
                job.at_most
            );
            return Err(self.job_failed(operation, Class::Unavailable, &message));
        }
        self.keep_job(operation, inputs, row).await?;
        Ok(Standing::Running(state))
    }

    /// The one record of an operation that a job consists of; null where it gives none.
    async fn record(&self, operation: &str, inputs: &Map<String, Value>) -> Result<Value, Failed> {
        let records = self.found(operation, inputs).await?;
        Ok(records.into_iter().next().unwrap_or(Value::Null))
    }

    async fn keep_job(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
        row: &LongJob,
    ) -> Result<(), Failed> {
        if self.is_trial {
            return Ok(());
        }
        let mut batch = Batch::new();
        let digest = digest(inputs);
        let parts = [self.integration.id.as_str(), &operation.name, &digest];
        let row = JobRow(row.clone());
        batch.put_record(self.integration.partner.as_str(), &parts, &row, Expect::Any);
        self.core.store.commit(batch).await?;
        Ok(())
    }

    fn job_failed(&self, operation: &Operation, class: Class, message: &str) -> Failed {
        Failed::Exchange {
            operation: operation.name.clone(),
            failure: Box::new(Failure::unsent(class, self.scrub(message))),
        }
    }
}

/// A job that is done.
pub(super) struct Done {
    /// Which one: a place in the result of another means nothing in this one.
    pub(super) mark: Timestamp,
    /// What expressions see of it.
    pub(super) names: Value,
}

/// Whether the result of a job cannot be had any more, after this failure to fetch it.
pub(super) fn is_over(failed: &Failed) -> bool {
    match failed {
        Failed::Exchange { failure, .. } => {
            !failure.class.passes() && failure.class != Class::CredentialsRejected
        }
        // What was fetched is not what it should be, and another job may do better.
        Failed::Contract { .. } | Failed::Expression { .. } => true,
        Failed::Waiting { .. }
        | Failed::NotThereYet { .. }
        | Failed::Store(_)
        | Failed::Undefined(_) => false,
    }
}

/// What tells jobs of one operation apart: what they were started for.
fn digest(inputs: &Map<String, Value>) -> String {
    let digest = Sha256::digest(json!(inputs).to_string());
    hex(digest.get(..16).unwrap_or_default())
}
