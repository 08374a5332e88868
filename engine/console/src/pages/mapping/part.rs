//! Which of the customers a page of the mapping shows, and how far the mapping has come.

use model::Ticks;
use runtime::MappingLine;

use crate::limits::CUSTOMERS_PER_PAGE;

/// Which customers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Filter {
    #[default]
    All,
    Mapped,
    Unmapped,
    NeedsAttention,
    Off,
    Ignored,
}

/// One of the filters, as a way to it.
pub(super) struct Way {
    pub(super) label: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
    pub(super) is_current: bool,
}

/// A part of the mapping.
pub(super) struct Part {
    pub(super) ways: Vec<Way>,
    /// The name of the filter in addresses.
    pub(super) filter: &'static str,
    /// What is searched for.
    pub(super) search: String,
    /// Which page of how many, from 1.
    pub(super) page: usize,
    pub(super) pages: usize,
    /// How many customers are in use, and how many of them are mapped or ignored.
    pub(super) total: usize,
    pub(super) settled: usize,
}

impl Filter {
    const ALL: [Self; 6] = [
        Self::All,
        Self::Mapped,
        Self::Unmapped,
        Self::NeedsAttention,
        Self::Off,
        Self::Ignored,
    ];

    pub(super) fn named(name: Option<&str>) -> Self {
        let found = Self::ALL.into_iter().find(|one| Some(one.name()) == name);
        found.unwrap_or_default()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mapped => "mapped",
            Self::Unmapped => "unmapped",
            Self::NeedsAttention => "attention",
            Self::Off => "off",
            Self::Ignored => "ignored",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Mapped => "Mapped",
            Self::Unmapped => "Unmapped",
            Self::NeedsAttention => "Needs attention",
            Self::Off => "Switched off",
            Self::Ignored => "Ignored",
        }
    }

    /// A customer that the product has no more is shown only as far as it is mapped.
    fn takes(self, line: &MappingLine) -> bool {
        let mapped = line.company.is_some();
        let open = !mapped && !line.ignored && line.customer.enabled;
        match self {
            Self::All => mapped || line.ignored || line.customer.enabled,
            Self::Mapped => mapped,
            Self::Unmapped => open,
            Self::NeedsAttention => needs_attention(line, open),
            Self::Off => mapped && line.ticks != Ticks::default(),
            Self::Ignored => line.ignored,
        }
    }
}

/// Whether requests wait, the company is gone, or two customers have an equal claim.
fn needs_attention(line: &MappingLine, open: bool) -> bool {
    let stale = line.company.as_ref().is_some_and(|company| !company.active);
    let suggestion = line.suggestion.as_ref();
    let unclear = open && suggestion.is_some_and(|one| one.ambiguous);
    stale || unclear || line.waiting > 0
}

impl Part {
    /// The part that is asked for, and its lines.
    pub(super) fn of(
        all: Vec<MappingLine>,
        filter: Filter,
        search: String,
        page: Option<usize>,
    ) -> (Self, Vec<MappingLine>) {
        let way = |one: Filter| Way {
            label: one.label(),
            name: one.name(),
            count: all.iter().filter(|line| one.takes(line)).count(),
            is_current: one == filter,
        };
        let ways = Filter::ALL.map(way).into();
        let used = || all.iter().filter(|line| line.customer.enabled);
        let (total, open) = (
            used().count(),
            used().filter(|l| Filter::Unmapped.takes(l)).count(),
        );
        let wanted = search.trim().to_lowercase();
        let shown = all.into_iter().filter(|line| filter.takes(line));
        let shown: Vec<MappingLine> = shown.filter(|line| holds(line, &wanted)).collect();
        let pages = shown.len().div_ceil(CUSTOMERS_PER_PAGE).max(1);
        let page = page.unwrap_or(1).clamp(1, pages);
        let from = (page - 1) * CUSTOMERS_PER_PAGE;
        let part = Self {
            ways,
            filter: filter.name(),
            search,
            page,
            pages,
            total,
            settled: total - open,
        };
        let shown = shown.into_iter().skip(from).take(CUSTOMERS_PER_PAGE);
        (part, shown.collect())
    }
}

/// Whether a customer or its company is called something with `wanted` in it.
fn holds(line: &MappingLine, wanted: &str) -> bool {
    let customer = &line.customer;
    let company = line.company.as_ref().map(|company| company.name.as_str());
    let domains = customer.domains.iter().map(String::as_str);
    let texts = [customer.name.as_str(), customer.id.as_str()].into_iter();
    let mut texts = texts.chain(company).chain(domains);
    wanted.is_empty() || texts.any(|text| text.to_lowercase().contains(wanted))
}
