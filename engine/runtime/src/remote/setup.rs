//! What setting up has found out, such as the address of the right server: asked for once, kept for
//! as long as the connector says, and forgotten when it may be why nothing answers any more.

use definition::Operation;
use serde_json::{Map, Value};
use store::{Batch, Expect, Records};

use super::{Remote, lock};
use crate::halt::Failed;
use crate::tables::{Found, SetupRow};

/// A setup that is older than this is asked for again when its address stops answering.
const SETUP_DOUBTFUL: std::time::Duration = std::time::Duration::from_hours(1);

impl Remote {
    /// What setting up has found out, asked for again when it is too old.
    pub(super) async fn set_up(&self) -> Result<Map<String, Value>, Failed> {
        for (name, setup) in &self.connector.setup {
            if lock(&self.setup).contains_key(name) {
                continue;
            }
            let value = match self.remembered(name, setup.keep).await? {
                Some(value) => value,
                None => self.discover(name, &setup.operation).await?,
            };
            lock(&self.setup).insert(name.clone(), value);
        }
        Ok(lock(&self.setup).clone())
    }

    /// Whether everything that is asked before anything else is known.
    pub(super) fn is_set_up(&self) -> bool {
        let known = lock(&self.setup);
        let mut needed = self.connector.setup.keys();
        needed.all(|name| known.contains_key(name))
    }

    pub(super) async fn remembered(
        &self,
        name: &str,
        keep: std::time::Duration,
    ) -> Result<Option<Value>, Failed> {
        if self.is_trial {
            return Ok(None);
        }
        let parts = [self.integration.id.as_str(), name];
        let store = &self.core.store;
        let row = store
            .get_record::<SetupRow>(self.integration.partner.as_str(), &parts)
            .await?;
        let fresh = row.filter(|row| self.core.now().since(row.value.0.at) < keep);
        Ok(fresh.map(|row| row.value.0.value))
    }

    async fn discover(&self, name: &str, operation: &Operation) -> Result<Value, Failed> {
        let mut roots = self.common_roots(operation);
        let known = lock(&self.setup).clone();
        roots.insert("setup".to_owned(), Value::Object(known));
        let records = self.records(operation, &roots).await?;
        let value = records.into_iter().next().unwrap_or(Value::Null);
        if !self.is_trial {
            let mut batch = Batch::new();
            let parts = [self.integration.id.as_str(), name];
            let found = SetupRow(Found {
                value: value.clone(),
                at: self.core.now(),
            });
            batch.put_record(
                self.integration.partner.as_str(),
                &parts,
                &found,
                Expect::Any,
            );
            self.core.store.commit(batch).await?;
        }
        Ok(value)
    }

    /// Forgets what setting up has found out if it may be why nothing answers any more.
    pub(super) async fn doubt_setup(&self) -> Result<(), Failed> {
        let (partner, mut batch) = (self.integration.partner.as_str(), Batch::new());
        for name in self.connector.setup.keys() {
            let parts = [self.integration.id.as_str(), name];
            let row = self
                .core
                .store
                .get_record::<SetupRow>(partner, &parts)
                .await?;
            if row.is_some_and(|row| self.core.now().since(row.value.0.at) > SETUP_DOUBTFUL) {
                batch.delete(
                    <SetupRow as store::Record>::key(partner, &parts),
                    Expect::Any,
                );
            }
        }
        lock(&self.setup).clear();
        if !batch.is_empty() {
            self.core.store.commit(batch).await?;
        }
        Ok(())
    }
}
