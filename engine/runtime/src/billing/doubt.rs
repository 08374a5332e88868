//! Doubt: changes that were sent and of which nobody knows whether they took hold. The PSA is
//! asked for the quantity on the day from which the change counts; see [`billing::settle()`].

use billing::Settled;
use std::collections::BTreeSet;

use definition::EffectRule;
use definition::connector::SETTLE_DEFAULT;
use definition::pipeline::Reconcile;
use model::billing::{Change, ChangeState, Decimal, Decision, DecisionKind, PlanState};
use serde_json::{Map, Value, json};
use store::{Expect, Key, Record, Records};

use super::facts::{doubts, is_unclear};
use super::remedy;
use super::verify::{PAGES_GUESSED, verify};
use crate::context::Context;
use crate::halt::{Failed, Halt};
use crate::tables::{ChangeRow, DecisionRow, DoubtRow, PlanLineRow};

/// Settles what has had time to settle. Gives whether something is still to be looked at later.
pub(super) async fn settle_all(
    context: &mut Context<'_>,
    operations: &Reconcile,
) -> Result<bool, Halt> {
    let integration = context.remote.integration.id.to_string();
    let open = doubts(&context.remote.core, context.partner.as_str(), &integration).await?;
    let (mut is_left, mut due) = (false, Vec::new());
    for change in open.into_values().filter(|change| !is_unclear(change)) {
        let operation = operation(operations, &change);
        let known = context.remote.connector.operations.get(operation);
        let settle = known.map_or(SETTLE_DEFAULT, |one| one.settle);
        // One that was sent a moment ago may still be at work on the other side.
        let core = context.remote.core.clone();
        if core.doubts.left(&key(context, &change), settle).is_some() {
            is_left = true;
        } else {
            due.push(change);
        }
    }
    context.count("looked_for", due.len() as u64);
    if !due.is_empty() {
        // What was read before the doubt was settled may not show what it was settled by.
        context.remote.look_afresh();
    }
    verify(context, operations, due, PAGES_GUESSED).await?;
    Ok(is_left)
}

/// The operation that makes the change.
pub(super) fn operation<'o>(operations: &'o Reconcile, change: &Change) -> &'o str {
    match change.line.line {
        Some(_) => &operations.change,
        None => &operations.add,
    }
}

/// What the operation is given for the change.
pub(super) fn inputs(change: &Change) -> Map<String, Value> {
    let mut inputs = Map::new();
    let line = &change.line;
    inputs.insert("agreement".to_owned(), json!({ "id": line.agreement }));
    inputs.insert("billed".to_owned(), json!({ "id": line.item }));
    if let Some(id) = &line.line {
        inputs.insert("line".to_owned(), json!({ "id": id }));
    }
    let quantities = json!({
        "before": change.before,
        "after": change.after,
        "difference": change.after - change.before,
        "day": line.effective,
    });
    inputs.insert("change".to_owned(), quantities);
    inputs
}

/// What the PSA has on the day of the change; `None` when it has more than one such line.
pub(super) async fn read_back(
    context: &mut Context<'_>,
    operation: &str,
    change: &Change,
) -> Result<Option<Decimal>, Halt> {
    let contract = context.remote.family.operations.get(operation);
    let Some(EffectRule::Reread(read)) = contract.and_then(|one| one.effect.clone()) else {
        return Err(Halt::Undefined(format!(
            "nothing reads what {operation} changes"
        )));
    };
    let found = context.remote.found(&read, &inputs(change)).await;
    let found = match found {
        Err(Failed::Exchange { failure, .. }) if failure.class == model::Class::NotFound => {
            Vec::new()
        }
        found => found.map_err(|failed| context.halt(failed))?,
    };
    let quantity = |record: &Value| {
        let quantity = record.get("quantity").cloned().unwrap_or_default();
        serde_json::from_value::<Decimal>(quantity)
            .map_err(|error| Halt::Undefined(format!("{read} gave no quantity: {error}")))
    };
    match found.as_slice() {
        [] => Ok(Some(Decimal::ZERO)),
        [one] => quantity(one).map(Some),
        _ => Ok(None),
    }
}

/// Draws the conclusion from what was read, and commits it with all that follows.
pub(super) async fn conclude(
    context: &mut Context<'_>,
    mut change: Change,
    seen: Option<Decimal>,
) -> Result<ChangeState, Halt> {
    let settled = seen.map_or(Settled::Unclear, |seen| {
        billing::settle(change.before, change.after, seen)
    });
    change.read_back = seen;
    change.state = match settled {
        Settled::Done => ChangeState::Verified,
        // The PSA said that it was done, and it does not show: sent again, it might be twice.
        Settled::NotDone if change.answer.is_some() => ChangeState::Unclear,
        Settled::NotDone => ChangeState::NotDone,
        Settled::Unclear => ChangeState::Unclear,
    };
    let state = change.state;
    match state {
        ChangeState::Verified => {
            context.count("applied", 1);
            follow_up(context, &change).await?;
            over(context, &change);
            if change.line.troubled {
                let remote = context.remote.clone();
                let (integration, line) = (&remote.integration.id, &change.line.id);
                remedy::clear(&remote.core, context.partner, integration, line).await?;
            }
        }
        ChangeState::Unclear => {
            let trouble = remedy::unclear(context, &change, seen.unwrap_or_default());
            remedy::open(context, &trouble).await?;
        }
        ChangeState::NotDone | ChangeState::Intended => over(context, &change),
    }
    put(context, &change, Expect::Any);
    context.commit().await?;
    Ok(state)
}

/// The change is in doubt no more.
pub(super) fn over(context: &mut Context<'_>, change: &Change) {
    let key = key(context, change);
    context.batch.delete(key, Expect::Any);
}

/// Where it stands that the change is in doubt; by that, the time since it was sent is told.
pub(super) fn key(context: &Context<'_>, change: &Change) -> Key {
    let parts = [context.remote.integration.id.as_str(), &change.line.id];
    DoubtRow::key(context.partner.as_str(), &parts)
}

/// Keeps the change as it is now.
pub(super) fn put(context: &mut Context<'_>, change: &Change, expect: Expect) {
    let integration = context.remote.integration.id.to_string();
    let parts = [integration.as_str(), &change.line.id, &change.id];
    let row = ChangeRow(change.clone());
    context
        .batch
        .put_record(context.partner.as_str(), &parts, &row, expect);
}

/// What follows from a change that took hold: the line shows it, the decision behind it is done
/// with, and one that was taken back knows by which.
async fn follow_up(context: &mut Context<'_>, change: &Change) -> Result<(), Halt> {
    let integration = context.remote.integration.id.to_string();
    let (partner, store) = (context.partner.as_str(), context.remote.core.store.clone());
    let parts = [integration.as_str(), change.line.id.as_str()];
    let mut line = change.line.clone();
    line.actual = change.after;
    line.billed = if change.after.is_zero() {
        BTreeSet::new()
    } else {
        line.counted()
    };
    line.left = Vec::new();
    line.troubled = false;
    line.state = PlanState::Applied;
    "it was applied and read back".clone_into(&mut line.reason);
    if line.desired == change.after {
        context
            .batch
            .delete(DecisionRow::key(partner, &parts), Expect::Any);
    } else {
        // A person set another quantity than the rules want, and that stands until they want yet
        // another one.
        let decision = Decision {
            kind: DecisionKind::Dismiss,
            actual: change.after,
            desired: line.desired,
            effective: line.effective,
            at: context.remote.core.now(),
        };
        context
            .batch
            .put_record(partner, &parts, &DecisionRow(decision), Expect::Any);
        if line.undoes.is_some() {
            line.state = PlanState::Dismissed;
            "a person took it back, and that was read back".clone_into(&mut line.reason);
        }
    }
    if let Some(undone) = &line.undoes {
        let parts = [integration.as_str(), line.id.as_str(), undone.as_str()];
        if let Some(mut row) = store.get_record::<ChangeRow>(partner, &parts).await? {
            row.value.0.undone_by = Some(change.id.clone());
            let expect = Expect::Version(row.version);
            context
                .batch
                .put_record(partner, &parts, &row.value, expect);
        }
    }
    context
        .batch
        .put_record(partner, &parts, &PlanLineRow(line), Expect::Any);
    Ok(())
}
