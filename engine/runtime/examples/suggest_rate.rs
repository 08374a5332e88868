//! How long the company mapping takes to suggest: `cargo run --release -p dovetail-runtime
//! --example suggest_rate -- 2000`.

#![expect(clippy::print_stdout, reason = "a figure for people")]

use std::time::Instant;

use model::{Customer, CustomerId};
use runtime::{Candidate, suggest};

const FIRST: [&str; 24] = [
    "Acme",
    "Baker",
    "Cobalt",
    "Delta",
    "Evergreen",
    "Falcon",
    "Granite",
    "Harbour",
    "Ionic",
    "Juniper",
    "Keystone",
    "Lumen",
    "Meridian",
    "Northwind",
    "Orchard",
    "Pinnacle",
    "Quartz",
    "Riverside",
    "Summit",
    "Tidewater",
    "Union",
    "Vanguard",
    "Willow",
    "Zenith",
];
const SECOND: [&str; 20] = [
    "Analytics",
    "Builders",
    "Clinic",
    "Dental",
    "Electric",
    "Foods",
    "Group",
    "Holdings",
    "Industries",
    "Jewelers",
    "Kitchens",
    "Legal",
    "Logistics",
    "Media",
    "Networks",
    "Partners",
    "Roofing",
    "Schools",
    "Systems",
    "Travel",
];
const FORM: [&str; 5] = ["Inc.", "LLC", "GmbH", "Ltd", "Corp"];

fn main() {
    let count = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(2_000);
    let pick = |of: &[&'static str], at: usize| of.get(at % of.len()).copied().unwrap_or_default();
    let name = |at: usize| {
        let town = at / (FIRST.len() * SECOND.len());
        format!(
            "{} {} {town}",
            pick(&FIRST, at),
            pick(&SECOND, at / FIRST.len())
        )
    };
    let customers: Vec<Customer> = (0..count)
        .filter_map(|at| {
            Some(Customer {
                id: CustomerId::new(at.to_string()).ok()?,
                name: name(at).to_uppercase(),
                domains: if at % 3 == 0 {
                    vec![format!("c{at}.example")]
                } else {
                    Vec::new()
                },
                enabled: true,
            })
        })
        .collect();
    let companies: Vec<Candidate> = (0..count)
        .map(|at| Candidate {
            id: at.to_string(),
            name: format!("{}, {}", name(at), pick(&FORM, at)),
            domains: if at % 3 == 0 {
                vec![format!("c{at}.example")]
            } else {
                Vec::new()
            },
        })
        .collect();
    let begun = Instant::now();
    let suggestions = suggest(&customers, &companies);
    let took = begun.elapsed();
    let right = suggestions
        .iter()
        .filter(|(id, one)| id.as_str() == one.company)
        .count();
    println!(
        "{count} customers against {count} companies: {took:?}; {} suggestions, {right} right",
        suggestions.len()
    );
}
