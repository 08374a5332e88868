//! The partner and its customers.

use std::collections::HashSet;

use model::{CustomerId, PartnerId, Secret};
use runtime::{NewPartner, NewWebhook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::FAULTS_MAX;
use crate::problem::{Code, Fault, Problem};

/// What is set of a partner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerInput {
    /// The name people know it by.
    #[schema(example = "Northwind Managed Services")]
    name: String,
    /// Where events for the product go; none are sent without it.
    #[serde(default)]
    webhook: Option<WebhookInput>,
}

/// Where events for the product are sent, signed the Standard Webhooks way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookInput {
    /// The address that receives them.
    #[schema(example = "https://product.example/hooks/dovetail")]
    url: String,
    /// The key they are signed with, as `whsec_...`. Without one the engine makes one, or keeps
    /// the one it has for this address.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    secret: Option<Secret>,
}

impl PartnerInput {
    /// As the partner `id`.
    pub(crate) fn named(self, id: PartnerId) -> NewPartner {
        let webhook = self.webhook.map(|webhook| NewWebhook {
            url: webhook.url,
            secret: webhook.secret,
        });
        NewPartner {
            id,
            name: self.name,
            webhook,
        }
    }
}

/// A managed service provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct Partner {
    /// The product's id for it.
    #[schema(example = "msp-100")]
    id: String,
    /// The name people know it by.
    #[schema(example = "Northwind Managed Services")]
    name: String,
    /// Where events for the product go.
    webhook: Option<Webhook>,
}

/// Where events for the product are sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct Webhook {
    /// The address that receives them.
    #[schema(example = "https://product.example/hooks/dovetail")]
    url: String,
    /// The key that the product verifies them with. Only the answer to a PUT has it, which only
    /// an operator can send: it is how a key that the engine made gets to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    signing_secret: Option<String>,
}

/// What became of a test notice.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestNotice {
    /// Whether the product took it: it answered with a 2xx status.
    taken: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the product does not take notice.test: status 404")]
    detail: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl TestNotice {
    /// One that was taken.
    pub(crate) const TAKEN: Self = Self {
        taken: true,
        detail: None,
        remedy: None,
    };

    /// One that was not.
    pub(crate) fn refused(detail: String, remedy: Option<String>) -> Self {
        Self {
            taken: false,
            detail: Some(detail),
            remedy,
        }
    }
}

impl Partner {
    /// With the key that events are signed with.
    pub(crate) fn with_signing_secret(partner: model::Partner) -> Self {
        let secret = partner
            .webhook
            .as_ref()
            .map(|webhook| webhook.secret.expose().to_owned());
        let mut shown = Self::from(partner);
        if let Some(webhook) = &mut shown.webhook {
            webhook.signing_secret = secret;
        }
        shown
    }
}

impl From<model::Partner> for Partner {
    fn from(partner: model::Partner) -> Self {
        let webhook = partner.webhook.map(|webhook| Webhook {
            url: webhook.url,
            signing_secret: None,
        });
        Self {
            id: partner.id.to_string(),
            name: partner.name,
            webhook,
        }
    }
}

/// Partners in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerList {
    /// The partners.
    pub(crate) partners: Vec<Partner>,
    /// What to give as `after` for the next ones; null when there are none.
    pub(crate) next: Option<String>,
}

/// All customers of a partner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersInput {
    /// The whole list: a customer that is not in it is no longer in use.
    customers: Vec<CustomerInput>,
}

impl CustomersInput {
    /// The customers, each of them once. One that is there twice would be what the list says last,
    /// and nobody could tell whether that was meant.
    pub(crate) fn each_once(self) -> Result<Vec<model::Customer>, Problem> {
        let mut seen = HashSet::new();
        let faults: Vec<Fault> = self
            .customers
            .iter()
            .enumerate()
            .filter(|(_, customer)| !seen.insert(&customer.id))
            .map(|(at, _)| Fault {
                pointer: format!("/customers/{at}/id"),
                message: "this customer is there twice".to_owned(),
                hint: None,
                place: None,
            })
            .take(FAULTS_MAX)
            .collect();
        if faults.is_empty() {
            return Ok(self
                .customers
                .into_iter()
                .map(model::Customer::from)
                .collect());
        }
        Err(Problem::new(
            Code::Invalid,
            "The list cannot be used; nothing was changed.",
        )
        .remedy("Send each customer once.")
        .faults(faults))
    }
}

/// An organisation as the product knows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerInput {
    /// The product's id for it.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "c-7")]
    id: CustomerId,
    /// The name people know it by.
    #[schema(example = "Fabrikam Inc.")]
    name: String,
    /// Host names that are this customer's; the best key there is for the mapping.
    #[serde(default)]
    #[schema(example = json!(["fabrikam.example"]))]
    domains: Vec<String>,
    /// Whether it is in use.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

impl From<CustomerInput> for model::Customer {
    fn from(customer: CustomerInput) -> Self {
        Self {
            id: customer.id,
            name: customer.name,
            domains: customer.domains,
            enabled: customer.enabled,
        }
    }
}

/// An organisation as the product knows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Customer {
    /// The product's id for it.
    #[schema(example = "c-7")]
    id: String,
    /// The name people know it by.
    #[schema(example = "Fabrikam Inc.")]
    name: String,
    /// Host names that are this customer's.
    #[schema(example = json!(["fabrikam.example"]))]
    domains: Vec<String>,
    /// Whether it is in use.
    enabled: bool,
}

impl From<model::Customer> for Customer {
    fn from(customer: model::Customer) -> Self {
        Self {
            id: customer.id.to_string(),
            name: customer.name,
            domains: customer.domains,
            enabled: customer.enabled,
        }
    }
}

/// All customers of a partner.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerList {
    /// In the order of their ids.
    pub(crate) customers: Vec<Customer>,
}

/// What became of a list of customers.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomersReceipt {
    /// How many were sent.
    received: usize,
    /// How many of them are new.
    added: usize,
    /// How many of them differ from before.
    changed: usize,
    /// How many that were in use are missing from the list, and so no longer are.
    disabled: usize,
}

impl From<runtime::CustomersReceipt> for CustomersReceipt {
    fn from(receipt: runtime::CustomersReceipt) -> Self {
        Self {
            received: receipt.received,
            added: receipt.added,
            changed: receipt.changed,
            disabled: receipt.disabled,
        }
    }
}
