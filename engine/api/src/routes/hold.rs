//! Holding an integration, and how each thing that it stands on is doing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::Options;
use crate::params::At;
use crate::problem::Problem;
use crate::wire::integrations::Integration;
use crate::wire::legs::Legs;

/// Pause an integration. What is under way ends; all else waits, and is kept.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/pause",
    tag = "integrations",
    responses((status = 200, description = "The integration as it is now.", body = Integration)))]
pub(crate) async fn pause_integration(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime.pause(&partner, &integration).await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}

/// Resume a paused integration. What has waited goes on.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/resume",
    tag = "integrations",
    responses((status = 200, description = "The integration as it is now.", body = Integration)))]
pub(crate) async fn resume_integration(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime.resume(&partner, &integration).await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}

/// Disconnect an integration: its credentials are forgotten and its callout address is closed.
/// Tickets stay linked. Working credentials connect it again.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/{integration}/disconnect",
    tag = "integrations",
    responses((status = 200, description = "The integration as it is now.", body = Integration)))]
pub(crate) async fn disconnect_integration(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime.disconnect(&partner, &integration).await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}

/// How each thing that the integration stands on is doing.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/legs",
    tag = "integrations",
    responses((status = 200, description = "Credentials, callouts, runs, limits.", body = Legs)))]
pub(crate) async fn read_legs(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Legs>, Problem> {
    Ok(Json(runtime.legs(&partner, &integration).await?.into()))
}
