//! Usage in, and how it is billed: rules, agreements, items.

use axum::Json;
use axum::extract::State;
use model::{IntegrationId, PartnerId};
use runtime::Runtime;

use crate::auth::Operator;
use crate::body::Input;
use crate::limits::USAGE_BYTES_MAX;
use crate::params::At;
use crate::problem::Problem;
use crate::wire::billing::{
    AgreementList, AgreementsInput, BillingPolicy, ItemList, ProductList, ProductsInput, Saved,
};
use crate::wire::each;
use crate::wire::usage::{UsageReceipt, UsagesInput};

/// Report usage. The same again changes nothing; what is left out stays as it was. Every
/// integration that bills then makes a new plan. Takes a body of up to 16 MiB.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/usage", tag = "billing",
    request_body = UsagesInput,
    responses((status = 200, description = "What became of it.", body = UsageReceipt)))]
pub(crate) async fn put_usage(
    _: Operator,
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Input(input): Input<UsagesInput, USAGE_BYTES_MAX>,
) -> Result<Json<UsageReceipt>, Problem> {
    let usages = input.checked()?;
    Ok(Json(runtime.put_usage(&partner, usages).await?.into()))
}

/// Read how an integration bills.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/billing",
    tag = "billing",
    responses((status = 200, description = "Mode, guards and rules.", body = BillingPolicy)))]
pub(crate) async fn read_policy(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<BillingPolicy>, Problem> {
    Ok(Json(
        runtime.billing_policy(&partner, &integration).await?.into(),
    ))
}

/// Change how an integration bills. Nothing is billed before the section `billing` of its settings
/// is switched on.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/integrations/{integration}/billing",
    tag = "billing", request_body = BillingPolicy,
    responses((status = 200, description = "As it is now.", body = BillingPolicy)))]
pub(crate) async fn put_policy(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<BillingPolicy>,
) -> Result<Json<BillingPolicy>, Problem> {
    let saved = runtime
        .put_billing_policy(&partner, &integration, input.into())
        .await?;
    Ok(Json(saved.into()))
}

/// Read which agreements bill the companies, and which could.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/agreements",
    tag = "billing",
    responses((status = 200, description = "One line per company.", body = AgreementList)))]
pub(crate) async fn read_agreements(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<AgreementList>, Problem> {
    let lines = runtime.agreement_mappings(&partner, &integration).await?;
    Ok(Json(AgreementList {
        mappings: each(lines),
    }))
}

/// Choose the agreements that bill companies. All or none of the choices are saved.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/agreements",
    tag = "billing", request_body = AgreementsInput,
    responses((status = 200, description = "How many were saved.", body = Saved)))]
pub(crate) async fn put_agreements(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<AgreementsInput>,
) -> Result<Json<Saved>, Problem> {
    let choices = each(input.mappings);
    let saved = runtime
        .put_agreement_mappings(&partner, &integration, choices)
        .await?;
    Ok(Json(Saved { saved }))
}

/// Choose, for every company without a choice, the only agreement that can bill it.
#[utoipa::path(post,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/agreements/accept",
    tag = "billing",
    responses((status = 200, description = "How many were saved.", body = Saved)))]
pub(crate) async fn accept_agreements(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<Saved>, Problem> {
    let saved = runtime.accept_agreements(&partner, &integration).await?;
    Ok(Json(Saved { saved }))
}

/// Read what products are billed as.
#[utoipa::path(get,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/products",
    tag = "billing",
    responses((status = 200, description = "One line per product.", body = ProductList)))]
pub(crate) async fn read_products(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<ProductList>, Problem> {
    let lines = runtime.product_mappings(&partner, &integration).await?;
    Ok(Json(ProductList {
        mappings: each(lines),
    }))
}

/// Say what products are billed as. All or none are saved.
#[utoipa::path(put,
    path = "/api/v1/partners/{partner}/integrations/{integration}/mappings/products",
    tag = "billing", request_body = ProductsInput,
    responses((status = 200, description = "How many were saved.", body = Saved)))]
pub(crate) async fn put_products(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
    Input(input): Input<ProductsInput>,
) -> Result<Json<Saved>, Problem> {
    let mappings = each(input.mappings);
    let saved = runtime
        .put_product_mappings(&partner, &integration, mappings)
        .await?;
    Ok(Json(Saved { saved }))
}

/// List the items that products can be billed as, as last read.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/integrations/{integration}/items",
    tag = "billing",
    responses((status = 200, description = "The items.", body = ItemList)))]
pub(crate) async fn list_items(
    State(runtime): State<Runtime>,
    At((partner, integration)): At<(PartnerId, IntegrationId)>,
) -> Result<Json<ItemList>, Problem> {
    let items = runtime.items(&partner, &integration).await?;
    Ok(Json(ItemList {
        items: items.into_values().collect(),
    }))
}
