//! One request: what the product said, where it stands, its ticket, everything that
//! happened, and what was sent to the PSA for it and answered, with secrets and names masked.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use model::{Exchanged, Issue, Request, RequestId};
use runtime::{Replayed, Runtime};

use super::{Look, look};
use crate::failure::Failure;
use crate::form::{in_words, sentence};
use crate::moment::Moment;
use crate::pages::issues::mended_on;
use crate::shell::{Here, Shell, page};

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    shell: Shell,
    state: Look,
    /// What the product said, by its label.
    facts: Vec<(&'static str, String)>,
    ticket: Option<TicketView>,
    /// The integration that has the ticket.
    integration: Option<(String, String)>,
    issue: Option<IssueLine>,
    history: Vec<Entry>,
    exchanges: Vec<ExchangeView>,
}

/// What was sent to the PSA and what it answered.
struct ExchangeView {
    at: Moment,
    operation: String,
    method: String,
    url: String,
    sent: Option<String>,
    answered: Option<String>,
    /// How it ended, in a word or two, and how that looks.
    label: String,
    look: &'static str,
}

/// The ticket, and where it opens.
struct TicketView {
    name: String,
    url: Option<String>,
}

/// What the request waits for.
struct IssueLine {
    title: String,
    remedy: String,
    /// What leads to where it is mended, and where that is.
    mend: (&'static str, String),
}

/// One thing that happened.
struct Entry {
    at: Moment,
    what: String,
    detail: Option<String>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    here: Here,
    Path((_, request)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let id = RequestId::new(request).map_err(|_| Failure::no_such_page())?;
    let request = runtime.request(here.id(), &id).await?;
    let exchanges = runtime.exchanges(here.id(), &id).await?;
    let issues = runtime.issues(here.id()).await?.into_iter();
    let mut issues = issues.filter(|view| Some(&view.issue.id) == request.issue.as_ref());
    let integrations = runtime.integrations(here.id()).await?.into_iter();
    let mut own = integrations.filter(|one| Some(&one.id) == request.integration.as_ref());
    let customers = runtime.customers(here.id()).await?.into_iter();
    let mut customers = customers.filter(|one| one.id == request.content.customer_id);
    page(&RequestPage {
        shell: here.shell(format!("Request {id}")),
        state: look(request.state),
        facts: facts(&request, customers.next().map(|customer| customer.name)),
        ticket: request.ticket.as_ref().map(|key| TicketView {
            name: key.number.clone().unwrap_or_else(|| key.id_text()),
            url: key.url.clone().filter(|url| url.starts_with("https://")),
        }),
        integration: own.next().map(|one| {
            let path = format!("{}/integrations/{}/status", here.root(), one.id);
            (one.title, path)
        }),
        issue: issues.next().map(|view| issue_line(view.issue)),
        history: request.history.iter().rev().map(entry).collect(),
        exchanges: exchanges.into_iter().rev().map(exchange).collect(),
    })
}

fn issue_line(issue: Issue) -> IssueLine {
    IssueLine {
        mend: mended_on(&issue),
        title: issue.title,
        remedy: issue.remedy,
    }
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    here: Here,
    Path((_, request)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let id = RequestId::new(request).map_err(|_| Failure::no_such_page())?;
    let said = match runtime.replay(here.id(), &id).await? {
        Replayed::TriedAgain => "tried_again",
        Replayed::TicketRead => "ticket_read",
        Replayed::Nothing => "nothing",
    };
    Ok(here.leave_for(&format!("activity/{id}"), said, 0))
}

fn facts(request: &Request, customer: Option<String>) -> Vec<(&'static str, String)> {
    let content = &request.content;
    let user = content.user.clone().unwrap_or_default();
    let user = user.name.or(user.email).or(user.username).or(user.id);
    let customer = customer.unwrap_or_else(|| content.customer_id.to_string());
    [
        ("Customer", Some(customer)),
        ("Report type", Some(in_words(&content.report_type))),
        ("Host", content.hostname.clone()),
        ("Address", content.url.clone()),
        ("User", user),
        ("Reason", content.reason.clone()),
        ("Resolution", request.resolution.clone()),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value?)))
    .collect()
}

fn exchange(exchanged: Exchanged) -> ExchangeView {
    let status = exchanged.status.map(|status| status.to_string());
    let status = status.unwrap_or_else(|| "No answer".to_owned());
    let times = match exchanged.attempts {
        0 => ", held back".to_owned(),
        1 => String::new(),
        times => format!(", sent {times} times"),
    };
    ExchangeView {
        at: exchanged.at.into(),
        operation: in_words(&exchanged.operation),
        method: exchanged.method,
        url: exchanged.url,
        sent: exchanged.sent,
        answered: exchanged.answered,
        label: format!("{status}{times}"),
        look: if exchanged.succeeded { "good" } else { "bad" },
    }
}

fn entry(entry: &model::HistoryEntry) -> Entry {
    Entry {
        at: entry.at.into(),
        what: sentence(&entry.what).trim_end_matches('.').to_owned(),
        detail: entry.detail.as_deref().map(sentence),
    }
}
