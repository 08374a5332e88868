//! Issues: what a person has to know or mend.

use serde::Serialize;
use utoipa::ToSchema;

use super::Moment;

/// A partner's open issues.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueList {
    /// All of them.
    pub(crate) issues: Vec<Issue>,
}

/// Something a person has to know or mend. It goes away by itself when it is mended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Issue {
    /// Its id; the same cause for the same subject always has the same one.
    #[schema(example = "unmapped_customer:c-7")]
    id: String,
    /// What kind it is.
    #[schema(example = "unmapped_customer")]
    kind: &'static str,
    /// The integration it is about, if any.
    integration: Option<String>,
    /// What it is due to, where that is known.
    #[schema(example = "company_inactive")]
    cause: Option<String>,
    /// What the cause is about, such as a company's id; null for the integration as a whole.
    about: Option<String>,
    /// Whether it was found before anything failed because of it.
    foreseen: bool,
    /// One sentence that names the thing.
    title: String,
    /// What was observed.
    detail: Option<String>,
    /// What a person can do about it.
    remedy: String,
    /// How many requests wait behind it.
    behind: u64,
    /// When it was first seen.
    opened_at: Moment,
    /// When it was last seen.
    seen_at: Moment,
}

impl From<runtime::IssueView> for Issue {
    fn from(view: runtime::IssueView) -> Self {
        let issue = view.issue;
        Self {
            id: issue.id.to_string(),
            kind: issue.kind.name(),
            integration: issue.integration.map(|id| id.to_string()),
            cause: issue.cause,
            about: issue.about,
            foreseen: issue.foreseen,
            title: issue.title,
            detail: issue.detail,
            remedy: issue.remedy,
            behind: view.behind,
            opened_at: issue.opened_at.into(),
            seen_at: issue.seen_at.into(),
        }
    }
}

/// What a retry set going.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetryReceipt {
    /// How many requests are tried again.
    pub(crate) retried: u64,
}
