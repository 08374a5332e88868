//! Settings, what they can be chosen from, and the schedule.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::Options;
use crate::body::Input;
use crate::params::At;
use crate::problem::Problem;
use crate::wire::integrations::Integration;
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
        .put_settings(&partner, &integration, &section, input.on, input.values)
        .await?;
    Ok(Json(view.into()))
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
