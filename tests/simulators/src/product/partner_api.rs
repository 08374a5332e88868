//! The Partner API: what the product tells a partner who asks.
//!
//! It takes one key, answers in the forms that the API's document shows, refuses what that
//! document has no place for, and changes nothing.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::account::{Account, users};
use super::{KEPT_MAX, Product};
use crate::faults::strike;
use crate::reply;

/// The path that leads all of its calls.
pub(crate) const ROOT: &str = "/api/partner/v1/{*path}";

/// How many records a page has unless a smaller limit is asked for.
const LIMIT_DEFAULT: usize = 1_000;

type Given = BTreeMap<String, String>;
type Refused = (StatusCode, String);

/// Answers one call.
pub(super) async fn answer(
    State(product): State<Product>,
    method: Method,
    Path(path): Path<String>,
    Query(given): Query<Given>,
    headers: HeaderMap,
) -> Response {
    // Faults know details apart from the usage that they are of.
    let entity = match path.as_str() {
        "usage/details" => "details",
        path => path.split('/').next().unwrap_or_default(),
    };
    product.note_call(format!("{method} /{path}"));
    let fault = product.faults().take(method.as_str(), entity);
    let too_many = |after| reply::too_many(&error(StatusCode::TOO_MANY_REQUESTS, "slow"), after);
    if let Some(response) = strike::before(fault, too_many) {
        return strike::withheld(fault, response).await;
    }
    let told = product.tell(&method, &path, &given, &headers);
    let response = match told {
        Ok(body) => reply::json(StatusCode::OK, &body),
        Err((status, message)) => reply::json(status, &error(status, &message)),
    };
    strike::after(fault, response).await
}

fn error(status: StatusCode, message: &str) -> Value {
    json!({ "error": { "status": status.as_u16(), "message": message } })
}

impl Product {
    fn note_call(&self, call: String) {
        let mut state = self.state();
        if state.calls.len() >= KEPT_MAX {
            state.calls.pop_front();
        }
        state.calls.push_back(call);
    }

    fn tell(
        &self,
        method: &Method,
        path: &str,
        given: &Given,
        headers: &HeaderMap,
    ) -> Result<Value, Refused> {
        let now = self.0.config.clock.now();
        let state = self.state();
        let account = &state.account;
        let key = headers.get(header::AUTHORIZATION);
        let key = key.and_then(|value| value.to_str().ok());
        if key.and_then(|value| value.strip_prefix("Bearer ")) != Some(account.key.as_str()) {
            return Err((StatusCode::UNAUTHORIZED, "Unauthorized".to_owned()));
        }
        if method != Method::GET {
            let message = format!("{method} is not simulated");
            return Err((StatusCode::METHOD_NOT_ALLOWED, message));
        }
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["status"] => Ok(json!({ "customers": account.customers.len() })),
            ["customers"] => Ok(customers(account)),
            ["products"] => Ok(account.products()),
            ["usage", "current"] => {
                let wanted = |id: &String| given.get("customerId").is_none_or(|it| it == id);
                let figures = account.figures.iter();
                let figures = figures.filter(|figure| wanted(&figure.customer_id));
                let all: Vec<Value> = figures.map(|one| account.figure(one, now)).collect();
                let page = page(&all, given)?;
                Ok(if account.quirks.schema_spelling {
                    json!({ "usageBySubscription": page.records })
                } else {
                    json!({ "usageBySubscriptions": page.records })
                })
            }
            ["usage", "details"] => {
                let of = |name: &str| {
                    let missing = (StatusCode::BAD_REQUEST, format!("{name} is required"));
                    given.get(name).ok_or(missing)
                };
                let (subscription, usage) = (of("subscriptionId")?, of("usageId")?);
                let mut figures = account.figures.iter();
                let found = figures.find(|one| {
                    one.subscription_id == *subscription && one.usage_id.to_string() == *usage
                });
                let none = || (StatusCode::NOT_FOUND, "Usage not found".to_owned());
                found
                    .map(|figure| Account::details(figure, now))
                    .ok_or_else(none)
            }
            ["customers", id, "users"] => {
                if !account.customers.iter().any(|one| one.id == *id) {
                    return Err((StatusCode::NOT_FOUND, "Customer not found".to_owned()));
                }
                let all = users();
                let page = page(&all, given)?;
                Ok(json!({
                    "totalPages": all.len().div_ceil(page.limit),
                    "totalCount": all.len(),
                    "page": page.number,
                    "limit": page.limit,
                    "nitems": page.records.len(),
                    "items": page.records,
                }))
            }
            _ => Err((StatusCode::NOT_FOUND, "Not Found".to_owned())),
        }
    }
}

fn customers(account: &Account) -> Value {
    let all = account.customers.iter();
    all.map(|customer| account.customer(customer)).collect()
}

struct Page<'v> {
    number: usize,
    limit: usize,
    records: &'v [Value],
}

fn page<'v>(all: &'v [Value], given: &Given) -> Result<Page<'v>, Refused> {
    let number = |name: &str, usual: usize| match given.get(name) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| (StatusCode::BAD_REQUEST, format!("{name} is not a number"))),
    };
    let (page, limit) = (
        number("page", 1)?,
        number("limit", LIMIT_DEFAULT)?.min(LIMIT_DEFAULT),
    );
    let from = (page - 1).saturating_mul(limit).min(all.len());
    let records = all
        .get(from..(from + limit).min(all.len()))
        .unwrap_or_default();
    Ok(Page {
        number: page,
        limit,
        records,
    })
}
