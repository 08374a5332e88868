//! Records that are read far more often than they change, kept as they were last decoded.
//!
//! The store is asked for the version each time, and a record that has another version by now is
//! decoded anew: so what this gives is what is durable, as with [`crate::Records::get_record`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::record::{Record, decode};
use crate::state::lock;
use crate::{Error, Key, Store, Version};

/// How many records are kept. When there are more all are forgotten, and those in use come back.
const KEPT_MAX: usize = 4_096;

/// Records of one type, by their keys, as they were last decoded.
#[derive(Debug)]
pub struct Recent<T>(Mutex<HashMap<Key, (Version, Arc<T>)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Record> Recent<T> {
    /// The record with these parts.
    pub async fn get(
        &self,
        store: &dyn Store,
        partner: &str,
        parts: &[&str],
    ) -> Result<Option<Arc<T>>, Error> {
        let key = T::key(partner, parts);
        let known = lock(&self.0).get(&key).cloned();
        if let Some((version, record)) = known
            && store.version(&key).await? == Some(version)
        {
            return Ok(Some(record));
        }
        let Some(stored) = store.get(&key).await? else {
            lock(&self.0).remove(&key);
            return Ok(None);
        };
        let record = Arc::new(decode(&stored)?.value);
        let mut kept = lock(&self.0);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (stored.version, Arc::clone(&record)));
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Batch, Expect, Memory};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note(String);

    impl Record for Note {
        const TABLE: &'static str = "note";
        const FORMAT: u16 = 1;
    }

    async fn put(store: &Memory, text: &str) {
        let mut batch = Batch::new();
        batch.put_record("p", &["n"], &Note(text.to_owned()), Expect::Any);
        store.commit(batch).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_given_is_what_is_durable() {
        let (store, recent) = (Memory::new(), Recent::<Note>::default());
        let read = async || recent.get(&store, "p", &["n"]).await.unwrap();
        assert_eq!(read().await, None);
        put(&store, "one").await;
        let one = read().await.unwrap();
        assert!(Arc::ptr_eq(&one, &read().await.unwrap()), "decoded twice");
        put(&store, "two").await;
        assert_eq!(read().await.unwrap().0, "two");
        let mut batch = Batch::new();
        batch.delete(Note::key("p", &["n"]), Expect::Any);
        store.commit(batch).await.unwrap();
        assert_eq!(read().await, None);
    }
}
