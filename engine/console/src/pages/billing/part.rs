//! What the list of agreements is filtered and searched by.

use runtime::AgreementLine;

use crate::limits::CUSTOMERS_PER_PAGE;
use crate::list::{Filter, Listed};

impl Listed for AgreementLine {
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |_| true,
        },
        Filter {
            name: "open",
            label: "To choose",
            takes: |line| fits(line) && line.chosen.is_empty(),
        },
        Filter {
            name: "chosen",
            label: "Chosen",
            takes: |line| !line.chosen.is_empty(),
        },
        Filter {
            name: "without",
            label: "None qualifies",
            takes: |line| !fits(line),
        },
    ];
    const PER_PAGE: usize = CUSTOMERS_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        let agreements = self.options.iter().map(|one| one.agreement.name.as_str());
        let company = std::iter::once(self.company_name.as_str());
        company.chain(agreements).collect()
    }
}

fn fits(line: &AgreementLine) -> bool {
    line.options.iter().any(|option| option.unfit.is_none())
}
