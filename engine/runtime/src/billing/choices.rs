//! What people decide about billing: rules and guards, which agreement bills a company, and what a
//! product is billed as.

use std::collections::{BTreeMap, BTreeSet};

use model::billing::{
    Agreement, AgreementChoice, BillingPolicy, Day, Decimal, ItemTarget, ProductMapping,
};
use model::request::id_text;
use model::{IntegrationId, PartnerId, ProductId};
use serde_json::Value;
use store::{Batch, Expect, Record, Records};

use super::ANY;
use crate::Runtime;
use crate::error::{Error, Fault};
use crate::restored::billing_asks;
use crate::tables::{
    AgreementChoiceRow, AgreementRow, ItemRow, Kept, MappingRow, PolicyRow, ProductRow, UsageRow,
};

/// The most changes in one call: what one commit takes.
const CHANGES_MAX: usize = 1_000;

/// An agreement of a company, and whether it can bill usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementOption {
    /// The agreement.
    pub agreement: Agreement,
    /// Why it cannot, in words that go on after its name; nothing where it can.
    pub unfit: Option<String>,
}

/// A company that usage is billed to, with its agreements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementLine {
    /// The company.
    pub company: Value,
    /// Its name.
    pub company_name: String,
    /// Which agreements were chosen.
    pub chosen: Vec<AgreementChoice>,
    /// The only one that can bill, while none is chosen.
    pub suggestion: Option<Value>,
    /// All of its agreements.
    pub options: Vec<AgreementOption>,
}

/// A product and what it is billed as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductLine {
    /// The product.
    pub product: ProductId,
    /// What it is billed as, once somebody has said so.
    pub mapping: Option<ProductMapping>,
    /// How many customers use it.
    pub customers: usize,
}

impl Runtime {
    /// How the integration bills; the cautious defaults unless somebody said otherwise.
    pub async fn billing_policy(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<BillingPolicy, Error> {
        self.core.integration(partner, id).await?;
        let row = self
            .core
            .store
            .get_record::<PolicyRow>(partner.as_str(), &[id.as_str()])
            .await?;
        Ok(row.map(|row| row.value.0).unwrap_or_default())
    }

    /// Changes how the integration bills. The next plan follows it, and is made soon.
    pub async fn put_billing_policy(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        policy: BillingPolicy,
    ) -> Result<BillingPolicy, Error> {
        self.core.integration(partner, id).await?;
        check_policy(&policy)?;
        let mut batch = Batch::new();
        let row = PolicyRow(policy.clone());
        batch.put_record(partner.as_str(), &[id.as_str()], &row, Expect::Any);
        self.save_choices(partner, id, batch).await?;
        self.core.clear_issue(partner, &billing_asks(id)).await?;
        Ok(policy)
    }

    /// Every company that a customer is billed as, with its agreements and what was chosen.
    pub async fn agreement_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Vec<AgreementLine>, Error> {
        let core = &self.core;
        core.integration(partner, id).await?;
        let today = Day::of(core.now());
        let names: BTreeMap<String, String> = self
            .companies(partner, id, None, usize::MAX)
            .await?
            .into_iter()
            .map(|company| (id_text(&company.id), company.name))
            .collect();
        let mappings: Vec<MappingRow> = core.all(partner.as_str(), &[id.as_str()]).await?;
        let billed = mappings.into_iter().filter(|row| row.0.takes_billing());
        let companies = billed.filter_map(|row| row.0.company);
        let mut lines: BTreeMap<String, AgreementLine> = BTreeMap::new();
        for company in companies {
            let key = id_text(&company);
            let line = || AgreementLine {
                company_name: names.get(&key).cloned().unwrap_or_else(|| key.clone()),
                company,
                chosen: Vec::new(),
                suggestion: None,
                options: Vec::new(),
            };
            lines.entry(key.clone()).or_insert_with(line);
        }
        for agreement in self.agreements(partner, id).await?.into_values() {
            if let Some(line) = lines.get_mut(&id_text(&agreement.company_id)) {
                let unfit = billing::unfit(&agreement, &line.company, today);
                line.options.push(AgreementOption { agreement, unfit });
            }
        }
        let chosen: Vec<AgreementChoiceRow> = core.all(partner.as_str(), &[id.as_str()]).await?;
        for AgreementChoiceRow(choice) in chosen {
            if let Some(line) = lines.get_mut(&id_text(&choice.company)) {
                line.chosen.push(choice);
            }
        }
        for line in lines.values_mut().filter(|line| line.chosen.is_empty()) {
            let mut fit = line.options.iter().filter(|option| option.unfit.is_none());
            if let (Some(only), None) = (fit.next(), fit.next()) {
                line.suggestion = Some(only.agreement.id.clone());
            }
        }
        Ok(lines.into_values().collect())
    }

    /// Chooses agreements. One that is null takes the choice away. All or none are saved; one that
    /// cannot bill is refused with the reason.
    pub async fn put_agreement_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        choices: Vec<AgreementChoice>,
    ) -> Result<usize, Error> {
        self.core.integration(partner, id).await?;
        at_most(choices.len())?;
        let agreements = self.agreements(partner, id).await?;
        let today = Day::of(self.core.now());
        let (mut batch, mut faults) = (Batch::new(), Vec::new());
        for (index, choice) in choices.iter().enumerate() {
            let product = choice.product.as_ref().map_or(ANY, ProductId::as_str);
            let company = id_text(&choice.company);
            let parts = [id.as_str(), company.as_str(), product];
            if choice.agreement.is_null() {
                batch.delete(
                    AgreementChoiceRow::key(partner.as_str(), &parts),
                    Expect::Any,
                );
                continue;
            }
            let known = agreements.get(&id_text(&choice.agreement));
            let wrong = match known {
                None => Some("is not among the agreements that were read".to_owned()),
                Some(known) => billing::unfit(known, &choice.company, today),
            };
            if let Some(wrong) = wrong {
                let name = known.map_or_else(|| id_text(&choice.agreement), |one| one.name.clone());
                faults.push(Fault {
                    pointer: format!("/mappings/{index}/agreement"),
                    message: format!("{name} {wrong}"),
                    hint: Some("choose one of the options that have no `unfit`".to_owned()),
                    place: None,
                });
            }
            let row = AgreementChoiceRow(choice.clone());
            batch.put_record(partner.as_str(), &parts, &row, Expect::Any);
        }
        if !faults.is_empty() {
            return Err(Error::Invalid { faults });
        }
        self.save_choices(partner, id, batch).await?;
        Ok(choices.len())
    }

    /// Chooses, for every company without a choice, the only agreement that can bill it.
    pub async fn accept_agreements(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<usize, Error> {
        let lines = self.agreement_mappings(partner, id).await?.into_iter();
        let choices: Vec<AgreementChoice> = lines
            .filter_map(|line| {
                Some(AgreementChoice {
                    company: line.company,
                    product: None,
                    agreement: line.suggestion?,
                })
            })
            .collect();
        let mut saved = 0;
        for part in choices.chunks(CHANGES_MAX) {
            saved += self
                .put_agreement_mappings(partner, id, part.to_vec())
                .await?;
        }
        Ok(saved)
    }

    /// Every product that is used or mapped.
    pub async fn product_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Vec<ProductLine>, Error> {
        let core = &self.core;
        core.integration(partner, id).await?;
        let mapped: Vec<ProductRow> = core.all(partner.as_str(), &[id.as_str()]).await?;
        let mut mapped: BTreeMap<ProductId, ProductMapping> = mapped
            .into_iter()
            .map(|row| (row.0.product.clone(), row.0))
            .collect();
        let usages: Vec<UsageRow> = core.all(partner.as_str(), &[]).await?;
        let mut users: BTreeMap<ProductId, BTreeSet<model::CustomerId>> = BTreeMap::new();
        for UsageRow(measured) in usages {
            let customers = users.entry(measured.usage.product_id).or_default();
            customers.insert(measured.usage.customer_id);
        }
        for product in mapped.keys() {
            users.entry(product.clone()).or_default();
        }
        let lines = users.into_iter().map(|(product, customers)| ProductLine {
            mapping: mapped.remove(&product),
            customers: customers.len(),
            product,
        });
        Ok(lines.collect())
    }

    /// Says what products are billed as. All or none are saved.
    pub async fn put_product_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        mappings: Vec<ProductMapping>,
    ) -> Result<usize, Error> {
        self.core.integration(partner, id).await?;
        at_most(mappings.len())?;
        let items = self.items(partner, id).await?;
        let (mut batch, mut faults) = (Batch::new(), Vec::new());
        for (index, mapping) in mappings.iter().enumerate() {
            let targets = std::iter::once(&mapping.target).chain(mapping.overrides.values());
            for target in targets {
                if let Some((message, hint)) = wrong_target(target, &items) {
                    faults.push(Fault {
                        pointer: format!("/mappings/{index}"),
                        message,
                        hint,
                        place: None,
                    });
                }
            }
            let parts = [id.as_str(), mapping.product.as_str()];
            let row = ProductRow(mapping.clone());
            batch.put_record(partner.as_str(), &parts, &row, Expect::Any);
        }
        if !faults.is_empty() {
            return Err(Error::Invalid { faults });
        }
        self.save_choices(partner, id, batch).await?;
        Ok(mappings.len())
    }

    /// The items that usage can be billed as, by the text of their ids: each id, name and price.
    pub async fn items(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<BTreeMap<String, Value>, Error> {
        let rows: Vec<ItemRow> = self.core.all(partner.as_str(), &[id.as_str()]).await?;
        Ok(rows.into_iter().filter_map(|row| by_id(row.0)).collect())
    }

    async fn agreements(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<BTreeMap<String, Agreement>, Error> {
        let rows: Vec<AgreementRow> = self.core.all(partner.as_str(), &[id.as_str()]).await?;
        Ok(agreements(rows))
    }

    /// Commits what somebody chose, and has new plans made: what one integration bills decides what
    /// the others do.
    async fn save_choices(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        mut batch: Batch,
    ) -> Result<(), Error> {
        let (core, now) = (&self.core, self.core.now());
        core.integration(partner, id).await?;
        core.replan(&mut batch, partner, now, |_| true).await?;
        self.commit(batch, "the billing choices").await
    }
}

/// Agreements by the text of their ids. A record that is not understood was refused when it was
/// read.
pub(super) fn agreements(rows: Vec<AgreementRow>) -> BTreeMap<String, Agreement> {
    let read = |row: AgreementRow| serde_json::from_value::<Agreement>(row.0.record).ok();
    rows.into_iter()
        .filter_map(read)
        .map(|one| (id_text(&one.id), one))
        .collect()
}

pub(super) fn by_id(kept: Kept) -> Option<(String, Value)> {
    Some((id_text(kept.record.get("id")?), kept.record))
}

fn at_most(count: usize) -> Result<(), Error> {
    if count <= CHANGES_MAX {
        return Ok(());
    }
    let message = format!("at most {CHANGES_MAX} changes in one call");
    Err(Error::invalid("/mappings", message))
}

fn wrong_target(
    target: &ItemTarget,
    items: &BTreeMap<String, Value>,
) -> Option<(String, Option<String>)> {
    match target {
        ItemTarget::Item(id) => match items.get(&id_text(id)) {
            None => Some((
                format!("there is no item {}", id_text(id)),
                Some("read the items again, or choose one of those that are listed".to_owned()),
            )),
            Some(item) if item.get("active") == Some(&Value::Bool(false)) => {
                Some((format!("the item {} is not active", id_text(id)), None))
            }
            Some(_) => None,
        },
        ItemTarget::Create { name, .. } if name.trim().is_empty() => {
            Some(("an item that is made needs a name".to_owned(), None))
        }
        ItemTarget::Create { price, .. } if price.is_negative() => {
            Some(("a price is not below zero".to_owned(), None))
        }
        ItemTarget::Create { .. } | ItemTarget::NotBilled => None,
    }
}

fn check_policy(policy: &BillingPolicy) -> Result<(), Error> {
    let rules = policy
        .rules
        .iter()
        .map(|(product, rule)| (format!("/rules/{product}"), rule));
    let rules = std::iter::once(("/rule".to_owned(), &policy.rule)).chain(rules);
    let mut faults = Vec::new();
    for (pointer, rule) in rules {
        for (field, value) in [("included", rule.included), ("minimum", rule.minimum)] {
            if value < Decimal::ZERO {
                faults.push(Fault {
                    pointer: format!("{pointer}/{field}"),
                    message: "a quantity is not below zero".to_owned(),
                    hint: None,
                    place: None,
                });
            }
        }
        if rule.statuses.is_empty() {
            faults.push(Fault {
                pointer: format!("{pointer}/statuses"),
                message: "usage of no status would count".to_owned(),
                hint: Some("name at least one, such as active".to_owned()),
                place: None,
            });
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid { faults })
    }
}
