//! Usage, agreements and rules, made up for the tests.

use std::collections::{BTreeMap, BTreeSet};

use billing::{Demand, Facts, desired};
use model::billing::{
    Agreement, AgreementChoice, BillingPolicy, CountRule, Day, Decimal, ItemTarget, Measured,
    Period, ProductMapping, Unbilled, Usage, UsageStatus,
};
use model::{CustomerId, Mapping, ProductId, Ticks, Timestamp};
use serde_json::json;

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// An active usage of `product` in July.
pub(crate) fn usage(customer: &str, product: &str, quantity: &str) -> Measured {
    let usage = Usage {
        customer_id: CustomerId::new(customer).unwrap(),
        product_id: ProductId::new(product).unwrap(),
        subscription_id: None,
        term_start: day("2026-07-01"),
        term_end: day("2026-07-31"),
        status: UsageStatus::Active,
        quantity: decimal(quantity),
        free_quantity: Decimal::ZERO,
        details: Vec::new(),
    };
    Measured::first(usage, Timestamp::default())
}

pub(crate) fn agreement(id: i64, company: i64) -> Agreement {
    Agreement {
        id: json!(id),
        company_id: json!(company),
        name: format!("Agreement {id}"),
        kind: Some("Recurring".to_owned()),
        has_lines: true,
        active: true,
        starts: Some(day("2026-01-01")),
        ends: Some(day("2026-12-31")),
        period: Some(Period::Monthly),
        next_bill: None,
    }
}

/// Everything that decides, owned.
pub(crate) struct Made {
    pub(crate) usages: Vec<Measured>,
    pub(crate) mappings: BTreeMap<CustomerId, Mapping>,
    pub(crate) products: BTreeMap<ProductId, ProductMapping>,
    pub(crate) choices: Vec<AgreementChoice>,
    pub(crate) agreements: BTreeMap<String, Agreement>,
    pub(crate) policy: BillingPolicy,
    pub(crate) elsewhere: BTreeMap<(CustomerId, ProductId), String>,
    pub(crate) items: BTreeMap<String, serde_json::Value>,
}

impl Made {
    /// Customers `a` and `b` are company 1, which agreement 10 bills; product `p` is item 100.
    pub(crate) fn new(usages: Vec<Measured>) -> Self {
        let mapped = |customer: &str| {
            let mapping = Mapping {
                customer: CustomerId::new(customer).unwrap(),
                company: Some(json!(1)),
                ticks: Ticks::default(),
                saved_at: Timestamp::default(),
            };
            (mapping.customer.clone(), mapping)
        };
        let product = ProductId::new("p").unwrap();
        let mapping = ProductMapping {
            product: product.clone(),
            target: ItemTarget::Item(json!(100)),
            overrides: BTreeMap::new(),
        };
        let choice = AgreementChoice {
            company: json!(1),
            product: None,
            agreement: json!(10),
        };
        Self {
            usages,
            mappings: [mapped("a"), mapped("b")].into(),
            products: [(product, mapping)].into(),
            choices: vec![choice],
            agreements: [("10".to_owned(), agreement(10, 1))].into(),
            policy: BillingPolicy::default(),
            elsewhere: BTreeMap::new(),
            items: BTreeMap::new(),
        }
    }

    pub(crate) fn desired(&self) -> (Vec<Demand>, Vec<Unbilled>) {
        desired(&Facts {
            usages: &self.usages,
            mappings: &self.mappings,
            products: &self.products,
            elsewhere: &self.elsewhere,
            made: &self.items,
            choices: &self.choices,
            agreements: &self.agreements,
            policy: &self.policy,
            today: day("2026-07-10"),
        })
    }

    /// The quantity of the only demand.
    pub(crate) fn quantity(&self) -> Decimal {
        let (demands, unbilled) = self.desired();
        assert_eq!((demands.len(), unbilled), (1, Vec::new()));
        demands[0].quantity
    }
}

/// A rule that counts everything.
pub(crate) fn rule() -> CountRule {
    let statuses: BTreeSet<UsageStatus> = [
        UsageStatus::Active,
        UsageStatus::InTrial,
        UsageStatus::NonRenewing,
        UsageStatus::Paused,
        UsageStatus::Cancelled,
    ]
    .into();
    CountRule {
        statuses,
        ..CountRule::default()
    }
}
