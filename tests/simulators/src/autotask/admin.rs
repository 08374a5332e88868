//! The simulator's own controls, `/__simulator/...`: JSON over HTTP, for people, demos and tests
//! in other processes. It is no part of the simulated API and needs no credentials.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Autotask;
use super::callout::CalloutConfig;
use super::handle::Action;
use super::tenant::Right;
use crate::Error;
use crate::callout::Outbox;
use crate::control::{self, Controlled, answer, created};
use crate::faults::Plan;

impl Controlled for Autotask {
    fn plan(&self) -> &Plan {
        self.faults()
    }

    fn outbox(&self) -> &Outbox {
        Self::outbox(self)
    }
}

/// Routes under `/__simulator`.
pub(crate) fn router() -> Router<Autotask> {
    Router::new()
        .route("/", get(overview))
        .route("/tickets", get(tickets).post(create_ticket))
        .route("/tickets/{id}", get(ticket).patch(edit_ticket))
        .route("/tickets/{id}/status", post(set_status))
        .route("/tickets/{id}/close", post(close_ticket))
        .route("/companies", get(companies).post(add_company))
        .route("/companies/{id}/active", post(set_company_active))
        .route("/records/{entity}", get(records).post(create_record))
        .route("/rights", post(set_right))
        .route("/picklists", post(set_picklist))
        .route("/credentials", get(credentials).delete(revoke).put(restore))
        .route("/callout", post(set_callout).delete(unset_callout))
        .route("/callout/forge", post(forge))
        .route("/calls", get(calls))
        .route("/hour", post(use_up_hour))
        .merge(control::router())
}

async fn overview(State(autotask): State<Autotask>) -> Json<Value> {
    Json(json!({
        "system": "autotask",
        "seed": autotask.config().seed,
        "tickets": autotask.tickets().len(),
        "companies": autotask.companies().len(),
        "calls_by_entity": autotask.call_counts(),
        "violations": autotask.violations(),
        "locked": autotask.is_locked(),
    }))
}

async fn tickets(State(autotask): State<Autotask>) -> Json<Value> {
    Json(json!(autotask.tickets()))
}

async fn ticket(State(autotask): State<Autotask>, Path(id): Path<i64>) -> Response {
    match autotask.record("Tickets", id) {
        Some(ticket) => Json(ticket).into_response(),
        None => answer(Err(Error::NoSuchRecord {
            entity: "Ticket",
            id,
        })),
    }
}

async fn create_ticket(State(autotask): State<Autotask>, Json(fields): Json<Value>) -> Response {
    created(autotask.create("Tickets", fields))
}

async fn create_record(
    State(autotask): State<Autotask>,
    Path(entity): Path<String>,
    Json(fields): Json<Value>,
) -> Response {
    created(autotask.create(&entity, fields))
}

async fn edit_ticket(
    State(autotask): State<Autotask>,
    Path(id): Path<i64>,
    Json(changes): Json<Value>,
) -> Response {
    answer(autotask.edit_ticket(id, changes))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    status: i64,
}

async fn set_status(
    State(autotask): State<Autotask>,
    Path(id): Path<i64>,
    Json(wanted): Json<Status>,
) -> Response {
    answer(autotask.set_ticket_status(id, wanted.status))
}

async fn close_ticket(State(autotask): State<Autotask>, Path(id): Path<i64>) -> Response {
    answer(autotask.close_ticket_as_technician(id))
}

async fn companies(State(autotask): State<Autotask>) -> Json<Value> {
    Json(json!(autotask.companies()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCompany {
    name: String,
    web_address: Option<String>,
}

async fn add_company(
    State(autotask): State<Autotask>,
    Json(company): Json<NewCompany>,
) -> Json<Value> {
    let id = autotask.add_company(&company.name, company.web_address.as_deref());
    Json(json!({ "id": id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    active: bool,
}

async fn set_company_active(
    State(autotask): State<Autotask>,
    Path(id): Path<i64>,
    Json(wanted): Json<Active>,
) -> Response {
    answer(autotask.set_company_active(id, wanted.active))
}

async fn records(State(autotask): State<Autotask>, Path(entity): Path<String>) -> Json<Value> {
    Json(json!(autotask.records(&entity)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PicklistValue {
    entity: String,
    field: String,
    value: i64,
    active: bool,
}

async fn set_picklist(
    State(autotask): State<Autotask>,
    Json(wanted): Json<PicklistValue>,
) -> StatusCode {
    let PicklistValue {
        entity,
        field,
        value,
        active,
    } = wanted;
    if autotask.set_picklist_active(&entity, &field, value, active) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedRight {
    entity: String,
    action: Action,
    right: Right,
}

async fn set_right(
    State(autotask): State<Autotask>,
    Json(wanted): Json<WantedRight>,
) -> StatusCode {
    if autotask.set_right(&wanted.entity, wanted.action, wanted.right) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

async fn credentials(State(autotask): State<Autotask>) -> Json<Value> {
    let known = autotask.credentials();
    Json(json!({
        "username": known.username,
        "secret": known.secret,
        "integration_code": known.integration_code,
    }))
}

async fn revoke(State(autotask): State<Autotask>) -> StatusCode {
    autotask.revoke_credentials();
    StatusCode::NO_CONTENT
}

async fn restore(State(autotask): State<Autotask>) -> StatusCode {
    autotask.restore_credentials();
    StatusCode::NO_CONTENT
}

async fn set_callout(
    State(autotask): State<Autotask>,
    Json(config): Json<CalloutConfig>,
) -> StatusCode {
    autotask.set_callout(Some(config));
    StatusCode::NO_CONTENT
}

async fn unset_callout(State(autotask): State<Autotask>) -> StatusCode {
    autotask.set_callout(None);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forged {
    ticket_id: i64,
    ticket_number: String,
}

async fn forge(State(autotask): State<Autotask>, Json(forged): Json<Forged>) -> StatusCode {
    autotask.forge_callout(forged.ticket_id, &forged.ticket_number);
    StatusCode::ACCEPTED
}

async fn calls(State(autotask): State<Autotask>) -> Json<Value> {
    Json(json!({ "counts": autotask.call_counts(), "calls": autotask.calls() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hour {
    calls: usize,
}

async fn use_up_hour(State(autotask): State<Autotask>, Json(used): Json<Hour>) -> StatusCode {
    autotask.use_up_hour(used.calls);
    StatusCode::NO_CONTENT
}
