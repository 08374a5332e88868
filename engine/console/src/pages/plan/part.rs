//! What the list of the plan is filtered and searched by.

use model::ProductId;
use model::billing::{PlanLine, PlanState as S};

use crate::limits::LINES_PER_PAGE;
use crate::list::{Filter, Listed};

/// A filter by states.
const fn by(
    name: &'static str,
    label: &'static str,
    takes: fn(&PlanLine) -> bool,
) -> Filter<PlanLine> {
    Filter { name, label, takes }
}

impl Listed for PlanLine {
    const FILTERS: &'static [Filter<Self>] = &[
        by("differences", "Differences", |line| !is_even(line)),
        by("waiting", "Waiting for you", |line| {
            matches!(line.state, S::Proposed | S::Held)
        }),
        by("approved", "Approved", |line| line.state == S::Approved),
        by("trouble", "Needs attention", |line| {
            matches!(line.state, S::Blocked | S::InDoubt)
        }),
        by("applied", "Applied", |line| line.state == S::Applied),
        by("dismissed", "Dismissed", |line| line.state == S::Dismissed),
        by("unchanged", "Unchanged", |line| line.state == S::Unchanged),
        by("all", "All", |_| true),
    ];
    const PER_PAGE: usize = LINES_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let names = [&self.company_name, &self.agreement_name, &self.item_name];
        let products = self.products.iter().map(ProductId::as_str);
        names
            .into_iter()
            .map(String::as_str)
            .chain(products)
            .collect()
    }
}

/// Whether the PSA has what it should. What was applied was read back; a change that was taken back
/// was applied, too, and left what the rules do not want.
pub(super) fn is_even(line: &PlanLine) -> bool {
    match line.state {
        S::Unchanged => true,
        S::Applied => line.actual == line.desired,
        _ => false,
    }
}
