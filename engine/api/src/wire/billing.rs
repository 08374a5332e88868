//! How an integration bills: rules, guards, items and agreements.

use std::collections::{BTreeMap, BTreeSet};

use model::billing::{
    self, Day, Decimal, EffectiveFrom, Measure, Mode, Period, RoundEach, Rounding, UsageStatus,
};
use model::{CustomerId, ProductId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::each;

/// How an integration bills.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BillingPolicy {
    /// What may be written: `preview` (nothing), `ask` (what a person approves) or `automatic`
    /// (what is within the guards, and what a person approves).
    #[schema(value_type = String, example = "preview")]
    mode: Mode,
    /// What is never applied without a person.
    guards: Guards,
    /// How usage is counted.
    rule: CountRule,
    /// How usage of single products is counted instead, by product.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, CountRule>)]
    rules: BTreeMap<ProductId, CountRule>,
}

/// What is never applied without a person.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guards {
    /// A change by more than so many percent of what the PSA has; null for no such guard.
    #[schema(example = 25)]
    share_max: Option<u32>,
    /// A change by more than so many; null for no such guard.
    #[schema(value_type = Option<f64>, example = 10)]
    change_max: Option<Decimal>,
    /// A line that would drop to zero.
    hold_zero: bool,
    /// A line that is not on the agreement yet.
    hold_new: bool,
}

/// How measured usage becomes a quantity.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountRule {
    /// How a fraction becomes a whole number: `up`, `nearest` or `down`.
    #[schema(value_type = String, example = "up")]
    rounding: Rounding,
    /// What is rounded: each `usage`, or the sum for the `company`.
    #[schema(value_type = String, example = "company")]
    round_each: RoundEach,
    /// So many for each company are in another price already.
    #[schema(value_type = f64, example = 0)]
    included: Decimal,
    /// At least so many for each company whose usage counts at all.
    #[schema(value_type = f64, example = 0)]
    minimum: Decimal,
    /// Usage of these subscriptions counts.
    #[schema(value_type = Vec<String>, example = json!(["active", "non_renewing"]))]
    statuses: BTreeSet<UsageStatus>,
    /// Which figure of the term counts: the newest (`snapshot`) or the highest (`peak`).
    #[schema(value_type = String, example = "snapshot")]
    measure: Measure,
    /// From when a change counts: `period_start`, `today` or `next_period`. What was billed
    /// already is never changed.
    #[schema(value_type = String, example = "period_start")]
    from: EffectiveFrom,
}

impl From<billing::BillingPolicy> for BillingPolicy {
    fn from(policy: billing::BillingPolicy) -> Self {
        let guards = policy.guards;
        Self {
            mode: policy.mode,
            guards: Guards {
                share_max: guards.share_max,
                change_max: guards.change_max,
                hold_zero: guards.hold_zero,
                hold_new: guards.hold_new,
            },
            rule: policy.rule.into(),
            rules: policy
                .rules
                .into_iter()
                .map(|(key, rule)| (key, rule.into()))
                .collect(),
        }
    }
}

impl From<BillingPolicy> for billing::BillingPolicy {
    fn from(policy: BillingPolicy) -> Self {
        let guards = policy.guards;
        Self {
            mode: policy.mode,
            guards: billing::Guards {
                share_max: guards.share_max,
                change_max: guards.change_max,
                hold_zero: guards.hold_zero,
                hold_new: guards.hold_new,
            },
            rule: policy.rule.into(),
            rules: policy
                .rules
                .into_iter()
                .map(|(key, rule)| (key, rule.into()))
                .collect(),
        }
    }
}

impl From<billing::CountRule> for CountRule {
    fn from(rule: billing::CountRule) -> Self {
        Self {
            rounding: rule.rounding,
            round_each: rule.round_each,
            included: rule.included,
            minimum: rule.minimum,
            statuses: rule.statuses,
            measure: rule.measure,
            from: rule.from,
        }
    }
}

impl From<CountRule> for billing::CountRule {
    fn from(rule: CountRule) -> Self {
        Self {
            rounding: rule.rounding,
            round_each: rule.round_each,
            included: rule.included,
            minimum: rule.minimum,
            statuses: rule.statuses,
            measure: rule.measure,
            from: rule.from,
        }
    }
}

/// Which agreements bill the companies.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgreementList {
    /// One line for each company that a customer is mapped to.
    pub(crate) mappings: Vec<AgreementLine>,
}

/// A company and the agreements that could bill it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgreementLine {
    /// The company's id.
    #[schema(value_type = Value, example = 174)]
    company: Value,
    /// Its name.
    company_name: String,
    /// The agreements that were chosen.
    chosen: Vec<AgreementChoice>,
    /// The only agreement that can bill it, while none is chosen.
    #[schema(value_type = Option<Value>)]
    suggestion: Option<Value>,
    /// All of its agreements, those that cannot bill it with the reason.
    options: Vec<AgreementOption>,
}

impl From<runtime::AgreementLine> for AgreementLine {
    fn from(line: runtime::AgreementLine) -> Self {
        Self {
            company: line.company,
            company_name: line.company_name,
            chosen: each(line.chosen),
            suggestion: line.suggestion,
            options: each(line.options),
        }
    }
}

/// An agreement, and why it cannot bill usage if it cannot.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgreementOption {
    /// Its id.
    #[schema(value_type = Value, example = 29_683_505)]
    id: Value,
    /// Its name.
    name: String,
    /// What kind it is, in the PSA's words.
    kind: Option<String>,
    /// Its first day.
    #[schema(value_type = Option<String>, example = "2026-01-01")]
    starts: Option<Day>,
    /// Its last day.
    #[schema(value_type = Option<String>, example = "2026-12-31")]
    ends: Option<Day>,
    /// How long a billing period is: `monthly` or `other`.
    #[schema(value_type = Option<String>, example = "monthly")]
    period: Option<Period>,
    /// Why it cannot bill usage; null if it can.
    #[schema(example = "is not active")]
    unfit: Option<String>,
}

impl From<runtime::AgreementOption> for AgreementOption {
    fn from(option: runtime::AgreementOption) -> Self {
        let agreement = option.agreement;
        Self {
            id: agreement.id,
            name: agreement.name,
            kind: agreement.kind,
            starts: agreement.starts,
            ends: agreement.ends,
            period: agreement.period,
            unfit: option.unfit,
        }
    }
}

/// Changes of the choice; companies that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreementsInput {
    /// The changes.
    pub(crate) mappings: Vec<AgreementChoice>,
}

/// Which agreement bills a company.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreementChoice {
    /// The company's id.
    #[schema(value_type = Value, example = 174)]
    company: Value,
    /// Only for this product; for every other one when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    product: Option<ProductId>,
    /// The agreement's id; null takes the choice away.
    #[schema(value_type = Option<Value>, example = 29_683_505)]
    agreement: Value,
}

impl From<billing::AgreementChoice> for AgreementChoice {
    fn from(choice: billing::AgreementChoice) -> Self {
        Self {
            company: choice.company,
            product: choice.product,
            agreement: choice.agreement,
        }
    }
}

impl From<AgreementChoice> for billing::AgreementChoice {
    fn from(choice: AgreementChoice) -> Self {
        Self {
            company: choice.company,
            product: choice.product,
            agreement: choice.agreement,
        }
    }
}

/// What products are billed as.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductList {
    /// One line for each product that is used or mapped.
    pub(crate) mappings: Vec<ProductLine>,
}

/// A product and what it is billed as.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductLine {
    /// The product.
    #[schema(value_type = String, example = "web-security")]
    product: ProductId,
    /// How many customers use it.
    customers: usize,
    /// What it is billed as; null until somebody has said so.
    target: Option<Target>,
    /// What it is billed as for single customers, by customer.
    #[schema(value_type = BTreeMap<String, Target>)]
    overrides: BTreeMap<CustomerId, Target>,
}

impl From<runtime::ProductLine> for ProductLine {
    fn from(line: runtime::ProductLine) -> Self {
        let (target, overrides) = line
            .mapping
            .map(|mapping| (Some(mapping.target.into()), mapping.overrides))
            .unwrap_or_default();
        Self {
            product: line.product,
            customers: line.customers,
            target,
            overrides: overrides
                .into_iter()
                .map(|(key, target)| (key, target.into()))
                .collect(),
        }
    }
}

/// Changes of what products are billed as; products that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductsInput {
    /// The changes.
    pub(crate) mappings: Vec<ProductInput>,
}

/// What one product is billed as.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductInput {
    /// The product.
    #[schema(value_type = String, example = "web-security")]
    product: ProductId,
    /// What it is billed as.
    target: Target,
    /// What it is billed as for single customers, by customer.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Target>)]
    overrides: BTreeMap<CustomerId, Target>,
}

impl From<ProductInput> for billing::ProductMapping {
    fn from(input: ProductInput) -> Self {
        let overrides = input.overrides.into_iter();
        Self {
            product: input.product,
            target: input.target.into(),
            overrides: overrides
                .map(|(key, target)| (key, target.into()))
                .collect(),
        }
    }
}

/// What usage is billed as: exactly one of three.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Target {
    /// An item of the PSA, by its id.
    #[schema(value_type = Value)]
    Item(Value),
    /// An item that is made when it is first billed.
    Create(NewItem),
    /// It is not billed.
    NotBilled,
}

/// An item to be made.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    /// What it is called, and found again by.
    #[schema(example = "Web Security")]
    name: String,
    /// What one costs in a period.
    #[schema(value_type = f64, example = 4.5)]
    price: Decimal,
}

impl From<billing::ItemTarget> for Target {
    fn from(target: billing::ItemTarget) -> Self {
        match target {
            billing::ItemTarget::Item(id) => Self::Item(id),
            billing::ItemTarget::Create { name, price } => Self::Create(NewItem { name, price }),
            billing::ItemTarget::NotBilled => Self::NotBilled,
        }
    }
}

impl From<Target> for billing::ItemTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Item(id) => Self::Item(id),
            Target::Create(NewItem { name, price }) => Self::Create { name, price },
            Target::NotBilled => Self::NotBilled,
        }
    }
}

/// How many choices were saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct Saved {
    /// How many.
    pub(crate) saved: usize,
}

/// The items that usage can be billed as, as last read.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemList {
    /// Each with its id, name and price, as the PSA's connector gives them.
    #[schema(value_type = Vec<Value>)]
    pub(crate) items: Vec<Value>,
}
