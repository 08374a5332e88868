//! One line of the plan and the whole chain behind its number: users, rule, agreement, decision,
//! what was sent, answered and read back. A line that could not be told apart is settled here.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use model::CustomerId;
use model::billing::{
    ChangeState, CountRule, DecisionKind, EffectiveFrom, Measure, Measured, Part, PlanState,
    RoundEach, Rounding, UsageStatus,
};
use runtime::{Explanation, Runtime};
use serde::Deserialize;

use super::changes::ChangeView;
use super::line::Line;
use super::{back, file, unbilled};
use crate::Options;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::moment::Moment;
use crate::shell::{Shell, There, page};

/// What the path says.
#[derive(Deserialize)]
pub(crate) struct Named {
    line: String,
}

#[derive(Template)]
#[template(path = "explain.html")]
struct ExplainPage {
    shell: Shell,
    root: String,
    title: String,
    agreement: String,
    line: Line,
    parts: Vec<PartView>,
    rules: Vec<(String, Vec<String>)>,
    decision: Option<(String, Moment)>,
    changes: Vec<ChangeView>,
    /// Whether the last change cannot be told apart, so that a person has to.
    is_unclear: bool,
}

/// One usage and what counts of it.
struct PartView {
    customer: String,
    product: String,
    subscription: Option<String>,
    term: String,
    status: &'static str,
    quantity: String,
    free: Option<String>,
    counted: String,
    /// Who it was: user, quantity, first use.
    users: Vec<(String, String, String)>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let all = runtime.explain(partner, id, &named.line).await?;
    let customers = unbilled::names(&runtime, partner).await?;
    page(&made(&there, all, &customers))
}

/// The users behind the number, for a spreadsheet.
pub(crate) async fn users(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
) -> Result<Response, Failure> {
    let all = runtime.explain(there.here.id(), there.id(), &named.line);
    Ok(file("users.csv", all.await?.users()))
}

/// A person has looked at what could not be told apart.
pub(crate) async fn settle(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    there: There,
    Path(named): Path<Named>,
    _proved: Fields,
) -> Result<Response, Failure> {
    let (partner, id, since) = (there.here.id(), there.id(), options.now());
    runtime.settle_line(partner, id, &named.line).await?;
    Ok(back(&there, "settled", 1, Some(since)))
}

fn made(there: &There, all: Explanation, names: &HashMap<CustomerId, String>) -> ExplainPage {
    let last = all.changes.first().map(|change| change.state);
    let is_unclear = all.line.state == PlanState::InDoubt && last == Some(ChangeState::Unclear);
    let part = |part: &Part| PartView::new(part, &all.usages, names);
    let parts = all.line.parts.iter().map(part).collect();
    let rules = all.rules.into_iter();
    ExplainPage {
        shell: there.shell(format!("{}: {}", all.line.company_name, all.line.item_name)),
        root: there.root(),
        title: there.integration.title.clone(),
        agreement: there.word("agreement").to_owned(),
        parts,
        rules: rules
            .map(|(product, rule)| (product.to_string(), in_words(&rule)))
            .collect(),
        decision: all
            .decision
            .map(|decision| (decided(&decision.kind), decision.at.into())),
        changes: all.changes.into_iter().map(ChangeView::from).collect(),
        line: all.line.into(),
        is_unclear,
    }
}

impl PartView {
    fn new(part: &Part, usages: &[Measured], names: &HashMap<CustomerId, String>) -> Self {
        let same = |one: &&Measured| {
            let usage = &one.usage;
            usage.customer_id == part.customer
                && usage.product_id == part.product
                && usage.subscription_id == part.subscription
                && usage.term_start == part.term_start
        };
        let details = usages.iter().find(same).map(|one| one.usage.details.iter());
        let name = names.get(&part.customer).cloned();
        Self {
            customer: name.unwrap_or_else(|| part.customer.to_string()),
            product: part.product.to_string(),
            subscription: part.subscription.clone(),
            term: format!("{} to {}", part.term_start, part.term_end),
            status: in_text(part.status),
            quantity: part.quantity.to_string(),
            free: (!part.free_quantity.is_zero()).then(|| part.free_quantity.to_string()),
            counted: part.counted.to_string(),
            users: details
                .into_iter()
                .flatten()
                .map(|user| {
                    let first = user.first_use.map(|day| day.to_string());
                    let quantity = user.quantity.to_string();
                    (user.user.clone(), quantity, first.unwrap_or_default())
                })
                .collect(),
        }
    }
}

fn decided(kind: &DecisionKind) -> String {
    match kind {
        DecisionKind::Approve => "Somebody approved it".to_owned(),
        DecisionKind::Dismiss => "Somebody dismissed it".to_owned(),
        DecisionKind::Adjust(to) => format!("Somebody set it to {to}"),
        DecisionKind::Undo { to, .. } => format!("Somebody took it back to {to}"),
    }
}

/// How a subscription stands, as it is written within a sentence.
const fn in_text(status: UsageStatus) -> &'static str {
    match status {
        UsageStatus::Active => "active",
        UsageStatus::NonRenewing => "non-renewing",
        UsageStatus::InTrial => "in trial",
        UsageStatus::Paused => "paused",
        UsageStatus::Cancelled => "cancelled",
    }
}

/// What a rule does, in sentences.
pub(crate) fn in_words(rule: &CountRule) -> Vec<String> {
    let statuses: Vec<&str> = rule
        .statuses
        .iter()
        .map(|status| in_text(*status))
        .collect();
    let measure = match rule.measure {
        Measure::Snapshot => "The newest figure of the term counts",
        Measure::Peak => "The highest figure of the term counts",
    };
    let rounding = match rule.rounding {
        Rounding::Up => "rounded up",
        Rounding::Nearest => "rounded to the nearest whole number",
        Rounding::Down => "rounded down",
    };
    let each = match rule.round_each {
        RoundEach::Usage => "each usage by itself",
        RoundEach::Company => "the sum of all that is billed together",
    };
    let from = match rule.from {
        EffectiveFrom::PeriodStart => "It counts from the first day of this billing period.",
        EffectiveFrom::Today => "It counts from the day of the change.",
        EffectiveFrom::NextPeriod => "It counts from the first day of the next billing period.",
    };
    let mut words = vec![
        format!(
            "{measure}, less what is free, of subscriptions that are {}.",
            statuses.join(" or ")
        ),
        format!("It is {rounding}: {each}."),
    ];
    if !rule.included.is_zero() {
        words.push(format!("{} are included and taken off.", rule.included));
    }
    if !rule.minimum.is_zero() {
        words.push(format!("At least {} are billed.", rule.minimum));
    }
    words.push(from.to_owned());
    words
}
