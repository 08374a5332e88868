//! Lists: what the agent sees of what was asked for, in order, a page of it, in its envelope.
//!
//! Pages exist only with `pageinate=true`; without it, page number and size are ignored and the
//! first rows come, however often they are asked for. Sizes above an endpoint's largest are cut
//! without a word.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::answer::{Done, Refusal};
use super::call::Parameters;
use super::entities::{Entity, Envelope, Which};
use super::filters;
use super::tenant::{Record, Show};
use super::token::Grant;
use super::violation::Violation;
use super::{HaloPsa, billing};

pub(crate) use super::filters::visible;

/// Rows of a page when nobody says how many, and of a list that is not paged.
pub const ROWS_DEFAULT: usize = 50;

/// Most tickets that `count` gives without paging.
pub const TICKETS_COUNT_MAX: usize = 1_000;

impl HaloPsa {
    /// Answers a GET of a list.
    pub(crate) fn list(
        &self,
        entity: &'static Entity,
        parameters: &Parameters,
        grant: &Grant,
    ) -> Result<Done, Refusal> {
        self.watch(entity, parameters);
        let tenant = self.tenant();
        let mut rows = filters::rows(&tenant, entity, parameters, grant)?;
        sort(entity, &mut rows, parameters);
        let total = rows.len();
        let quirks = self.quirks();
        let page = Page::of(entity, parameters, quirks.page_rows_max);
        let asked = |name: &str| parameters.flag(name);
        let show = Show {
            quirks: &quirks,
            row: Some(&asked),
        };
        let rows = page.cut(rows).map(|row| {
            let mut shown = tenant.shown(entity, row, &show);
            if entity.which == Which::Invoice && asked("includelines") {
                let lines = billing::shown_lines(&tenant, row.id, &show);
                shown.insert("lines".to_owned(), lines);
            }
            only_asked(shown, parameters)
        });
        let rows: Value = rows.collect();
        Ok(Done::ok(self.wrapped(
            entity,
            rows,
            total + quirks.overcount,
            &page,
            parameters,
        )))
    }

    /// Takes note of habits that make a caller read the wrong rows without seeing it.
    fn watch(&self, entity: &Entity, parameters: &Parameters) {
        let paged = parameters.flag("pageinate");
        if !paged && (parameters.has("page_no") || parameters.has("page_size")) {
            self.violate(Violation::PageWithoutPageinate);
        }
        let size = parameters.number("page_size").unwrap_or_default();
        let size = usize::try_from(size).unwrap_or_default();
        if paged && entity.page_max.is_some_and(|max| size > max) {
            self.violate(Violation::OversizedPage);
        }
        if entity.which == Which::Action && parameters.number("ticket_id").is_none() {
            self.violate(Violation::ActionsWithoutTicket);
        }
    }

    fn wrapped(
        &self,
        entity: &Entity,
        rows: Value,
        total: usize,
        page: &Page,
        parameters: &Parameters,
    ) -> Value {
        let Envelope::Under(key) = entity.envelope else {
            return rows;
        };
        let recurring = entity.which == Which::Invoice;
        if recurring && !page.paged && self.quirks().bare_recurring_invoices {
            return rows;
        }
        let mut body = Map::new();
        if page.paged {
            body.insert("page_no".to_owned(), json!(page.number));
        }
        if page.paged || recurring {
            body.insert("page_size".to_owned(), json!(page.size));
        }
        if entity.which == Which::Action {
            let ticket = parameters.number("ticket_id").unwrap_or_default();
            body.insert("ticket_id".to_owned(), json!(ticket));
        }
        body.insert("record_count".to_owned(), json!(total));
        body.insert(key.to_owned(), rows);
        Value::Object(body)
    }
}

/// Which rows of a list are given.
#[derive(Debug)]
struct Page {
    paged: bool,
    number: usize,
    size: usize,
}

impl Page {
    fn of(entity: &Entity, parameters: &Parameters, rows_max: Option<usize>) -> Self {
        let positive = |name| {
            let number = parameters.number(name)?;
            usize::try_from(number).ok().filter(|number| *number > 0)
        };
        // Bare arrays hold everything, and so does the list of a ticket's actions.
        let whole = entity.envelope == Envelope::Bare || entity.which == Which::Action;
        let paged = parameters.flag("pageinate") && !whole;
        let size = if paged {
            let size = positive("page_size").unwrap_or(ROWS_DEFAULT);
            let max = entity.page_max.or(rows_max).unwrap_or(usize::MAX);
            size.min(max)
        } else {
            let rest = if whole { usize::MAX } else { ROWS_DEFAULT };
            let count = positive("count").unwrap_or(rest);
            if entity.which == Which::Ticket {
                count.min(TICKETS_COUNT_MAX)
            } else {
                count
            }
        };
        let number = positive("page_no").filter(|_| paged).unwrap_or(1);
        Self {
            paged,
            number,
            size,
        }
    }

    fn cut<T>(&self, rows: Vec<T>) -> impl Iterator<Item = T> + use<T> {
        let before = (self.number - 1).saturating_mul(self.size);
        rows.into_iter().skip(before).take(self.size)
    }
}

/// Orders rows by the field that is asked for. Nothing is promised about the order otherwise:
/// tickets and actions come newest first, the rest as it is kept.
fn sort(entity: &Entity, rows: &mut [&Record], parameters: &Parameters) {
    let field = parameters.text("order").and_then(|name| entity.field(name));
    let Some(field) = field else {
        if matches!(entity.which, Which::Ticket | Which::Action) {
            rows.reverse();
        }
        return;
    };
    let by_id = field.name == "id" && !entity.own_id;
    let order = |one: &&Record, other: &&Record| {
        if by_id {
            return one.id.cmp(&other.id);
        }
        compared(one.value(field.name), other.value(field.name)).then(one.id.cmp(&other.id))
    };
    rows.sort_by(order);
    if parameters.flag("orderdesc") {
        rows.reverse();
    }
}

/// Numbers by value, text without regard to case, what is absent first.
fn compared(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_lowercase);
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

/// The few fields that a caller can limit rows to.
fn only_asked(shown: Map<String, Value>, parameters: &Parameters) -> Value {
    let kept: &[&str] = if parameters.flag("idonly") {
        &["id"]
    } else if parameters.flag("ticketidonly") {
        &["id", "sla_id", "status_id", "client_id", "client_name"]
    } else {
        return Value::Object(shown);
    };
    let pairs = shown.into_iter();
    Value::Object(
        pairs
            .filter(|(key, _)| kept.contains(&key.as_str()))
            .collect(),
    )
}
