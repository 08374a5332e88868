//! Integrations: tested, made, looked up, reached by callouts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::Options;
use crate::auth::{By, Caller};
use crate::body::Input;
use crate::params::At;
use crate::problem::{Code, Fault, Problem};
use crate::wire::each;
use crate::wire::integrations::{
    CalloutCredentialsInput, ConnectionInput, ConnectionReport, ConnectorList, Integration,
    IntegrationList,
};

/// List the connectors there are, with their forms.
#[utoipa::path(get, path = "/api/v1/connectors", tag = "integrations",
    responses((status = 200, description = "The connectors.", body = ConnectorList)))]
pub(crate) async fn list_connectors(State(runtime): State<Runtime>) -> Json<ConnectorList> {
    Json(ConnectorList {
        connectors: each(runtime.connectors()),
    })
}

/// Test a connection. Nothing is kept, neither the result nor the credentials.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations/test",
    tag = "integrations", request_body = ConnectionInput,
    responses((status = 200, description = "How the test went; `ok` says whether well.",
        body = ConnectionReport)))]
pub(crate) async fn test_connection(
    caller: Caller,
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Input(input): Input<ConnectionInput>,
) -> Result<Json<ConnectionReport>, Problem> {
    caller.may_connect(&runtime, &input.connector)?;
    let report = runtime
        .test_connection(&partner, &input.connector, input.credentials)
        .await?;
    Ok(Json(report.into()))
}

/// Create an integration. The connection is tested first; nothing is kept when it fails.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/integrations", tag = "integrations",
    request_body = ConnectionInput,
    responses((status = 201, description = "The new integration.", body = Integration,
        headers(("location" = String, description = "Where it can be looked up.")))))]
pub(crate) async fn create_integration(
    caller: Caller,
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At(partner): At<PartnerId>,
    By(by): By,
    Input(input): Input<ConnectionInput>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Integration>), Problem> {
    caller.may_connect(&runtime, &input.connector)?;
    let view = runtime
        .create_integration(&partner, &input.connector, input.credentials, &by)
        .await?;
    let integration = Integration::at(options.public_url(), view);
    let place = format!("/api/v1/partners/{partner}/integrations/{}", integration.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, place)],
        Json(integration),
    ))
}

/// List a partner's integrations.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations", tag = "integrations",
    responses((status = 200, description = "The integrations.", body = IntegrationList)))]
pub(crate) async fn list_integrations(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At(partner): At<PartnerId>,
) -> Result<Json<IntegrationList>, Problem> {
    let views = runtime.integrations(&partner).await?.into_iter();
    let integrations = views
        .map(|view| Integration::at(options.public_url(), view))
        .collect();
    Ok(Json(IntegrationList { integrations }))
}

/// Read an integration.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}",
    tag = "integrations",
    responses((status = 200, description = "The integration.", body = Integration)))]
pub(crate) async fn read_integration(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime.integration(&partner, &integration).await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}

/// Set the name and password that callouts must bring as HTTP Basic; null for none.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/integrations/{integration}/callout",
    tag = "integrations", request_body = Option<CalloutCredentialsInput>,
    responses((status = 200, description = "The integration as it is now.",
        body = Integration)))]
pub(crate) async fn put_callout_credentials(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<Option<CalloutCredentialsInput>>,
) -> Result<Json<Integration>, Problem> {
    // HTTP Basic ends the name at the first colon (RFC 7617), so that such a name never matches.
    if input
        .as_ref()
        .is_some_and(|basic| basic.username.contains(':'))
    {
        let message = "HTTP Basic cannot carry a colon in the name".to_owned();
        let hint = Some("choose a name without one".to_owned());
        return Err(
            Problem::new(Code::Invalid, "No callout could bring this name.").faults([Fault {
                pointer: "/username".to_owned(),
                message,
                hint,
                place: None,
            }]),
        );
    }
    let basic = input.map(|basic| (basic.username, basic.password));
    let view = runtime
        .put_callout_credentials(&partner, &integration, basic)
        .await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}

/// Change an integration's callout address. The one before ends at once; until the PSA has the
/// new one, changes of tickets are found by the clock only.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/callout/rotate",
    tag = "integrations",
    responses((status = 200, description = "The integration, with its new address.",
        body = Integration)))]
pub(crate) async fn rotate_callout(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Integration>, Problem> {
    let view = runtime.rotate_callout(&partner, &integration).await?;
    Ok(Json(Integration::at(options.public_url(), view)))
}
