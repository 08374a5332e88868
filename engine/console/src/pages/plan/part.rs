//! Which lines of the plan a page shows.

use model::billing::{PlanLine, PlanState};

use crate::limits::LINES_PER_PAGE;

/// Which lines are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Filter {
    /// All that are not as they should be. What was applied and read back is, until the next plan
    /// calls it unchanged.
    #[default]
    Differences,
    Waiting,
    Approved,
    Trouble,
    Applied,
    Dismissed,
    Unchanged,
    All,
}

/// One of the filters, as a way to it.
pub(super) struct Way {
    pub(super) label: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
    pub(super) is_current: bool,
}

/// A part of the plan.
pub(super) struct Part {
    pub(super) ways: Vec<Way>,
    /// The name of the filter in addresses.
    pub(super) filter: &'static str,
    /// What is searched for.
    pub(super) search: String,
    /// Which page of how many, from 1.
    pub(super) page: usize,
    pub(super) pages: usize,
    /// How many lines the plan has.
    pub(super) total: usize,
}

impl Filter {
    const ALL: [Self; 8] = [
        Self::Differences,
        Self::Waiting,
        Self::Approved,
        Self::Trouble,
        Self::Applied,
        Self::Dismissed,
        Self::Unchanged,
        Self::All,
    ];

    pub(super) fn named(name: Option<&str>) -> Self {
        let found = Self::ALL.into_iter().find(|one| Some(one.name()) == name);
        found.unwrap_or_default()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Differences => "differences",
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Trouble => "trouble",
            Self::Applied => "applied",
            Self::Dismissed => "dismissed",
            Self::Unchanged => "unchanged",
            Self::All => "all",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Differences => "Differences",
            Self::Waiting => "Waiting for you",
            Self::Approved => "Approved",
            Self::Trouble => "Needs attention",
            Self::Applied => "Applied",
            Self::Dismissed => "Dismissed",
            Self::Unchanged => "Unchanged",
            Self::All => "All",
        }
    }

    const fn takes(self, state: PlanState) -> bool {
        use PlanState as S;
        match self {
            Self::All => true,
            Self::Differences => !matches!(state, S::Unchanged | S::Applied),
            Self::Waiting => matches!(state, S::Proposed | S::Held),
            Self::Approved => matches!(state, S::Approved),
            Self::Trouble => matches!(state, S::Blocked | S::InDoubt),
            Self::Applied => matches!(state, S::Applied),
            Self::Dismissed => matches!(state, S::Dismissed),
            Self::Unchanged => matches!(state, S::Unchanged),
        }
    }
}

impl Part {
    /// The part that is asked for, and its lines.
    pub(super) fn of(
        all: Vec<PlanLine>,
        filter: Filter,
        search: String,
        page: Option<usize>,
    ) -> (Self, Vec<PlanLine>) {
        let way = |one: Filter| Way {
            label: one.label(),
            name: one.name(),
            count: all.iter().filter(|line| one.takes(line.state)).count(),
            is_current: one == filter,
        };
        let (ways, total) = (Filter::ALL.map(way).into(), all.len());
        let wanted = search.trim().to_lowercase();
        let shown = all.into_iter().filter(|line| filter.takes(line.state));
        let shown: Vec<PlanLine> = shown.filter(|line| holds(line, &wanted)).collect();
        let pages = shown.len().div_ceil(LINES_PER_PAGE).max(1);
        let page = page.unwrap_or(1).clamp(1, pages);
        let part = Self {
            ways,
            filter: filter.name(),
            search,
            page,
            pages,
            total,
        };
        let from = (page - 1) * LINES_PER_PAGE;
        let shown = shown.into_iter().skip(from).take(LINES_PER_PAGE);
        (part, shown.collect())
    }
}

/// Whether the company, the agreement, the item or a product is called something with `wanted`.
fn holds(line: &PlanLine, wanted: &str) -> bool {
    let names = [&line.company_name, &line.agreement_name, &line.item_name];
    let products = line.products.iter().map(model::ProductId::as_str);
    let mut texts = names.into_iter().map(String::as_str).chain(products);
    wanted.is_empty() || texts.any(|text| text.to_lowercase().contains(wanted))
}
