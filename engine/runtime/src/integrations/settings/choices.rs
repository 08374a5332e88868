//! Lists that settings are chosen from, read live from the PSA.

use expression::Expression;
use serde_json::{Map, Value, json};

use super::Choice;
use crate::halt::Failed;
use crate::remote::{Remote, scope};
use crate::step::is_true;
use crate::witness::Shown;

impl Remote {
    /// What the list of this name offers now.
    pub(crate) async fn choices(&self, name: &str) -> Result<Vec<Choice>, Failed> {
        let Some(choices) = self.connector.choices.get(name) else {
            let title = &self.connector.name;
            return Err(Failed::Undefined(format!("{title} has no list {name}")));
        };
        let failed = |error| Failed::Expression {
            operation: choices.operation.clone(),
            error: Box::new(error),
        };
        let records = self.found(&choices.operation, &Map::new()).await?;
        let document = match (&choices.items, records.len()) {
            (Some(_), 1) => records.into_iter().next().unwrap_or(Value::Null),
            _ => Value::Array(records),
        };
        let names = self.names(&choices.operation).await?;
        let scope = scope(&names).over(&document);
        let items: Vec<&Value> = match &choices.items {
            Some(items) => items.pick_all(&scope).map_err(failed)?.values,
            None => document.as_array().into_iter().flatten().collect(),
        };
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            let scope = scope.over(item).with("item", item);
            let value = |of: &Expression| of.evaluate(&scope).map_err(failed);
            let flag = |of: &Option<Expression>, otherwise: bool| match of {
                Some(of) => value(of).map(|value| value.as_bool().unwrap_or(otherwise)),
                None => Ok(otherwise),
            };
            let chosen = value(&choices.value)?;
            if chosen.is_null() {
                // A list that is looked for in the wrong place would be one choice of nothing.
                return Err(Failed::Contract {
                    operation: choices.operation.clone(),
                    findings: vec![format!(
                        "a choice of `{name}` has nothing where its value is"
                    )],
                });
            }
            read.push(Choice {
                value: chosen,
                label: model::request::id_text(&value(&choices.label)?),
                active: flag(&choices.active, true)?,
                default: flag(&choices.default, false)?,
            });
        }
        if let Some(witness) = self.core.witness.as_ref()
            && read.iter().any(|choice| choice.default)
        {
            witness.saw(name, Shown::Default);
        }
        Ok(read)
    }

    /// The first of a list's reasons to be short that applies.
    pub(crate) async fn why_short(
        &self,
        name: &str,
        choices: &[Choice],
    ) -> Result<Option<String>, Failed> {
        let list = self.connector.choices.get(name);
        let Some(list) = list.filter(|list| !list.short.is_empty()) else {
            return Ok(None);
        };
        let document = json!(choices);
        let names = self.names(&list.operation).await?;
        let scope = scope(&names).over(&document).with("item", &document);
        for (at, reason) in list.short.iter().enumerate() {
            let applies = reason.when.evaluate(&scope);
            let applies = applies.map_err(|error| Failed::Expression {
                operation: list.operation.clone(),
                error: Box::new(error),
            });
            if is_true(&applies?) {
                if let Some(witness) = &self.core.witness {
                    witness.saw(name, Shown::Short(at));
                }
                return Ok(Some(reason.because.clone()));
            }
        }
        Ok(None)
    }
}
