//! The controls, `/__simulator/...`, that every simulated PSA has: faults to come, mishaps of its
//! callouts, and what became of them. Each PSA adds its own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Error;
use crate::callout::{Mishap, Outbox};
use crate::faults::{Plan, Planned};

/// A simulated PSA as these controls see it.
pub(crate) trait Controlled: Clone + Send + Sync + 'static {
    /// Faults to come.
    fn plan(&self) -> &Plan;

    /// Where its callouts leave.
    fn outbox(&self) -> &Outbox;
}

/// Routes under `/__simulator`.
pub(crate) fn router<S: Controlled>() -> Router<S> {
    let faults = get(faults::<S>)
        .post(add_fault::<S>)
        .delete(clear_faults::<S>);
    Router::new()
        .route("/faults", faults)
        .route("/callout/mishaps", post(add_mishap::<S>))
        .route("/callout/deliveries", get(deliveries::<S>))
}

/// 204, or why a control could not do what it was asked.
pub(crate) fn answer(result: Result<(), Error>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let status = match error {
                Error::NoSuchRecord { .. } => StatusCode::NOT_FOUND,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            (status, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}

/// The id of what was made, or why it was not.
pub(crate) fn created(id: Result<i64, Error>) -> Response {
    match id {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err(error) => answer(Err(error)),
    }
}

async fn faults<S: Controlled>(State(psa): State<S>) -> Json<Value> {
    Json(json!(psa.plan().planned()))
}

async fn add_fault<S: Controlled>(State(psa): State<S>, Json(fault): Json<Planned>) -> StatusCode {
    psa.plan().add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults<S: Controlled>(State(psa): State<S>) -> StatusCode {
    psa.plan().clear();
    StatusCode::NO_CONTENT
}

async fn add_mishap<S: Controlled>(State(psa): State<S>, Json(mishap): Json<Mishap>) -> StatusCode {
    psa.outbox().add_mishap(mishap);
    StatusCode::NO_CONTENT
}

async fn deliveries<S: Controlled>(State(psa): State<S>) -> Json<Value> {
    Json(json!(psa.outbox().deliveries()))
}
