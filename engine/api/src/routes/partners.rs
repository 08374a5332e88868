//! Partners and their customers: what the product says there is.

use axum::Json;
use axum::extract::State;
use model::PartnerId;
use runtime::{Error, Runtime};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Operator;
use crate::body::Input;
use crate::limits::CUSTOMERS_BYTES_MAX;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::partners::{
    CustomerList, CustomersInput, CustomersReceipt, Partner, PartnerInput, PartnerList, TestNotice,
};

/// Which partners to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartnersAsked {
    /// Only those after this one: the `next` of the list before.
    #[param(value_type = Option<String>)]
    after: Option<PartnerId>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// List the partners.
#[utoipa::path(get, path = "/api/v1/partners", tag = "partners", params(PartnersAsked),
    responses((status = 200, description = "Partners, by id.", body = PartnerList)))]
pub(crate) async fn list_partners(
    _: Operator,
    State(runtime): State<Runtime>,
    Asked(asked): Asked<PartnersAsked>,
) -> Result<Json<PartnerList>, Problem> {
    let limit = page(asked.limit)?;
    let partners = runtime.partners(asked.after.as_ref(), limit).await?;
    let last = partners.last().map(|partner| partner.id.to_string());
    let next = last.filter(|_| partners.len() == limit);
    Ok(Json(PartnerList {
        partners: each(partners),
        next,
    }))
}

/// Read a partner.
#[utoipa::path(get, path = "/api/v1/partners/{partner}", tag = "partners",
    responses((status = 200, description = "The partner.", body = Partner)))]
pub(crate) async fn read_partner(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<Partner>, Problem> {
    Ok(Json(runtime.partner(&partner).await?.into()))
}

/// Create a partner, or change it. The same call again changes nothing.
#[utoipa::path(put, path = "/api/v1/partners/{partner}", tag = "partners",
    request_body = PartnerInput,
    responses((status = 200, description = "The partner as it is now.", body = Partner)))]
pub(crate) async fn put_partner(
    _: Operator,
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Input(input): Input<PartnerInput>,
) -> Result<Json<Partner>, Problem> {
    let partner = runtime.put_partner(input.named(partner)).await?;
    Ok(Json(Partner::with_signing_secret(partner)))
}

/// Send a notice that means nothing to where the partner's events go, and say whether it was taken.
/// It is signed as all are, its type is `notice.test`, and it is not repeated.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/webhook/test", tag = "partners",
    responses((status = 200, description = "What became of it.", body = TestNotice)))]
pub(crate) async fn send_test_notice(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<TestNotice>, Problem> {
    match runtime.send_test_notice(&partner).await {
        Ok(()) => Ok(Json(TestNotice::TAKEN)),
        Err(Error::Refused {
            message, remedy, ..
        }) => Ok(Json(TestNotice::refused(message, remedy))),
        Err(error) => Err(error.into()),
    }
}

/// List a partner's customers.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/customers", tag = "partners",
    responses((status = 200, description = "All customers.", body = CustomerList)))]
pub(crate) async fn list_customers(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<CustomerList>, Problem> {
    let customers = runtime.customers(&partner).await?;
    Ok(Json(CustomerList {
        customers: each(customers),
    }))
}

/// Give the whole list of a partner's customers. One that is missing from it is no longer in use;
/// its requests and its mapping stay. Takes a body of up to 16 MiB.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/customers", tag = "partners",
    request_body = CustomersInput,
    responses((status = 200, description = "What became of the list.", body = CustomersReceipt)))]
pub(crate) async fn put_customers(
    _: Operator,
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Input(input): Input<CustomersInput, CUSTOMERS_BYTES_MAX>,
) -> Result<Json<CustomersReceipt>, Problem> {
    let customers = input.each_once()?;
    Ok(Json(
        runtime.put_customers(&partner, customers).await?.into(),
    ))
}
