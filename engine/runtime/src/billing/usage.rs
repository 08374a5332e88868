//! Usage as the product reports it.

use std::collections::BTreeMap;

use definition::pipeline::Event;
use model::billing::{Measured, Usage};
use model::{IntegrationId, PartnerId, Timestamp};
use serde_json::Map;
use store::{Batch, Expect};

use super::{ANY, SECTION};
use crate::Runtime;
use crate::core::Core;
use crate::error::{Error, Fault};
use crate::events::Happened;
use crate::tables::UsageRow;

/// The most usages of one partner: five products for each of the customers that it may have.
pub const USAGES_MAX: usize = 100_000;

/// How many usages are written in one commit.
const USAGES_PER_COMMIT: usize = 1_000;

/// How long a change of usage waits for others, since products report in many calls.
const GATHER: std::time::Duration = std::time::Duration::from_mins(1);

/// How many faults are told at once.
const FAULTS_MAX: usize = 20;

/// What became of a list of usages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageReceipt {
    /// How many were given.
    pub received: usize,
    /// How many of them are of customers, products or subscriptions that had none.
    pub added: usize,
    /// How many of them changed what was known.
    pub changed: usize,
    /// How many of them are of a term before one that was reported already; they change nothing.
    pub outdated: usize,
}

impl Runtime {
    /// Takes in usage. The same again changes nothing; what is not given stays as it was. Every
    /// integration that bills then makes a new plan.
    pub async fn put_usage(
        &self,
        partner: &PartnerId,
        usages: Vec<Usage>,
    ) -> Result<UsageReceipt, Error> {
        check(&usages)?;
        let mut receipt = UsageReceipt {
            received: usages.len(),
            ..UsageReceipt::default()
        };
        let now = self.core.now();
        let mut known = self.known_usage(partner).await?;
        let mut changes = BTreeMap::new();
        for usage in usages {
            let key = key(&usage);
            let next = match known.get(&key) {
                None => {
                    receipt.added += 1;
                    Some(Measured::first(usage, now))
                }
                Some(before) => match before.followed_by(usage, now) {
                    None => {
                        receipt.outdated += 1;
                        None
                    }
                    Some(next) if next == *before => None,
                    Some(next) => {
                        receipt.changed += 1;
                        Some(next)
                    }
                },
            };
            if let Some(next) = next {
                known.insert(key.clone(), next.clone());
                changes.insert(key, next);
            }
        }
        if known.len() > USAGES_MAX {
            return Err(Error::invalid(
                "/usage",
                format!("a partner has at most {USAGES_MAX} usages"),
            ));
        }
        self.write_usage(partner, changes.into_iter().collect())
            .await?;
        Ok(receipt)
    }

    /// Keeps the figures, and has every integration that bills make a new plan soon. Both are one
    /// commit: after a crash in between the same usage again would change nothing, and nobody would
    /// plan before the next day.
    async fn write_usage(
        &self,
        partner: &PartnerId,
        changes: Vec<([String; 3], Measured)>,
    ) -> Result<(), Error> {
        for part in changes.chunks(USAGES_PER_COMMIT) {
            let mut batch = Batch::new();
            for (key, measured) in part {
                let parts = key.each_ref().map(String::as_str);
                let row = UsageRow(measured.clone());
                batch.put_record(partner.as_str(), &parts, &row, Expect::Any);
            }
            let due = self.core.now().after(GATHER);
            self.core.replan(&mut batch, partner, due, |_| true).await?;
            self.commit(batch, "the usage").await?;
        }
        Ok(())
    }

    /// The usage as it is kept, by what tells figures apart.
    pub(crate) async fn known_usage(
        &self,
        partner: &PartnerId,
    ) -> Result<BTreeMap<[String; 3], Measured>, Error> {
        self.core.partner(partner).await?;
        let rows: Vec<UsageRow> = self.core.all(partner.as_str(), &[]).await?;
        Ok(rows
            .into_iter()
            .map(|row| (key(&row.0.usage), row.0))
            .collect())
    }
}

impl Core {
    /// Has every integration of the partner's that bills, and that `concerns`, make a new plan.
    pub(crate) async fn replan(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        due: Timestamp,
        concerns: impl Fn(&IntegrationId) -> bool,
    ) -> Result<(), Error> {
        for integration in self.integrations(partner).await? {
            if integration.is_on(SECTION) && concerns(&integration.id) {
                let fold = super::fold(&integration.id);
                let happened = Happened {
                    event: Event::UsageChanged,
                    roots: Map::new(),
                    due,
                    fold: Some(&fold),
                };
                self.enqueue_event(batch, &integration, &happened);
            }
        }
        Ok(())
    }
}

/// What tells a figure from others: customer, product and subscription.
pub(crate) fn key(usage: &Usage) -> [String; 3] {
    [
        usage.customer_id.to_string(),
        usage.product_id.to_string(),
        usage
            .subscription_id
            .clone()
            .unwrap_or_else(|| ANY.to_owned()),
    ]
}

/// What no schema can say: quantities that are not below zero, terms that do not run backwards,
/// and each figure once.
fn check(usages: &[Usage]) -> Result<(), Error> {
    let (mut faults, mut seen) = (Vec::new(), BTreeMap::new());
    for (index, usage) in usages.iter().enumerate() {
        let mut fault = |field: &str, message: String| {
            faults.push(Fault {
                pointer: format!("/usage/{index}{field}"),
                message,
                hint: None,
                place: None,
            });
        };
        if usage.quantity.is_negative() {
            fault("/quantity", "a quantity is not below zero".to_owned());
        }
        if usage.free_quantity.is_negative() {
            fault("/free_quantity", "a quantity is not below zero".to_owned());
        }
        if usage.term_end < usage.term_start {
            fault("/term_end", "the term ends before it starts".to_owned());
        }
        if let Some(first) = seen.insert((key(usage), usage.term_start), index) {
            fault(
                "",
                format!("this usage was given before, as number {first}"),
            );
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid { faults })
    }
}
