//! How a partner wants to be billed: what counts, from when, and what goes without asking.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Decimal, UsageStatus};
use crate::ProductId;

/// How one integration bills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BillingPolicy {
    /// What may be written, and when.
    pub mode: Mode,
    /// What is never applied without a person.
    pub guards: Guards,
    /// How usage is counted.
    pub rule: CountRule,
    /// How usage of single products is counted instead.
    pub rules: BTreeMap<ProductId, CountRule>,
}

impl BillingPolicy {
    /// How usage of `product` is counted.
    pub fn rule_for(&self, product: &ProductId) -> &CountRule {
        self.rules.get(product).unwrap_or(&self.rule)
    }
}

/// What may be written to the PSA, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Plans are shown and nothing is written.
    #[default]
    Preview,
    /// A person approves each line.
    Ask,
    /// Lines within the guards are applied at once; the others wait for a person.
    Automatic,
}

/// Changes that are never applied without a person. They are there for the day on which the counts
/// are wrong: a bill that is a day late is mended more easily than one that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guards {
    /// A change by more than so many percent of what the PSA has; null lets any share through.
    pub share_max: Option<u32>,
    /// A change by more than so many; null lets any through.
    pub change_max: Option<Decimal>,
    /// A line that would drop to zero.
    pub hold_zero: bool,
    /// A line that is not on the agreement yet.
    pub hold_new: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            share_max: Some(25),
            change_max: Some(Decimal::whole(10)),
            hold_zero: true,
            hold_new: true,
        }
    }
}

/// How measured usage becomes a quantity.
///
/// For each usage whose status counts: the quantity less the free one, now or at its highest in the
/// term. These are rounded each, or their sum for the company is. What is included is taken off,
/// and the result is at least the minimum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountRule {
    /// How a fraction becomes a whole number.
    pub rounding: Rounding,
    /// What is rounded.
    pub round_each: RoundEach,
    /// So many for each company are in another price already.
    pub included: Decimal,
    /// At least so many for each company whose usage counts at all.
    pub minimum: Decimal,
    /// Usage of these subscriptions counts.
    pub statuses: BTreeSet<UsageStatus>,
    /// Which figure of the term counts.
    pub measure: Measure,
    /// From when a change takes effect.
    pub from: EffectiveFrom,
}

impl Default for CountRule {
    fn default() -> Self {
        Self {
            rounding: Rounding::Up,
            round_each: RoundEach::Company,
            included: Decimal::ZERO,
            minimum: Decimal::ZERO,
            statuses: [UsageStatus::Active, UsageStatus::NonRenewing].into(),
            measure: Measure::Snapshot,
            from: EffectiveFrom::PeriodStart,
        }
    }
}

/// How a fraction becomes a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// 1.2 is 2.
    Up,
    /// 1.2 is 1, 1.5 is 2.
    Nearest,
    /// 1.8 is 1.
    Down,
}

/// What is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundEach {
    /// Each usage by itself.
    Usage,
    /// The sum of all that one company is billed for a product.
    Company,
}

/// Which figure of the term counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The newest.
    Snapshot,
    /// The highest: the high-water mark.
    Peak,
}

/// From when a change takes effect. A period that has been billed is never changed: the change
/// then lands in the first one that has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectiveFrom {
    /// From the first day of this billing period, so that nothing is prorated.
    PeriodStart,
    /// From today; PSAs that prorate will do so.
    Today,
    /// From the first day of the next billing period.
    NextPeriod,
}
