//! The open issues of all partners, for operators.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::{IssueId, PartnerId};
use runtime::Runtime;

use super::{IssuesPage, Open, line};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::guard::Operator;
use crate::list::List;
use crate::shell::{Shell, page};
use crate::visitor::Visitor;

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    _: Operator,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let open = runtime.fleet_issues().await?.into_iter().map(|one| Open {
        issue: one.issue,
        behind: one.behind,
        partner: Some(one.partner_name),
    });
    let (list, shown) = List::of(&query, "/issues".to_owned(), "issues", open.collect());
    let titles = titles(&runtime, &shown).await?;
    let shown = shown.into_iter();
    page(&IssuesPage {
        shell: Shell::outer("Issues of all partners", &visitor).saying(&query),
        is_fleet: true,
        list,
        issues: shown.map(|open| line(open, &titles)).collect(),
    })
}

/// What the integrations of those partners are called, by their ids.
async fn titles(runtime: &Runtime, shown: &[Open]) -> Result<BTreeMap<String, String>, Failure> {
    let partners: BTreeSet<&PartnerId> = shown.iter().map(|open| &open.issue.partner).collect();
    let mut titles = BTreeMap::new();
    for partner in partners {
        let integrations = runtime.integrations(partner).await?.into_iter();
        titles.extend(integrations.map(|one| (one.id.to_string(), one.title)));
    }
    Ok(titles)
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
