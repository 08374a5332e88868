//! One line of a plan: what ought to be billed, held against what the PSA has.

use std::collections::BTreeSet;

use model::billing::{
    Agreement, BillingPolicy, CountsFrom, Day, Decimal, Decision, DecisionKind, EffectiveFrom,
    Guards, Hold, Leaver, Mode, PlanLine, PlanState, Why,
};
use model::request::id_text;
use serde_json::Value;

use crate::{Demand, Landing, Row, Window, landing, quantity_on, wanted_day};

/// How many that left a line are told by name; all of them are in the plan.
const LEAVERS_TOLD: usize = 3;

/// What a person can do about a line that somebody left.
const WHAT_TO_DO: &str = ". Approve it to take that off the bill, or dismiss it to leave the line";

/// What is said of a line on which nothing is to be done.
const AS_IT_SHOULD_BE: &str = "the PSA has what the usage comes to";

/// What is said of every change in preview.
const IN_PREVIEW: &str = "billing is in preview, so nothing is written";

/// What the PSA has of one item on one agreement.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The ids of the agreement's lines for this item; there ought to be one or none.
    pub lines: Vec<Value>,
    /// The item's id; none while it is still to be made.
    pub item: Option<Value>,
    /// Its name.
    pub item_name: String,
    /// What one costs.
    pub price: Option<Decimal>,
    /// What it has, by days.
    pub rows: Vec<Row>,
    /// Why its quantity may not be changed, as the connector says it.
    pub fixed: Option<String>,
    /// Whether a change was sent of which nobody knows yet whether it took hold.
    pub in_doubt: bool,
}

/// The days on which a line is looked at, before what the PSA has moves them. Where changes count
/// from the next bill, no rule and no decision can say otherwise.
pub fn window_for(
    from: EffectiveFrom,
    agreement: &Agreement,
    decision: Option<&Decision>,
    today: Day,
) -> Window {
    let alone = |day| Window { day, until: day };
    if let Some(bill) = agreement.next_bill {
        return alone(bill);
    }
    // What is taken back counts from the day from which it had counted.
    if let Some(Decision {
        kind: DecisionKind::Undo { .. },
        effective,
        ..
    }) = decision
    {
        return alone(*effective);
    }
    let day = wanted_day(from, agreement, today);
    Window {
        day,
        until: day.max(today),
    }
}

/// The line for `demand`; nothing where nothing is billed and nothing ought to be. `id` and
/// `company_name` are only passed on.
pub fn line(
    id: String,
    demand: Demand,
    (agreement, company_name): (&Agreement, String),
    standing: Standing,
    (policy, decision, today): (&BillingPolicy, Option<&Decision>, Day),
) -> Option<PlanLine> {
    if standing.lines.is_empty() && demand.quantity.is_zero() && !standing.in_doubt {
        return None;
    }
    let wanted = window_for(demand.from, agreement, decision, demand.day(today));
    let Landing {
        day,
        billed_until,
        changed_on,
    } = landing(wanted, &standing.rows);
    let actual = quantity_on(&standing.rows, day);
    let mut line = PlanLine {
        id,
        company: agreement.company_id.clone(),
        company_name,
        agreement: agreement.id.clone(),
        agreement_name: agreement.name.clone(),
        target: demand.target,
        item: standing.item,
        item_name: standing.item_name,
        line: standing.lines.first().cloned(),
        products: demand.products,
        actual,
        desired: demand.quantity,
        target_quantity: demand.quantity,
        price: standing.price,
        wanted_from: demand.from,
        effective: day,
        counts_from: match agreement.next_bill {
            Some(_) => CountsFrom::NextBill,
            None => CountsFrom::Day,
        },
        billed_until,
        state: PlanState::Unchanged,
        reason: String::new(),
        holds: Vec::new(),
        undoes: None,
        troubled: false,
        parts: demand.parts,
        billed: BTreeSet::new(),
        left: demand.left,
    };
    if standing.in_doubt {
        line.enter(
            PlanState::InDoubt,
            "a change was sent and is being looked for",
        );
    } else if standing.lines.len() > 1 {
        let lines = standing
            .lines
            .iter()
            .map(id_text)
            .collect::<Vec<_>>()
            .join(", ");
        let why =
            format!("the agreement has this item more than once, as lines {lines}: leave one");
        line.enter(PlanState::Blocked, &why);
    } else if let Some(why) = &standing.fixed {
        if line.desired == line.actual {
            line.enter(PlanState::Unchanged, AS_IT_SHOULD_BE);
        } else {
            line.enter(PlanState::Blocked, why);
        }
    } else if line.line.is_some() && !standing.rows.iter().any(|row| row.holds(day)) {
        let why = format!("the PSA shows no quantity of this line for {day}");
        line.enter(PlanState::Blocked, &why);
    } else if let Some(ends) = agreement.ends.filter(|ends| *ends < day) {
        let why = format!("the agreement ends on {ends}, before the change would count");
        line.enter(PlanState::Blocked, &why);
    } else {
        line.holds = holds(&line, &policy.guards);
        decide(&mut line, policy, decision);
        if !line.change().is_zero() {
            if let Some(until) = billed_until {
                line.tell(&format!("all up to {until} is billed already"));
            }
            if let Some(day) = changed_on {
                line.tell(&format!("before {day} the PSA has another quantity"));
            }
            tell_who_left(&mut line);
        }
    }
    Some(line)
}

trait Enter {
    fn enter(&mut self, state: PlanState, reason: &str);

    /// Adds to the reason.
    fn tell(&mut self, more: &str);
}

impl Enter for PlanLine {
    fn enter(&mut self, state: PlanState, reason: &str) {
        self.state = state;
        reason.clone_into(&mut self.reason);
    }

    fn tell(&mut self, more: &str) {
        self.reason.push_str("; ");
        self.reason.push_str(more);
    }
}

/// What guards say about the change. A drop to zero and a new line are named as such, and not by
/// their share as well: that would always be all of it.
fn holds(line: &PlanLine, guards: &Guards) -> Vec<Hold> {
    let change = line.desired - line.actual;
    let mut holds = Vec::new();
    if change.is_zero() {
        return holds;
    }
    let is_new = line.line.is_none();
    let is_zero = line.desired.is_zero();
    if is_new && guards.hold_new {
        holds.push(Hold::NewLine);
    }
    if is_zero && guards.hold_zero {
        holds.push(Hold::Zero);
    }
    let exceeds = |share| change.abs().exceeds_share(share, line.actual);
    if !is_new && !is_zero && guards.share_max.is_some_and(exceeds) {
        holds.push(Hold::Share);
    }
    if guards.change_max.is_some_and(|most| change.abs() > most) {
        holds.push(Hold::Change);
    }
    let newest = line.parts.iter().map(|part| part.term_end).max();
    if newest.is_some_and(|ended| ended.months_later(1) < line.effective) {
        holds.push(Hold::OldUsage);
    }
    // No guard switches these off: nobody but a person knows from which day the other bills, or
    // whether who left was meant to.
    let whys = || line.left.iter().filter_map(|one| one.why.as_ref());
    let is_elsewhere = |why: &Why| matches!(why, Why::BilledElsewhere(_));
    if whys().any(is_elsewhere) {
        holds.push(Hold::BilledElsewhere);
    }
    if whys().any(|why| !is_elsewhere(why)) {
        holds.push(Hold::Left);
    }
    holds
}

/// What the guards that hold a change say of it, as people do. Who left the line is told by name.
fn in_words(holds: &[Hold], guards: &Guards) -> String {
    let word = |hold: &Hold| match hold {
        Hold::Share => {
            let most = guards.share_max?;
            Some(format!("it changes more than {most} % of what the PSA has"))
        }
        Hold::Change => Some(format!("it changes by more than {}", guards.change_max?)),
        Hold::Zero => Some("it takes all off the bill".to_owned()),
        Hold::NewLine => Some("the item is not on the agreement yet".to_owned()),
        Hold::OldUsage => Some("its usage is of a term that is long over".to_owned()),
        Hold::BilledElsewhere | Hold::Left => None,
    };
    let words: Vec<String> = holds.iter().filter_map(word).collect();
    words.join(" and ")
}

/// Adds to the reason who is not billed on the line any more, and what a person can do about it.
fn tell_who_left(line: &mut PlanLine) {
    let sentence = |Leaver { name, why, .. }: &Leaver| match why {
        Some(why) => format!("{name} is not billed here any more, since {why}"),
        None => format!("{name} is billed on another line now"),
    };
    let told: Vec<String> = line.left.iter().take(LEAVERS_TOLD).map(sentence).collect();
    for one in told {
        line.tell(&one);
    }
    if let more @ 1.. = line.left.len().saturating_sub(LEAVERS_TOLD) {
        line.tell(&format!("and {more} more"));
    }
    if !line.left.is_empty() && matches!(line.state, PlanState::Held | PlanState::Proposed) {
        line.reason.push_str(WHAT_TO_DO);
    }
}

fn decide(line: &mut PlanLine, policy: &BillingPolicy, decision: Option<&Decision>) {
    if let Some(decision) = decision.filter(|decision| stands(decision, line)) {
        return follow(line, policy.mode, &decision.kind);
    }
    propose(line, policy);
    if let Some(lapsed) = decision.and_then(|decision| lapsed(decision, line.actual)) {
        line.tell(&lapsed);
    }
}

/// What is said of a decision to change something that has become another change, so that whoever
/// decided does not take it for done.
fn lapsed(decision: &Decision, actual: Decimal) -> Option<String> {
    let before = decision.actual;
    match decision.kind {
        DecisionKind::Dismiss => None,
        DecisionKind::Undo { .. } => Some(format!(
            "nothing was taken back: the PSA had {before} then, and has {actual} now"
        )),
        DecisionKind::Approve | DecisionKind::Adjust(_) => Some(format!(
            "what a person decided was about {before} to {} from {}",
            decision.desired, decision.effective
        )),
    }
}

/// What becomes of a change that nobody has decided about.
fn propose(line: &mut PlanLine, policy: &BillingPolicy) {
    if line.desired == line.actual {
        return line.enter(PlanState::Unchanged, AS_IT_SHOULD_BE);
    }
    let held = in_words(&line.holds, &policy.guards);
    match policy.mode {
        Mode::Automatic if line.holds.is_empty() => {
            line.enter(PlanState::Approved, "it is within the guards");
        }
        Mode::Automatic if held.is_empty() => {
            line.enter(PlanState::Held, "it waits for a person");
        }
        Mode::Automatic => line.enter(PlanState::Held, &format!("a guard holds it: {held}")),
        Mode::Preview => line.enter(PlanState::Proposed, IN_PREVIEW),
        Mode::Ask => line.enter(PlanState::Proposed, "it waits to be approved"),
    }
    if line.state == PlanState::Proposed && !held.is_empty() {
        line.tell(&format!("mind that {held}"));
    }
}

/// Whether a decision was made about the change at hand.
pub fn stands(decision: &Decision, line: &PlanLine) -> bool {
    let same = decision.actual == line.actual;
    match decision.kind {
        DecisionKind::Undo { .. } => same,
        DecisionKind::Dismiss => same && decision.desired == line.desired,
        DecisionKind::Approve | DecisionKind::Adjust(_) => {
            same && decision.desired == line.desired && decision.effective == line.effective
        }
    }
}

fn follow(line: &mut PlanLine, mode: Mode, kind: &DecisionKind) {
    match kind {
        DecisionKind::Dismiss if line.desired == line.actual => {
            line.enter(PlanState::Unchanged, AS_IT_SHOULD_BE);
        }
        DecisionKind::Dismiss => line.enter(PlanState::Dismissed, "a person dismissed it"),
        // Taking back is what a person does in an emergency, preview or not.
        DecisionKind::Undo { change, to } => {
            line.target_quantity = *to;
            line.undoes = Some(change.clone());
            let why = format!("a person takes back a change: it goes back to {to}");
            line.enter(PlanState::Approved, &why);
        }
        _ if mode == Mode::Preview => line.enter(PlanState::Proposed, IN_PREVIEW),
        DecisionKind::Approve => line.enter(PlanState::Approved, "a person approved it"),
        DecisionKind::Adjust(to) => {
            line.target_quantity = *to;
            let state = if *to == line.actual {
                PlanState::Dismissed
            } else {
                PlanState::Approved
            };
            line.enter(state, &format!("a person set it to {to}"));
        }
    }
}
