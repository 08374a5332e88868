//! What lets a person in once: sign-in links that were used, and sessions that were signed out.
//!
//! A pass is sealed by whoever hands it out and says itself until when it is good; here only the
//! ids of those are kept that are good no more before that time.

use model::Timestamp;
use store::{Batch, Expect, Record, Records};

use crate::Runtime;
use crate::error::Error;
use crate::tables::{NOBODY, SpentRow};

/// How many ids are looked at whenever one is added, and removed where they are over anyway, so
/// that the table holds little more than what was spent within the life of a pass. They are those
/// behind the one that is added: ids are made from chance, so that each has its turn.
const SWEPT_AT_ONCE: usize = 100;

impl Runtime {
    /// Records that the pass `id`, which is over at `until` anyway, is used up. Gives whether it
    /// was good until now; of many who ask at once, one is told so.
    pub async fn spend_pass(&self, id: &str, until: Timestamp) -> Result<bool, Error> {
        let store = &self.core.store;
        let mut batch = Batch::new();
        let own = SpentRow::key(NOBODY, &[id]);
        let known = store.scan_records::<SpentRow>(NOBODY, &[], Some(&own), SWEPT_AT_ONCE);
        for (key, row) in known.await? {
            if row.value.0 <= self.core.now() {
                batch.delete(key, Expect::Any);
            }
        }
        batch.put_record(NOBODY, &[id], &SpentRow(until), Expect::Absent);
        match store.commit(batch).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the pass `id` was used up.
    pub async fn is_spent(&self, id: &str) -> Result<bool, Error> {
        let store = &self.core.store;
        let row = store.get_record::<SpentRow>(NOBODY, &[id]).await?;
        Ok(row.is_some())
    }
}
