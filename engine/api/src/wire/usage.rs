//! Usage as the product reports it; `schemas/product/usage.json` says the same for files.

use model::billing::{Day, Decimal, UsageStatus};
use model::{CustomerId, ProductId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::{SUBSCRIPTION_BYTES_MAX, USAGE_DETAILS_MAX, USER_BYTES_MAX};
use crate::problem::{Code, Fault, Problem};

/// Usage of a partner's customers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsagesInput {
    /// Each figure once. Usage that is left out stays as it was.
    usage: Vec<UsageInput>,
}

/// How much of one product one customer has used in one term.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageInput {
    /// Who used it.
    #[schema(value_type = String, example = "c-7")]
    customer_id: CustomerId,
    /// What was used, such as its SKU.
    #[schema(value_type = String, example = "web-security")]
    product_id: ProductId,
    /// Tells apart several subscriptions of one customer to one product.
    #[serde(default)]
    #[schema(max_length = 64)]
    subscription_id: Option<String>,
    /// The first day of the term.
    #[schema(value_type = String, example = "2026-07-01")]
    term_start: Day,
    /// The last day of the term.
    #[schema(value_type = String, example = "2026-07-31")]
    term_end: Day,
    /// How the subscription stands: `active`, `in_trial`, `non_renewing`, `paused`, `cancelled`.
    #[schema(value_type = String, example = "active")]
    status: UsageStatus,
    /// How much, the free part included. It may be a fraction; six places are kept.
    #[schema(value_type = f64, minimum = 0, maximum = 1_000_000_000, example = 11.8)]
    quantity: Decimal,
    /// How much of it is not to be billed.
    #[serde(default)]
    #[schema(value_type = f64, minimum = 0, maximum = 1_000_000_000, example = 2)]
    free_quantity: Decimal,
    /// Who it was, as far as the product tells.
    #[serde(default)]
    details: Vec<UsageDetail>,
}

/// One user's part of a usage.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageDetail {
    /// The user, by a name that people know.
    #[schema(min_length = 1, max_length = 200, example = "sam@fabrikam.example")]
    user: String,
    /// The user's part.
    #[schema(value_type = f64, example = 0.8)]
    quantity: Decimal,
    /// When the user was first active in the term.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-07-07")]
    first_use: Option<Day>,
}

impl From<model::billing::UsageDetail> for UsageDetail {
    fn from(detail: model::billing::UsageDetail) -> Self {
        Self {
            user: detail.user,
            quantity: detail.quantity,
            first_use: detail.first_use,
        }
    }
}

impl UsagesInput {
    /// The usages, if none of their texts and lists is too long.
    pub(crate) fn checked(self) -> Result<Vec<model::billing::Usage>, Problem> {
        let faults: Vec<Fault> = self.usage.iter().enumerate().filter_map(too_long).collect();
        if faults.is_empty() {
            return Ok(self.usage.into_iter().map(UsageInput::into_usage).collect());
        }
        Err(Problem::new(
            Code::Invalid,
            "The usage cannot be used; nothing was changed.",
        )
        .remedy("Shorten what is too long, then send it again.")
        .faults(faults))
    }
}

fn too_long((at, usage): (usize, &UsageInput)) -> Option<Fault> {
    let subscription = usage.subscription_id.as_ref().map_or(1, String::len);
    let is_user = |detail: &UsageDetail| (1..=USER_BYTES_MAX).contains(&detail.user.len());
    let (field, message) = if !(1..=SUBSCRIPTION_BYTES_MAX).contains(&subscription) {
        (
            "subscription_id",
            format!("it has 1 to {SUBSCRIPTION_BYTES_MAX} bytes"),
        )
    } else if usage.details.len() > USAGE_DETAILS_MAX {
        ("details", format!("there are at most {USAGE_DETAILS_MAX}"))
    } else if !usage.details.iter().all(is_user) {
        (
            "details",
            format!("each user has 1 to {USER_BYTES_MAX} bytes"),
        )
    } else {
        return None;
    };
    Some(Fault {
        pointer: format!("/usage/{at}/{field}"),
        message,
        hint: None,
        place: None,
    })
}

impl UsageInput {
    fn into_usage(self) -> model::billing::Usage {
        let detail = |detail: UsageDetail| model::billing::UsageDetail {
            user: detail.user,
            quantity: detail.quantity,
            first_use: detail.first_use,
        };
        model::billing::Usage {
            customer_id: self.customer_id,
            product_id: self.product_id,
            subscription_id: self.subscription_id,
            term_start: self.term_start,
            term_end: self.term_end,
            status: self.status,
            quantity: self.quantity,
            free_quantity: self.free_quantity,
            details: self.details.into_iter().map(detail).collect(),
        }
    }
}

/// What became of a list of usages.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageReceipt {
    /// How many were given.
    received: usize,
    /// How many of them were not known before.
    added: usize,
    /// How many of them changed what was known.
    changed: usize,
    /// How many are of a term before one that was reported already; they changed nothing.
    outdated: usize,
}

impl From<runtime::UsageReceipt> for UsageReceipt {
    fn from(receipt: runtime::UsageReceipt) -> Self {
        Self {
            received: receipt.received,
            added: receipt.added,
            changed: receipt.changed,
            outdated: receipt.outdated,
        }
    }
}
