//! One pass: settle what is in doubt, plan from what the PSA has now, apply what may be applied.

use std::collections::BTreeMap;
use std::time::Duration;

use billing::Demand;
use definition::pipeline::{Event, Reconcile};
use model::RunId;
use model::billing::{Plan, PlanLine, PlanState, Unbilled};
use serde_json::Map;
use store::{Expect, Record};

use super::facts::{Known, is_unclear};
use super::standing::{Standings, count_least};
use super::{apply, doubt, remedy};
use crate::context::Context;
use crate::events::Happened;
use crate::halt::Halt;
use crate::tables::{DecisionRow, PlanLineRow, PlanRow};

/// How much of the usage that is not billed is listed; all of it is counted.
const UNBILLED_MAX: usize = 2_000;

/// How many records are written in one commit.
const WRITES_PER_COMMIT: usize = 500;

/// How long a doubt waits to be looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Settles, plans and applies. What is in doubt at the end is looked at in another run.
pub(crate) async fn reconcile(
    context: &mut Context<'_>,
    operations: &Reconcile,
) -> Result<(), Halt> {
    let mut is_left = doubt::settle_all(context, operations).await?;
    let known = Known::read(context, operations).await?;
    count_least(context, "list_agreements", known.agreements.len() as u64);
    let (demands, unbilled) = billing::desired(&known.facts());
    let demands = known.with_before(context, (demands, &unbilled)).await?;
    let standings = Standings::read(context, operations, &known, &demands).await?;
    let lines = plan(&known, &standings, demands);
    save(context, &known, &lines, unbilled).await?;
    let lines = (lines, standings.pages());
    is_left |= apply::apply(context, operations, &known, lines).await?;
    if is_left {
        look_again(context);
    }
    Ok(())
}

fn plan(known: &Known, standings: &Standings, demands: Vec<(String, Demand)>) -> Vec<PlanLine> {
    let line = |(id, demand): (String, Demand)| {
        let agreement = known.agreements.get(&demand.agreement)?;
        let company = model::request::id_text(&agreement.company_id);
        let name = known.names.get(&company).cloned().unwrap_or(company);
        let standing = standings.of(known, &id, &demand);
        let decision = known.decisions.get(&id).map(|row| &row.value);
        let with = (&known.policy, decision, known.today);
        let mut line = billing::line(id, demand, (agreement, name), standing, with)?;
        if let Some(before) = known.before(&line) {
            line.troubled = before.troubled && !is_good(line.state);
            // Where the PSA has what the usage comes to, it is made of that now.
            let is_other = line.state == PlanState::Unchanged && !before.billed.is_empty();
            line.billed = if is_other {
                line.counted()
            } else {
                before.billed.clone()
            };
        }
        if known.doubts.get(&line.id).is_some_and(is_unclear) {
            "what the PSA has is neither what it had nor what it should have"
                .clone_into(&mut line.reason);
            line.troubled = true;
        }
        Some(line)
    };
    demands.into_iter().filter_map(line).collect()
}

/// Whether nothing is to be mended about such a line.
const fn is_good(state: PlanState) -> bool {
    matches!(
        state,
        PlanState::Unchanged | PlanState::Applied | PlanState::Dismissed
    )
}

/// Makes the plan durable: lines that are new or other ones, those that are no more, decisions
/// that have lapsed; and clears the issues of lines that are well again.
async fn save(
    context: &mut Context<'_>,
    known: &Known,
    lines: &[PlanLine],
    unbilled: Vec<Unbilled>,
) -> Result<(), Halt> {
    let integration = context.remote.integration.id.clone();
    let partner = context.partner;
    let mut states: BTreeMap<PlanState, u64> = BTreeMap::new();
    let by_id: BTreeMap<&str, &PlanLine> =
        lines.iter().map(|line| (line.id.as_str(), line)).collect();
    for line in lines {
        *states.entry(line.state).or_default() += 1;
        if known
            .before
            .get(&line.id)
            .is_none_or(|before| before.value != *line)
        {
            let parts = [integration.as_str(), line.id.as_str()];
            let row = PlanLineRow(line.clone());
            context
                .batch
                .put_record(partner.as_str(), &parts, &row, Expect::Any);
        }
        commit_if_large(context).await?;
    }
    for (id, before) in &known.before {
        let line = by_id.get(id.as_str());
        let parts = [integration.as_str(), id.as_str()];
        if line.is_none() {
            let key = PlanLineRow::key(partner.as_str(), &parts);
            context.batch.delete(key, Expect::Any);
        }
        if before.value.troubled && line.is_none_or(|line| !line.troubled) {
            remedy::clear(&context.remote.core, partner, &integration, id).await?;
        }
        commit_if_large(context).await?;
    }
    for (id, decision) in &known.decisions {
        let stands = |line: &&PlanLine| {
            line.state == PlanState::InDoubt || billing::stands(&decision.value, line)
        };
        if by_id.get(id.as_str()).is_none_or(|line| !stands(line)) {
            let key = DecisionRow::key(partner.as_str(), &[integration.as_str(), id]);
            context.batch.delete(key, Expect::Version(decision.version));
            context.count("decisions_lapsed", 1);
        }
    }
    context.count("lines", lines.len() as u64);
    context.count("unbilled", unbilled.len() as u64);
    for (state, count) in &states {
        context.count(state.name(), *count);
    }
    let mut unbilled = unbilled;
    unbilled.truncate(UNBILLED_MAX);
    let plan = PlanRow(Plan {
        made_at: context.remote.core.now(),
        run: run(context),
        states,
        unbilled,
    });
    context.batch.put_record(
        partner.as_str(),
        &[integration.as_str()],
        &plan,
        Expect::Any,
    );
    context.commit().await
}

async fn commit_if_large(context: &mut Context<'_>) -> Result<(), Halt> {
    if context.batch.len() < WRITES_PER_COMMIT {
        return Ok(());
    }
    context.commit().await
}

fn run(context: &Context<'_>) -> RunId {
    let run = context.roots.get("run").and_then(|run| run.get("id"));
    let run = run
        .and_then(|id| id.as_str())
        .and_then(|id| RunId::new(id).ok());
    run.unwrap_or_else(|| context.remote.core.run_id())
}

/// Queues another run for what is in doubt.
fn look_again(context: &mut Context<'_>) {
    let core = context.remote.core.clone();
    let integration = context.remote.integration.clone();
    let fold = super::fold(&integration.id);
    let happened = Happened {
        event: Event::UsageChanged,
        roots: Map::new(),
        due: core.now().after(LOOK_AGAIN),
        fold: Some(&fold),
    };
    core.enqueue_event(&mut context.batch, &integration, &happened);
}
