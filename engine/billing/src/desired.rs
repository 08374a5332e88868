//! What ought to be billed: usage of customers, summed into items on agreements.

use std::collections::BTreeMap;

use model::billing::{
    Agreement, AgreementChoice, BillingPolicy, Day, Decimal, EffectiveFrom, ItemTarget, Leaver,
    Measured, Part, ProductMapping, Unbilled, Why,
};
use model::request::id_text;
use model::{CustomerId, Mapping, ProductId};
use serde_json::Value;

use crate::{count, unfit};

/// Everything that decides what ought to be billed.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The usage of all customers.
    pub usages: &'a [Measured],
    /// What each customer is mapped to, and whether it is billed.
    pub mappings: &'a BTreeMap<CustomerId, Mapping>,
    /// What products are billed as.
    pub products: &'a BTreeMap<ProductId, ProductMapping>,
    /// What other integrations bill, and the titles of those.
    pub elsewhere: &'a BTreeMap<(CustomerId, ProductId), String>,
    /// The ids of the items that were made here, by the names that they were made by.
    pub made: &'a BTreeMap<String, Value>,
    /// Which agreements bill companies.
    pub choices: &'a [AgreementChoice],
    /// The agreements, by the text of their ids.
    pub agreements: &'a BTreeMap<String, Agreement>,
    /// The rules.
    pub policy: &'a BillingPolicy,
    /// What day it is.
    pub today: Day,
}

/// What one item on one agreement ought to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The text of the agreement's id.
    pub agreement: String,
    /// What tells it from other demands on the agreement; the same in every plan.
    pub place: String,
    /// What is billed.
    pub target: ItemTarget,
    /// The products that are billed as it.
    pub products: Vec<ProductId>,
    /// How many.
    pub quantity: Decimal,
    /// From when a change counts. Of several products, the latest: none is changed too early.
    pub from: EffectiveFrom,
    /// The usage behind it.
    pub parts: Vec<Part>,
    /// What was billed there and is not any more. Only the caller knows what was billed.
    pub left: Vec<Leaver>,
}

impl Demand {
    /// The day that it is for this usage: today, or the first day of a term that begins later, such
    /// as one that has begun where the product counts and not yet by our clock. What is used in a
    /// term must not change what is billed for the days before it.
    pub fn day(&self, today: Day) -> Day {
        let begun = self.parts.iter().map(|part| part.term_start).max();
        begun.map_or(today, |begun| begun.max(today))
    }
}

/// An agreement and an item, by texts that sort.
type Place = (String, String);

/// What ought to be billed, in the order of agreements and items; and what is not, with reasons.
pub fn desired(facts: &Facts<'_>) -> (Vec<Demand>, Vec<Unbilled>) {
    let choices = Choices::new(facts.choices);
    let (mut places, mut unbilled) = (BTreeMap::<Place, Gathered<'_>>::new(), Vec::new());
    for measured in facts.usages {
        match facts.place(&choices, measured) {
            Ok(found) => {
                let key = facts.target_key(found.target);
                let gathered = places
                    .entry((found.agreement.to_owned(), key))
                    .or_insert_with(|| Gathered::of(found.target));
                gathered.take(measured);
            }
            Err(why) => unbilled.push(not_billed(measured, why)),
        }
    }
    let demands = places.into_iter();
    let demand = |(place, gathered): (Place, Gathered<'_>)| gathered.demand(place, facts.policy);
    (demands.map(demand).collect(), unbilled)
}

fn not_billed(measured: &Measured, why: Why) -> Unbilled {
    Unbilled {
        customer: measured.usage.customer_id.clone(),
        product: measured.usage.product_id.clone(),
        why,
    }
}

/// Where a usage is billed.
struct Placed<'a> {
    agreement: &'a str,
    target: &'a ItemTarget,
}

impl<'a> Facts<'a> {
    /// What tells items of one agreement apart. One that is still to be made is known by its name,
    /// and stays so after it was made, so that its line keeps its name; whoever is billed as it by
    /// its id is billed on the same line.
    fn target_key(&self, target: &ItemTarget) -> String {
        let id = match target {
            ItemTarget::Item(id) => Some(id),
            ItemTarget::Create { name, .. } => self.made.get(name),
            ItemTarget::NotBilled => None,
        };
        let id = id.map(id_text);
        let mut made = self.made.iter();
        let made = made.find(|(_, made)| id.as_deref() == Some(id_text(made).as_str()));
        match (made, id, target) {
            (Some((name, _)), _, _) | (None, None, ItemTarget::Create { name, .. }) => {
                format!("new {name}")
            }
            (None, id, _) => format!("item {}", id.unwrap_or_default()),
        }
    }

    /// Where a usage is billed, or why it is not.
    fn place(&self, choices: &Choices<'a>, measured: &Measured) -> Result<Placed<'a>, Why> {
        let usage = &measured.usage;
        let mapping = self.mappings.get(&usage.customer_id);
        let mapping = mapping.ok_or(Why::CustomerUnmapped)?;
        let company = mapping.company.as_ref().ok_or(Why::CustomerIgnored)?;
        if !mapping.takes_billing() {
            return Err(Why::BillingOff);
        }
        let product = self
            .products
            .get(&usage.product_id)
            .ok_or(Why::ProductUnmapped)?;
        let target = product.target_for(&usage.customer_id);
        if *target == ItemTarget::NotBilled {
            return Err(Why::NotBilled);
        }
        let pair = (usage.customer_id.clone(), usage.product_id.clone());
        if let Some(title) = self.elsewhere.get(&pair) {
            return Err(Why::BilledElsewhere(title.clone()));
        }
        let agreement = self.agreement(choices, company, &usage.product_id)?;
        Ok(Placed { agreement, target })
    }

    fn agreement(
        &self,
        choices: &Choices<'a>,
        company: &Value,
        product: &ProductId,
    ) -> Result<&'a str, Why> {
        let chosen = choices.of(company, product).ok_or(Why::NoAgreement)?;
        let Some((id, agreement)) = self.agreements.get_key_value(&id_text(chosen)) else {
            let why = "the agreement that was chosen is not in the PSA any more";
            return Err(Why::AgreementUnfit(why.to_owned()));
        };
        match unfit(agreement, company, self.today) {
            Some(why) => Err(Why::AgreementUnfit(format!("{} {why}", agreement.name))),
            None => Ok(id),
        }
    }
}

/// The agreements that were chosen, by company and product.
struct Choices<'a>(BTreeMap<(String, Option<&'a ProductId>), &'a Value>);

impl<'a> Choices<'a> {
    fn new(choices: &'a [AgreementChoice]) -> Self {
        let one = |choice: &'a AgreementChoice| {
            (
                (id_text(&choice.company), choice.product.as_ref()),
                &choice.agreement,
            )
        };
        Self(choices.iter().map(one).collect())
    }

    fn of(&self, company: &Value, product: &ProductId) -> Option<&'a Value> {
        let company = id_text(company);
        let own = self.0.get(&(company.clone(), Some(product)));
        own.or_else(|| self.0.get(&(company, None))).copied()
    }
}

/// The usage that is billed in one place.
struct Gathered<'a> {
    target: &'a ItemTarget,
    usages: BTreeMap<ProductId, Vec<&'a Measured>>,
}

impl<'a> Gathered<'a> {
    const fn of(target: &'a ItemTarget) -> Self {
        Self {
            target,
            usages: BTreeMap::new(),
        }
    }

    fn take(&mut self, measured: &'a Measured) {
        let product = measured.usage.product_id.clone();
        self.usages.entry(product).or_default().push(measured);
    }

    fn demand(self, (agreement, place): Place, policy: &BillingPolicy) -> Demand {
        let mut demand = Demand {
            agreement,
            place,
            target: self.target.clone(),
            products: Vec::new(),
            quantity: Decimal::ZERO,
            from: EffectiveFrom::PeriodStart,
            parts: Vec::new(),
            left: Vec::new(),
        };
        for (product, usages) in self.usages {
            let rule = policy.rule_for(&product);
            let counted = count(rule, &usages);
            demand.quantity = demand.quantity + counted.quantity;
            demand.parts.extend(counted.parts);
            demand.from = demand.from.max(rule.from);
            demand.products.push(product);
        }
        demand
    }
}
