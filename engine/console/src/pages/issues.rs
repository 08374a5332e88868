//! Issues: what a person has to know or mend, each with its remedy. They go by themselves when
//! they are mended; trying again is for those who will not wait.

pub(crate) mod fleet;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::{Issue, IssueId, IssueKind};
use runtime::Runtime;

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::sentence;
use crate::list::{Filter, List, Listed, address};
use crate::moment::Moment;
use crate::shell::{Here, Shell, page};

/// How many issues a page shows.
const ISSUES_PER_PAGE: usize = 100;

/// Issues whose cause lies in what is set up here, and not in the PSA.
const SET_UP_HERE: [IssueKind; 5] = [
    IssueKind::UnmappedCustomer,
    IssueKind::TicketsOff,
    IssueKind::NoTicketIntegration,
    IssueKind::Held,
    IssueKind::Restored,
];

/// Issues behind which requests wait, and no work of another kind.
const OF_REQUESTS: [IssueKind; 3] = [
    IssueKind::UnmappedCustomer,
    IssueKind::TicketsOff,
    IssueKind::NoTicketIntegration,
];

#[derive(Template)]
#[template(path = "issues.html")]
struct IssuesPage {
    shell: Shell,
    /// Whether they are those of all partners.
    is_fleet: bool,
    list: List,
    issues: Vec<Line>,
}

/// An open issue, as both lists have it.
struct Open {
    issue: Issue,
    behind: u64,
    /// What its partner is called, where that is not said by the page.
    partner: Option<String>,
}

/// One issue.
struct Line {
    id: String,
    title: String,
    detail: Option<String>,
    remedy: String,
    behind: u64,
    /// Where it is listed, where all of it is requests.
    requests: Option<String>,
    /// What its partner is called, its id, and where its issues are.
    partner: Option<(String, String, String)>,
    /// What its integration is called, and where its pages are.
    integration: Option<(String, String)>,
    /// What leads to where it is mended, and where that is.
    mend: (&'static str, String),
    opened_at: Moment,
    seen_at: Option<Moment>,
}

impl Listed for Open {
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |_| true,
        },
        Filter {
            name: "waiting",
            label: "Work waits",
            takes: |open| open.behind > 0,
        },
        Filter {
            name: "setup",
            label: "To set up here",
            takes: |open| SET_UP_HERE.contains(&open.issue.kind),
        },
        Filter {
            name: "outside",
            label: "Elsewhere",
            takes: |open| !SET_UP_HERE.contains(&open.issue.kind),
        },
    ];
    const PER_PAGE: usize = ISSUES_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let issue = &self.issue;
        let own = [issue.title.as_str(), issue.id.as_str(), issue.kind.name()];
        let whose = self.partner.as_deref().into_iter();
        let whose = whose.flat_map(|name| [name, issue.partner.as_str()]);
        own.into_iter()
            .chain(issue.detail.as_deref())
            .chain(whose)
            .collect()
    }
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    let issues = runtime.issues(here.id()).await?;
    let integrations = runtime.integrations(here.id()).await?;
    let titles: BTreeMap<String, String> = integrations
        .into_iter()
        .map(|one| (one.id.to_string(), one.title))
        .collect();
    let open = issues.into_iter().map(|view| Open {
        issue: view.issue,
        behind: view.behind,
        partner: None,
    });
    let path = format!("{}/issues", here.root());
    let (list, shown) = List::of(here.query(), path, "issues", open.collect());
    let shown = shown.into_iter();
    page(&IssuesPage {
        shell: here.shell("Issues"),
        is_fleet: false,
        issues: shown.map(|open| line(open, &titles)).collect(),
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

/// The page on which an issue is mended or, where that is done in the PSA, which shows more of it:
/// what it says, and where it is.
pub(super) fn mended_on(issue: &Issue) -> (&'static str, String) {
    let partner = format!("/partners/{}", issue.partner);
    let (label, part) = match issue.kind {
        IssueKind::NoTicketIntegration => {
            return ("Open the integrations", format!("{partner}/integrations"));
        }
        IssueKind::Undelivered => return ("Open the notices", format!("{partner}/notices")),
        IssueKind::UnmappedCustomer => ("Open the mapping", "mapping?show=attention"),
        IssueKind::TicketsOff => ("Open the mapping", "mapping?show=off"),
        // The connection is tested there, right by right.
        IssueKind::CredentialsRejected | IssueKind::RightMissing | IssueKind::Held => {
            ("Open the settings", "connection")
        }
        IssueKind::Restored => ("Open the billing policy", "billing/policy"),
        IssueKind::Refused
        | IssueKind::Ambiguous
        | IssueKind::Incomplete
        | IssueKind::ScriptFailed
        | IssueKind::Unreachable => ("Open the status", "status"),
    };
    let Some(integration) = &issue.integration else {
        return ("Open the integrations", format!("{partner}/integrations"));
    };
    let root = format!("{partner}/integrations/{integration}");
    let path = match (&issue.about, part.split_once('?')) {
        // It is there however it came to be mapped meanwhile.
        (Some(customer), Some((page, _))) => address(&format!("{root}/{page}"), &[("q", customer)]),
        _ => format!("{root}/{part}"),
    };
    (label, path)
}

/// A line about `open`; `titles` are those of integrations, as far as they are known.
fn line(open: Open, titles: &BTreeMap<String, String>) -> Line {
    let (issue, whose) = (open.issue, open.partner);
    let partner = format!("/partners/{}", issue.partner);
    let integration = issue.integration.as_ref();
    let root = integration.map(|id| format!("{partner}/integrations/{id}"));
    let title = integration.map(|id| {
        let title = titles.get(id.as_str()).cloned();
        title.unwrap_or_else(|| id.to_string())
    });
    let requests = address(&format!("{partner}/activity"), &[("q", issue.id.as_str())]);
    Line {
        mend: mended_on(&issue),
        requests: (open.behind > 0 && OF_REQUESTS.contains(&issue.kind)).then_some(requests),
        id: issue.id.to_string(),
        title: issue.title,
        detail: issue.detail.as_deref().map(sentence),
        remedy: issue.remedy,
        behind: open.behind,
        integration: title.zip(root.map(|root| format!("{root}/status"))),
        partner: whose.map(|name| (name, issue.partner.to_string(), format!("{partner}/issues"))),
        seen_at: (issue.seen_at != issue.opened_at).then(|| issue.seen_at.into()),
        opened_at: issue.opened_at.into(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

    use model::{IntegrationId, PartnerId, Timestamp};

    use super::*;

    fn issue(kind: IssueKind, integration: Option<&str>) -> Issue {
        let now = Timestamp::from_millis(0);
        Issue {
            id: IssueId::new("i").unwrap(),
            partner: PartnerId::new("p").unwrap(),
            kind,
            integration: integration.map(|id| IntegrationId::new(id).unwrap()),
            cause: None,
            about: None,
            foreseen: false,
            title: String::new(),
            detail: None,
            remedy: String::new(),
            opened_at: now,
            seen_at: now,
        }
    }

    #[test]
    fn every_issue_leads_to_a_page_of_its_partner_and_one_of_an_integration_to_its_page() {
        for kind in IssueKind::ALL {
            let (label, path) = mended_on(&issue(kind, None));
            assert!(path.starts_with("/partners/p/"), "{label}: {path}");
            let is_of_partner = [IssueKind::NoTicketIntegration, IssueKind::Undelivered];
            if !is_of_partner.contains(&kind) {
                let (label, path) = mended_on(&issue(kind, Some("x")));
                let own = "/partners/p/integrations/x/";
                assert!(path.starts_with(own), "{label}: {path}");
            }
        }
    }
}
