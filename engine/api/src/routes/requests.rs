//! Requests: taken in, closed, looked up, counted.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use model::{PartnerId, RequestId};
use runtime::Runtime;

use crate::auth::Operator;
use crate::body::Input;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::each;
use crate::wire::exchanges::ExchangeList;
use crate::wire::requests::{
    CloseInput, Ledger, Request, RequestInput, RequestList, RequestsAsked,
};

/// Report a request.
///
/// Answers once the request is kept, so that it survives whatever comes; a ticket follows. Repeat
/// the call until it is answered: the same id twice is one request, and the answer says how that
/// stands. The same id with other content is refused with 409.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/requests", tag = "requests",
    request_body = RequestInput,
    responses((status = 202, description = "It is kept.", body = Request,
        headers(("location" = String, description = "Where it can be looked up.")))))]
pub(crate) async fn report_request(
    _: Operator,
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Input(input): Input<RequestInput>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Request>), Problem> {
    let accepted = runtime.accept(&partner, input.into()).await?;
    let place = format!(
        "/api/v1/partners/{partner}/requests/{}",
        accepted.request.content.id
    );
    let request = Json(Request::from(accepted.request));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], request))
}

/// Close a request, because the product is done with it. Its ticket is closed as well.
///
/// Answers once that is kept. Closing what is closed changes nothing.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/requests/{request}/close",
    tag = "requests", request_body = Option<CloseInput>,
    responses((status = 202, description = "It is kept.", body = Request)))]
pub(crate) async fn close_request(
    _: Operator,
    State(runtime): State<Runtime>,
    At((partner, request)): At<(PartnerId, RequestId)>,
    input: Option<Input<CloseInput>>,
) -> Result<(StatusCode, Json<Request>), Problem> {
    let resolution = input.and_then(|Input(input)| input.resolution);
    let request = runtime.close(&partner, &request, resolution).await?;
    Ok((StatusCode::ACCEPTED, Json(request.into())))
}

/// Read a request: its state, ticket and history.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/requests/{request}", tag = "requests",
    responses((status = 200, description = "The request.", body = Request)))]
pub(crate) async fn read_request(
    State(runtime): State<Runtime>,
    At((partner, request)): At<(PartnerId, RequestId)>,
) -> Result<Json<Request>, Problem> {
    Ok(Json(runtime.request(&partner, &request).await?.into()))
}

/// What was sent to the PSA for a request and what it answered, oldest first: the newest exchanges,
/// with secrets and what names the user masked.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/requests/{request}/exchanges",
    tag = "requests",
    responses((status = 200, description = "The exchanges.", body = ExchangeList)))]
pub(crate) async fn read_exchanges(
    State(runtime): State<Runtime>,
    At((partner, request)): At<(PartnerId, RequestId)>,
) -> Result<Json<ExchangeList>, Problem> {
    let exchanges = runtime.exchanges(&partner, &request).await?;
    Ok(Json(ExchangeList {
        exchanges: each(exchanges),
    }))
}

/// List requests, without their histories.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/requests", tag = "requests",
    params(RequestsAsked),
    responses((status = 200, description = "Requests, by id.", body = RequestList)))]
pub(crate) async fn list_requests(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Asked(asked): Asked<RequestsAsked>,
) -> Result<Json<RequestList>, Problem> {
    let limit = page(asked.limit)?;
    let state = asked.state.map(model::State::from);
    let requests = runtime
        .requests(&partner, state, asked.after.as_ref(), limit)
        .await?;
    let last = requests
        .last()
        .map(|request| request.content.id.to_string());
    let next = last.filter(|_| requests.len() == limit);
    let requests = requests.into_iter().map(Request::brief).collect();
    Ok(Json(RequestList { requests, next }))
}

/// Where all accepted requests are, and whether that adds up.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/ledger", tag = "requests",
    responses((status = 200, description = "The ledger, and a recount.", body = Ledger)))]
pub(crate) async fn read_ledger(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<Ledger>, Problem> {
    Ok(Json(runtime.ledger(&partner).await?.into()))
}
