//! The PSA as this process plays it: a directory whose pages are written beforehand, tickets in a
//! map, no limits.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

/// How many companies it has.
pub(crate) const COMPANIES: u64 = 50_000;
/// How many of them are on a page.
pub(crate) const PAGE: u64 = 500;

/// A PSA that runs until this process ends.
#[derive(Clone, Debug)]
pub(crate) struct Psa {
    /// Where it listens.
    pub(crate) url: String,
    state: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    pages: Vec<Bytes>,
    /// When each ticket came, by the reference it carries.
    tickets: Mutex<BTreeMap<String, Instant>>,
}

impl Psa {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Inside {
            pages: (0..COMPANIES / PAGE).map(page).collect(),
            tickets: Mutex::default(),
        });
        let router = Router::new()
            .route("/rights", get(async || Json(json!({ "tickets": true }))))
            .route(
                "/statuses",
                get(async || {
                    Json(json!([{ "id": 1, "name": "New" }, { "id": 2, "name": "Done" }]))
                }),
            )
            .route("/companies", get(companies))
            .route("/changed", get(async || Json(json!({ "tickets": [] }))))
            .route("/tickets", post(create))
            .route("/tickets/{id}", get(read))
            .route(
                "/tickets/{id}",
                patch(async |Path(id): Path<u64>| Json(json!({ "id": id }))),
            )
            .with_state(state.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            state,
        }
    }

    /// How many tickets it has.
    pub(crate) fn tickets(&self) -> usize {
        self.lock().len()
    }

    /// When the ticket with this reference came, if it has.
    pub(crate) fn came(&self, reference: &str) -> Option<Instant> {
        self.lock().get(reference).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.state.lock()
    }
}

impl Inside {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One page of companies with the fields, and of the size, that such records have: some 400 bytes.
fn page(number: u64) -> Bytes {
    let company = |id: u64| {
        json!({
            "id": id, "companyName": format!("Company number {id}"), "companyNumber": format!("C{id:08}"),
            "companyType": 1, "classification": 200, "isActive": true, "ownerResourceID": 29_682_885,
            "phone": "+1 518 555 0100", "fax": null, "address1": "1 Harbour Street", "address2": null,
            "city": "East Greenbush", "state": "NY", "postalCode": "12061", "countryID": 237,
            "webAddress": format!("https://www.company-{id}.example"), "taxRegionID": 7,
            "createDate": "2024-02-29T12:00:00Z", "lastActivityDate": "2026-05-31T08:15:30.123Z"
        })
    };
    let ids = number * PAGE + 1..=(number + 1) * PAGE;
    let companies: Vec<Value> = ids.map(company).collect();
    Bytes::from(json!({ "total": COMPANIES, "companies": companies }).to_string())
}

#[derive(Deserialize)]
struct Wanted {
    page: usize,
}

async fn companies(State(inside): State<Arc<Inside>>, wanted: Query<Wanted>) -> impl IntoResponse {
    let page = inside.pages.get(wanted.page.saturating_sub(1)).cloned();
    (
        [(header::CONTENT_TYPE, "application/json")],
        page.unwrap_or_default(),
    )
}

async fn create(State(inside): State<Arc<Inside>>, Json(ticket): Json<Value>) -> impl IntoResponse {
    let came = Instant::now();
    let reference = ticket["reference"].as_str().unwrap_or_default().to_owned();
    let mut tickets = inside.lock();
    tickets.insert(reference, came);
    let id = tickets.len();
    (StatusCode::CREATED, Json(json!({ "id": id })))
}

async fn read(Path(id): Path<u64>) -> impl IntoResponse {
    Json(json!({ "id": id, "closed": false, "reference": null, "changed": "2026-05-31T08:15:30Z" }))
}
