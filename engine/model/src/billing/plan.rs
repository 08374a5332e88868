//! The plan: what would be changed, line by line, before it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Day, Decimal, EffectiveFrom, ItemTarget, UsageStatus};
use crate::{CustomerId, ProductId, RunId, Timestamp};

/// What was found out when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When.
    pub made_at: Timestamp,
    /// By which run.
    pub run: RunId,
    /// How many lines there are in each state.
    pub states: BTreeMap<PlanState, u64>,
    /// Usage that no line bills, each with the reason; the first thousands of it.
    pub unbilled: Vec<Unbilled>,
}

/// One item on one agreement: what the PSA has, what the product counts, and what follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    /// The same for this item on this agreement in every plan.
    pub id: String,
    /// The company that is billed.
    pub company: Value,
    /// Its name.
    pub company_name: String,
    /// The agreement.
    pub agreement: Value,
    /// Its name.
    pub agreement_name: String,
    /// What is billed.
    pub target: ItemTarget,
    /// Its id, once it is known.
    pub item: Option<Value>,
    /// Its name, as far as it is known.
    pub item_name: String,
    /// The agreement's line, if there is one.
    pub line: Option<Value>,
    /// The products that are billed as this item.
    pub products: Vec<ProductId>,
    /// What the PSA has from the effective date on.
    pub actual: Decimal,
    /// What the rules make of the usage.
    pub desired: Decimal,
    /// What the line is to have: the desired quantity, unless a person said otherwise.
    pub target_quantity: Decimal,
    /// What one costs, where the PSA tells.
    pub price: Option<Decimal>,
    /// From when the rule wants the change.
    pub wanted_from: EffectiveFrom,
    /// The day from which the change counts.
    pub effective: Day,
    /// What the PSA counts a change from.
    #[serde(default)]
    pub counts_from: CountsFrom,
    /// Why that day is later than the rule wants: the period that was billed already.
    pub billed_until: Option<Day>,
    /// Where the change stands.
    pub state: PlanState,
    /// Why it stands there, in words.
    pub reason: String,
    /// Which guards hold it.
    pub holds: Vec<Hold>,
    /// The change that this one takes back.
    pub undoes: Option<String>,
    /// Whether an issue about this line is open.
    pub troubled: bool,
    /// The usage that the quantity is made of.
    pub parts: Vec<Part>,
    /// Whose usage of what the quantity in the PSA is made of, as far as it is the engine's work:
    /// by the change that was read back last.
    #[serde(default)]
    pub billed: BTreeSet<(CustomerId, ProductId)>,
    /// What of that is not billed on this line any more.
    #[serde(default)]
    pub left: Vec<Leaver>,
}

impl PlanLine {
    /// Whose usage of what adds to the quantity.
    pub fn counted(&self) -> BTreeSet<(CustomerId, ProductId)> {
        let parts = self.parts.iter().filter(|part| !part.counted.is_zero());
        let pair = |part: &Part| (part.customer.clone(), part.product.clone());
        parts.map(pair).collect()
    }

    /// By how much the quantity is to be changed.
    pub fn change(&self) -> Decimal {
        self.target_quantity - self.actual
    }

    /// What a person sees of the change: both quantities and the day. Whoever decides may say what
    /// they saw, so that nobody decides about a change that has become another one.
    pub fn seen(&self) -> String {
        format!(
            "{} to {} from {}",
            self.actual, self.desired, self.effective
        )
    }

    /// What one costs. An item that is made with the first change costs what it was said to cost.
    pub fn unit_price(&self) -> Option<Decimal> {
        match &self.target {
            ItemTarget::Create { price, .. } => self.price.or(Some(*price)),
            ItemTarget::Item(_) | ItemTarget::NotBilled => self.price,
        }
    }

    /// What the product reported, before any rule.
    pub fn reported(&self) -> Decimal {
        self.parts.iter().map(|part| part.quantity).sum()
    }
}

/// What a PSA counts a change from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountsFrom {
    /// The day that is sent with it.
    #[default]
    Day,
    /// The next bill, whichever day the rule wants: its agreements know one quantity and no days.
    NextBill,
}

/// Where a line of a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// It cannot be applied before something is mended.
    Blocked,
    /// A change was sent and is not known to have taken hold or not.
    InDoubt,
    /// A guard holds it until a person decides.
    Held,
    /// It is shown, and waits for a person where the mode is to ask.
    Proposed,
    /// It is applied by the next run.
    Approved,
    /// It was applied and read back.
    Applied,
    /// A person decided against it.
    Dismissed,
    /// The PSA has what the rules want.
    Unchanged,
}

impl PlanState {
    /// The name used in answers and counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::InDoubt => "in_doubt",
            Self::Held => "held",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Applied => "applied",
            Self::Dismissed => "dismissed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why a change is not applied without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// It changes a larger share than the guard lets through.
    Share,
    /// It changes more than the guard lets through.
    Change,
    /// It drops the line to zero.
    Zero,
    /// The line is not on the agreement yet.
    NewLine,
    /// The usage is of a term that ended more than a month before the change would count.
    OldUsage,
    /// An older integration of the partner's bills it now, and the line still has a quantity.
    BilledElsewhere,
    /// A customer whose usage the line billed is not billed on it any more, and on no other.
    Left,
}

/// A customer whose usage a line billed and does not bill any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    /// Who used it.
    pub customer: CustomerId,
    /// The customer's name.
    pub name: String,
    /// What was used.
    pub product: ProductId,
    /// Why it is not billed any more; nothing where another line of the plan bills it.
    pub why: Option<Why>,
}

/// One usage and what it adds to a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Who used it.
    pub customer: CustomerId,
    /// What was used.
    pub product: ProductId,
    /// Which subscription, where there are several.
    pub subscription: Option<String>,
    /// The term.
    pub term_start: Day,
    /// Its last day.
    pub term_end: Day,
    /// How the subscription stands.
    pub status: UsageStatus,
    /// As reported.
    pub quantity: Decimal,
    /// As reported.
    pub free_quantity: Decimal,
    /// What counts of it: zero where the status does not count.
    pub counted: Decimal,
}

/// Usage that no line bills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbilled {
    /// Who used it.
    pub customer: CustomerId,
    /// What was used.
    pub product: ProductId,
    /// Why it is not billed.
    pub why: Why,
}

/// Why usage is not billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody has said which company the customer is.
    CustomerUnmapped,
    /// A person said that the customer gets no bills.
    CustomerIgnored,
    /// A person has taken off the customer's tick for billing.
    BillingOff,
    /// Nobody has said what the product is billed as.
    ProductUnmapped,
    /// A person said that the product is not billed.
    NotBilled,
    /// Nobody has said which agreement bills the company.
    NoAgreement,
    /// The agreement does not qualify any more; why, in words.
    AgreementUnfit(String),
    /// An older integration of the partner's bills it; its title. To bill it here, too, would
    /// charge the customer twice.
    BilledElsewhere(String),
}

impl fmt::Display for Why {
    /// As a sentence goes on after "it is not billed because".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomerUnmapped => f.write_str("the customer is not mapped to a company"),
            Self::CustomerIgnored => f.write_str("the customer gets no bills"),
            Self::BillingOff => f.write_str("billing is switched off for the customer"),
            Self::ProductUnmapped => f.write_str("nobody has said what the product is billed as"),
            Self::NotBilled => f.write_str("the product is not billed"),
            Self::NoAgreement => f.write_str("no agreement bills the company"),
            Self::AgreementUnfit(why) => f.write_str(why),
            Self::BilledElsewhere(title) => write!(f, "{title} bills it"),
        }
    }
}

/// What a person decided about a line. It holds for exactly the change that the person saw: once
/// either quantity is another one, it lapses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub kind: DecisionKind,
    /// What the PSA had.
    pub actual: Decimal,
    /// What the rules wanted.
    pub desired: Decimal,
    /// The day from which the change was to count.
    pub effective: Day,
    /// When.
    pub at: Timestamp,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// To make the change.
    Approve,
    /// To leave the line as it is.
    Dismiss,
    /// To make it this quantity instead.
    Adjust(Decimal),
    /// To take back a change: the quantity that was there before it, from the day it counted.
    Undo {
        /// The change's id.
        change: String,
        /// The quantity to go back to.
        to: Decimal,
    },
}
