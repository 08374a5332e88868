//! Answers of operations with `keep`, used again until they are too old; then an API that tells
//! versions is asked only whether its answer has changed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use definition::Operation;
use definition::operation::Method;
use exchange::Version;
use model::Timestamp;
use serde_json::{Map, Value};

use super::{Remote, lock};
use crate::halt::Failed;

/// Answers that are held at most; when there are more, all are dropped.
const KEPT_MAX: usize = 4_096;

/// Answers by integration, operation and inputs.
pub(crate) type Kept = Mutex<BTreeMap<String, KeptAnswer>>;

/// An answer that is used again.
#[derive(Clone, Debug)]
pub(crate) struct KeptAnswer {
    /// When it was given, or last found unchanged.
    at: Timestamp,
    records: Vec<Value>,
    /// Its version, where the API tells one.
    version: Option<Version>,
}

impl Remote {
    /// The records of an operation whose answer is used again for as long as `keep`.
    pub(super) async fn kept(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
        keep: std::time::Duration,
    ) -> Result<Vec<Value>, Failed> {
        let asked = self.asked_with(operation, inputs);
        let key = format!("{}/{}/{asked}", self.broker.name(), operation.name);
        let known = lock(&self.core.kept).get(&key).cloned();
        if let Some(known) = &known
            && self.core.now().since(known.at) < keep
        {
            return Ok(known.records.clone());
        }
        let answer = self.newest(operation, inputs, known).await?;
        let records = answer.records.clone();
        let mut kept = lock(&self.core.kept);
        // What is not there yet may be made at any moment.
        if records.is_empty() {
            kept.remove(&key);
            return Ok(records);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, answer);
        Ok(records)
    }

    /// Lets go of answers that were kept: what comes next is as the other side has it now.
    pub(crate) fn look_afresh(&self) {
        let own = format!("{}/", self.broker.name());
        lock(&self.core.kept).retain(|key, _| !key.starts_with(&own));
    }

    /// The answer as it is now: what is known of it, where it has not changed since.
    async fn newest(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
        known: Option<KeptAnswer>,
    ) -> Result<KeptAnswer, Failed> {
        if !has_versions(operation) {
            let records = self.answered(operation, inputs).await?;
            return Ok(KeptAnswer {
                at: self.core.now(),
                records,
                version: None,
            });
        }
        let roots = self.roots(operation, inputs).await?;
        let version = known.as_ref().and_then(|known| known.version.as_ref());
        let answer = self.exchange_unless(operation, &roots, version).await?;
        let at = self.core.now();
        if let (304, Some(known)) = (answer.status, known) {
            return Ok(KeptAnswer { at, ..known });
        }
        let version = Version::of(&answer);
        let records = self.read_all(operation, &roots, answer)?;
        Ok(KeptAnswer {
            at,
            records,
            version,
        })
    }
}

/// Whether a version of its answer is one of its records: they come from a single call, and from
/// nothing else.
fn has_versions(operation: &Operation) -> bool {
    let is_single = operation.pages.is_none() && operation.job.is_none();
    let is_alone = operation.before.is_empty() && operation.otherwise.is_none();
    operation.method == Method::Get && is_single && is_alone
}
