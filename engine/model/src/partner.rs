//! The partner, who owns all state, and the partner's customers as the product knows them.

use serde::{Deserialize, Serialize};

use crate::{CustomerId, PartnerId, Secret};

/// A managed service provider: the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The product's id for it.
    pub id: PartnerId,
    /// The name people know it by.
    pub name: String,
    /// Where events for the product go; none are sent without it.
    pub webhook: Option<Webhook>,
}

/// Where and how events are sent to the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address that receives them.
    pub url: String,
    /// The key they are signed with, in the `whsec_...` form of Standard Webhooks.
    pub secret: Secret,
}

/// An organisation under a partner, as the product knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The product's id for it.
    pub id: CustomerId,
    /// The name people know it by.
    pub name: String,
    /// Host names that are this customer's; the best key there is for the mapping.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}
