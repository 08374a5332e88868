//! Activity: requests found by what people know of them, each with its whole history, and seen to
//! once more where somebody wants that.

mod request;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::{Request, RequestId, State as Standing};
use runtime::{Runtime, Wanted};

use crate::failure::Failure;
use crate::form::in_words;
use crate::list::List;
use crate::moment::Moment;
use crate::shell::{Here, Shell, page};

pub(crate) use request::{send as replay, show as show_request};

/// How many requests a page shows.
const REQUESTS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    list: List,
    lines: Vec<Line>,
    /// Where the next ones are.
    next: Option<String>,
    /// Whether anything was asked for, so that an empty list can say what to do.
    is_asked: bool,
}

/// One request.
struct Line {
    id: String,
    about: String,
    host: String,
    customer: String,
    ticket: Option<String>,
    state: Look,
    accepted_at: Moment,
}

/// How a state looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    label: &'static str,
    look: &'static str,
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    let path = format!("{}/activity", here.root());
    let list = List::uncounted(here.query(), path, "requests", &filters());
    let after = here.asked("after").and_then(|id| RequestId::new(id).ok());
    let wanted = Wanted {
        text: Some(list.search.clone()),
        state: Standing::ALL
            .into_iter()
            .find(|one| one.name() == list.filter),
        customer: None,
    };
    let found = runtime
        .find_requests(here.id(), &wanted, after.as_ref(), REQUESTS_SHOWN)
        .await?;
    let customers = runtime.customers(here.id()).await?.into_iter();
    let names: BTreeMap<String, String> = customers
        .map(|customer| (customer.id.to_string(), customer.name))
        .collect();
    page(&ActivityPage {
        shell: here.shell("Activity"),
        lines: found
            .requests
            .iter()
            .map(|request| line(request, &names))
            .collect(),
        next: found.next.map(|id| list.with("after", id.as_str())),
        is_asked: !list.search.is_empty() || wanted.state.is_some() || after.is_some(),
        list,
    })
}

/// All of the filters: every state, and first of all no matter which.
fn filters() -> Vec<(&'static str, &'static str)> {
    let states = Standing::ALL.into_iter();
    let each = states.map(|one| (one.name(), look(one).label));
    std::iter::once(("all", "All")).chain(each).collect()
}

fn line(request: &Request, names: &BTreeMap<String, String>) -> Line {
    let content = &request.content;
    let customer = content.customer_id.as_str();
    let ticket = request.ticket.as_ref();
    Line {
        id: content.id.to_string(),
        about: in_words(&content.report_type),
        host: content.hostname.clone().unwrap_or_default(),
        customer: names
            .get(customer)
            .map_or(customer, String::as_str)
            .to_owned(),
        ticket: ticket.map(|key| key.number.clone().unwrap_or_else(|| key.id_text())),
        state: look(request.state),
        accepted_at: request.accepted_at.into(),
    }
}

/// What people read for a state, and how it looks.
pub(super) const fn look(state: Standing) -> Look {
    let (label, look) = match state {
        Standing::Waiting => ("Waiting", "busy"),
        Standing::Ticketed => ("Ticketed", "good"),
        Standing::Parked => ("Parked", "warn"),
        Standing::Ignored => ("Ignored", "idle"),
        Standing::Failed => ("Failed", "bad"),
        Standing::Closed => ("Closed", "idle"),
    };
    Look { label, look }
}
