//! Usage that no line bills, with the reason and the page where it is mended.

use std::collections::HashMap;

use model::billing::{Unbilled, Why};
use model::{CustomerId, IntegrationId, PartnerId};
use runtime::{IntegrationView, Runtime};

use crate::failure::Failure;
use crate::form::sentence;
use crate::shell::Here;

/// Usage that is not billed.
pub(super) struct UnbilledView {
    pub(super) customer: String,
    pub(super) product: String,
    pub(super) why: String,
    /// Where that is mended, and what the way there says.
    pub(super) way: Option<(String, String)>,
}

/// All that the plans of `integrations` have, with the names of customers. What a person chose
/// comes last. Where several integrations bill, the way says in which one it is mended.
pub(super) async fn named(
    runtime: &Runtime,
    here: &Here,
    integrations: &[IntegrationView],
    all: &[(IntegrationId, Unbilled)],
) -> Result<Vec<UnbilledView>, Failure> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let names = names(runtime, here.id()).await?;
    let mut views = Vec::new();
    for (id, unbilled) in all {
        let mut view = view(unbilled, &names);
        let (root, title) = (here.root(), integrations.iter().find(|one| one.id == *id));
        let title = title.filter(|_| integrations.len() > 1);
        view.way = view.way.map(|(part, says)| {
            let says = title.map_or(says.clone(), |one| format!("{says} in {}", one.title));
            (format!("{root}/integrations/{id}/{part}"), says)
        });
        views.push(view);
    }
    views.sort_by_key(|view| view.way.is_none());
    Ok(views)
}

/// What the partner's customers are called.
pub(super) async fn names(
    runtime: &Runtime,
    partner: &PartnerId,
) -> Result<HashMap<CustomerId, String>, Failure> {
    let customers = runtime.customers(partner).await?.into_iter();
    Ok(customers.map(|one| (one.id, one.name)).collect())
}

fn view(unbilled: &Unbilled, names: &HashMap<CustomerId, String>) -> UnbilledView {
    const MAPPING: Option<(&str, &str)> = Some(("mapping", "Map it"));
    const AGREEMENT: Option<(&str, &str)> = Some(("billing", "Choose it"));
    let (why, way) = match &unbilled.why {
        Why::CustomerUnmapped => ("The customer is not mapped.".to_owned(), MAPPING),
        Why::CustomerIgnored => ("The customer is ignored in the mapping.".to_owned(), None),
        Why::BillingOff => (
            "Billing is switched off for the customer. What was billed before is in the plan, \
             to be taken off or left."
                .to_owned(),
            Some(("mapping?show=off", "Switch it on")),
        ),
        Why::ProductUnmapped => (
            "Nobody has said what the product is billed as.".to_owned(),
            Some(("billing/products", "Say it")),
        ),
        Why::NotBilled => ("The product is not billed.".to_owned(), None),
        Why::NoAgreement => (
            "Nobody has chosen what bills the customer.".to_owned(),
            AGREEMENT,
        ),
        Why::AgreementUnfit(why) => (sentence(why), AGREEMENT),
        Why::BilledElsewhere(title) => (
            format!("{title} bills it. To bill it here, take the product off there."),
            None,
        ),
    };
    let name = names.get(&unbilled.customer).cloned();
    let way = way.map(|(part, says)| (part.to_owned(), says.to_owned()));
    UnbilledView {
        customer: name.unwrap_or_else(|| unbilled.customer.to_string()),
        product: unbilled.product.to_string(),
        why,
        way,
    }
}
