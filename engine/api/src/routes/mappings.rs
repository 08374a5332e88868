//! Which company is which customer.

use axum::Json;
use axum::extract::State;
use model::{IntegrationId, PartnerId};
use runtime::{MappingChange, Runtime};

use crate::body::Input;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::mappings::{
    AcceptInput, CompaniesAsked, CompanyList, MappingList, MappingReceipt, MappingsInput,
};

/// The mapping of every customer, with suggestions for those that have none.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/companies",
    tag = "mappings",
    responses((status = 200, description = "One line per customer.", body = MappingList)))]
pub(crate) async fn read_mappings(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<MappingList>, Problem> {
    let lines = runtime.company_mappings(&partner, &integration).await?;
    Ok(Json(MappingList {
        mappings: each(lines),
    }))
}

/// Change mappings. Requests that waited for them go on. All or none of the changes are made.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/companies",
    tag = "mappings", request_body = MappingsInput,
    responses((status = 200, description = "What became of them.", body = MappingReceipt)))]
pub(crate) async fn put_mappings(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<MappingsInput>,
) -> Result<Json<MappingReceipt>, Problem> {
    let changes = input
        .mappings
        .into_iter()
        .map(MappingChange::from)
        .collect();
    Ok(Json(
        runtime
            .put_company_mappings(&partner, &integration, changes)
            .await?
            .into(),
    ))
}

/// Accept all suggestions from a score on, the ambiguous ones excepted.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/companies/accept",
    tag = "mappings", request_body = AcceptInput,
    responses((status = 200, description = "What became of them.", body = MappingReceipt)))]
pub(crate) async fn accept_suggestions(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<AcceptInput>,
) -> Result<Json<MappingReceipt>, Problem> {
    Ok(Json(
        runtime
            .accept_suggestions(&partner, &integration, input.min_score)
            .await?
            .into(),
    ))
}

/// List the PSA's companies, as last read.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/companies",
    tag = "mappings", params(CompaniesAsked),
    responses((status = 200, description = "Companies, by name.", body = CompanyList)))]
pub(crate) async fn list_companies(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Asked(asked): Asked<CompaniesAsked>,
) -> Result<Json<CompanyList>, Problem> {
    let limit = page(asked.limit)?;
    let search = asked.search.as_deref();
    let companies = runtime
        .companies(&partner, &integration, search, limit)
        .await?;
    Ok(Json(CompanyList {
        companies: each(companies),
    }))
}
