//! What the Partner API tells of: one partner's customers with their users, and what they use.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sample::{self, Customer, UserRequest};

/// What the API's document leaves open, or says in two ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Whether the list of usage goes by the name in the document's schema,
    /// `usageBySubscription`, and not by the one in its examples, `usageBySubscriptions`.
    pub schema_spelling: bool,
    /// Whether a figure without a free part leaves the field out.
    pub omits_free_quantity: bool,
}

/// One figure: how much of one product one customer has used in the current term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Number of the figure.
    pub usage_id: u32,
    /// Its subscription.
    pub subscription_id: String,
    /// The customer.
    pub customer_id: String,
    /// The product.
    pub sku: String,
    /// `active`, `in_trial`, `non_renewing`, `paused` or `cancelled`.
    pub status: String,
    /// Measured quantity.
    pub quantity: f64,
    /// The part of it that is not to be billed.
    pub free_quantity: u32,
}

/// All that the API tells of.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) key: String,
    pub(crate) customers: Vec<Customer>,
    pub(crate) disabled: Vec<String>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) quirks: Quirks,
}

/// The partner that the key belongs to.
const PARTNER_ID: &str = "7be13171-8fc0-4e1c-be91-2296f8915ba4";

/// What the key of the sample partner is unless somebody changes it.
pub const API_KEY: &str = "simulated-partner-key-01";

impl Account {
    /// The sample partner with its customers and their usage.
    pub(crate) fn sample() -> Self {
        let usage = sample::usage().into_iter().zip(1..);
        let figures = usage.map(|(record, number)| {
            figure(number, &record.customer_id, &record.sku, record.quantity)
                .with_free(record.free_quantity)
        });
        Self {
            key: API_KEY.to_owned(),
            customers: sample::customers(),
            disabled: Vec::new(),
            figures: figures.collect(),
            quirks: Quirks::default(),
        }
    }

    /// As many customers as wanted, each with as many products, besides those of the sample.
    pub(crate) fn grow(&mut self, customers: u32, products: u32) {
        for number in 1_001..=1_000 + customers {
            let id = sample::customer_id(number);
            self.customers.push(Customer {
                id: id.clone(),
                name: format!("Customer {number}"),
                domains: Vec::new(),
            });
            for product in 1..=products {
                let next = u32::try_from(self.figures.len()).unwrap_or(u32::MAX) + 1;
                let quantity = f64::from(next % 40) + 0.5;
                self.figures
                    .push(figure(next, &id, &format!("TST-P{product:02}"), quantity));
            }
        }
    }

    pub(crate) fn customer(&self, customer: &Customer) -> Value {
        json!({
            "id": customer.id,
            "partnerId": PARTNER_ID,
            "name": customer.name,
            "enabled": !self.disabled.contains(&customer.id),
            "domains": customer.domains,
        })
    }

    pub(crate) fn products(&self) -> Value {
        let mut skus: Vec<&str> = self.figures.iter().map(|one| one.sku.as_str()).collect();
        skus.sort_unstable();
        skus.dedup();
        let product = |(sku, id): (&str, u32)| json!({ "id": id, "sku": sku, "name": sku });
        skus.into_iter().zip(1..).map(product).collect()
    }

    pub(crate) fn figure(&self, figure: &Figure, now: Timestamp) -> Value {
        let known = self.customers.iter();
        let customer = known
            .into_iter()
            .find(|customer| customer.id == figure.customer_id);
        let (from, until) = term(now);
        let mut record = json!({
            "usageId": figure.usage_id,
            "subscriptionId": figure.subscription_id,
            "partnerId": PARTNER_ID,
            "customerId": figure.customer_id,
            "customerName": customer.map(|customer| &customer.name),
            "sku": figure.sku,
            "status": figure.status,
            "quantity": figure.quantity,
            "free_quantity": figure.free_quantity,
            "termStart": midnight(from),
            "termEnd": midnight(until),
        });
        if self.quirks.omits_free_quantity
            && figure.free_quantity == 0
            && let Some(fields) = record.as_object_mut()
        {
            fields.remove("free_quantity");
        }
        record
    }

    /// Who a figure is made of: whole users, and one who started late for the rest.
    pub(crate) fn details(figure: &Figure, now: Timestamp) -> Value {
        let (from, until) = term(now);
        let mut left = figure.quantity;
        let mut users = Vec::new();
        while left > 1e-6 {
            let part = left.min(1.0);
            let number = users.len() + 1;
            users.push(json!({
                "userId": format!("{}-{number}", figure.subscription_id),
                "login": format!("user{number}@{}.example", figure.usage_id),
                "quantity": (part * 100.0).round() / 100.0,
                "firstUse": midnight(from),
            }));
            left -= part;
        }
        json!({
            "usageId": figure.usage_id,
            "subscriptionId": figure.subscription_id,
            "termStart": midnight(from),
            "termEnd": midnight(until),
            "usageDetails": users,
        })
    }
}

impl Figure {
    fn with_free(mut self, free: f64) -> Self {
        // The sample's free parts are small whole numbers.
        self.free_quantity = format!("{free:.0}").parse().unwrap_or_default();
        self
    }
}

pub(crate) fn figure(number: u32, customer: &str, sku: &str, quantity: f64) -> Figure {
    Figure {
        usage_id: 680 + number,
        subscription_id: format!("28e90f88-31c0-4098-ae6e-{number:012}"),
        customer_id: customer.to_owned(),
        sku: sku.to_owned(),
        status: "active".to_owned(),
        quantity,
        free_quantity: 0,
    }
}

/// The first day of the month, and the first of the next: terms are named by both.
fn term(now: Timestamp) -> (Date, Date) {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month();
    (first, today.last_of_month().tomorrow().unwrap_or(first))
}

fn midnight(day: Date) -> String {
    format!("{day}T00:00:00.000Z")
}

/// The users of any customer, as the API lists them.
pub(crate) fn users() -> Vec<Value> {
    let named = sample::USERS.iter().flatten().zip(1..);
    let user = |(name, number): (&&str, u32)| {
        let is_mail = name.contains('@');
        json!({
            "id": user_id(number),
            "name": if name.contains(' ') { Some(name) } else { None },
            "username": if is_mail || name.contains(' ') { None } else { Some(name) },
            "email": is_mail.then_some(name),
            "active": true,
        })
    };
    named.map(user).collect()
}

fn user_id(number: u32) -> String {
    format!("ab02c0d0-f02f-4e9f-8fd6-{number:012}")
}

/// The notification of a request, as the product sends it to a partner's endpoint. It says who
/// asked by an id alone; of a user whom nobody knows, by one that is in no list.
pub(crate) fn notice(request: &UserRequest, now: Timestamp) -> Value {
    let named = sample::USERS.iter().flatten().zip(1..);
    let known = named
        .into_iter()
        .find(|(name, _)| Some(**name) == request.user.as_deref());
    let id = request
        .id
        .parse::<u64>()
        .map_or(json!(request.id), |id| json!(id));
    json!({
        "event": "UserRequest.Create",
        "time": now.as_second(),
        "payload": {
            "type": "UserRequest",
            "id": id,
            "user_id": user_id(known.map_or(999, |(_, number)| number)),
            "customer_id": request.customer_id,
            "report_type": request.report_type,
            "hostname": request.hostname,
            "url": request.url,
            "reason": request.reason,
        },
    })
}
