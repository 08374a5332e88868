//! The receiving end of webhooks, and the product's own controls.

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::signature::{Rejection, verified};
use super::{Figure, KEPT_MAX, Product, Quirks, Received, partner_api};
use crate::faults::{Planned, strike};
use crate::reply;

/// Largest body of a webhook, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The name that faults know webhooks by.
const ENTITY: &str = "webhooks";

pub(crate) fn router() -> Router<Product> {
    Router::new()
        .route("/webhooks", post(receive))
        .route(partner_api::ROOT, any(partner_api::answer))
        .route("/__simulator/figures", get(figures).put(put_figure))
        .route("/__simulator/quirks", get(quirks).put(put_quirks))
        .route("/__simulator", get(overview))
        .route("/__simulator/received", get(received))
        .route(
            "/__simulator/faults",
            get(faults).post(add_fault).delete(clear_faults),
        )
        .route("/__simulator/samples/{kind}", get(samples))
}

async fn receive(State(product): State<Product>, request: Request) -> Response {
    let fault = product.faults().take("POST", ENTITY);
    if let Some(response) = strike::before(fault, too_many) {
        return strike::withheld(fault, response).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return reply::empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let now = product.0.config.clock.now().as_second();
    let delivery = verified(product.secret(), &parts.headers, &body, now).and_then(|verified| {
        let body = serde_json::from_slice(&body).map_err(|_| Rejection::Body)?;
        Ok((verified, body))
    });
    let response = match delivery {
        Ok((verified, body)) => {
            product.accept(verified.id, verified.timestamp, body);
            reply::empty(StatusCode::NO_CONTENT)
        }
        Err(rejection) => {
            product.reject(rejection);
            let status = match rejection {
                Rejection::Body => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNAUTHORIZED,
            };
            reply::json(status, &json!({ "error": rejection }))
        }
    };
    strike::after(fault, response).await
}

fn too_many(retry_after: Option<u32>) -> Response {
    reply::too_many(&json!({ "error": "too many requests" }), retry_after)
}

impl Product {
    /// Keeps an event, or counts one more delivery of one that is there.
    fn accept(&self, id: String, timestamp: i64, body: Value) {
        let mut state = self.state();
        if let Some(known) = state.received.iter_mut().find(|event| event.id == id) {
            known.deliveries += 1;
        } else {
            if state.received.len() >= KEPT_MAX {
                state.received.pop_front();
            }
            state.received.push_back(Received {
                id,
                timestamp,
                body,
                deliveries: 1,
            });
        }
        drop(state);
        self.note_change();
    }

    fn reject(&self, rejection: Rejection) {
        let mut state = self.state();
        if state.rejected.len() >= KEPT_MAX {
            state.rejected.pop_front();
        }
        state.rejected.push_back(rejection);
        drop(state);
        self.note_change();
    }
}

async fn overview(State(product): State<Product>) -> Json<Value> {
    Json(json!({
        "system": "product",
        "received": product.received().len(),
        "rejected": product.rejected(),
    }))
}

async fn received(State(product): State<Product>) -> Json<Value> {
    Json(json!(product.received()))
}

async fn faults(State(product): State<Product>) -> Json<Value> {
    Json(json!(product.faults().planned()))
}

async fn add_fault(State(product): State<Product>, Json(fault): Json<Planned>) -> StatusCode {
    product.faults().add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(product): State<Product>) -> StatusCode {
    product.faults().clear();
    StatusCode::NO_CONTENT
}

async fn figures(State(product): State<Product>) -> Json<Value> {
    Json(json!(product.figures()))
}

async fn put_figure(State(product): State<Product>, Json(figure): Json<Figure>) -> StatusCode {
    product.put_figure(figure);
    StatusCode::NO_CONTENT
}

async fn quirks(State(product): State<Product>) -> Json<Value> {
    Json(json!(product.quirks()))
}

async fn put_quirks(State(product): State<Product>, Json(quirks): Json<Quirks>) -> StatusCode {
    product.set_quirks(quirks);
    StatusCode::NO_CONTENT
}

async fn samples(
    State(product): State<Product>,
    Path(kind): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    match kind.as_str() {
        "customers" => Ok(Json(json!(product.customers()))),
        "requests" => Ok(Json(json!(product.requests()))),
        "usage" => Ok(Json(json!(product.usage()))),
        "notices" => {
            let all = product.requests();
            Ok(Json(all.iter().map(|one| product.notice(one)).collect()))
        }
        _ => Err(StatusCode::NOT_FOUND),
    }
}
