//! Long jobs: started by one call, asked after until they are done, fetched at the end. Exports
//! and bulk imports work so.
//!
//! A run can be stored between any two steps and taken up again, so a restart does not start the
//! job a second time. Whether an unanswered start took hold is for the caller to find out; the
//! run does not repeat it.

use std::time::Duration;

use model::Class;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::answer::Answer;
use crate::clock::later;
use crate::exchange::{Exchange, Terms};
use crate::failure::{Failure, MESSAGE_CHARS_MAX};
use crate::request::Request;

/// How one kind of job is started, watched and fetched. An `Err` is a sentence for people.
pub trait Job: Send + Sync {
    /// The call that starts it.
    fn start(&self) -> Result<Request, String>;

    /// What the job is known by from now on, from the answer to its start.
    fn handle(&self, answer: &Answer) -> Result<Value, String>;

    /// The call that asks how it stands.
    fn ask(&self, handle: &Value) -> Result<Request, String>;

    /// How it stands.
    fn state(&self, answer: &Answer) -> Result<State, String>;

    /// The call that fetches its result; `None` when the last answer to `ask` is the result.
    fn fetch(&self, handle: &Value) -> Result<Option<Request>, String>;
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs; the API may say when to ask again.
    Running(Option<Duration>),
    /// It is done.
    Done,
    /// It ended without a result, for this reason.
    Failed(String),
}

/// How far a run has come. Store it whenever it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing was sent.
    #[default]
    New,
    /// The job is under way.
    Started(Value),
    /// The job is done; its result is not fetched yet.
    Finished(Value),
}

/// How often a job is asked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The first wait.
    pub from: Duration,
    /// The longest; each wait is twice the one before until then.
    pub to: Duration,
    /// When to give up, counted from when this run began or was taken up.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (from, to) = (Duration::from_secs(2), Duration::from_mins(1));
        Self {
            from,
            to,
            patience: Duration::from_hours(1),
        }
    }
}

/// One run of a job.
pub struct JobRun<'a> {
    exchange: &'a Exchange,
    start_terms: Terms<'a>,
    read_terms: Terms<'a>,
    job: &'a dyn Job,
    pace: Pace,
    stage: Stage,
    until: Instant,
    wait: Duration,
    last: Option<Answer>,
}

impl<'a> JobRun<'a> {
    /// A run at `stage`: new, or one that was stored. `start_terms` are those of an effect where
    /// starting the job changes something, `read_terms` those of the reads that follow.
    pub fn new(
        exchange: &'a Exchange,
        (start_terms, read_terms): (Terms<'a>, Terms<'a>),
        job: &'a dyn Job,
        pace: Pace,
        stage: Stage,
    ) -> Self {
        let until = later(Instant::now(), pace.patience);
        let (wait, last) = (pace.from, None);
        Self {
            exchange,
            start_terms,
            read_terms,
            job,
            pace,
            stage,
            until,
            wait,
            last,
        }
    }

    /// How far the run has come.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Makes the next call and gives the result once there is one. After a failure the same call
    /// is made again, except that a job whose start is of unknown outcome must first be looked
    /// for by the caller.
    pub async fn advance(&mut self) -> Result<Option<Answer>, Failure> {
        match self.stage.clone() {
            Stage::New => self.start().await.map(|()| None),
            Stage::Started(handle) => self.ask(handle).await.map(|()| None),
            Stage::Finished(handle) => self.fetch(&handle).await.map(Some),
        }
    }

    async fn start(&mut self) -> Result<(), Failure> {
        let request = self.job.start().map_err(|wrong| self.fault(&wrong))?;
        let answer = self.exchange.call(&request, &self.start_terms).await?;
        let handle = self.job.handle(&answer).map_err(|wrong| Failure {
            // It was started, and nobody knows as what.
            class: Class::UnknownOutcome,
            status: Some(answer.status),
            attempts: 1,
            sent: true,
            ..self.fault(&wrong)
        })?;
        self.stage = Stage::Started(handle);
        Ok(())
    }

    async fn ask(&mut self, handle: Value) -> Result<(), Failure> {
        let request = self.job.ask(&handle).map_err(|wrong| self.fault(&wrong))?;
        let answer = self.exchange.call(&request, &self.read_terms).await?;
        match self
            .job
            .state(&answer)
            .map_err(|wrong| self.fault(&wrong))?
        {
            State::Done => {
                self.stage = Stage::Finished(handle);
                self.last = Some(answer);
                Ok(())
            }
            State::Failed(why) => Err(self.fault(&format!("the job failed: {why}"))),
            State::Running(asked) => self.pause(asked).await,
        }
    }

    async fn pause(&mut self, asked: Option<Duration>) -> Result<(), Failure> {
        let wait = asked
            .unwrap_or(self.wait)
            .clamp(self.pace.from, self.pace.to);
        self.wait = self.wait.saturating_mul(2).min(self.pace.to);
        if later(Instant::now(), wait) > self.until {
            let patience = self.pace.patience;
            let message = format!("the job is not done after {patience:?}");
            return Err(Failure::unsent(Class::Unavailable, message).retry_after(Some(wait)));
        }
        sleep(wait).await;
        Ok(())
    }

    async fn fetch(&mut self, handle: &Value) -> Result<Answer, Failure> {
        let own = self.job.fetch(handle).map_err(|wrong| self.fault(&wrong))?;
        let request = match (own, self.last.clone()) {
            (Some(request), _) => request,
            (None, Some(answer)) => return Ok(answer),
            // Taken up after a restart: the answer that was the result has to be had again.
            (None, None) => self.job.ask(handle).map_err(|wrong| self.fault(&wrong))?,
        };
        self.exchange.call(&request, &self.read_terms).await
    }

    fn fault(&self, wrong: &str) -> Failure {
        let scrub = self.read_terms.broker.scrub();
        Failure::unsent(Class::Invalid, scrub.excerpt(wrong, MESSAGE_CHARS_MAX))
    }
}
