//! What the list of the mapping is filtered and searched by, and how far the mapping has come.

use model::Ticks;
use runtime::MappingLine;

use crate::limits::CUSTOMERS_PER_PAGE;
use crate::list::{Filter, Listed};

impl Listed for MappingLine {
    /// A customer that the product has no more is shown only as far as it is mapped.
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |line| line.company.is_some() || line.ignored || line.customer.enabled,
        },
        Filter {
            name: "mapped",
            label: "Mapped",
            takes: |line| line.company.is_some(),
        },
        Filter {
            name: "unmapped",
            label: "Unmapped",
            takes: is_open,
        },
        Filter {
            name: "attention",
            label: "Needs attention",
            takes: needs_attention,
        },
        Filter {
            name: "off",
            label: "Switched off",
            takes: |line| line.company.is_some() && line.ticks != Ticks::default(),
        },
        Filter {
            name: "ignored",
            label: "Ignored",
            takes: |line| line.ignored,
        },
    ];
    const PER_PAGE: usize = CUSTOMERS_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let company = self.company.iter().map(|company| company.name.as_str());
        let domains = self.customer.domains.iter().map(String::as_str);
        let own = [self.customer.name.as_str(), self.customer.id.as_str()];
        own.into_iter().chain(company).chain(domains).collect()
    }
}

/// How many customers are in use, and how many of them are mapped or ignored.
pub(super) fn progress(all: &[MappingLine]) -> (usize, usize) {
    let used = || all.iter().filter(|line| line.customer.enabled);
    let open = used().filter(|line| is_open(line)).count();
    (used().count(), used().count() - open)
}

fn is_open(line: &MappingLine) -> bool {
    line.company.is_none() && !line.ignored && line.customer.enabled
}

/// Whether requests wait, the company is gone, or two customers have an equal claim.
fn needs_attention(line: &MappingLine) -> bool {
    let stale = line.company.as_ref().is_some_and(|company| !company.active);
    let suggestion = line.suggestion.as_ref();
    let unclear = is_open(line) && suggestion.is_some_and(|one| one.ambiguous);
    stale || unclear || line.waiting > 0
}
