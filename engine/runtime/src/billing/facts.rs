//! Everything that a plan rests on, as the store has it.

use std::collections::{BTreeMap, BTreeSet};

use billing::{Demand, Facts};
use definition::pipeline::Reconcile;
use model::billing::{
    Agreement, AgreementChoice, BillingPolicy, Change, ChangeState, Day, Decimal, Decision,
    DecisionKind, ItemTarget, Leaver, Measured, Part, PlanLine, ProductMapping, Unbilled,
};
use model::request::id_text;
use model::{CustomerId, Held, Integration, Mapping, ProductId};
use sha2::{Digest, Sha256};
use store::{Expect, Key, Record, Records, Versioned};

use super::choices::{agreements, by_id};
use super::items::Items;
use crate::context::Context;
use crate::core::{Core, hex};
use crate::halt::Halt;
use crate::tables::{
    AgreementChoiceRow, AgreementRow, ChangeRow, CompanyRow, CustomerRow, DecisionRow, DoubtRow,
    MappingRow, PAGE, PlanLineRow, PolicyRow, ProductRow, UsageRow,
};

/// What was known when a plan was made.
pub(super) struct Known {
    pub(super) usages: Vec<Measured>,
    mappings: BTreeMap<CustomerId, Mapping>,
    /// Names of companies, by the texts of their ids.
    pub(super) names: BTreeMap<String, String>,
    products: BTreeMap<ProductId, ProductMapping>,
    /// What older integrations bill, and their titles.
    elsewhere: BTreeMap<(CustomerId, ProductId), String>,
    choices: Vec<AgreementChoice>,
    pub(super) agreements: BTreeMap<String, Agreement>,
    pub(super) items: Items,
    pub(super) policy: BillingPolicy,
    /// What must still be so when something is sent.
    pub(super) policy_guard: (Key, Expect),
    pub(super) decisions: BTreeMap<String, Versioned<Decision>>,
    /// The lines of the plan before.
    pub(super) before: BTreeMap<String, Versioned<PlanLine>>,
    /// Which of them was about which item on which agreement.
    before_by_place: BTreeMap<Place, String>,
    /// Lines of which nobody knows whether a change took hold.
    pub(super) doubts: BTreeMap<String, Change>,
    /// Where these are in the PSA.
    doubted: BTreeSet<Place>,
    pub(super) today: Day,
}

impl Known {
    /// Reads all of it.
    pub(super) async fn read(context: &Context<'_>, operations: &Reconcile) -> Result<Self, Halt> {
        let (core, partner) = (&context.remote.core, context.partner.as_str());
        let id = context.remote.integration.id.as_str();
        let mappings: Vec<MappingRow> = core.all(partner, &[id]).await?;
        let companies: Vec<CompanyRow> = core.all(partner, &[id]).await?;
        let products: Vec<ProductRow> = core.all(partner, &[id]).await?;
        let choices: Vec<AgreementChoiceRow> = core.all(partner, &[id]).await?;
        let usages: Vec<UsageRow> = core.all(partner, &[]).await?;
        let policy = core.store.get_record::<PolicyRow>(partner, &[id]).await?;
        let expect = policy
            .as_ref()
            .map_or(Expect::Absent, |row| Expect::Version(row.version));
        let name = |row: CompanyRow| {
            let (id, record) = by_id(row.0)?;
            Some((id, record.get("name")?.as_str()?.to_owned()))
        };
        let before = by_line(core, partner, &[id], |row: PlanLineRow| row.0).await?;
        let lines = before.iter().map(|(line, row)| (&row.value, line));
        let made = lines.filter(|(row, _)| row.item.is_some());
        let doubts = doubts(core, partner, id).await?;
        let doubted = doubts.values().map(|change| &change.line);
        Ok(Self {
            usages: usages.into_iter().map(|row| row.0).collect(),
            mappings: mappings
                .into_iter()
                .map(|row| (row.0.customer.clone(), row.0))
                .collect(),
            names: companies.into_iter().filter_map(name).collect(),
            choices: choices.into_iter().map(|row| row.0).collect(),
            agreements: agreements(core.all::<AgreementRow>(partner, &[id]).await?),
            items: Items::read(core, partner, (id, &operations.create)).await?,
            products: products
                .into_iter()
                .map(|row| (row.0.product.clone(), row.0))
                .collect(),
            elsewhere: elsewhere(context).await?,
            policy: policy.map(|row| row.value.0).unwrap_or_default(),
            policy_guard: (PolicyRow::key(partner, &[id]), expect),
            decisions: by_line(core, partner, &[id], |row: DecisionRow| row.0).await?,
            before_by_place: made.map(|(row, line)| (place(row), line.clone())).collect(),
            doubted: doubted
                .filter(|line| line.item.is_some())
                .map(place)
                .collect(),
            before,
            doubts,
            today: Day::of(core.now()),
        })
    }

    /// What decides what ought to be billed.
    pub(super) const fn facts(&self) -> Facts<'_> {
        Facts {
            usages: self.usages.as_slice(),
            mappings: &self.mappings,
            products: &self.products,
            elsewhere: &self.elsewhere,
            made: self.items.made(),
            choices: self.choices.as_slice(),
            agreements: &self.agreements,
            policy: &self.policy,
            today: self.today,
        }
    }

    /// The demands with the ids of their lines, each with what was billed there and is not any
    /// more; and those that are there only because of that, or because a person takes a change
    /// back: what was changed by mistake may not be billed there at all any more.
    pub(super) async fn with_before(
        &self,
        context: &Context<'_>,
        (demands, unbilled): (Vec<Demand>, &[Unbilled]),
    ) -> Result<Vec<(String, Demand)>, Halt> {
        let integration = context.remote.integration.id.as_str();
        let mut all: BTreeMap<String, Demand> = BTreeMap::new();
        for demand in demands {
            all.insert(line_id(&demand.agreement, &demand.place), demand);
        }
        let lines = self.by_place(&all);
        for (line, before) in self.before.iter().map(|(id, row)| (id, &row.value)) {
            // What the PSA has once is asked for once, also where its line had another name.
            let line = lines.get(&place(before)).unwrap_or(line);
            let is_whole = |demand: &Demand| stays(before, &demand.parts);
            if before.billed.is_empty() || all.get(line).is_some_and(is_whole) {
                continue;
            }
            let demand = all.entry(line.clone()).or_insert_with(|| nothing(before));
            demand.left = self
                .leavers(context, (before, &demand.parts), unbilled)
                .await?;
        }
        for (line, decision) in &self.decisions {
            let DecisionKind::Undo { change, .. } = &decision.value.kind else {
                continue;
            };
            let parts = [integration, line, change];
            let store = &context.remote.core.store;
            let row = store
                .get_record::<ChangeRow>(context.partner.as_str(), &parts)
                .await?;
            let Some(ChangeRow(change)) = row.map(|row| row.value) else {
                continue;
            };
            if !all.contains_key(line) && !lines.contains_key(&place(&change.line)) {
                all.insert(line.clone(), as_it_was(change));
            }
        }
        Ok(all.into_iter().collect())
    }

    /// Whether a change of the line, or of what it is in the PSA, may have taken hold or not.
    pub(super) fn is_in_doubt(&self, line: &str, there: &Place) -> bool {
        self.doubts.contains_key(line) || self.doubted.contains(there)
    }

    /// Which line asks for which item on which agreement.
    fn by_place(&self, demands: &BTreeMap<String, Demand>) -> BTreeMap<Place, String> {
        let one = |(line, demand): (&String, &Demand)| {
            let item = self.items.id(&demand.target)?;
            Some(((demand.agreement.clone(), id_text(&item)), line.clone()))
        };
        demands.iter().filter_map(one).collect()
    }

    /// The line of the plan before that was about the same.
    pub(super) fn before(&self, line: &PlanLine) -> Option<&PlanLine> {
        let there = || self.before.get(self.before_by_place.get(&place(line))?);
        let row = self.before.get(&line.id).or_else(there)?;
        Some(&row.value)
    }

    /// What the line billed and `parts` do not, by name and with the reason.
    async fn leavers(
        &self,
        context: &Context<'_>,
        (line, parts): (&PlanLine, &[Part]),
        unbilled: &[Unbilled],
    ) -> Result<Vec<Leaver>, Halt> {
        let (store, partner) = (&context.remote.core.store, context.partner.as_str());
        let mut left = Vec::new();
        for (customer, product) in &line.billed {
            if parts.iter().any(|part| is_of(part, customer, product)) {
                continue;
            }
            let key = [customer.as_str()];
            let row = store.get_record::<CustomerRow>(partner, &key).await?;
            let name = row.map(|row| row.value.0.name);
            let why = unbilled
                .iter()
                .find(|one| one.customer == *customer && one.product == *product);
            left.push(Leaver {
                customer: customer.clone(),
                name: name.unwrap_or_else(|| customer.to_string()),
                product: product.clone(),
                why: why.map(|one| one.why.clone()),
            });
        }
        Ok(left)
    }
}

/// An agreement and an item, by the texts of their ids.
pub(super) type Place = (String, String);

/// Where a line is in the PSA; without an item while that is to be made.
pub(super) fn place(line: &PlanLine) -> Place {
    let item = line.item.as_ref().map(id_text).unwrap_or_default();
    (id_text(&line.agreement), item)
}

/// Whether all that the line billed is among these parts.
fn stays(line: &PlanLine, parts: &[Part]) -> bool {
    let is_there = |(customer, product): &(CustomerId, ProductId)| {
        parts.iter().any(|part| is_of(part, customer, product))
    };
    line.billed.iter().all(is_there)
}

fn is_of(part: &Part, customer: &CustomerId, product: &ProductId) -> bool {
    part.customer == *customer && part.product == *product
}

/// The demand for nothing, where something was billed.
fn nothing(line: &PlanLine) -> Demand {
    Demand {
        agreement: id_text(&line.agreement),
        place: String::new(),
        target: match line.item.clone() {
            Some(item) => ItemTarget::Item(item),
            None => line.target.clone(),
        },
        products: line.products.clone(),
        quantity: Decimal::ZERO,
        from: line.wanted_from,
        parts: Vec::new(),
        left: Vec::new(),
    }
}

/// The demand for exactly what a change had led to.
fn as_it_was(change: Change) -> Demand {
    Demand {
        agreement: id_text(&change.line.agreement),
        place: String::new(),
        target: match change.line.item {
            Some(item) => ItemTarget::Item(item),
            None => change.line.target,
        },
        products: change.line.products,
        quantity: change.after,
        from: change.line.wanted_from,
        parts: Vec::new(),
        left: Vec::new(),
    }
}

/// The id of a line: short, the same in every plan, and safe in an address.
pub(super) fn line_id(agreement: &str, place: &str) -> String {
    let digest = Sha256::digest(format!("{agreement}\0{place}"));
    hex(digest.get(..8).unwrap_or_default())
}

/// The records of a table below `prefix` by the last part of their keys, such as the line.
pub(super) async fn by_line<T: Record, V>(
    core: &Core,
    partner: &str,
    prefix: &[&str],
    value: impl Fn(T) -> V,
) -> Result<BTreeMap<String, Versioned<V>>, crate::Error> {
    let mut all = BTreeMap::new();
    let mut pages = core.store.pages::<T>(partner, prefix, PAGE);
    while let Some(page) = pages.next().await? {
        for (key, row) in page {
            let line = key.parts().pop().unwrap_or_default();
            let versioned = Versioned {
                value: value(row.value),
                version: row.version,
            };
            all.insert(line, versioned);
        }
    }
    Ok(all)
}

/// The changes that are in doubt, by line.
pub(super) async fn doubts(
    core: &Core,
    partner: &str,
    integration: &str,
) -> Result<BTreeMap<String, Change>, crate::Error> {
    let mut all = BTreeMap::new();
    for (line, change) in by_line(core, partner, &[integration], |row: DoubtRow| row.0).await? {
        let parts = [integration, line.as_str(), change.value.as_str()];
        let row = core.store.get_record::<ChangeRow>(partner, &parts).await?;
        if let Some(row) = row {
            all.insert(line, row.value.0);
        }
    }
    Ok(all)
}

/// What older integrations of the partner's bill, by customer and product. Of several that could
/// bill the same, the oldest one does, as it gets the customer's tickets.
async fn elsewhere(
    context: &Context<'_>,
) -> Result<BTreeMap<(CustomerId, ProductId), String>, crate::Error> {
    let (core, own) = (&context.remote.core, &context.remote.integration.id);
    let all = core.integrations(context.partner).await?;
    let older = all.into_iter().take_while(|other| other.id != *own);
    let partner = context.partner.as_str();
    let mut billed = BTreeMap::new();
    let bills = |other: &Integration| {
        let is_gone = matches!(other.held, Some(Held::Disconnected { .. }));
        other.is_on(super::SECTION) && !is_gone
    };
    for other in older.filter(bills) {
        let id = other.id.as_str();
        let title = core.connector(&other.connector)?.title.clone();
        let products: Vec<ProductRow> = core.all(partner, &[id]).await?;
        let mappings: Vec<MappingRow> = core.all(partner, &[id]).await?;
        let mapped = mappings.into_iter().filter(|row| row.0.takes_billing());
        for MappingRow(mapping) in mapped {
            for ProductRow(product) in &products {
                if *product.target_for(&mapping.customer) != ItemTarget::NotBilled {
                    let pair = (mapping.customer.clone(), product.product.clone());
                    billed.entry(pair).or_insert_with(|| title.clone());
                }
            }
        }
    }
    Ok(billed)
}

/// Whether a change waits for a person, rather than for its answer.
pub(super) fn is_unclear(change: &Change) -> bool {
    change.state == ChangeState::Unclear
}
