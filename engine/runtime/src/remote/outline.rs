//! What is looked at in the pages of a list, as far as the definition tells: where the records are,
//! what each becomes, where the next page is, and what error rules look for in a success.

use std::sync::Arc;

use definition::connector::Connector;
use definition::operation::{Answers, Operation, PageKind, Pages};
use definition::rule::{ErrorRule, StatusPattern};
use exchange::Outline;
use expression::{Expression, Place, Selector};

/// The outline of a page; `None` where a template or a script may look at anything. Other
/// operations that are made of the same pages look at them, too.
pub(super) fn of(operation: &Operation, connector: &Connector) -> Option<Outline> {
    let is_sharer = |other: &&Arc<Operation>| other.pages_of.as_ref() == Some(&operation.name);
    let mut sharers = connector.operations.values().filter(is_sharer);
    sharers.try_fold(of_one(operation, connector)?, |page, other| {
        Some(page.and(of_one(other, connector)?))
    })
}

fn of_one(operation: &Operation, connector: &Connector) -> Option<Outline> {
    if !matches!(operation.answers, Answers::Json | Answers::JsonOrEmpty) {
        return None;
    }
    let items = operation
        .items
        .as_ref()
        .filter(|items| items.ends_there())?;
    let mut item = of_expression(operation.record.as_ref()?)?;
    if let Some(counts) = &operation.counts {
        item = item.and(of_expression(counts)?);
    }
    if let Some(parts) = &operation.parts {
        let parts = Some(parts).filter(|parts| parts.ends_there())?;
        item = at(&parts.places()?, item);
    }
    if let Some(Pages {
        kind: PageKind::ByLastId { id, .. },
        ..
    }) = &operation.pages
    {
        item = item.and(of_expression(id)?);
    }
    let mut page = at(&items.places()?, item);
    for expression in operation.pages.iter().flat_map(around_records) {
        page = page.and(of_expression(expression)?);
    }
    let rules = operation.errors.iter().chain(&connector.http.errors);
    for rule in rules.filter(|rule| may_be_success(rule)) {
        if let Some(body) = &rule.body {
            page = page.and(of_selector(body)?);
        } else if rule.header.is_none() && rule.matches.is_some() {
            return None;
        }
    }
    Some(page)
}

/// What of a page is looked at besides its records.
fn around_records(pages: &Pages) -> impl Iterator<Item = &Expression> {
    let next = match &pages.kind {
        PageKind::ByNextUrl { url: next } | PageKind::ByCursor { cursor: next } => Some(next),
        PageKind::ByLastId { .. }
        | PageKind::ByNumber { .. }
        | PageKind::ByOffset { .. }
        | PageKind::ByLinkHeader => None,
    };
    pages.more.iter().chain(&pages.total).chain(next)
}

fn may_be_success(rule: &ErrorRule) -> bool {
    match rule.status {
        None => true,
        Some(StatusPattern::Exactly(status)) => (200..300).contains(&status),
        Some(StatusPattern::Hundred(first)) => first == 2,
    }
}

fn of_expression(expression: &Expression) -> Option<Outline> {
    let ways = expression.places()?;
    let outlines = ways.iter().map(|way| at(way, Outline::Whole));
    Some(outlines.fold(Outline::nothing(), Outline::and))
}

fn of_selector(selector: &Selector) -> Option<Outline> {
    Some(at(&selector.places()?, Outline::Whole))
}

/// The outline in which `end` lies at the end of a way.
fn at(way: &[Place<'_>], end: Outline) -> Outline {
    way.iter().rev().fold(end, |inner, place| match place {
        Place::Name(name) => Outline::Fields([((*name).to_owned(), inner)].into()),
        Place::Each => Outline::Each(Box::new(inner)),
    })
}
