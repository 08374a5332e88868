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

/// Answers that are held at most, and how many bytes they may fill. When there are more, those that
/// are too old are dropped; where that is not enough, all are, and those in use come back. What one
/// system tells of its forms may fill a hundred kilobytes, and there are thousands of partners.
const KEPT_MAX: usize = 4_096;
const KEPT_BYTES_MAX: usize = 64 << 20;

/// Answers by integration, operation and inputs.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    by_key: BTreeMap<String, KeptAnswer>,
    bytes: usize,
}

/// The answers that are held.
pub(crate) type Kept = Mutex<Answers>;

/// An answer that is used again.
#[derive(Clone, Debug)]
struct KeptAnswer {
    /// When it was given, or last found unchanged.
    at: Timestamp,
    records: Vec<Value>,
    /// Its version, where the API tells one.
    version: Option<Version>,
    /// Until when it is used again.
    until: Timestamp,
}

impl KeptAnswer {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.records.iter().map(bytes).sum::<usize>()
    }
}

impl Answers {
    fn put(&mut self, key: String, answer: KeptAnswer, now: Timestamp) {
        self.remove(&key);
        let bytes = key.len() + answer.bytes();
        let is_full =
            |all: &Self| all.by_key.len() >= KEPT_MAX || all.bytes + bytes > KEPT_BYTES_MAX;
        if is_full(self) {
            self.drop_where(|_, known| known.until < now);
        }
        if is_full(self) {
            *self = Self::default();
        }
        self.bytes += bytes;
        self.by_key.insert(key, answer);
    }

    fn remove(&mut self, key: &str) {
        if let Some(answer) = self.by_key.remove(key) {
            self.bytes -= key.len() + answer.bytes();
        }
    }

    fn drop_where(&mut self, is_dropped: impl Fn(&String, &KeptAnswer) -> bool) {
        let bytes = &mut self.bytes;
        self.by_key.retain(|key, answer| {
            let stays = !is_dropped(key, answer);
            if !stays {
                *bytes -= key.len() + answer.bytes();
            }
            stays
        });
    }
}

/// What a field of an object takes besides its name and its value, on average: its hash, its place
/// in the map's index, room that is not filled, and what the allocator adds to each name.
const FIELD_BYTES: usize = 40;

/// About how much memory a value takes.
pub(super) fn bytes(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| size_of::<String>() + FIELD_BYTES + name.len() + bytes(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + within
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
        let known = lock(&self.core.kept).by_key.get(&key).cloned();
        if let Some(known) = &known
            && self.core.now().since(known.at) < keep
        {
            return Ok(known.records.clone());
        }
        let mut answer = self.newest(operation, inputs, known).await?;
        let (records, now) = (answer.records.clone(), self.core.now());
        answer.until = now.after(keep);
        let mut kept = lock(&self.core.kept);
        // What is not there yet may be made at any moment.
        if records.is_empty() {
            kept.remove(&key);
        } else {
            kept.put(key, answer, now);
        }
        Ok(records)
    }

    /// Lets go of answers that were kept: what comes next is as the other side has it now.
    pub(crate) fn look_afresh(&self) {
        let own = format!("{}/", self.broker.name());
        lock(&self.core.kept).drop_where(|key, _| key.starts_with(&own));
        self.forget_shared();
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
            let at = self.core.now();
            return Ok(KeptAnswer {
                at,
                records,
                version: None,
                until: at,
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
            until: at,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn answer(bytes: usize, until: Timestamp) -> KeptAnswer {
        KeptAnswer {
            at: NOW,
            records: vec![json!({ "fields": "x".repeat(bytes) })],
            version: None,
            until,
        }
    }

    #[test]
    fn what_is_held_is_bounded_whatever_the_answers_weigh_and_the_old_go_first() {
        let mut kept = Answers::default();
        let (each, later) = (KEPT_BYTES_MAX / 11, NOW.after(Duration::from_hours(1)));
        for number in 0..5 {
            kept.put(format!("old {number}"), answer(each, NOW), NOW);
            kept.put(format!("new {number}"), answer(each, later), NOW);
            assert!(kept.bytes <= KEPT_BYTES_MAX, "{}", kept.bytes);
        }
        let soon = NOW.after(Duration::from_secs(1));
        kept.put("one more".to_owned(), answer(each, later), soon);
        let keys: Vec<&String> = kept.by_key.keys().collect();
        assert_eq!(
            keys,
            ["new 0", "new 1", "new 2", "new 3", "new 4", "one more"]
        );
        for number in 0..20 {
            kept.put(format!("newer {number}"), answer(each, later), soon);
            assert!(kept.bytes <= KEPT_BYTES_MAX, "{}", kept.bytes);
            assert!(kept.by_key.contains_key(&format!("newer {number}")));
        }
    }

    #[test]
    fn what_is_put_again_counts_once_and_what_is_dropped_not_at_all() {
        let mut kept = Answers::default();
        for _ in 0..3 {
            kept.put("one".to_owned(), answer(1_000, NOW), NOW);
        }
        assert!((1_000..2_000).contains(&kept.bytes), "{}", kept.bytes);
        kept.drop_where(|_, _| true);
        assert_eq!((kept.bytes, kept.by_key.len()), (0, 0));
    }
}
