//! Settings, what they can be chosen from, and the schedule.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::Options;
use crate::body::Input;
use crate::params::At;
use crate::problem::Problem;
use crate::wire::integrations::Integration;
use crate::wire::previews::{OwnScript, OwnScriptInput, Preview, PreviewInput};
use crate::wire::settings::{ChoiceList, ScheduleInput, Section, SectionInput};

/// What the PSA offers for a setting, read from it now.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/choices/{choices}",
    tag = "settings",
    responses((status = 200, description = "The choices.", body = ChoiceList)))]
pub(crate) async fn list_choices(
    State(runtime): State<Runtime>,
    At((partner, integration, name)): At<(PartnerId, IntegrationId, String)>,
) -> Result<Json<ChoiceList>, Problem> {
    let choices = runtime.choices(&partner, &integration, &name).await?;
    Ok(Json(choices.into()))
}

/// Read one section of the settings, with its form.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}",
    tag = "settings",
    responses((status = 200, description = "The section.", body = Section)))]
pub(crate) async fn read_settings(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
) -> Result<Json<Section>, Problem> {
    Ok(Json(
        runtime
            .settings(&partner, &integration, &section)
            .await?
            .into(),
    ))
}

/// Set one section of the settings. All faults are reported at once, and nothing is changed when
/// there is one.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}",
    tag = "settings", request_body = SectionInput,
    responses((status = 200, description = "The section as it is now.", body = Section)))]
pub(crate) async fn put_settings(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
    Input(input): Input<SectionInput>,
) -> Result<Json<Section>, Problem> {
    let view = runtime
        .put_settings(&partner, &integration, &section, input.into())
        .await?;
    Ok(Json(view.into()))
}

/// Read the partner's own script for a section.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}/script",
    tag = "settings",
    responses((status = 200, description = "The script.", body = OwnScript)))]
pub(crate) async fn read_own_script(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
) -> Result<Json<OwnScript>, Problem> {
    let view = runtime.own_script(&partner, &integration, &section).await?;
    Ok(Json(view.into()))
}

/// Set the partner's own script for a section: functions that say, for each request, what
/// templates and settings cannot. It is checked first; one with a fault is refused, with the place
/// of each, and the one before stays.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}/script",
    tag = "settings", request_body = OwnScriptInput,
    responses((status = 200, description = "The script as it is now.", body = OwnScript)))]
pub(crate) async fn put_own_script(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
    Input(input): Input<OwnScriptInput>,
) -> Result<Json<OwnScript>, Problem> {
    let view = runtime
        .put_own_script(&partner, &integration, &section, input.source)
        .await?;
    Ok(Json(view.into()))
}

/// Remove the partner's own script for a section.
#[utoipa::path(delete,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}/script",
    tag = "settings",
    responses((status = 204, description = "There is none any more.")))]
pub(crate) async fn remove_own_script(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
) -> Result<StatusCode, Problem> {
    runtime
        .remove_own_script(&partner, &integration, &section)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what a request's ticket would say with settings that are not saved yet. It changes nothing.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/settings/{section}/preview",
    tag = "settings", request_body = PreviewInput,
    responses((status = 200, description = "What would become of it.", body = Preview)))]
pub(crate) async fn preview_settings(
    State(runtime): State<Runtime>,
    At((partner, integration, section)): At<(PartnerId, IntegrationId, String)>,
    Input(input): Input<PreviewInput>,
) -> Result<Json<Preview>, Problem> {
    let preview = runtime
        .preview(&partner, &integration, &section, input.try_into()?)
        .await?;
    Ok(Json(preview.into()))
}

/// Set how often pipelines run by the clock.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/integrations/{integration}/schedule",
    tag = "settings", request_body = ScheduleInput,
    responses((status = 200, description = "The integration as it is now.",
        body = Integration)))]
pub(crate) async fn put_schedule(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<ScheduleInput>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime
        .put_schedule(&partner, &integration, input.every)
        .await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}
