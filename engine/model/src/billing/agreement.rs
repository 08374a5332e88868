//! Agreements, the items on them, and what a person has decided about both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Day, Decimal};
use crate::{CustomerId, ProductId};

/// Where usage of one company is billed, as `schemas/psa/agreement.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its id, just as the PSA gave it.
    pub id: Value,
    /// The company it is with.
    pub company_id: Value,
    /// What people call it.
    pub name: String,
    /// What kind of agreement it is, in the PSA's words.
    #[serde(default)]
    pub kind: Option<String>,
    /// Whether this kind has lines with quantities.
    pub has_lines: bool,
    /// Whether it is in force as far as the PSA's own status says.
    pub active: bool,
    /// Its first day; periods are counted from here.
    #[serde(default)]
    pub starts: Option<Day>,
    /// Its last day; none when it has no end.
    #[serde(default)]
    pub ends: Option<Day>,
    /// How long a billing period is. `None` when the PSA does not say.
    #[serde(default)]
    pub period: Option<Period>,
    /// The day of the next bill, where every change counts from that bill on. `None` where the PSA
    /// takes a day with each change.
    #[serde(default)]
    pub next_bill: Option<Day>,
}

/// How long a billing period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A month.
    Monthly,
    /// Anything else: a quarter, a year, a week.
    Other,
}

/// Which agreement bills a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementChoice {
    /// The company.
    pub company: Value,
    /// Only for this product; for every other when absent.
    pub product: Option<ProductId>,
    /// The agreement.
    pub agreement: Value,
}

/// What a product is billed as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductMapping {
    /// The product.
    pub product: ProductId,
    /// For every customer that has no override.
    pub target: ItemTarget,
    /// For one customer.
    pub overrides: BTreeMap<CustomerId, ItemTarget>,
}

impl ProductMapping {
    /// What the product is billed as for this customer.
    pub fn target_for(&self, customer: &CustomerId) -> &ItemTarget {
        self.overrides.get(customer).unwrap_or(&self.target)
    }
}

/// What usage is billed as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemTarget {
    /// An item that the PSA has, by its id.
    Item(Value),
    /// An item that is made when it is first billed, and found again by its name.
    Create {
        /// What it is called.
        name: String,
        /// What one costs in a period.
        price: Decimal,
    },
    /// It is not billed.
    NotBilled,
}
