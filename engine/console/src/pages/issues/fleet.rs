//! The open issues of all partners, for operators.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::{IssueId, PartnerId};
use runtime::{FleetIssue, Runtime};

use super::{ISSUES_PER_PAGE, SET_UP_HERE};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::sentence;
use crate::guard::Operator;
use crate::list::{Filter, List, Listed};
use crate::moment::Moment;
use crate::shell::{Shell, page};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "fleet_issues.html")]
struct FleetIssuesPage {
    shell: Shell,
    list: List,
    issues: Vec<Line>,
}

/// One issue.
struct Line {
    id: String,
    partner: String,
    partner_name: String,
    title: String,
    detail: Option<String>,
    remedy: String,
    behind: u64,
    opened_at: Moment,
}

impl Listed for FleetIssue {
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |_| true,
        },
        Filter {
            name: "waiting",
            label: "Work waits",
            takes: |one| one.behind > 0,
        },
        Filter {
            name: "setup",
            label: "For the partner to set up",
            takes: |one| SET_UP_HERE.contains(&one.issue.kind),
        },
        Filter {
            name: "outside",
            label: "Elsewhere",
            takes: |one| !SET_UP_HERE.contains(&one.issue.kind),
        },
    ];
    const PER_PAGE: usize = ISSUES_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let issue = &self.issue;
        let whose = [self.partner_name.as_str(), issue.partner.as_str()];
        let own = [issue.title.as_str(), issue.kind.name()];
        let detail = issue.detail.as_deref();
        whose.into_iter().chain(own).chain(detail).collect()
    }
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    _: Operator,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let (query, all) = (query.unwrap_or_default(), runtime.fleet_issues().await?);
    let (list, shown) = List::of(&query, "/issues".to_owned(), "issues", all);
    page(&FleetIssuesPage {
        shell: Shell::outer("Issues of all partners", &visitor).saying(&query),
        list,
        issues: shown.into_iter().map(Line::from).collect(),
    })
}

/// Lets the work behind one issue be tried again.
pub(crate) async fn send(
    State(runtime): State<Runtime>,
    _: Operator,
    fields: Fields,
) -> Result<Response, Failure> {
    let partner = PartnerId::new(fields.get("partner").unwrap_or_default());
    let issue = IssueId::new(fields.get("issue").unwrap_or_default());
    let (Ok(partner), Ok(issue)) = (partner, issue) else {
        return Err(Failure::not_a_form());
    };
    let path = match runtime.retry_issue(&partner, &issue).await {
        Ok(count) => format!("/issues?said=retried&n={count}"),
        Err(runtime::Error::NotFound { what: "issue", .. }) => "/issues?said=mended".to_owned(),
        Err(error) => return Err(error.into()),
    };
    Ok(Redirect::to(&path).into_response())
}

impl From<FleetIssue> for Line {
    fn from(one: FleetIssue) -> Self {
        let issue = one.issue;
        Self {
            id: issue.id.to_string(),
            partner: issue.partner.to_string(),
            partner_name: one.partner_name,
            title: issue.title,
            detail: issue.detail.as_deref().map(sentence),
            remedy: issue.remedy,
            behind: one.behind,
            opened_at: issue.opened_at.into(),
        }
    }
}
