//! What an answer holds: its items, the records that are made of them, and each record held against
//! the family's contract before anyone acts on it.

use definition::operation::{PageKind, WHOLE};
use definition::{Gives, Operation};
use exchange::{Answer, Content};
use expression::{DOCUMENT_PARAMETER, Scope};
use serde_json::{Map, Value};

use super::{Remote, expression_failed, lock, scope};
use crate::halt::Failed;
use crate::step::is_true;

/// Warnings that are kept of one piece of work, and how much of each: enough to see what it is.
const WARNINGS_MAX: usize = 20;
const WARNING_CHARS_MAX: usize = 500;

/// What an answer held.
pub(super) struct Read {
    pub(super) records: Vec<Value>,
    /// How many items were answered: what pages are counted by.
    pub(super) items: u64,
    /// The ids that paging goes by, one per record; empty where it does not go by ids.
    pub(super) ids: Vec<Value>,
    /// Whether the place where records should be existed.
    pub(super) selector_hit: bool,
}

impl Remote {
    /// The records in an answer that is not a page. Where there is no place for them, "none" would
    /// be a guess, and an effect that is looked for would be sent again.
    pub(super) fn read_all(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
        answer: Answer,
    ) -> Result<Vec<Value>, Failed> {
        let is_empty = answer.body == Content::Empty;
        let answered = answer.into_value();
        if operation.effect {
            self.hear(operation, &answered)?;
        }
        let read = self.read(operation, roots, &answered)?;
        if is_empty && operation.effect && operation.items.is_none() {
            return Ok(self.of_nothing(operation, roots, &answered));
        }
        if read.selector_hit || is_empty {
            return Ok(read.records);
        }
        Err(Failed::Contract {
            operation: operation.name.clone(),
            findings: vec!["there is no place for records where `items` points".to_owned()],
        })
    }

    /// The record of a change that was answered with nothing, where it can be told from what was
    /// sent or from the headers of the answer.
    fn of_nothing(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
        answered: &Value,
    ) -> Vec<Value> {
        let scope = scope(roots).with("answer", answered).over(&Value::Null);
        let scope = scope.with(DOCUMENT_PARAMETER, &Value::Null);
        let record = operation.record.as_ref();
        let told = record.and_then(|record| record.evaluate(&scope).ok());
        let told = told.filter(|record| self.hold_to_contract(operation, record).is_ok());
        if let (Some(witness), Some(record)) = (&self.core.witness, &told) {
            witness.read(operation, record);
        }
        told.into_iter().collect()
    }

    /// Keeps what the answer to a change warns of.
    fn hear(&self, operation: &Operation, answered: &Value) -> Result<(), Failed> {
        let body = answered.get("body").unwrap_or(&Value::Null);
        let Some(selector) = self.connector.http.warning.as_ref() else {
            return Ok(());
        };
        let hits = selector.pick_all(&Scope::new().over(body));
        let hits = hits.map_err(|error| expression_failed(operation, error))?;
        let texts = hits.values.into_iter().filter_map(Value::as_str);
        for text in texts.filter(|text| !text.trim().is_empty()) {
            let text = self.broker.scrub().excerpt(text, WARNING_CHARS_MAX);
            let mut warnings = lock(&self.warnings);
            if warnings.len() < WARNINGS_MAX && !warnings.contains(&text) {
                tracing::warn!(
                    operation = operation.name,
                    "carried out, and warned: {text}"
                );
                if let Some(witness) = &self.core.witness {
                    witness.warned(&text);
                }
                warnings.push(text);
            }
        }
        Ok(())
    }

    /// What answers have warned of so far, each once.
    pub(crate) fn warnings(&self) -> Vec<String> {
        lock(&self.warnings).clone()
    }

    /// The records in an answer, each held against its contract.
    pub(super) fn read(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
        answered: &Value,
    ) -> Result<Read, Failed> {
        let failed = |error| expression_failed(operation, error);
        let body = answered.get("body").unwrap_or(&Value::Null);
        let scope = scope(roots).with("answer", answered);
        let (items, selector_hit) = match &operation.items {
            Some(selector) => {
                let hits = selector.pick_all(&scope.over(body)).map_err(failed)?;
                (hits.values, hits.lacking.is_none())
            }
            None => (vec![body], true),
        };
        let id = match operation.pages.as_ref().map(|pages| &pages.kind) {
            Some(PageKind::ByLastId { id, .. }) => Some(id),
            _ => None,
        };
        let mut read = Read {
            records: Vec::with_capacity(items.len()),
            items: 0,
            ids: Vec::new(),
            selector_hit,
        };
        for item in items.into_iter().filter(|item| !item.is_null()) {
            let scope = scope.over(item).with(DOCUMENT_PARAMETER, item);
            read.items += 1;
            if let Some(id) = id {
                read.ids.push(id.evaluate(&scope).map_err(failed)?);
            }
            let Some(parts) = &operation.parts else {
                read.records.extend(self.counted(operation, &scope, item)?);
                continue;
            };
            let parts = parts.pick_all(&scope).map_err(failed)?;
            // An item without a place for its parts is no item without parts.
            read.selector_hit &= parts.lacking.is_none();
            for part in parts.values {
                let scope = scope.over(part).with(DOCUMENT_PARAMETER, part);
                let scope = scope.with(WHOLE, item);
                read.records.extend(self.counted(operation, &scope, part)?);
            }
        }
        Ok(read)
    }

    /// What one record becomes; nothing where it does not count.
    fn counted(
        &self,
        operation: &Operation,
        scope: &Scope<'_>,
        answered: &Value,
    ) -> Result<Option<Value>, Failed> {
        let failed = |error| expression_failed(operation, error);
        if let Some(counts) = &operation.counts {
            let counts = is_true(&counts.evaluate(scope).map_err(failed)?);
            if let Some(witness) = &self.core.witness {
                witness.counted(operation, counts);
            }
            if !counts {
                return Ok(None);
            }
        }
        let record = match &operation.record {
            Some(record) => record.evaluate(scope).map_err(failed)?,
            None => answered.clone(),
        };
        if let Some(witness) = &self.core.witness {
            witness.read(operation, &record);
        }
        self.hold_to_contract(operation, &record)?;
        Ok(Some(record))
    }

    fn hold_to_contract(&self, operation: &Operation, record: &Value) -> Result<(), Failed> {
        let Some(schema) = self.gives(&operation.name).and_then(Gives::schema) else {
            return Ok(());
        };
        self.family
            .validate(schema, record)
            .map_err(|findings| Failed::Contract {
                operation: operation.name.clone(),
                findings,
            })
    }
}
