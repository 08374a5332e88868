//! The plan: shown, decided about, applied, explained, taken back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{IntegrationId, PartnerId};
use runtime::{Chosen, Runtime, Verdict};

use crate::body::Input;
use crate::csv::Csv;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::plan::{
    AdjustInput, ChangeList, ChangesAsked, DecisionReceipt, Explanation, LinesInput, Plan,
    PlanAsked, UndoInput,
};
use crate::wire::reconciliation::{Reconciliation, ReconciliationAsked};

/// Read the plan: what would be billed, held against what is.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/plan",
    tag = "billing", params(PlanAsked),
    responses((status = 200, description = "What needs a person comes first.", body = Plan)))]
pub(crate) async fn read_plan(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Asked(asked): Asked<PlanAsked>,
) -> Result<Json<Plan>, Problem> {
    let limit = page(asked.limit)?;
    let view = runtime.plan(&partner, &integration).await?;
    Ok(Json(Plan::page(view, &asked, limit)))
}

/// The reconciliation report, as CSV: for each line what the PSA has, what the product reported and
/// what the rules make of it, differences first.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/report",
    tag = "billing",
    responses((status = 200, description = "All lines.", body = str, content_type = "text/csv")))]
pub(crate) async fn read_report(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Csv, Problem> {
    let sheet = runtime.plan(&partner, &integration).await?.report();
    Ok(Csv {
        name: "reconciliation.csv",
        sheet,
    })
}

/// One reconciliation over all of the partner's integrations: for each line what the PSA has, what
/// the product reported and what the rules make of it, differences first.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/reconciliation",
    tag = "billing", params(ReconciliationAsked),
    responses((status = 200, description = "As planned last.", body = Reconciliation)))]
pub(crate) async fn read_reconciliation(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Asked(asked): Asked<ReconciliationAsked>,
) -> Result<Json<Reconciliation>, Problem> {
    let limit = page(asked.limit)?;
    let all = runtime.reconciliation(&partner).await?;
    Ok(Json(Reconciliation::page(all, &asked, limit)))
}

/// The same as CSV, with all lines, and a row for each usage that no line bills.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/reconciliation/report",
    tag = "billing",
    responses((status = 200, description = "All lines.", body = str, content_type = "text/csv")))]
pub(crate) async fn read_reconciliation_report(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Csv, Problem> {
    Ok(Csv {
        name: "reconciliation.csv",
        sheet: runtime.reconciliation(&partner).await?.report(),
    })
}

/// Approve lines. The next run applies them; `apply` starts one.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/approve",
    tag = "billing", request_body = Option<LinesInput>,
    responses((status = 200, description = "It was decided.", body = DecisionReceipt)))]
pub(crate) async fn approve_lines(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    input: Option<Input<LinesInput>>,
) -> Result<Json<DecisionReceipt>, Problem> {
    let chosen = chosen(input);
    let decided = runtime
        .decide(&partner, &integration, chosen, Verdict::Approve)
        .await?;
    Ok(Json(decided.into()))
}

/// The lines that are meant; without a body, all that wait.
fn chosen(input: Option<Input<LinesInput>>) -> Chosen {
    input.map(|Input(input)| input.into()).unwrap_or_default()
}

/// Dismiss lines: they stay as they are until the usage or the PSA says something else.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/dismiss",
    tag = "billing", request_body = Option<LinesInput>,
    responses((status = 200, description = "It was decided.", body = DecisionReceipt)))]
pub(crate) async fn dismiss_lines(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    input: Option<Input<LinesInput>>,
) -> Result<Json<DecisionReceipt>, Problem> {
    let chosen = chosen(input);
    let decided = runtime
        .decide(&partner, &integration, chosen, Verdict::Dismiss)
        .await?;
    Ok(Json(decided.into()))
}

/// Give a line another quantity than the rules do.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/adjust",
    tag = "billing", request_body = AdjustInput,
    responses((status = 200, description = "It was decided.", body = DecisionReceipt)))]
pub(crate) async fn adjust_line(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<AdjustInput>,
) -> Result<Json<DecisionReceipt>, Problem> {
    let verdict = Verdict::Adjust(input.quantity);
    let seen = input.seen.map(|seen| (input.line.clone(), seen));
    let chosen = Chosen {
        lines: Some(vec![input.line]),
        seen: seen.into_iter().collect(),
    };
    let decided = runtime
        .decide(&partner, &integration, chosen, verdict)
        .await?;
    Ok(Json(decided.into()))
}

/// Plan anew and apply what is approved, now.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/apply",
    tag = "billing", responses((status = 202, description = "A run was started.")))]
pub(crate) async fn apply_plan(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<StatusCode, Problem> {
    runtime.apply_plan(&partner, &integration).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take back changes, each by its inverse, now.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/plan/undo",
    tag = "billing", request_body = UndoInput,
    responses((status = 202, description = "A run was started.", body = DecisionReceipt)))]
pub(crate) async fn undo_changes(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<UndoInput>,
) -> Result<(StatusCode, Json<DecisionReceipt>), Problem> {
    let decided = runtime.undo(&partner, &integration, input.changes).await?;
    Ok((StatusCode::ACCEPTED, Json(decided.into())))
}

/// Settle a line of which nobody could tell whether a change took hold: whatever the PSA has now
/// counts, and the next plan begins with it.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/plan/lines/{line}/settle",
    tag = "billing", responses((status = 202, description = "A run was started.")))]
pub(crate) async fn settle_line(
    State(runtime): State<Runtime>,
    At((partner, integration, line)): At<(PartnerId, IntegrationId, String)>,
) -> Result<StatusCode, Problem> {
    runtime.settle_line(&partner, &integration, &line).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Explain a number: the users and their usage, the rule, the agreement, what was sent, answered
/// and read back.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/plan/lines/{line}/explain",
    tag = "billing",
    responses((status = 200, description = "The chain behind it.", body = Explanation)))]
pub(crate) async fn explain_line(
    State(runtime): State<Runtime>,
    At((partner, integration, line)): At<(PartnerId, IntegrationId, String)>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(
        runtime.explain(&partner, &integration, &line).await?.into(),
    ))
}

/// The users behind a number, as CSV.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/plan/lines/{line}/users",
    tag = "billing",
    responses((status = 200, description = "One row per user.", body = str,
        content_type = "text/csv")))]
pub(crate) async fn read_users(
    State(runtime): State<Runtime>,
    At((partner, integration, line)): At<(PartnerId, IntegrationId, String)>,
) -> Result<Csv, Problem> {
    let all = runtime.explain(&partner, &integration, &line).await?;
    Ok(Csv {
        name: "users.csv",
        sheet: all.users(),
    })
}

/// List the changes that were made, newest first.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/changes",
    tag = "billing", params(ChangesAsked),
    responses((status = 200, description = "What was sent, answered and read back.",
        body = ChangeList)))]
pub(crate) async fn list_changes(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Asked(asked): Asked<ChangesAsked>,
) -> Result<Json<ChangeList>, Problem> {
    let limit = page(asked.limit)?;
    let mut changes = runtime.changes(&partner, &integration).await?;
    changes.truncate(limit);
    Ok(Json(ChangeList {
        changes: each(changes),
    }))
}
