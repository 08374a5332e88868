//! Issues: what a person has to know or mend.

use axum::Json;
use axum::extract::State;
use model::{IssueId, PartnerId};
use runtime::Runtime;

use crate::params::At;
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::issues::{IssueList, RetryReceipt};

/// List a partner's open issues.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/issues", tag = "issues",
    responses((status = 200, description = "The issues.", body = IssueList)))]
pub(crate) async fn list_issues(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<IssueList>, Problem> {
    Ok(Json(IssueList {
        issues: each(runtime.issues(&partner).await?),
    }))
}

/// Try again what waits behind an issue.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/issues/{issue}/retry", tag = "issues",
    responses((status = 200, description = "What was set going.", body = RetryReceipt)))]
pub(crate) async fn retry_issue(
    State(runtime): State<Runtime>,
    At((partner, issue)): At<(PartnerId, IssueId)>,
) -> Result<Json<RetryReceipt>, Problem> {
    let retried = runtime.retry_issue(&partner, &issue).await?;
    Ok(Json(RetryReceipt { retried }))
}
