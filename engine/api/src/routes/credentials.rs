//! The credentials of an integration: those in use, and the spare ones beside them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::auth::By;
use crate::body::Input;
use crate::params::At;
use crate::problem::Problem;
use crate::wire::integrations::{ConnectionReport, CredentialsInput};

/// Give an integration new credentials. They are tested first and kept only when they work, which
/// starts an integration that was stopped. Those before stay beside them for seven days.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/integrations/{integration}/credentials",
    tag = "integrations", request_body = CredentialsInput,
    responses((status = 200, description = "How the test went; kept if `ok`.",
        body = ConnectionReport)))]
pub(crate) async fn put_credentials(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    By(by): By,
    Input(input): Input<CredentialsInput>,
) -> Result<Json<ConnectionReport>, Problem> {
    let report = runtime
        .put_credentials(&partner, &integration, input.credentials, &by)
        .await?;
    Ok(Json(report.into()))
}

/// Keep credentials beside those in use. They are tested first and kept only when they work; no
/// call is made with them until they are put to use. They take the place of what lies there.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/credentials/spare",
    tag = "integrations", request_body = CredentialsInput,
    responses((status = 200, description = "How the test went; kept if `ok`.",
        body = ConnectionReport)))]
pub(crate) async fn put_spare(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    By(by): By,
    Input(input): Input<CredentialsInput>,
) -> Result<Json<ConnectionReport>, Problem> {
    let report = runtime
        .put_spare(&partner, &integration, input.credentials, &by)
        .await?;
    Ok(Json(report.into()))
}

/// Forget the spare credentials.
#[utoipa::path(delete,
    path = "/api/v1/partners/{partner}/integrations/{integration}/credentials/spare",
    tag = "integrations", responses((status = 204, description = "They are forgotten.")))]
pub(crate) async fn remove_spare(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<StatusCode, Problem> {
    runtime.remove_spare(&partner, &integration).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test the spare credentials. It is noted whether they work.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/credentials/spare/test",
    tag = "integrations",
    responses((status = 200, description = "How the test went; `ok` says whether well.",
        body = ConnectionReport)))]
pub(crate) async fn test_spare(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<ConnectionReport>, Problem> {
    Ok(Json(
        runtime.test_spare(&partner, &integration).await?.into(),
    ))
}

/// Put the spare credentials to use. They are tested first, and used only when they work; those in
/// use so far become the spare ones, and are forgotten after seven days. Calls that are under way
/// end with the credentials that they began with; no other is made with them.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/credentials/spare/use",
    tag = "integrations",
    responses((status = 200, description = "How the test went; in use if `ok`.",
        body = ConnectionReport)))]
pub(crate) async fn use_spare(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<ConnectionReport>, Problem> {
    Ok(Json(
        runtime.use_spare(&partner, &integration).await?.into(),
    ))
}
