//! Reconciliation over all of a partner's integrations: what each PSA has, what the product
//! reported, and what the rules make of it, differences first.
//!
//! It shows the plans as they were made last. Decisions belong to one integration and are made on
//! its own page, to which every line leads.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::billing::PlanState;
use runtime::{BILLING_SECTION, IntegrationView, ReconciledLine, Reconciliation, Runtime};

use super::file;
use super::line::Line;
use super::part::is_even;
use super::unbilled::{self, UnbilledView};
use crate::failure::Failure;
use crate::limits::{LINES_PER_PAGE, UNBILLED_SHOWN};
use crate::list::{Filter, List, Listed};
use crate::shell::{Here, Shell, page};

/// The part of the address below the partner's.
pub(crate) const PATH: &str = "reconciliation";

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    path: String,
    /// The integrations that bill.
    plans: Vec<PlanWay>,
    list: List,
    lines: Vec<OverviewLine>,
    unbilled: Vec<UnbilledView>,
    unbilled_more: usize,
}

/// The way to one integration's plan.
struct PlanWay {
    title: String,
    path: String,
    /// How many of its lines wait for a person.
    waiting: usize,
}

/// A line of one of the plans.
struct OverviewLine {
    /// Which integration bills it.
    title: String,
    /// Where it is explained.
    path: String,
    line: Line,
}

const fn by(
    name: &'static str,
    label: &'static str,
    takes: fn(&ReconciledLine) -> bool,
) -> Filter<ReconciledLine> {
    Filter { name, label, takes }
}

impl Listed for ReconciledLine {
    const FILTERS: &'static [Filter<Self>] = &[
        by("differences", "Differences", |one| !is_even(&one.line)),
        by("even", "As it should be", |one| is_even(&one.line)),
        by("all", "All", |_| true),
    ];
    const PER_PAGE: usize = LINES_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let mut words = self.line.words();
        words.push(&self.title);
        words
    }
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    let integrations = runtime.integrations(here.id()).await?;
    let Reconciliation {
        lines,
        unbilled: open,
    } = runtime.reconciliation(here.id()).await?;
    let plans = integrations.iter().filter(|one| bills(one));
    let plans = plans.map(|one| way(&here, one, &lines)).collect();
    let open: Vec<_> = open
        .into_iter()
        .map(|one| (one.integration, one.usage))
        .collect();
    let all = unbilled::named(&runtime, &here, &integrations, &open).await?;
    let unbilled_more = all.len().saturating_sub(UNBILLED_SHOWN);
    let path = format!("{}/{PATH}", here.root());
    let (list, shown) = List::of(here.query(), path.clone(), "lines", lines);
    page(&OverviewPage {
        shell: here.shell("Billing"),
        path,
        plans,
        list,
        lines: shown.into_iter().map(|one| line(&here, one)).collect(),
        unbilled: all.into_iter().take(UNBILLED_SHOWN).collect(),
        unbilled_more,
    })
}

/// All of it, for a spreadsheet.
pub(crate) async fn report(
    State(runtime): State<Runtime>,
    here: Here,
) -> Result<Response, Failure> {
    let reconciliation = runtime.reconciliation(here.id()).await?;
    Ok(file("reconciliation.csv", reconciliation.report()))
}

fn bills(integration: &IntegrationView) -> bool {
    integration.sections.get(BILLING_SECTION) == Some(&true)
}

fn way(here: &Here, integration: &IntegrationView, lines: &[ReconciledLine]) -> PlanWay {
    let own = lines.iter().filter(|one| one.integration == integration.id);
    let is_open =
        |one: &&ReconciledLine| matches!(one.line.state, PlanState::Proposed | PlanState::Held);
    PlanWay {
        title: integration.title.clone(),
        path: format!(
            "{}/integrations/{}/reconciliation",
            here.root(),
            integration.id
        ),
        waiting: own.filter(is_open).count(),
    }
}

fn line(here: &Here, one: ReconciledLine) -> OverviewLine {
    let plan = format!(
        "{}/integrations/{}/reconciliation",
        here.root(),
        one.integration
    );
    OverviewLine {
        path: format!("{plan}/lines/{}", one.line.id),
        title: one.title,
        line: Line::from(one.line),
    }
}
