//! Runs: started now, looked up later.

use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use model::{IntegrationId, PartnerId, RunId};
use runtime::{Runtime, TestTicket};

use crate::body::Input;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::runs::{
    Run, RunList, RunsAsked, SyncInput, SyncReceipt, TestTicketInput, TestTicketReceipt,
};

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

/// Send a test ticket: it is made, read back, verified, closed and read again. Nothing is told to
/// the product, and no request is counted.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/test-ticket",
    tag = "runs", request_body = Option<TestTicketInput>,
    responses((status = 202, description = "The run was started; it tells what was verified.",
        body = TestTicketReceipt)))]
pub(crate) async fn send_test_ticket(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    input: Option<Input<TestTicketInput>>,
) -> Result<(StatusCode, Json<TestTicketReceipt>), Problem> {
    let input = input.map(|Input(input)| input).unwrap_or_default();
    let asked = TestTicket {
        customer: input.customer,
        company: input.company.filter(|company| !company.is_null()),
    };
    let run = runtime.test_ticket(&partner, &integration, asked).await?;
    let run = run.to_string();
    Ok((StatusCode::ACCEPTED, Json(TestTicketReceipt { run })))
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

/// Watch a run: server-sent events called `run`, each with the run as it is then, until it has
/// ended. `counts` grow while it is under way.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/runs/{run}/events",
    tag = "runs", responses((status = 200, description = "Events, each a run.", body = Run,
        content_type = "text/event-stream")))]
pub(crate) async fn watch_run(
    State(runtime): State<Runtime>,
    At((partner, integration, run)): At<(PartnerId, IntegrationId, RunId)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // One that is not there is told as a problem, before the answer has begun.
    runtime.run(&partner, &integration, &run).await?;
    let seen = runtime.watch_run(partner, integration, run);
    let events = seen.filter_map(|run| async {
        let event = Event::default()
            .event("run")
            .json_data(Run::from(run.ok()?));
        event.ok().map(Ok)
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
