//! What is billed and what ought to be, over all of a partner's integrations.

use model::billing::{Decimal, PlanState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::each;
use super::plan::Unbilled;

/// Which lines to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconciliationAsked {
    /// Only lines with a difference.
    #[serde(default)]
    pub(crate) differences: bool,
    /// Only those after this one: the `next` of the list before.
    pub(crate) after: Option<String>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// What is billed and what ought to be, over all of a partner's integrations.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reconciliation {
    /// The lines: those with a difference first, then by company and item.
    lines: Vec<ReconciledLine>,
    /// What to give as `after` for the next lines; null when there are none.
    next: Option<String>,
    /// Usage that no line of any integration bills, with each integration's reason. Told with the
    /// first lines.
    unbilled: Vec<UnbilledThere>,
}

impl Reconciliation {
    /// The lines that were asked for.
    pub(crate) fn page(
        mut all: runtime::Reconciliation,
        asked: &ReconciliationAsked,
        limit: usize,
    ) -> Self {
        if asked.differences {
            all.lines.retain(|one| one.line.desired != one.line.actual);
        }
        if let Some(after) = &asked.after {
            let place = all.lines.iter().position(|one| mark(one) == *after);
            all.lines.drain(..place.map_or(0, |place| place + 1));
            all.unbilled.clear();
        }
        let more = all.lines.len() > limit;
        all.lines.truncate(limit);
        Self {
            next: all.lines.last().filter(|_| more).map(mark),
            lines: each(all.lines),
            unbilled: each(all.unbilled),
        }
    }
}

/// What tells a line from all others of the partner.
fn mark(one: &runtime::ReconciledLine) -> String {
    format!("{}.{}", one.integration, one.line.id)
}

/// One item on one agreement of one integration.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciledLine {
    /// The integration that bills it.
    integration: String,
    /// What its PSA is called.
    title: String,
    /// The line, by which that integration explains it.
    #[schema(example = "9f86d081884c7d65")]
    line: String,
    /// The company that is billed.
    company_name: String,
    /// The agreement that bills it.
    agreement_name: String,
    /// What is billed.
    item_name: String,
    /// What the PSA has.
    #[schema(value_type = f64, example = 10)]
    psa_quantity: Decimal,
    /// What the product reported, before any rule.
    #[schema(value_type = f64, example = 12.4)]
    reported_quantity: Decimal,
    /// What the rules make of it.
    #[schema(value_type = f64, example = 13)]
    billable_quantity: Decimal,
    /// By how much the PSA has less than that.
    #[schema(value_type = f64, example = 3)]
    difference: Decimal,
    /// Where its change stands, as in the plan.
    #[schema(value_type = String, example = "held")]
    state: PlanState,
    /// Why it stands there.
    reason: String,
}

impl From<runtime::ReconciledLine> for ReconciledLine {
    fn from(one: runtime::ReconciledLine) -> Self {
        let line = one.line;
        Self {
            integration: one.integration.to_string(),
            title: one.title,
            psa_quantity: line.actual,
            reported_quantity: line.reported(),
            billable_quantity: line.desired,
            difference: line.desired - line.actual,
            line: line.id,
            company_name: line.company_name,
            agreement_name: line.agreement_name,
            item_name: line.item_name,
            state: line.state,
            reason: line.reason,
        }
    }
}

/// Usage that an integration does not bill.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnbilledThere {
    /// The integration.
    integration: String,
    /// What its PSA is called.
    title: String,
    /// The customer's name.
    customer_name: String,
    /// How much was used, before any rule.
    #[schema(value_type = f64, example = 12.4)]
    reported_quantity: Decimal,
    /// The usage, and why.
    #[serde(flatten)]
    usage: Unbilled,
}

impl From<runtime::UnbilledUsage> for UnbilledThere {
    fn from(one: runtime::UnbilledUsage) -> Self {
        Self {
            integration: one.integration.to_string(),
            title: one.title,
            customer_name: one.customer_name,
            reported_quantity: one.reported,
            usage: one.usage.into(),
        }
    }
}
