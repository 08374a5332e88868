//! Sample customers, user requests and usage of one partner.
//!
//! The customers are those of the simulated PSA, named as the vendor's sales people wrote them:
//! other legal forms, other case, no accents. One of them has no company there at all.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

/// An organisation under the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// Stable id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Mail and web domains.
    pub domains: Vec<String>,
}

/// A request that a user made in the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserRequest {
    /// Stable id.
    pub id: String,
    /// The customer whose user made it.
    pub customer_id: String,
    /// Code of its kind: `url_block` or `user_feedback`.
    pub report_type: String,
    /// Host it is about.
    pub hostname: String,
    /// Address it is about.
    pub url: String,
    /// What the user wrote.
    pub reason: String,
    /// Name, e-mail or username; none when the user is unknown.
    pub user: Option<String>,
}

/// Usage of one product by one customer in the current term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageRecord {
    /// The customer.
    pub customer_id: String,
    /// The product.
    pub sku: String,
    /// Measured quantity; a user who started late counts in part.
    pub quantity: f64,
    /// The part of it that is not to be billed.
    pub free_quantity: f64,
}

/// Name and domain.
const CUSTOMERS: [(&str, &str); 10] = [
    ("ACME Industries", "acme-industries.example"),
    ("Baker and Sons Logistics", "bakersons.example"),
    ("Cafe Lumiere", "cafelumiere.example"),
    ("Delta Dental Grp.", "deltadental.example"),
    ("Evergreen Public Schools", "evergreen12.example"),
    ("Fabrikam", "fabrikam.example"),
    ("Green Valley Med. Center", "gvmc.example"),
    ("Harbour Law", "harbourlaw.example"),
    ("Ionic Architects", "ionic.example"),
    ("Zephyr Yachting Club", "zephyr-yachts.example"),
];

const HOSTS: [&str; 6] = [
    "jobs-board.example",
    "file-share.example",
    "webmail.example",
    "crm-tool.example",
    "news-daily.example",
    "video-hub.example",
];

const REASONS: [&str; 4] = [
    "I need this site for my work",
    "Incorrect Risk Rating",
    "The page says it is blocked, but it worked yesterday & my colleague can open it",
    "Ça ne marche plus",
];

pub(crate) const USERS: [Option<&str>; 5] = [
    Some("morgan.ellis@acme-industries.example"),
    Some("Riley Nakamura"),
    Some("jdoe"),
    Some("Zoë O'Connor"),
    None,
];

/// Rounds of sample requests in [`requests`].
const REQUESTS: u32 = 12;

pub(crate) fn customers() -> Vec<Customer> {
    let customer = |((name, domain), number): ((&str, &str), u32)| Customer {
        id: customer_id(number),
        name: name.to_owned(),
        domains: vec![domain.to_owned()],
    };
    CUSTOMERS.into_iter().zip(1..).map(customer).collect()
}

pub(crate) fn customer_id(number: u32) -> String {
    format!("c062a202-e090-4e57-ba88-{number:012}")
}

pub(crate) fn requests() -> Vec<UserRequest> {
    generated_requests(0, REQUESTS)
}

pub(crate) fn generated_requests(seed: u64, count: u32) -> Vec<UserRequest> {
    let mut dice = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|number| generated_request(&mut dice, number))
        .collect()
}

fn generated_request(dice: &mut StdRng, number: u32) -> UserRequest {
    let customer = dice.random_range(1..=9);
    let hostname = picked(dice, &HOSTS).unwrap_or_default();
    let kind = picked(dice, &["url_block", "url_block", "user_feedback"]).unwrap_or_default();
    UserRequest {
        id: (1_650 + number).to_string(),
        customer_id: customer_id(customer),
        report_type: kind.to_owned(),
        hostname: hostname.to_owned(),
        url: format!("https://{hostname}/"),
        reason: picked(dice, &REASONS).unwrap_or_default().to_owned(),
        user: picked(dice, &USERS).flatten().map(str::to_owned),
    }
}

fn picked<T: Copy>(dice: &mut StdRng, choices: &[T]) -> Option<T> {
    choices.get(dice.random_range(0..choices.len())).copied()
}

/// Whole and fractional quantities, one that is partly free, one of nothing.
pub(crate) fn usage() -> Vec<UsageRecord> {
    let quantities = [
        (12.0, 0.0),
        (5.0, 0.0),
        (1.8, 0.0),
        (0.17, 0.0),
        (240.0, 10.0),
        (0.0, 0.0),
    ];
    let record = |((quantity, free_quantity), number)| UsageRecord {
        customer_id: customer_id(number),
        sku: "WEB-SECURITY".to_owned(),
        quantity,
        free_quantity,
    };
    quantities.into_iter().zip(1..).map(record).collect()
}
