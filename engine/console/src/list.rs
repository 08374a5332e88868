//! Lists: the part of many lines that a page shows. Filters, a search and pages, the same wherever
//! there are more lines than a person reads at once; `templates/list.html` is what they look like.
//!
//! What a list shows is kept in its addresses (`show`, `q`, `page`), so that every part of it can
//! be linked to, and a search keeps its filter and a filter its search.

use crate::shell::asked;

/// What a page lists.
pub(crate) trait Listed: Sized + 'static {
    /// The first is what is shown unless another one is asked for.
    const FILTERS: &'static [Filter<Self>];
    /// How many lines a page has.
    const PER_PAGE: usize;

    /// The texts that a search looks through.
    fn words(&self) -> Vec<&str>;
}

/// One way to see less of a list.
pub(crate) struct Filter<T> {
    /// What it is called in addresses.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// Which lines it lets through.
    pub(crate) takes: fn(&T) -> bool,
}

/// The part of a list that is shown, and the ways to its other parts.
pub(crate) struct List {
    /// Where the list is.
    pub(crate) path: String,
    /// What it has several of, e.g. `customers`.
    pub(crate) what: String,
    /// The filters.
    pub(crate) ways: Vec<Way>,
    /// The name of the one that is used.
    pub(crate) filter: &'static str,
    /// What is searched for.
    pub(crate) search: String,
    /// How many lines there are in all, whatever is filtered; 0 where nobody counts them.
    pub(crate) total: usize,
    /// Which page of how many, from 1.
    pub(crate) page: usize,
    pub(crate) pages: usize,
    /// Where the page before is, and the next one.
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

/// A filter, as a way to what it shows.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) path: String,
    /// How many lines it lets through, where that is counted.
    pub(crate) count: Option<usize>,
    pub(crate) is_current: bool,
}

impl List {
    /// The part of `all` that the page's address asks for by its query, and its lines.
    pub(crate) fn of<T: Listed>(
        query: &str,
        path: String,
        what: &str,
        all: Vec<T>,
    ) -> (Self, Vec<T>) {
        let names = T::FILTERS.iter().map(|one| (one.name, one.label));
        let mut list = Self::uncounted(query, path, what, &names.collect::<Vec<_>>());
        for (way, filter) in list.ways.iter_mut().zip(T::FILTERS) {
            way.count = Some(all.iter().filter(|one| (filter.takes)(one)).count());
        }
        list.total = all.len();
        let filter = T::FILTERS.iter().find(|one| one.name == list.filter);
        let wanted = list.search.trim().to_lowercase();
        let fits = |one: &T| filter.is_none_or(|it| (it.takes)(one)) && holds(one, &wanted);
        let shown: Vec<T> = all.into_iter().filter(fits).collect();
        let number = asked(query, "page").and_then(|text| text.parse().ok());
        list.turn_to(number.unwrap_or(1), shown.len().div_ceil(T::PER_PAGE));
        let from = (list.page - 1) * T::PER_PAGE;
        let lines = shown.into_iter().skip(from).take(T::PER_PAGE);
        (list, lines.collect())
    }

    /// A list of what is too much to be counted; its lines are looked up by who shows it.
    pub(crate) fn uncounted(
        query: &str,
        path: String,
        what: &str,
        filters: &[(&'static str, &'static str)],
    ) -> Self {
        let (show, search) = (asked(query, "show"), asked(query, "q").unwrap_or_default());
        let mut names = filters.iter().map(|(name, _)| *name);
        let first = names.clone().next().unwrap_or_default();
        let filter = names.find(|name| Some(*name) == show.as_deref());
        let filter = filter.unwrap_or(first);
        let way = |(name, label): &(&'static str, &'static str)| Way {
            name,
            label,
            path: address(&path, &[("show", name), ("q", &search)]),
            count: None,
            is_current: *name == filter,
        };
        Self {
            ways: filters.iter().map(way).collect(),
            path,
            what: what.to_owned(),
            filter,
            search,
            total: 0,
            page: 1,
            pages: 1,
            previous: None,
            next: None,
        }
    }

    /// The same part of the list with one more word in its address, e.g. where to go on.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let parts = [
            ("show", self.filter),
            ("q", self.search.as_str()),
            (name, value),
        ];
        address(&self.path, &parts)
    }

    fn turn_to(&mut self, page: usize, pages: usize) {
        self.pages = pages.max(1);
        self.page = page.clamp(1, self.pages);
        let at = |page: usize| self.with("page", &page.to_string());
        let previous = (self.page > 1).then(|| at(self.page - 1));
        let next = (self.page < self.pages).then(|| at(self.page + 1));
        (self.previous, self.next) = (previous, next);
    }
}

/// Whether one of the line's texts has `wanted` in it, which is in small letters.
fn holds<T: Listed>(line: &T, wanted: &str) -> bool {
    let mut words = line.words().into_iter();
    wanted.is_empty() || words.any(|word| word.to_lowercase().contains(wanted))
}

/// An address with what is not empty of `parts` in its query.
pub(crate) fn address(path: &str, parts: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_kept_in_every_address() {
        let parts = [("show", "parked"), ("q", "x & y"), ("after", "r-1")];
        assert_eq!(address("/a", &parts), "/a?show=parked&q=x+%26+y&after=r-1");
        assert_eq!(address("/a", &[("q", "")]), "/a");
    }
}
