//! Integrations: what a partner can connect, and how what is connected does.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use model::{Health, Held, Outcome};
use runtime::{BILLING_SECTION, ConnectedBy, ConnectorForm, IntegrationView, Runtime};

use crate::failure::Failure;
use crate::moment::Moment;
use crate::pages::tabs;
use crate::shell::{Here, Shell, There, page};

/// How many runs are looked at to find the last that ended.
const RUNS_SEEN: usize = 20;

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsPage {
    shell: Shell,
    rows: Vec<Row>,
    is_empty: bool,
}

/// One connector.
struct Row {
    connector: String,
    title: String,
    about: String,
    /// Whether the visitor may connect it.
    may_add: bool,
    integrations: Vec<Line>,
}

/// One integration.
struct Line {
    id: String,
    state: Standing,
    last_sync: Option<Moment>,
    created_at: Moment,
    open_issues: usize,
    sections: Vec<(String, bool)>,
}

/// How an integration does.
#[derive(Clone, Copy)]
struct Standing {
    /// What people read.
    label: &'static str,
    /// How it looks: `good`, `busy`, `warn` or `bad`.
    look: &'static str,
}

pub(crate) async fn start(here: Here) -> Redirect {
    Redirect::to(&format!("{}/integrations", here.root()))
}

/// Leads to the first of an integration's pages, which then says what was done.
pub(crate) async fn open(there: There) -> Redirect {
    match tabs(&there).first() {
        Some((_, path)) => {
            let (root, query) = (there.root(), there.here.query());
            Redirect::to(&format!("{root}/{path}?{query}"))
        }
        None => start(there.here).await,
    }
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    let integrations = runtime.integrations(here.id()).await?;
    let mut rows = Vec::new();
    for connector in runtime.connectors() {
        let own = integrations
            .iter()
            .filter(|one| one.connector == connector.name);
        let mut lines = Vec::new();
        for integration in own {
            lines.push(line(&runtime, &here, &connector, integration).await?);
        }
        if lines.is_empty() && !may_see(&here, &connector) {
            continue;
        }
        rows.push(Row {
            may_add: here.visitor.may_change() && may_see(&here, &connector),
            connector: connector.name,
            title: connector.title,
            about: connector.family_title,
            integrations: lines,
        });
    }
    page(&IntegrationsPage {
        shell: here.shell("Integrations"),
        is_empty: integrations.is_empty(),
        rows,
    })
}

/// Whether connecting such a system is the business of who looks: the vendor's own is only that of
/// those who run the engine.
pub(super) fn may_see(here: &Here, connector: &ConnectorForm) -> bool {
    let is_operator = here.visitor.scope().partner().is_none();
    is_operator || connector.connected_by == ConnectedBy::Partner
}

async fn line(
    runtime: &Runtime,
    here: &Here,
    connector: &ConnectorForm,
    integration: &IntegrationView,
) -> Result<Line, Failure> {
    let runs = runtime.runs(here.id(), &integration.id, RUNS_SEEN).await?;
    let mut ended = runs.iter().filter(|run| run.outcome == Outcome::Succeeded);
    let last_sync = ended.next().and_then(|run| run.ended_at).map(Moment::from);
    let runs_now = runs.iter().any(|run| run.outcome == Outcome::Running);
    // In the order of their pages.
    let mut sections: Vec<_> = connector.sections.iter().collect();
    sections.sort_by_key(|section| section.name == BILLING_SECTION);
    let sections = sections.into_iter().map(|section| {
        let is_on = integration.sections.get(&section.name).copied();
        (section.title.clone(), is_on.unwrap_or_default())
    });
    Ok(Line {
        id: integration.id.to_string(),
        state: state(integration, runs_now),
        last_sync,
        created_at: integration.created_at.into(),
        open_issues: integration.open_issues,
        sections: sections.collect(),
    })
}

fn state(integration: &IntegrationView, runs_now: bool) -> Standing {
    let (label, look) = match (integration.held, &integration.health, runs_now) {
        (Some(Held::Disconnected { .. }), ..) => ("Disconnected", "bad"),
        (_, Health::Stopped { .. }, _) => ("Credentials rejected", "bad"),
        (Some(Held::Paused { .. }), ..) => ("Paused", "warn"),
        (None, Health::Good, true) => ("Syncing", "busy"),
        (None, Health::Good, false) => ("Connected", "good"),
    };
    Standing { label, look }
}
