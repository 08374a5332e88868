//! The items that usage is billed as: those that the PSA lists, and those that were made here. One
//! that is made is known by its name, whichever products and customers are billed as it.

use std::collections::BTreeMap;

use model::billing::{Decimal, ItemTarget};
use model::request::id_text;
use serde_json::Value;

use super::choices::by_id;
use super::facts::by_line;
use crate::core::Core;
use crate::error::Error;
use crate::tables::{Effect, EffectRow, ItemRow};

/// What is known of items.
pub(super) struct Items {
    /// Those that the PSA listed last, by the texts of their ids.
    listed: BTreeMap<String, Value>,
    /// The ids of those that were made here, or found when they were to be made, by name. They
    /// stay the same items when somebody renames them in the PSA.
    made: BTreeMap<String, Value>,
}

impl Items {
    /// Reads what is known; `create` is the operation that makes them.
    pub(super) async fn read(
        core: &Core,
        partner: &str,
        (integration, create): (&str, &str),
    ) -> Result<Self, Error> {
        let listed: Vec<ItemRow> = core.all(partner, &[integration]).await?;
        let made = by_line(core, partner, &[integration, create], |row: EffectRow| row).await?;
        let made = made.into_iter().filter_map(|(key, row)| {
            let EffectRow(Effect::Done { result, .. }) = row.value else {
                return None;
            };
            Some((key.strip_prefix(KEY)?.to_owned(), result.get("id")?.clone()))
        });
        Ok(Self {
            listed: listed.into_iter().filter_map(|row| by_id(row.0)).collect(),
            made: made.collect(),
        })
    }

    /// Those that were made here: their ids, by name.
    pub(super) const fn made(&self) -> &BTreeMap<String, Value> {
        &self.made
    }

    /// The id of what is billed, once it exists.
    pub(super) fn id(&self, target: &ItemTarget) -> Option<Value> {
        match target {
            ItemTarget::Item(id) => Some(id.clone()),
            ItemTarget::Create { name, .. } => self.made.get(name).cloned(),
            ItemTarget::NotBilled => None,
        }
    }

    /// What it is called.
    pub(super) fn name(&self, target: &ItemTarget) -> String {
        let listed = self.listed(target).and_then(|item| item.get("name"));
        match (listed.and_then(Value::as_str), target) {
            (Some(name), _) => name.to_owned(),
            (None, ItemTarget::Create { name, .. }) => name.clone(),
            (None, ItemTarget::Item(id)) => id_text(id),
            (None, ItemTarget::NotBilled) => String::new(),
        }
    }

    /// What one costs on a new line, where the PSA tells.
    pub(super) fn price(&self, target: &ItemTarget) -> Option<Decimal> {
        let price = self.listed(target)?.get("price")?.clone();
        serde_json::from_value(price).ok()
    }

    fn listed(&self, target: &ItemTarget) -> Option<&Value> {
        self.listed.get(&id_text(&self.id(target)?))
    }
}

/// What the keys of items that are made begin with, so that none is that of a request.
const KEY: &str = "item ";

/// What the making of an item is remembered by.
pub(super) fn key(name: &str) -> String {
    format!("{KEY}{name}")
}
