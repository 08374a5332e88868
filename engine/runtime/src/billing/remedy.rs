//! What a person is told about a line that cannot be billed, and what clears it.

use model::billing::{Change, Decimal, PlanLine};
use model::{IntegrationId, IssueId, IssueKind, PartnerId};

use crate::context::Context;
use crate::core::Core;
use crate::error::Error;
use crate::issues::{Trouble, issue_id};

fn subject(line: &str) -> String {
    format!("billing {line}")
}

/// The PSA refuses a change.
pub(super) fn refused(context: &Context<'_>, line: &PlanLine, why: Trouble) -> Trouble {
    let title = &context.remote.connector.title;
    Trouble {
        kind: IssueKind::Refused,
        // Each line has an issue of its own, which clears when that line is well.
        cause: None,
        subject: subject(&line.id),
        title: format!(
            "{title} refuses to bill {} {} to {}",
            line.target_quantity, line.item_name, line.company_name
        ),
        ..why
    }
}

/// What the PSA has is neither what it had nor what it should have.
pub(super) fn unclear(context: &Context<'_>, change: &Change, seen: Decimal) -> Trouble {
    let (title, line) = (&context.remote.connector.title, &change.line);
    Trouble {
        kind: IssueKind::Ambiguous,
        cause: None,
        integration: Some(context.remote.integration.id.clone()),
        subject: subject(&line.id),
        title: format!(
            "{title} has {seen} {} for {}, and a change from {} to {} was sent",
            line.item_name, line.company_name, change.before, change.after
        ),
        detail: Some(format!(
            "{}, from {}: somebody else may have changed it meanwhile",
            line.agreement_name, line.effective
        )),
        remedy: "Look at the agreement in the PSA and set the quantity right there, or leave it. \
                 Then settle the line here: the next plan begins with what the PSA has."
            .to_owned(),
    }
}

/// Opens the issue, with the changes that wait for the next commit.
pub(super) async fn open(context: &mut Context<'_>, trouble: &Trouble) -> Result<(), Error> {
    let core = context.remote.core.clone();
    core.open_issue(&mut context.batch, context.partner, trouble)
        .await
        .map(drop)
}

/// Clears whatever is open about the line.
pub(super) async fn clear(
    core: &Core,
    partner: &PartnerId,
    integration: &IntegrationId,
    line: &str,
) -> Result<(), Error> {
    for kind in [
        IssueKind::Refused,
        IssueKind::Ambiguous,
        IssueKind::ScriptFailed,
    ] {
        let id: IssueId = issue_id(kind, Some(integration), &subject(line));
        core.clear_issue(partner, &id).await?;
    }
    Ok(())
}
