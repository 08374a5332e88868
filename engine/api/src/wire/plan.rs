//! The plan, what people decide about it, and what came of it.

use std::collections::BTreeMap;

use model::ProductId;
use model::billing::{
    self, ChangeState, CountsFrom, Day, Decimal, Hold, PlanState, UsageStatus, Why,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::billing::CountRule;
use super::usage::UsageDetail;
use super::{Moment, each};

/// Which lines to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanAsked {
    /// Only lines in this state, such as `held`.
    #[param(value_type = Option<String>)]
    pub(crate) state: Option<PlanState>,
    /// Only those after this one: the `next` of the list before.
    pub(crate) after: Option<String>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// The plan as it was made last, with what was decided and applied since.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plan {
    /// When it was made; null before the first.
    made_at: Option<Moment>,
    /// The run that made it.
    run: Option<String>,
    /// The lines: what needs a person first, what is unchanged last.
    lines: Vec<PlanLine>,
    /// What to give as `after` for the next lines; null when there are none.
    next: Option<String>,
    /// Usage that no line bills, with the reasons.
    unbilled: Vec<Unbilled>,
}

impl Plan {
    /// The lines that were asked for.
    pub(crate) fn page(view: runtime::PlanView, asked: &PlanAsked, limit: usize) -> Self {
        let wanted = |line: &billing::PlanLine| asked.state.is_none_or(|state| line.state == state);
        let mut lines: Vec<billing::PlanLine> = view.lines.into_iter().filter(wanted).collect();
        if let Some(after) = &asked.after {
            let place = lines.iter().position(|line| line.id == *after);
            lines.drain(..place.map_or(0, |place| place + 1));
        }
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| more).map(|line| line.id.clone());
        let (made_at, run, unbilled) = view
            .plan
            .map(|plan| {
                (
                    Some(plan.made_at.into()),
                    Some(plan.run.to_string()),
                    plan.unbilled,
                )
            })
            .unwrap_or_default();
        Self {
            made_at,
            run,
            lines: each(lines),
            next,
            unbilled: each(unbilled),
        }
    }
}

/// One item on one agreement.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanLine {
    /// The same in every plan.
    #[schema(example = "9f86d081884c7d65")]
    id: String,
    /// The company that is billed.
    company_name: String,
    /// The agreement that bills it.
    agreement_name: String,
    /// What is billed.
    item_name: String,
    /// The products that are billed as it.
    #[schema(value_type = Vec<String>)]
    products: Vec<ProductId>,
    /// What the PSA has.
    #[schema(value_type = f64, example = 10)]
    psa_quantity: Decimal,
    /// What the rules make of the usage.
    #[schema(value_type = f64, example = 12)]
    product_quantity: Decimal,
    /// What it is to be: the product's quantity unless a person said otherwise.
    #[schema(value_type = f64, example = 12)]
    quantity: Decimal,
    /// By how much it is to be changed.
    #[schema(value_type = f64, example = 2)]
    change: Decimal,
    /// What one costs, where the PSA tells.
    #[schema(value_type = Option<f64>, example = 4.5)]
    price: Option<Decimal>,
    /// The day from which the change counts.
    #[schema(value_type = String, example = "2026-07-01")]
    effective: Day,
    /// The change in words, to give back with a decision about it.
    #[schema(example = "10 to 12 from 2026-07-01")]
    seen: String,
    /// What the PSA counts it from: `day`, or `next_bill` where its agreements know no days.
    #[schema(value_type = String, example = "day")]
    counts_from: CountsFrom,
    /// The last day that was billed already, where that is why it counts only later.
    #[schema(value_type = Option<String>)]
    billed_until: Option<Day>,
    /// `blocked`, `in_doubt`, `held`, `proposed`, `approved`, `applied`, `dismissed` or
    /// `unchanged`.
    #[schema(value_type = String, example = "held")]
    state: PlanState,
    /// Why it stands there.
    reason: String,
    /// Which guards hold it: `share`, `change`, `zero`, `new_line`, `old_usage`,
    /// `billed_elsewhere` where an older integration bills it now, `left` where a customer whose
    /// usage it billed is billed nowhere now.
    #[schema(value_type = Vec<String>, example = json!(["share"]))]
    holds: Vec<Hold>,
    /// The customers whose usage it billed and does not bill any more.
    left: Vec<Leaver>,
}

/// A customer whose usage a line billed and does not bill any more.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leaver {
    /// Who used it.
    customer: String,
    /// The customer's name.
    name: String,
    /// What was used.
    product: String,
    /// Why no line bills it now, as in `unbilled`; null where another line does.
    #[schema(value_type = Value, example = "billing_off")]
    why: Option<Why>,
}

impl From<billing::Leaver> for Leaver {
    fn from(leaver: billing::Leaver) -> Self {
        Self {
            customer: leaver.customer.to_string(),
            name: leaver.name,
            product: leaver.product.to_string(),
            why: leaver.why,
        }
    }
}

impl From<billing::PlanLine> for PlanLine {
    fn from(line: billing::PlanLine) -> Self {
        Self {
            change: line.change(),
            seen: line.seen(),
            id: line.id,
            company_name: line.company_name,
            agreement_name: line.agreement_name,
            item_name: line.item_name,
            products: line.products,
            psa_quantity: line.actual,
            product_quantity: line.desired,
            quantity: line.target_quantity,
            price: line.price,
            effective: line.effective,
            counts_from: line.counts_from,
            billed_until: line.billed_until,
            state: line.state,
            reason: line.reason,
            holds: line.holds,
            left: each(line.left),
        }
    }
}

/// Usage that no line bills.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unbilled {
    /// Who used it.
    customer: String,
    /// What was used.
    product: String,
    /// `customer_unmapped`, `customer_ignored`, `billing_off` where the customer's tick for billing
    /// was taken off, `product_unmapped`, `not_billed`, `no_agreement`, `agreement_unfit` with why,
    /// or `billed_elsewhere` with the title of the older integration that bills the same, so that
    /// nobody is charged twice.
    #[schema(value_type = Value, example = "product_unmapped")]
    why: Why,
}

impl From<billing::Unbilled> for Unbilled {
    fn from(unbilled: billing::Unbilled) -> Self {
        Self {
            customer: unbilled.customer.to_string(),
            product: unbilled.product.to_string(),
            why: unbilled.why,
        }
    }
}

/// Which lines it is decided about.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinesInput {
    /// Their ids; all that wait for a decision when absent.
    #[serde(default)]
    pub(crate) lines: Option<Vec<String>>,
    /// What you saw of lines: the `seen` of each, by its id. One that has become another change
    /// since is refused, and then nothing is decided. Where no `lines` are named, these are meant.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) seen: BTreeMap<String, String>,
}

impl From<LinesInput> for runtime::Chosen {
    fn from(input: LinesInput) -> Self {
        let LinesInput { lines, seen } = input;
        let named = || (!seen.is_empty()).then(|| seen.keys().cloned().collect());
        Self {
            lines: lines.or_else(named),
            seen,
        }
    }
}

/// Another quantity for a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustInput {
    /// The line's id.
    pub(crate) line: String,
    /// What you saw of the line: its `seen`. Where it has become another change since, this is
    /// refused.
    #[serde(default)]
    pub(crate) seen: Option<String>,
    /// The quantity: a whole number.
    #[schema(value_type = f64, minimum = 0, example = 12)]
    pub(crate) quantity: Decimal,
}

/// Which changes are taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoInput {
    /// Their ids.
    pub(crate) changes: Vec<String>,
}

/// About how many it was decided.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecisionReceipt {
    /// How many lines or changes.
    decided: usize,
}

impl From<runtime::Decided> for DecisionReceipt {
    fn from(decided: runtime::Decided) -> Self {
        Self {
            decided: decided.decided,
        }
    }
}

/// How a number came about, from the users to what was read back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explanation {
    /// The line.
    line: PlanLine,
    /// The usage it is made of, with what counts of each.
    parts: Vec<Part>,
    /// The rule of each product.
    rules: Vec<ProductRule>,
    /// The changes that were made, newest first.
    changes: Vec<Change>,
}

impl From<runtime::Explanation> for Explanation {
    fn from(all: runtime::Explanation) -> Self {
        let details = |part: &billing::Part| {
            let same = |usage: &billing::Usage| {
                usage.customer_id == part.customer
                    && usage.product_id == part.product
                    && usage.subscription_id == part.subscription
                    && usage.term_start == part.term_start
            };
            let usage = all
                .usages
                .iter()
                .map(|one| &one.usage)
                .find(|one| same(one));
            usage.map(|usage| usage.details.clone()).unwrap_or_default()
        };
        let parts = all.line.parts.iter();
        Self {
            parts: parts.map(|part| Part::new(part, details(part))).collect(),
            rules: each(all.rules),
            changes: each(all.changes),
            line: all.line.into(),
        }
    }
}

/// The rule of a product.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductRule {
    /// The product.
    product: String,
    /// How its usage is counted.
    rule: CountRule,
}

impl From<(ProductId, billing::CountRule)> for ProductRule {
    fn from((product, rule): (ProductId, billing::CountRule)) -> Self {
        Self {
            product: product.to_string(),
            rule: rule.into(),
        }
    }
}

/// One usage and what counts of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Part {
    /// Who used it.
    customer: String,
    /// What was used.
    product: String,
    /// Which subscription, where there are several.
    subscription: Option<String>,
    /// The first day of the term.
    #[schema(value_type = String)]
    term_start: Day,
    /// The last day of the term.
    #[schema(value_type = String)]
    term_end: Day,
    /// How the subscription stands.
    #[schema(value_type = String)]
    status: UsageStatus,
    /// As reported.
    #[schema(value_type = f64)]
    quantity: Decimal,
    /// As reported.
    #[schema(value_type = f64)]
    free_quantity: Decimal,
    /// What counts of it.
    #[schema(value_type = f64)]
    counted: Decimal,
    /// Who it was, as far as the product tells.
    users: Vec<UsageDetail>,
}

impl Part {
    fn new(part: &billing::Part, users: Vec<billing::UsageDetail>) -> Self {
        Self {
            customer: part.customer.to_string(),
            product: part.product.to_string(),
            subscription: part.subscription.clone(),
            term_start: part.term_start,
            term_end: part.term_end,
            status: part.status,
            quantity: part.quantity,
            free_quantity: part.free_quantity,
            counted: part.counted,
            users: each(users),
        }
    }
}

/// Which changes to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesAsked {
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// Changes, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeList {
    /// The changes.
    pub(crate) changes: Vec<Change>,
}

/// What was sent to the PSA, what it answered and what was read back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Change {
    /// Its id, by which it can be taken back.
    id: String,
    /// The line as it was planned.
    line: PlanLine,
    /// What the PSA had.
    #[schema(value_type = f64)]
    before: Decimal,
    /// What it was to have.
    #[schema(value_type = f64)]
    after: Decimal,
    /// When it was about to be sent.
    intended_at: Moment,
    /// What the PSA answered; null when no answer came.
    #[schema(value_type = Option<Value>)]
    answer: Option<Value>,
    /// What was read back.
    #[schema(value_type = Option<f64>)]
    read_back: Option<Decimal>,
    /// `intended`, `verified`, `not_done` or `unclear`.
    #[schema(value_type = String, example = "verified")]
    state: ChangeState,
    /// The change that this one took back.
    undoes: Option<String>,
    /// The change that took this one back.
    undone_by: Option<String>,
}

impl From<billing::Change> for Change {
    fn from(change: billing::Change) -> Self {
        Self {
            id: change.id,
            before: change.before,
            after: change.after,
            intended_at: change.intended_at.into(),
            answer: change.answer,
            read_back: change.read_back,
            state: change.state,
            undoes: change.line.undoes.clone(),
            undone_by: change.undone_by,
            line: change.line.into(),
        }
    }
}
