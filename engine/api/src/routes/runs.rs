//! Runs: started now, looked up later.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{IntegrationId, PartnerId, RunId};
use runtime::Runtime;

use crate::body::Input;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::runs::{Run, RunList, RunsAsked, SyncInput, SyncReceipt};

/// Run a pipeline now, or all that run by the clock.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/sync",
    tag = "runs", request_body = Option<SyncInput>,
    responses((status = 202, description = "The runs were started.", body = SyncReceipt)))]
pub(crate) async fn start_runs(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    input: Option<Input<SyncInput>>,
) -> Result<(StatusCode, Json<SyncReceipt>), Problem> {
    let pipeline = input.and_then(|Input(input)| input.pipeline);
    let runs = runtime
        .sync(&partner, &integration, pipeline.as_deref())
        .await?;
    let runs = runs.iter().map(ToString::to_string).collect();
    Ok((StatusCode::ACCEPTED, Json(SyncReceipt { runs })))
}

/// List the latest runs.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/runs",
    tag = "runs", params(RunsAsked),
    responses((status = 200, description = "The latest first.", body = RunList)))]
pub(crate) async fn list_runs(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Asked(asked): Asked<RunsAsked>,
) -> Result<Json<RunList>, Problem> {
    let runs = runtime
        .runs(&partner, &integration, page(asked.limit)?)
        .await?;
    Ok(Json(RunList { runs: each(runs) }))
}

/// Read a run: what it did, and what it proved.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/runs/{run}",
    tag = "runs", responses((status = 200, description = "The run.", body = Run)))]
pub(crate) async fn read_run(
    State(runtime): State<Runtime>,
    At((partner, integration, run)): At<(PartnerId, IntegrationId, RunId)>,
) -> Result<Json<Run>, Problem> {
    Ok(Json(
        runtime.run(&partner, &integration, &run).await?.into(),
    ))
}
