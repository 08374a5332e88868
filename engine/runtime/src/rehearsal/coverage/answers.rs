//! What is read from answers: every field that a record is made of, both ways of each filter, what
//! stands instead of what is not there, what says how pages follow each other, and warnings.

use definition::Connector;
use definition::operation::{Operation, PageKind};
use expression::Expression;
use serde_json::Value;

use super::super::Played;
use super::{Count, is_shown};
use crate::witness::Shown;

pub(super) fn count(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    let setup = connector.setup.iter();
    for (name, setup) in setup {
        operation(&["setup", name], &setup.operation, played, count);
    }
    for (name, one) in &connector.operations {
        operation(&["operations", name], one, played, count);
    }
    if connector.http.warning.is_some() {
        let warned = played.iter().any(|one| !one.noted.warnings.is_empty());
        let example = "an answer to a change that warns, and `warns`".to_owned();
        count.thing(&["http", "warning"], "", example, warned);
    }
    notice(connector, played, count);
}

fn operation(above: &[&str; 2], operation: &Operation, played: &[Played], count: &mut Count<'_>) {
    let shows = |shown: Shown| is_shown(played, &operation.name, shown);
    for field in operation.record.iter().flat_map(Expression::fields) {
        let own = field.iter().map(|&name| name.to_owned()).collect();
        let way: Vec<&str> = above
            .iter()
            .chain(&["record"])
            .chain(&field)
            .copied()
            .collect();
        let example = "an answer that has a value for it".to_owned();
        count.thing(&way, "", example, shows(Shown::Field(own)));
    }
    if operation.counts.is_some() {
        let way = [above[0], above[1], "where"];
        let counts = "an answer with an item that counts".to_owned();
        count.thing(&way, ": counts", counts, shows(Shown::Counts));
        let left_out = "an answer with an item that does not count".to_owned();
        count.thing(&way, ": left out", left_out, shows(Shown::LeftOut));
    }
    if operation.otherwise.is_some() {
        let way = [above[0], above[1], "otherwise"];
        let example = "an answer that says that the system does not have it".to_owned();
        count.thing(&way, "", example, shows(Shown::Otherwise));
    }
    // Pages of another operation are counted there.
    let own = count.of.places.find([above[0], above[1], "pages"]);
    let Some(pages) = operation.pages.as_ref().filter(|_| own.is_some()) else {
        return;
    };
    let (more, total) = proofs(&pages.kind);
    if pages.more.is_some() {
        let way = [above[0], above[1], "pages", "more"];
        count.thing(&way, "", more.to_owned(), shows(Shown::More));
    }
    if pages.total.is_some() {
        let way = [above[0], above[1], "pages", "total"];
        count.thing(&way, "", total.to_owned(), shows(Shown::Total));
    }
}

/// What an example shows in which `more`, and in which `total` decides.
const fn proofs(kind: &PageKind) -> (&'static str, &'static str) {
    match kind {
        PageKind::ByLastId { .. } | PageKind::ByNumber { .. } | PageKind::ByOffset { .. } => (
            "a page that is not full and says that there is more, and the one behind it",
            "a page that is not full and promises more, and the one behind it",
        ),
        PageKind::ByNextUrl { .. } | PageKind::ByCursor { .. } | PageKind::ByLinkHeader => (
            "a last page that names another and says that there is no more",
            "a page with a total",
        ),
    }
}

/// The fields of the requests that callouts bring.
fn notice(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    let callout = connector.callout.as_ref();
    let Some(notice) = callout.and_then(|one| one.request.as_ref()) else {
        return;
    };
    for field in notice.record.fields() {
        let has_value = |request: &Value| {
            let value = field
                .iter()
                .try_fold(request, |value, name| value.get(name));
            value.is_some_and(|value| !value.is_null())
        };
        let is_tried = played.iter().flat_map(|one| &one.requests).any(has_value);
        let above = ["callout", "request", "record"];
        let way: Vec<&str> = above.iter().chain(&field).copied().collect();
        count.thing(
            &way,
            "",
            "a callout that has a value for it".to_owned(),
            is_tried,
        );
    }
}
