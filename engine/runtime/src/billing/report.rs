//! The reconciliation report: what the PSA has, what the product reported and what the rules make
//! of it, line by line, over all of a partner's integrations. It shows the plans as they were made
//! last, and makes none.

use std::collections::{BTreeMap, BTreeSet};

use model::billing::{Decimal, PlanLine, Unbilled};
use model::sheet::Sheet;
use model::{CustomerId, IntegrationId, PartnerId, ProductId};

use super::{PlanView, SECTION};
use crate::Runtime;
use crate::error::Error;

/// The columns that tell about one line. The planned quantity is the billable one unless a person
/// said otherwise, and the amount is what the change to it is worth in a billing period, in the
/// currency of the agreement: the lists of PSAs do not tell which one that is.
const COLUMNS: [&str; 15] = [
    "company",
    "agreement",
    "item",
    "products",
    "psa_quantity",
    "reported_quantity",
    "billable_quantity",
    "difference",
    "planned_quantity",
    "unit_price",
    "change_amount",
    "effective",
    "state",
    "reason",
    "line",
];

/// The state in the report of usage that no line bills.
const NOT_BILLED: &str = "not_billed";

/// What is billed and what ought to be, over all of a partner's integrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// The lines: those with a difference first, then by company and item.
    pub lines: Vec<ReconciledLine>,
    /// Usage that no line of any integration bills, with each integration's reason.
    pub unbilled: Vec<UnbilledUsage>,
}

/// Usage that one of the integrations does not bill, and no other one either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnbilledUsage {
    /// Which integration could.
    pub integration: IntegrationId,
    /// What that one is called.
    pub title: String,
    /// The customer's name.
    pub customer_name: String,
    /// How much was used, before any rule.
    pub reported: Decimal,
    /// Whose usage of what, and why it is not billed.
    pub usage: Unbilled,
}

/// A line of one of the integrations' plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciledLine {
    /// Which integration bills it.
    pub integration: IntegrationId,
    /// What that one is called.
    pub title: String,
    /// The line.
    pub line: PlanLine,
}

impl PlanView {
    /// The reconciliation report of one integration.
    #[must_use]
    pub fn report(&self) -> Sheet {
        let mut sheet = Sheet::new(&COLUMNS);
        for line in &self.lines {
            sheet.row(cells(line));
        }
        sheet
    }
}

impl Reconciliation {
    /// The report, a row for each line, and one for each usage that none bills.
    #[must_use]
    pub fn report(&self) -> Sheet {
        let columns: Vec<&str> = ["integration"].into_iter().chain(COLUMNS).collect();
        let mut sheet = Sheet::new(&columns);
        for ReconciledLine { title, line, .. } in &self.lines {
            sheet.row([title.clone()].into_iter().chain(cells(line)));
        }
        for one in &self.unbilled {
            let named = |column: &&str| match *column {
                "integration" => one.title.clone(),
                "company" => one.customer_name.clone(),
                "products" => one.usage.product.to_string(),
                "reported_quantity" => one.reported.to_string(),
                "state" => NOT_BILLED.to_owned(),
                "reason" => one.usage.why.to_string(),
                _ => String::new(),
            };
            sheet.row(columns.iter().map(named));
        }
        sheet
    }
}

fn cells(line: &PlanLine) -> [String; COLUMNS.len()] {
    let products: Vec<&str> = line.products.iter().map(ProductId::as_str).collect();
    let price = line.unit_price();
    let text = |number: Option<Decimal>| number.map(|one| one.to_string()).unwrap_or_default();
    [
        line.company_name.clone(),
        line.agreement_name.clone(),
        line.item_name.clone(),
        products.join(" "),
        line.actual.to_string(),
        line.reported().to_string(),
        line.desired.to_string(),
        (line.desired - line.actual).to_string(),
        line.target_quantity.to_string(),
        text(price),
        text(price.map(|price| line.change().times(price))),
        line.effective.to_string(),
        line.state.name().to_owned(),
        line.reason.clone(),
        line.id.clone(),
    ]
}

impl Runtime {
    /// What is billed and what ought to be, over all integrations in which billing is on.
    pub async fn reconciliation(&self, partner: &PartnerId) -> Result<Reconciliation, Error> {
        self.core.partner(partner).await?;
        let mut report = Reconciliation::default();
        let mut billed: BTreeSet<(CustomerId, ProductId)> = BTreeSet::new();
        let mut open = Vec::new();
        for integration in self.core.integrations(partner).await? {
            if !integration.is_on(SECTION) {
                continue;
            }
            let title = self.core.connector(&integration.connector)?.title.clone();
            let view = self.plan(partner, &integration.id).await?;
            let parts = view.lines.iter().flat_map(|line| &line.parts);
            billed.extend(parts.map(|part| (part.customer.clone(), part.product.clone())));
            let reconciled = |line| ReconciledLine {
                integration: integration.id.clone(),
                title: title.clone(),
                line,
            };
            report.lines.extend(view.lines.into_iter().map(reconciled));
            let unbilled = view.plan.into_iter().flat_map(|plan| plan.unbilled);
            open.extend(unbilled.map(|one| (integration.id.clone(), title.clone(), one)));
        }
        open.retain(|(_, _, one)| {
            let pair = (one.customer.clone(), one.product.clone());
            !billed.contains(&pair)
        });
        report.unbilled = self.unbilled(partner, open).await?;
        report.lines.sort_by_cached_key(|one| {
            let line = &one.line;
            let names = [&line.company_name, &line.item_name, &line.id].map(String::clone);
            (line.desired == line.actual, names)
        });
        Ok(report)
    }

    /// The same with names, and with how much it is.
    async fn unbilled(
        &self,
        partner: &PartnerId,
        open: Vec<(IntegrationId, String, Unbilled)>,
    ) -> Result<Vec<UnbilledUsage>, Error> {
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let customers = self.customers(partner).await?.into_iter();
        let names: BTreeMap<CustomerId, String> = customers.map(|one| (one.id, one.name)).collect();
        let mut used: BTreeMap<(CustomerId, ProductId), Decimal> = BTreeMap::new();
        for measured in self.known_usage(partner).await?.into_values() {
            let usage = measured.usage;
            let sum = used
                .entry((usage.customer_id, usage.product_id))
                .or_default();
            *sum = *sum + usage.quantity;
        }
        let full = |(integration, title, usage): (IntegrationId, String, Unbilled)| {
            let name = names.get(&usage.customer).cloned();
            let pair = (usage.customer.clone(), usage.product.clone());
            UnbilledUsage {
                integration,
                title,
                customer_name: name.unwrap_or_else(|| usage.customer.to_string()),
                reported: used.get(&pair).copied().unwrap_or_default(),
                usage,
            }
        };
        Ok(open.into_iter().map(full).collect())
    }
}
