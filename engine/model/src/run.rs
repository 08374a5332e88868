//! A run: one execution of a pipeline that nobody's request caused, with what it did and proved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Class, IntegrationId, PartnerId, RunId, Timestamp};

/// One execution of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id; ids of later runs sort after those of earlier ones.
    pub id: RunId,
    /// Whose it is.
    pub partner: PartnerId,
    /// The integration it worked on.
    pub integration: IntegrationId,
    /// The pipeline's name.
    pub pipeline: String,
    /// Why it ran.
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, once it did.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it did, counted by name: `calls`, `pages`, `records`, `kept`, `removed`, `closed`.
    pub counts: BTreeMap<String, u64>,
    /// What is known about each read's completeness, in the order of the reads.
    pub verdicts: Vec<Verdict>,
    /// What was held against what was expected, in that order.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// What a person can do about it, where it failed and that is known.
    #[serde(default)]
    pub remedy: Option<String>,
}

/// Something that was held against what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What should be true, as a sentence.
    pub what: String,
    /// Whether it is.
    pub holds: bool,
    /// What was found, as text; nothing where there was nothing.
    pub found: Option<String>,
    /// What it should have been, or contained; nothing where anything would have done.
    pub expected: Option<String>,
}

/// Why a run ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Its time had come.
    Schedule,
    /// Something happened, such as new settings.
    Event,
    /// A person asked for it.
    Person,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not ended.
    Running,
    /// All of it was done.
    Succeeded,
    /// It was not done; what had been committed stays, and the next run goes on from there.
    Failed {
        /// The class of the failed call, where a call failed.
        class: Option<Class>,
        /// What went wrong, without secrets.
        message: String,
    },
}

/// What is known about the completeness of one read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The operation that read.
    pub operation: String,
    /// Why the pager stopped, in a few words.
    pub stopped: String,
    /// Pages seen.
    pub pages: u64,
    /// Records seen.
    pub records: u64,
    /// Records that the server said there are, where it says so.
    pub promised: Option<u64>,
    /// Whether this is shown to be all there was.
    pub complete: bool,
}
