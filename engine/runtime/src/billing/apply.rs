//! Applies the lines that may be applied, one after the other, and reads back what was changed. A
//! line that is refused does not stop those behind it; what stops all of them ends the run, which
//! begins again later.

use std::collections::BTreeSet;

use definition::pipeline::Reconcile;
use model::IssueKind;
use model::billing::{Change, ChangeState, ItemTarget, PlanLine, PlanState};
use model::sabotage::{Bug, sabotaged};
use serde_json::{Map, Value, json};
use store::{Expect, Record, Records};

use super::facts::{Known, Place, place};
use super::verify::{TOGETHER_MAX, verify};
use super::{doubt, items, remedy};
use crate::context::Context;
use crate::halt::{Failed, Halt};
use crate::issues::Trouble;
use crate::step::ensure::{once, surely_did_not_happen};
use crate::tables::{ChangeRow, DecisionRow, DoubtRow, PlanLineRow};

/// How many changes of one line are kept: a change each month for eight years.
const CHANGES_PER_LINE: usize = 100;

/// What came of a change that was to be sent.
enum Sent {
    /// It was answered, and is to be read back.
    Answered(Box<Change>),
    /// Nobody knows whether it took hold.
    InDoubt,
    /// It did not take hold, and people were told why.
    Refused,
}

/// Applies what is approved, where all lines fill so many `pages`. Gives whether something is in
/// doubt now.
pub(super) async fn apply(
    context: &mut Context<'_>,
    operations: &Reconcile,
    known: &Known,
    (lines, pages): (Vec<PlanLine>, u64),
) -> Result<bool, Halt> {
    let (mut is_left, mut answered) = (false, Vec::new());
    let places: BTreeSet<Place> = lines.iter().map(place).collect();
    for line in lines
        .into_iter()
        .filter(|line| line.state == PlanState::Approved)
    {
        context.extend().await?;
        let was_made = line.item.is_some();
        match with_item(context, operations, line.clone()).await {
            // It was there already, and another line bills it: both are one, in a new plan.
            Ok(line) if !was_made && places.contains(&place(&line)) => is_left = true,
            Ok(line) => match send(context, operations, known, line).await? {
                Sent::Answered(change) => answered.push(*change),
                Sent::InDoubt => is_left = true,
                Sent::Refused => {}
            },
            Err(halt) => refuse(context, line, halt).await?,
        }
        if answered.len() >= TOGETHER_MAX {
            verify(context, operations, std::mem::take(&mut answered), pages).await?;
        }
    }
    verify(context, operations, answered, pages).await?;
    Ok(is_left)
}

/// The line with its item, which is made when it is billed for the first time.
async fn with_item(
    context: &mut Context<'_>,
    operations: &Reconcile,
    mut line: PlanLine,
) -> Result<PlanLine, Halt> {
    let (None, ItemTarget::Create { name, price }, Some(product)) =
        (&line.item, &line.target, line.products.first())
    else {
        return Ok(line);
    };
    let supplier = &operations.supplier;
    if context.remote.connector.operations.contains_key(supplier) {
        once(context, supplier, supplier, &Map::new()).await?;
        context.commit().await?;
    }
    let mut inputs = Map::new();
    let draft = json!({ "name": name, "price": price, "product": product });
    inputs.insert("billed".to_owned(), draft);
    let made = once(context, &operations.create, &items::key(name), &inputs).await?;
    context.commit().await?;
    line.item = made.get("id").cloned();
    Ok(line)
}

/// Sends one change.
async fn send(
    context: &mut Context<'_>,
    operations: &Reconcile,
    known: &Known,
    line: PlanLine,
) -> Result<Sent, Halt> {
    let change = Change {
        id: context.remote.core.run_id().to_string(),
        before: line.actual,
        after: line.target_quantity,
        intended_at: context.remote.core.now(),
        line,
        answer: None,
        read_back: None,
        state: ChangeState::Intended,
        undone_by: None,
    };
    let operation = doubt::operation(operations, &change);
    if !context.remote.connector.operations.contains_key(operation) {
        let halt = lacking(context, operation);
        refuse(context, change.line, halt).await?;
        return Ok(Sent::Refused);
    }
    intend(context, known, &change).await?;
    context.count("calls_least", 1);
    let (key, core) = (doubt::key(context, &change), context.remote.core.clone());
    let call = core.doubts.begin(key);
    let inputs = doubt::inputs(&change);
    let mut sent = context.remote.found(operation, &inputs).await;
    let is_unclear = |failed: &Failed| !surely_did_not_happen(failed);
    if sabotaged(Bug::RepeatsChange) && sent.as_ref().is_err_and(is_unclear) {
        sent = context.remote.found(operation, &inputs).await;
    }
    match sent {
        Ok(answer) => {
            call.end_known();
            let answered = Change {
                // Some APIs answer a change with nothing at all.
                answer: Some(answer.into_iter().next().unwrap_or(Value::Null)),
                ..change
            };
            doubt::put(context, &answered, Expect::Any);
            context.commit().await?;
            Ok(Sent::Answered(Box::new(answered)))
        }
        Err(failed) if surely_did_not_happen(&failed) => {
            call.end_known();
            let halt = context.halt(failed);
            let not_done = Change {
                state: ChangeState::NotDone,
                ..change
            };
            doubt::over(context, &not_done);
            doubt::put(context, &not_done, Expect::Any);
            refuse(context, not_done.line, halt).await?;
            Ok(Sent::Refused)
        }
        // Whatever went wrong, the next run reads the quantity and knows.
        Err(_) => Ok(Sent::InDoubt),
    }
}

/// Makes durable that the change is about to be sent, together with all that this rests on: the
/// policy, which somebody may just have set to preview, and the decision, or that there is none.
async fn intend(context: &mut Context<'_>, known: &Known, change: &Change) -> Result<(), Halt> {
    let integration = context.remote.integration.id.to_string();
    let (partner, line) = (context.partner.as_str(), &change.line);
    let parts = [integration.as_str(), line.id.as_str()];
    let (policy, expect) = known.policy_guard.clone();
    context.batch.require(policy, expect);
    // One that has lapsed was deleted with the plan. Where there is none, nobody may have dismissed
    // the line meanwhile.
    let decision = known.decisions.get(&line.id);
    let decision = decision.filter(|row| billing::stands(&row.value, line));
    let expect = decision.map_or(Expect::Absent, |row| Expect::Version(row.version));
    let key = DecisionRow::key(partner, &parts);
    context.batch.require(key, expect);
    let shown = PlanLine {
        state: PlanState::InDoubt,
        reason: "the change is being made and read back".to_owned(),
        ..line.clone()
    };
    context
        .batch
        .put_record(partner, &parts, &PlanLineRow(shown), Expect::Any);
    let doubt = DoubtRow(change.id.clone());
    context
        .batch
        .put_record(partner, &parts, &doubt, Expect::Absent);
    doubt::put(context, change, Expect::Absent);
    forget(context, &parts).await?;
    context.commit().await
}

/// Forgets the oldest change of a line that has had too many.
async fn forget(context: &mut Context<'_>, line: &[&str; 2]) -> Result<(), Halt> {
    let (store, partner) = (context.remote.core.store.clone(), context.partner.as_str());
    let scan = store.scan_records::<ChangeRow>(partner, line, None, CHANGES_PER_LINE);
    let rows = scan.await?;
    if rows.len() >= CHANGES_PER_LINE
        && let Some((oldest, _)) = rows.into_iter().next()
    {
        context.batch.delete(oldest, Expect::Any);
    }
    Ok(())
}

/// Settles a line that was not applied: it waits behind an issue of its own, unless what stopped
/// it would stop all others, too.
async fn refuse(context: &mut Context<'_>, line: PlanLine, halt: Halt) -> Result<(), Halt> {
    let trouble = match halt {
        Halt::Behind { trouble, .. } if trouble.kind != IssueKind::RightMissing => *trouble,
        halt => {
            show(context, &line);
            context.commit().await?;
            return Err(halt);
        }
    };
    let trouble = remedy::refused(context, &line, trouble);
    remedy::open(context, &trouble).await?;
    context.count("refused", 1);
    let blocked = PlanLine {
        state: PlanState::Blocked,
        reason: trouble.detail.unwrap_or(trouble.title),
        troubled: true,
        ..line
    };
    show(context, &blocked);
    context.commit().await
}

fn show(context: &mut Context<'_>, line: &PlanLine) {
    let integration = context.remote.integration.id.to_string();
    let parts = [integration.as_str(), line.id.as_str()];
    let row = PlanLineRow(line.clone());
    context
        .batch
        .put_record(context.partner.as_str(), &parts, &row, Expect::Any);
}

fn lacking(context: &Context<'_>, operation: &str) -> Halt {
    let title = &context.remote.connector.title;
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind: IssueKind::Refused,
            cause: None,
            integration: Some(context.remote.integration.id.clone()),
            subject: operation.to_owned(),
            title: title.clone(),
            detail: Some(format!("the connector for {title} has no {operation}")),
            remedy: "Make this change by hand in the PSA; the next plan sees it.".to_owned(),
        }),
        guard: None,
    }
}
