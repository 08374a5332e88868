//! A PSA that is no cost to compare with: what it answers is made for each call.

use async_trait::async_trait;
use exchange::{RawAnswer, Request, Transport, TransportError};
use serde_json::{Value, json};

use crate::{CUSTOMERS, PRODUCTS};

/// A PSA that keeps nothing: each company has one agreement, with a line of one for each product.
pub(crate) struct Desk;

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let path = request.url.trim_start_matches("https://desk.example");
        let companies = 1..=CUSTOMERS;
        let body: Value = match path {
            "/statuses" => json!([{ "id": 1, "name": "New" }]),
            "/companies" => companies
                .map(|id| json!({ "id": id, "name": format!("Company {id}") }))
                .collect(),
            "/agreements" => companies.map(agreement).collect(),
            "/items" => (1..=PRODUCTS)
                .map(|id| json!({ "id": id, "name": format!("Item {id}"), "active": true }))
                .collect(),
            "/lines" => companies
                .flat_map(|company| (1..=PRODUCTS).map(move |item| line(company, item)))
                .collect(),
            _ => json!([]),
        };
        Ok(RawAnswer {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    }
}

fn agreement(company: u32) -> Value {
    json!({ "id": company, "company_id": company, "name": format!("Agreement {company}"),
        "has_lines": true, "active": true, "starts": "2026-01-01", "period": "monthly" })
}

fn line(company: u32, item: u32) -> Value {
    json!({ "id": format!("{company}-{item}"), "agreement": company, "item": item, "quantity": 1 })
}
