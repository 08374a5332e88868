//! Usage: how much of a product a customer has used in a term, as the product counts it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Day, Decimal};
use crate::{CustomerId, ProductId, Timestamp};

/// How much of one product one customer has used in one term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Who used it.
    pub customer_id: CustomerId,
    /// What was used.
    pub product_id: ProductId,
    /// Tells apart several subscriptions of one customer to one product.
    pub subscription_id: Option<String>,
    /// The first day of the term.
    pub term_start: Day,
    /// The last day of the term.
    pub term_end: Day,
    /// How the subscription stands.
    pub status: UsageStatus,
    /// How much, the free part included. Often a fraction: who started late counts in part.
    pub quantity: Decimal,
    /// How much of it is not to be billed.
    #[serde(default)]
    pub free_quantity: Decimal,
    /// Who it was, as far as the product tells.
    #[serde(default)]
    pub details: Vec<UsageDetail>,
}

impl Usage {
    /// How much is to be billed, before any rule.
    pub fn billable(&self) -> Decimal {
        (self.quantity - self.free_quantity).max(Decimal::ZERO)
    }
}

/// One user's part of a usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDetail {
    /// The user, by a name that people know.
    pub user: String,
    /// The user's part.
    pub quantity: Decimal,
    /// When the user was first active in the term.
    #[serde(default)]
    pub first_use: Option<Day>,
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageStatus {
    /// In use and paid for.
    Active,
    /// Being tried out.
    InTrial,
    /// In use until the term ends.
    NonRenewing,
    /// Not in use for a while.
    Paused,
    /// Over.
    Cancelled,
}

impl UsageStatus {
    /// The name used in answers and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::InTrial => "in_trial",
            Self::NonRenewing => "non_renewing",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A usage as it is kept: the newest figure of its newest term, and the most that was seen in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The newest figure.
    pub usage: Usage,
    /// The highest billable quantity of this term, by the status it was reported with.
    pub peaks: BTreeMap<UsageStatus, Decimal>,
    /// When it last changed.
    pub at: Timestamp,
}

impl Measured {
    /// What is kept of the first figure of a term.
    pub fn first(usage: Usage, at: Timestamp) -> Self {
        let peaks = BTreeMap::from([(usage.status, usage.billable())]);
        Self { usage, peaks, at }
    }

    /// What is kept once `usage` has been reported, too. `None` if it is of an older term.
    #[must_use]
    pub fn followed_by(&self, usage: Usage, at: Timestamp) -> Option<Self> {
        if usage.term_start < self.usage.term_start {
            return None;
        }
        if usage == self.usage {
            return Some(self.clone());
        }
        let mut next = Self::first(usage, at);
        if next.usage.term_start == self.usage.term_start {
            for (status, peak) in &self.peaks {
                let known = next.peaks.entry(*status).or_default();
                *known = (*known).max(*peak);
            }
        }
        Some(next)
    }
}
