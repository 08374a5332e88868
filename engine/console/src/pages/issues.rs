//! Issues: what a person has to know or mend, each with its remedy. They go by themselves when
//! they are mended; trying again is for those who will not wait.

pub(crate) mod fleet;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::{IntegrationId, IssueId, IssueKind};
use runtime::{IssueView, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::sentence;
use crate::list::{Filter, List, Listed};
use crate::moment::Moment;
use crate::shell::{Here, Shell, page};

/// How many issues a page shows.
const ISSUES_PER_PAGE: usize = 100;

/// Issues whose cause lies in what is set up here, and not in the PSA.
const SET_UP_HERE: [IssueKind; 4] = [
    IssueKind::UnmappedCustomer,
    IssueKind::TicketsOff,
    IssueKind::NoTicketIntegration,
    IssueKind::Held,
];

#[derive(Template)]
#[template(path = "issues.html")]
struct IssuesPage {
    shell: Shell,
    list: List,
    issues: Vec<Line>,
}

/// One issue.
struct Line {
    id: String,
    title: String,
    detail: Option<String>,
    remedy: String,
    behind: u64,
    /// What its integration is called, and where its pages are.
    integration: Option<(String, String)>,
    /// What the page is called where it is mended, and where that is.
    mend: Option<(&'static str, String)>,
    opened_at: Moment,
    seen_at: Option<Moment>,
}

impl Listed for IssueView {
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |_| true,
        },
        Filter {
            name: "waiting",
            label: "Work waits",
            takes: |view| view.behind > 0,
        },
        Filter {
            name: "setup",
            label: "To set up here",
            takes: |view| SET_UP_HERE.contains(&view.issue.kind),
        },
        Filter {
            name: "outside",
            label: "Elsewhere",
            takes: |view| !SET_UP_HERE.contains(&view.issue.kind),
        },
    ];
    const PER_PAGE: usize = ISSUES_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let issue = &self.issue;
        let own = [issue.title.as_str(), issue.id.as_str(), issue.kind.name()];
        own.into_iter().chain(issue.detail.as_deref()).collect()
    }
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    let issues = runtime.issues(here.id()).await?;
    let integrations = runtime.integrations(here.id()).await?;
    let titles: BTreeMap<String, String> = integrations
        .into_iter()
        .map(|one| (one.id.to_string(), one.title))
        .collect();
    let path = format!("{}/issues", here.root());
    let (list, shown) = List::of(here.query(), path, "issues", issues);
    let shown = shown.into_iter();
    page(&IssuesPage {
        shell: here.shell("Issues"),
        issues: shown.map(|view| line(&here, view, &titles)).collect(),
        list,
    })
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    here: Here,
    fields: Fields,
) -> Result<Response, Failure> {
    let id = IssueId::new(fields.get("issue").unwrap_or_default());
    let id = id.map_err(|_| Failure::no_such_page())?;
    match runtime.retry_issue(here.id(), &id).await {
        Ok(count) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            Ok(here.leave_for("issues", "retried", count))
        }
        // It was mended while the page was open.
        Err(runtime::Error::NotFound { what: "issue", .. }) => {
            Ok(here.leave_for("issues", "mended", 0))
        }
        Err(error) => Err(error.into()),
    }
}

/// The page of its integration on which an issue of that kind is mended; none where that is done in
/// the PSA, or cannot be told.
fn mended_on(here: &Here, id: &IntegrationId, kind: IssueKind) -> Option<(&'static str, String)> {
    let (label, part) = match kind {
        IssueKind::UnmappedCustomer => ("Open the mapping", "mapping?show=unmapped"),
        IssueKind::TicketsOff => ("Open the mapping", "mapping?show=off"),
        IssueKind::CredentialsRejected | IssueKind::Held => ("Open the settings", "connection"),
        _ => return None,
    };
    Some((label, format!("{}/integrations/{id}/{part}", here.root())))
}

fn line(here: &Here, view: IssueView, titles: &BTreeMap<String, String>) -> Line {
    let issue = view.issue;
    let mend = issue
        .integration
        .as_ref()
        .and_then(|id| mended_on(here, id, issue.kind));
    let integration = issue.integration.map(|id| {
        let title = titles.get(id.as_str()).cloned();
        let path = format!("{}/integrations/{id}/status", here.root());
        (title.unwrap_or_else(|| id.to_string()), path)
    });
    Line {
        id: issue.id.to_string(),
        title: issue.title,
        detail: issue.detail.as_deref().map(sentence),
        remedy: issue.remedy,
        mend,
        behind: view.behind,
        integration,
        seen_at: (issue.seen_at != issue.opened_at).then(|| issue.seen_at.into()),
        opened_at: issue.opened_at.into(),
    }
}
