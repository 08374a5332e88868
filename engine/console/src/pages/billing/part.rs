//! Which companies the page of billing shows.

use runtime::AgreementLine;

use crate::limits::CUSTOMERS_PER_PAGE;

/// Which companies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Filter {
    #[default]
    All,
    /// Those that can be billed as soon as somebody chooses.
    Open,
    Chosen,
    /// Those without an agreement that qualifies.
    Without,
}

/// One of the filters, as a way to it.
pub(super) struct Step {
    pub(super) label: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
    pub(super) is_current: bool,
}

/// A part of the companies.
pub(super) struct Part {
    pub(super) steps: Vec<Step>,
    pub(super) filter: &'static str,
    pub(super) search: String,
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) total: usize,
}

impl Filter {
    const ALL: [Self; 4] = [Self::All, Self::Open, Self::Chosen, Self::Without];

    pub(super) fn named(name: Option<&str>) -> Self {
        let found = Self::ALL.into_iter().find(|one| Some(one.name()) == name);
        found.unwrap_or_default()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Chosen => "chosen",
            Self::Without => "without",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Open => "To choose",
            Self::Chosen => "Chosen",
            Self::Without => "None qualifies",
        }
    }

    fn takes(self, line: &AgreementLine) -> bool {
        let is_chosen = !line.chosen.is_empty();
        let fits = line.options.iter().any(|option| option.unfit.is_none());
        match self {
            Self::All => true,
            Self::Open => fits && !is_chosen,
            Self::Chosen => is_chosen,
            Self::Without => !fits,
        }
    }
}

impl Part {
    /// The part that is asked for, and its companies by name.
    pub(super) fn of(
        mut all: Vec<AgreementLine>,
        filter: Filter,
        search: String,
        page: Option<usize>,
    ) -> (Self, Vec<AgreementLine>) {
        let step = |one: Filter| Step {
            label: one.label(),
            name: one.name(),
            count: all.iter().filter(|line| one.takes(line)).count(),
            is_current: one == filter,
        };
        let (steps, total) = (Filter::ALL.map(step).into(), all.len());
        let wanted = search.trim().to_lowercase();
        all.retain(|line| filter.takes(line) && line.company_name.to_lowercase().contains(&wanted));
        all.sort_by_cached_key(|line| line.company_name.to_lowercase());
        let pages = all.len().div_ceil(CUSTOMERS_PER_PAGE).max(1);
        let page = page.unwrap_or(1).clamp(1, pages);
        let part = Self {
            steps,
            filter: filter.name(),
            search,
            page,
            pages,
            total,
        };
        let from = (page - 1) * CUSTOMERS_PER_PAGE;
        (
            part,
            all.into_iter()
                .skip(from)
                .take(CUSTOMERS_PER_PAGE)
                .collect(),
        )
    }
}
