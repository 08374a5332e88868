//! `dovetail plan`, `apply` and `undo`: what would be billed, made so, and taken back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::follow;
use super::server::{Integration, Server};
use super::table::{Column, field, list, table};
use crate::args::{ApplyArgs, PlanArgs, UndoArgs};
use crate::error::Error;
use crate::exit::Exit;

/// The section of the settings that switches billing on.
const SECTION: &str = "billing";

/// How many lines are asked for at once: the most that the API gives.
const PAGE: usize = 1_000;

const LINES: [Column; 8] = [
    ("LINE", |line| field(line, "id")),
    ("COMPANY", |line| field(line, "company_name")),
    ("ITEM", |line| field(line, "item_name")),
    ("PSA", |line| field(line, "psa_quantity")),
    ("PRODUCT", |line| field(line, "product_quantity")),
    ("FROM", |line| field(line, "effective")),
    ("STATE", |line| field(line, "state")),
    ("WHY", |line| field(line, "reason")),
];

const RECONCILED: [Column; 8] = [
    ("PSA", |line| field(line, "title")),
    ("COMPANY", |line| field(line, "company_name")),
    ("ITEM", |line| field(line, "item_name")),
    ("BILLED", |line| field(line, "psa_quantity")),
    ("REPORTED", |line| field(line, "reported_quantity")),
    ("BILLABLE", |line| field(line, "billable_quantity")),
    ("CHANGE", |line| field(line, "difference")),
    ("STATE", |line| field(line, "state")),
];

const CHANGES: [Column; 6] = [
    ("CHANGE", |change| field(change, "id")),
    ("COMPANY", |change| field(change, "line/company_name")),
    ("ITEM", |change| field(change, "line/item_name")),
    ("BEFORE", |change| field(change, "before")),
    ("AFTER", |change| field(change, "after")),
    ("STATE", state),
];

/// Shows the plan as it was made last, or the changes that were made.
pub(crate) async fn show(args: PlanArgs) -> Result<Exit, Error> {
    if args.all {
        let server = Server::new(&args.of.server)?;
        let all = paged("reconciliation", async |path| server.get(path).await).await?;
        server.print(&all, |all| shown(&RECONCILED, all))?;
        return Ok(Exit::Ok);
    }
    let of = Integration::choose(&args.of, Some(SECTION)).await?;
    if args.changes {
        let made = of.get(&format!("changes?limit={PAGE}")).await?;
        of.server
            .print(&made, |made| table(&CHANGES, &list(made, "changes")))?;
        return Ok(Exit::Ok);
    }
    let state = args.state.map(|state| format!("&state={state}"));
    let plan = whole(&of, &state.unwrap_or_default()).await?;
    of.server.print(&plan, |plan| shown(&LINES, plan))?;
    Ok(Exit::Ok)
}

/// Approves lines and has them applied; ends well if all of them were.
pub(crate) async fn apply(args: ApplyArgs) -> Result<Exit, Error> {
    let of = Integration::choose(&args.of, Some(SECTION)).await?;
    let before = whole(&of, "").await?;
    let chosen = match args.lines.as_slice() {
        [] => waiting(&before),
        lines => lines.to_vec(),
    };
    // What comes between the two calls is approved by nobody.
    let seen = list(&before, "lines").into_iter();
    let seen: BTreeMap<String, String> = seen
        .map(|line| (field(&line, "id"), field(&line, "seen")))
        .filter(|(id, _)| chosen.contains(id))
        .collect();
    of.post("plan/approve", json!({ "lines": chosen, "seen": seen }))
        .await?;
    of.post("plan/apply", Value::Null).await?;
    let after = planned_anew(&of, &before, args.wait).await?;
    let is_chosen = |line: &Value| chosen.contains(&field(line, "id"));
    let mut lines = list(&after, "lines");
    lines.retain(is_chosen);
    let is_done = |line: &Value| ["applied", "unchanged"].contains(&&*field(line, "state"));
    // A line that is no more has nothing left to be billed.
    let all_done = lines.iter().all(is_done);
    let lines = json!({ "lines": lines });
    of.server.print(&lines, |lines| shown(&LINES, lines))?;
    Ok(if all_done { Exit::Ok } else { Exit::Failed })
}

/// Takes back changes, each by its inverse.
pub(crate) async fn undo(args: UndoArgs) -> Result<Exit, Error> {
    let of = Integration::choose(&args.of, Some(SECTION)).await?;
    let before = whole(&of, "").await?;
    of.post("plan/undo", json!({ "changes": args.changes }))
        .await?;
    planned_anew(&of, &before, args.wait).await?;
    let mut made = list(&of.get(&format!("changes?limit={PAGE}")).await?, "changes");
    made.retain(|change| args.changes.contains(&field(change, "id")));
    let all_undone = made
        .iter()
        .all(|change| !field(change, "undone_by").is_empty());
    let made = json!({ "changes": made });
    of.server
        .print(&made, |made| table(&CHANGES, &list(made, "changes")))?;
    Ok(if all_undone { Exit::Ok } else { Exit::Failed })
}

/// The plan with all of its lines.
async fn whole(of: &Integration, filter: &str) -> Result<Value, Error> {
    let paged = paged("plan", async |path| {
        of.get(&format!("{path}{filter}")).await
    });
    paged.await
}

/// What is answered in pages of `lines`, with all of them.
async fn paged(
    path: &str,
    get: impl AsyncFn(&str) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let first = get(&format!("{path}?limit={PAGE}")).await?;
    let (mut all, mut lines) = (first.clone(), list(&first, "lines"));
    let mut page = first;
    while let Some(after) = page.get("next").and_then(Value::as_str) {
        page = get(&format!("{path}?limit={PAGE}&after={after}")).await?;
        lines.extend(list(&page, "lines"));
    }
    if let Some(fields) = all.as_object_mut() {
        fields.insert("lines".to_owned(), Value::Array(lines));
        fields.insert("next".to_owned(), Value::Null);
    }
    Ok(all)
}

/// The plan once another run has made it, and nothing of it is still to be applied.
async fn planned_anew(of: &Integration, before: &Value, wait: Duration) -> Result<Value, Error> {
    follow::until("the plan", wait, async |progress| {
        let plan = whole(of, "").await?;
        let lines = list(&plan, "lines");
        let is_open = |line: &&Value| ["approved", "in_doubt"].contains(&&*field(line, "state"));
        let open = lines.iter().filter(is_open).count();
        progress.show(&format!("{open} of {} lines are under way", lines.len()));
        let is_new = field(&plan, "run") != field(before, "run");
        Ok((is_new && open == 0).then_some(plan))
    })
    .await
}

/// The ids of the lines that wait for a person.
fn waiting(plan: &Value) -> Vec<String> {
    let lines = list(plan, "lines").into_iter();
    let waits = |line: &Value| ["proposed", "held"].contains(&&*field(line, "state"));
    lines.filter(waits).map(|line| field(&line, "id")).collect()
}

fn shown(columns: &[Column], plan: &Value) -> String {
    let lines = list(plan, "lines");
    let table = table(columns, &lines);
    match list(plan, "unbilled").len() {
        0 => table,
        count => format!("{table}\n\n{count} usages are on no line; --format json tells why"),
    }
}

fn state(change: &Value) -> String {
    match field(change, "undone_by") {
        by if by.is_empty() => field(change, "state"),
        by => format!("taken back by {by}"),
    }
}
