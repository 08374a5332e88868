//! Reconciliation: what the PSA has, what the product counted, and what would be changed; approved,
//! adjusted, dismissed and applied line by line or all at once.
//!
//! The page shows a part of the plan, differences first. A button decides about the lines that the
//! page names, as it showed them, so that nobody approves what they were not shown; only the
//! buttons that say "all" reach further. While a run applies, the numbers on the page follow it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use model::Timestamp;
use model::billing::{Decimal, Mode, PlanState};
use model::sheet::Sheet;
use runtime::{BILLING_SECTION, Chosen, Runtime, Verdict};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::list::List;
use crate::moment::Moment;
use crate::shell::{Shell, There, page, refused};
use crate::{Options, limits};

pub(crate) mod changes;
pub(crate) mod explain;
mod line;
pub(crate) mod live;
pub(crate) mod overview;
mod part;
mod unbilled;

use line::Line;
use live::UnderWay;
use unbilled::UnbilledView;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    root: String,
    title: String,
    /// Whether billing is switched on.
    is_on: bool,
    /// Whether anything may be written at all.
    is_preview: bool,
    made: Option<Moment>,
    list: List,
    lines: Vec<Line>,
    /// How many lines wait for a person, and how many for a run.
    waiting: usize,
    approved: usize,
    under_way: Option<UnderWay>,
    failed: Option<Wrong>,
    unbilled: Vec<UnbilledView>,
    unbilled_more: usize,
    wrong: Vec<Wrong>,
}

/// A form that was refused, or none.
#[derive(Default)]
struct Refusal {
    wrong: Vec<Wrong>,
    /// The line whose button was pressed, if what is wrong is about it.
    line: Option<String>,
    fields: Fields,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    there: There,
) -> Result<Response, Failure> {
    page(&made(&runtime, &options, &there, Refusal::default()).await?)
}

/// What a button asks for.
enum Asked {
    /// To decide about these lines, as the page showed them; about all that wait if none are named.
    Decide(Chosen, Verdict),
    /// To have what is approved applied.
    Apply,
    /// To have a new plan made. What is approved would be applied, too.
    Compare,
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id, since) = (there.here.id(), there.id(), options.now());
    let asked = match asked(&fields) {
        Ok(asked) => asked,
        Err(wrong) => {
            let refusal = Refusal {
                line: fields.text("adjust").map(str::to_owned),
                wrong: vec![wrong],
                fields,
            };
            return refused(&made(&runtime, &options, &there, refusal).await?);
        }
    };
    let done = match asked {
        Asked::Apply => {
            let applied = runtime.apply_plan(partner, id).await;
            applied.map(|()| ("applying", 0, Some(since)))
        }
        Asked::Compare => {
            let compared = runtime.apply_plan(partner, id).await;
            compared.map(|()| ("comparing", 0, Some(since)))
        }
        Asked::Decide(chosen, verdict) => {
            let said = match verdict {
                Verdict::Dismiss => "dismissed",
                Verdict::Approve | Verdict::Adjust(_) => "approved",
            };
            let decided = runtime.decide(partner, id, chosen, verdict).await;
            decided.map(|decided| (said, decided.decided, None))
        }
    };
    match done {
        Ok((said, count, since)) => Ok(back(&there, said, count, since)),
        Err(runtime::Error::Invalid { faults }) => {
            let refusal = Refusal {
                wrong: faults.iter().map(Wrong::from).collect(),
                line: None,
                fields,
            };
            refused(&made(&runtime, &options, &there, refusal).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the button that was pressed asks for.
fn asked(fields: &Fields) -> Result<Asked, Wrong> {
    let seen = fields.below("seen.").into_iter();
    let seen: BTreeMap<String, String> = seen
        .map(|(line, seen)| (line.to_owned(), seen.to_owned()))
        .collect();
    let these = |lines: Option<Vec<String>>| Chosen {
        lines,
        seen: seen.clone(),
    };
    let one = |id: &str| these(Some(vec![id.to_owned()]));
    if let Some(id) = fields.text("approve") {
        return Ok(Asked::Decide(one(id), Verdict::Approve));
    }
    if let Some(id) = fields.text("dismiss") {
        return Ok(Asked::Decide(one(id), Verdict::Dismiss));
    }
    if let Some(id) = fields.text("adjust") {
        let quantity = quantity(fields, id)?;
        return Ok(Asked::Decide(one(id), Verdict::Adjust(quantity)));
    }
    let ticked = fields.below("pick.").into_keys().map(str::to_owned);
    let ticked: Vec<String> = ticked.collect();
    match fields.action() {
        "apply" => Ok(Asked::Apply),
        "compare" => Ok(Asked::Compare),
        "approve_all" => Ok(Asked::Decide(these(None), Verdict::Approve)),
        "dismiss_all" => Ok(Asked::Decide(these(None), Verdict::Dismiss)),
        "approve" | "dismiss" if ticked.is_empty() => Err(Wrong {
            message: "No line is ticked.".to_owned(),
            hint: Some("Tick the lines that it is about, or use the button for all.".to_owned()),
        }),
        "approve" => Ok(Asked::Decide(these(Some(ticked)), Verdict::Approve)),
        "dismiss" => Ok(Asked::Decide(these(Some(ticked)), Verdict::Dismiss)),
        _ => Err(Wrong {
            message: "No button was pressed.".to_owned(),
            hint: None,
        }),
    }
}

/// The quantity that was typed for a line.
fn quantity(fields: &Fields, id: &str) -> Result<Decimal, Wrong> {
    let typed = fields.text(&format!("quantity.{id}")).unwrap_or_default();
    let read = Decimal::parse(typed).filter(|number| !number.is_negative());
    let whole = read.filter(|number| number.up() == *number);
    whole.ok_or_else(|| Wrong {
        message: "A quantity is a whole number, 0 or more.".to_owned(),
        hint: None,
    })
}

/// Leads back to the part of the plan that was shown.
fn back(there: &There, said: &str, count: usize, since: Option<Timestamp>) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["show", "q", "page"] {
        if let Some(value) = there.here.asked(name) {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("said", said);
    query.append_pair("n", &count.to_string());
    if let Some(since) = since {
        query.append_pair("since", &since.as_millis().to_string());
    }
    let (root, query) = (there.root(), query.finish());
    Redirect::to(&format!("{root}/reconciliation?{query}")).into_response()
}

/// The reconciliation report, for a spreadsheet.
pub(crate) async fn report(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    let plan = runtime.plan(there.here.id(), there.id()).await?;
    Ok(file("reconciliation.csv", plan.report()))
}

/// A table that a browser saves under `name`.
fn file(name: &str, sheet: Sheet) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, sheet.into_text()).into_response()
}

async fn made(
    runtime: &Runtime,
    options: &Options,
    there: &There,
    refusal: Refusal,
) -> Result<PlanPage, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let view = runtime.plan(partner, id).await?;
    let policy = runtime.billing_policy(partner, id).await?;
    let watched = live::watched(runtime, there, options.now()).await?;
    let count = |states: &[PlanState]| {
        let lines = view.lines.iter();
        lines.filter(|line| states.contains(&line.state)).count()
    };
    let (waiting, approved) = (
        count(&[PlanState::Proposed, PlanState::Held]),
        count(&[PlanState::Approved]),
    );
    let open = view.plan.iter().flat_map(|plan| &plan.unbilled);
    let open: Vec<_> = open.map(|one| (id.clone(), one.clone())).collect();
    let all = unbilled::named(runtime, &there.here, &[], &open).await?;
    let unbilled_more = all.len().saturating_sub(limits::UNBILLED_SHOWN);
    let path = format!("{}/reconciliation", there.root());
    let (list, shown) = List::of(there.here.query(), path, "lines", view.lines);
    let lines = shown
        .into_iter()
        .map(|line| Line::from(line).with(&refusal));
    let title = "Reconciliation".to_owned();
    Ok(PlanPage {
        shell: there.shell(title),
        root: there.root(),
        title: there.integration.title.clone(),
        is_on: there.integration.sections.get(BILLING_SECTION) == Some(&true),
        is_preview: policy.mode == Mode::Preview,
        made: view.plan.map(|plan| plan.made_at.into()),
        lines: lines.collect(),
        list,
        waiting,
        approved,
        under_way: watched.under_way,
        failed: watched.failed,
        unbilled: all.into_iter().take(limits::UNBILLED_SHOWN).collect(),
        unbilled_more,
        wrong: if refusal.line.is_some() {
            Vec::new()
        } else {
            refusal.wrong
        },
    })
}
