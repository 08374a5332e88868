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
use crate::moment::Moment;
use crate::shell::{Here, Shell, Way, page};

pub(crate) use request::{send as replay, show as show_request};

/// How many requests a page shows.
const REQUESTS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    find: String,
    state: String,
    filters: Vec<Way>,
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
    let find = here.asked("find");
    let state = here.asked("state");
    let after = here.asked("after").and_then(|id| RequestId::new(id).ok());
    let wanted = Wanted {
        text: find.clone(),
        state: Standing::ALL
            .into_iter()
            .find(|one| Some(one.name()) == state.as_deref()),
        customer: None,
    };
    let found = runtime
        .find_requests(here.id(), &wanted, after.as_ref(), REQUESTS_SHOWN)
        .await?;
    let customers = runtime.customers(here.id()).await?.into_iter();
    let names: BTreeMap<String, String> = customers
        .map(|customer| (customer.id.to_string(), customer.name))
        .collect();
    let root = format!("{}/activity", here.root());
    let state = wanted.state.map_or("", Standing::name);
    let find = find.unwrap_or_default();
    page(&ActivityPage {
        shell: here.shell("Activity"),
        filters: filters(&root, &find, state),
        lines: found
            .requests
            .iter()
            .map(|request| line(request, &names))
            .collect(),
        next: found
            .next
            .map(|id| address(&root, &find, state, Some(id.as_str()))),
        is_asked: !find.is_empty() || !state.is_empty() || after.is_some(),
        state: state.to_owned(),
        find,
    })
}

/// The filters by state, with what is looked for kept.
fn filters(root: &str, find: &str, state: &str) -> Vec<Way> {
    let all = std::iter::once(("All", ""));
    let states = Standing::ALL.into_iter();
    let each = all.chain(states.map(|one| (look(one).label, one.name())));
    let way = |(label, name): (&str, &str)| Way {
        label: label.to_owned(),
        path: address(root, find, name, None),
        is_current: name == state,
    };
    each.map(way).collect()
}

fn address(root: &str, find: &str, state: &str, after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let after = after.unwrap_or_default();
    for (name, value) in [("find", find), ("state", state), ("after", after)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        root.to_owned()
    } else {
        format!("{root}?{query}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_kept_in_every_address() {
        let path = address("/a", "x & y", "parked", Some("r-1"));
        assert_eq!(path, "/a?find=x+%26+y&state=parked&after=r-1");
        assert_eq!(address("/a", "", "", None), "/a");
    }
}
