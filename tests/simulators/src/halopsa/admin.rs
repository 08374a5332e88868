//! The simulator's own controls, `/__simulator/...`: JSON over HTTP, for people, demos and tests
//! in other processes. It is no part of the simulated API and needs no credentials.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::HaloPsa;
use super::quirks::Quirks;
use super::rights::Rights;
use crate::Error;
use crate::callout::Outbox;
use crate::control::{self, Controlled, answer, created};
use crate::faults::Plan;

impl Controlled for HaloPsa {
    fn plan(&self) -> &Plan {
        self.faults()
    }

    fn outbox(&self) -> &Outbox {
        Self::outbox(self)
    }
}

/// Routes under `/__simulator`.
pub(crate) fn router() -> Router<HaloPsa> {
    Router::new()
        .route("/", get(overview))
        .route("/tickets", get(tickets).post(create_ticket))
        .route("/tickets/{id}", get(ticket).patch(edit_ticket))
        .route("/tickets/{id}/status", post(set_status))
        .route("/tickets/{id}/close", post(close_ticket))
        .route("/tickets/{id}/actions", get(actions))
        .route("/companies", get(companies).post(add_company))
        .route("/companies/{id}/active", post(set_company_active))
        .route(
            "/sites/{id}/general-user",
            post(add_general_user).delete(remove_general_user),
        )
        .route("/records/{entity}", get(records).post(create_record))
        .route("/ticket-types/{id}/mandatory", post(require))
        .route("/rights", get(rights).put(set_rights))
        .route("/quirks", get(quirks).put(set_quirks))
        .route("/credentials", get(credentials).delete(revoke).put(restore))
        .route("/tokens", axum::routing::delete(expire_tokens))
        .route("/callout", post(set_callout).delete(unset_callout))
        .route("/callout/forge", post(forge))
        .route("/calls", get(calls))
        .route("/limit", post(use_up_limit))
        .merge(control::router())
}

async fn overview(State(halo): State<HaloPsa>) -> Json<Value> {
    Json(json!({
        "system": "halopsa",
        "seed": halo.config().seed,
        "tickets": halo.tickets().len(),
        "companies": halo.clients().len(),
        "calls_by_entity": halo.call_counts(),
        "violations": halo.violations(),
        "ignored_fields": halo.ignored_fields(),
    }))
}

async fn tickets(State(halo): State<HaloPsa>) -> Json<Value> {
    Json(json!(halo.tickets()))
}

async fn ticket(State(halo): State<HaloPsa>, Path(id): Path<i64>) -> Response {
    match halo.record("Tickets", id) {
        Some(ticket) => Json(ticket).into_response(),
        None => answer(Err(Error::NoSuchRecord {
            entity: "Ticket",
            id,
        })),
    }
}

async fn actions(State(halo): State<HaloPsa>, Path(id): Path<i64>) -> Json<Value> {
    Json(json!(halo.actions(id)))
}

async fn create_ticket(State(halo): State<HaloPsa>, Json(fields): Json<Value>) -> Response {
    created(halo.create("Tickets", fields))
}

async fn create_record(
    State(halo): State<HaloPsa>,
    Path(entity): Path<String>,
    Json(fields): Json<Value>,
) -> Response {
    created(halo.create(&entity, fields))
}

async fn edit_ticket(
    State(halo): State<HaloPsa>,
    Path(id): Path<i64>,
    Json(changes): Json<Value>,
) -> Response {
    answer(halo.edit_ticket(id, changes))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    status: i64,
}

async fn set_status(
    State(halo): State<HaloPsa>,
    Path(id): Path<i64>,
    Json(wanted): Json<Status>,
) -> Response {
    answer(halo.edit_ticket(id, json!({ "status_id": wanted.status })))
}

async fn close_ticket(State(halo): State<HaloPsa>, Path(id): Path<i64>) -> Response {
    answer(halo.close_ticket_as_technician(id))
}

async fn companies(State(halo): State<HaloPsa>) -> Json<Value> {
    Json(json!(halo.clients()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCompany {
    name: String,
}

async fn add_company(State(halo): State<HaloPsa>, Json(company): Json<NewCompany>) -> Json<Value> {
    Json(json!({ "id": halo.add_client(&company.name) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    active: bool,
}

async fn set_company_active(
    State(halo): State<HaloPsa>,
    Path(id): Path<i64>,
    Json(wanted): Json<Active>,
) -> Response {
    answer(halo.set_client_active(id, wanted.active))
}

async fn add_general_user(State(halo): State<HaloPsa>, Path(site): Path<i64>) -> StatusCode {
    found(halo.add_general_user(site))
}

async fn remove_general_user(State(halo): State<HaloPsa>, Path(site): Path<i64>) -> StatusCode {
    found(halo.remove_general_user(site))
}

fn found(found: bool) -> StatusCode {
    if found {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

async fn records(State(halo): State<HaloPsa>, Path(entity): Path<String>) -> Json<Value> {
    Json(json!(halo.records(&entity)))
}

async fn require(
    State(halo): State<HaloPsa>,
    Path(ticket_type): Path<i64>,
    Json(fields): Json<Vec<String>>,
) -> Response {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    answer(halo.require_on_type(ticket_type, &fields))
}

async fn rights(State(halo): State<HaloPsa>) -> Json<Rights> {
    Json(halo.rights())
}

async fn set_rights(State(halo): State<HaloPsa>, Json(rights): Json<Rights>) -> StatusCode {
    halo.set_rights(rights);
    StatusCode::NO_CONTENT
}

async fn quirks(State(halo): State<HaloPsa>) -> Json<Value> {
    Json(json!(*halo.quirks()))
}

async fn set_quirks(State(halo): State<HaloPsa>, Json(quirks): Json<Quirks>) -> StatusCode {
    halo.set_quirks(quirks);
    StatusCode::NO_CONTENT
}

async fn credentials(State(halo): State<HaloPsa>) -> Json<Value> {
    let known = halo.credentials();
    Json(json!({
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "tenant": halo.config().tenant,
    }))
}

async fn revoke(State(halo): State<HaloPsa>) -> StatusCode {
    halo.revoke_credentials();
    StatusCode::NO_CONTENT
}

async fn restore(State(halo): State<HaloPsa>) -> StatusCode {
    halo.restore_credentials();
    StatusCode::NO_CONTENT
}

async fn expire_tokens(State(halo): State<HaloPsa>) -> StatusCode {
    halo.expire_tokens();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receiver {
    url: String,
    username: Option<String>,
    password: Option<String>,
}

async fn set_callout(State(halo): State<HaloPsa>, Json(receiver): Json<Receiver>) -> Response {
    let password = receiver.password.as_deref().unwrap_or_default();
    let basic = receiver.username.as_deref().map(|name| (name, password));
    answer(halo.set_webhook(&receiver.url, basic))
}

async fn unset_callout(State(halo): State<HaloPsa>) -> StatusCode {
    halo.remove_webhooks();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forged {
    ticket_id: i64,
}

async fn forge(State(halo): State<HaloPsa>, Json(forged): Json<Forged>) -> StatusCode {
    halo.forge_callout(forged.ticket_id);
    StatusCode::ACCEPTED
}

async fn calls(State(halo): State<HaloPsa>) -> Json<Value> {
    Json(json!({ "counts": halo.call_counts(), "calls": halo.calls() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    calls: usize,
}

async fn use_up_limit(State(halo): State<HaloPsa>, Json(used): Json<Used>) -> StatusCode {
    halo.use_up_limit(used.calls);
    StatusCode::NO_CONTENT
}
