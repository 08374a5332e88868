//! What must hold once faults have stopped, seen from outside: by what the simulated systems hold,
//! and by what the engine says of itself.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use simulators::TicketView;
use tokio::time::{Instant, sleep};

use crate::notices;
use crate::partner::{Partner, text};
use crate::promise::{Broken, Promise, hold};
use crate::scenario::Outcome;
use crate::sharing::{Sharing, ticket_id};
use crate::world::World;

/// How long after the last fault everything may take to settle, in simulated time: a poll, the
/// longest backoff and the longest recheck fit several times.
const SETTLED_WITHIN: Duration = Duration::from_hours(24);

/// How long after that the directory may take to be whole: a limit may have refused to read it for
/// the time being. Far less than what its schedule takes to come again, which would hide that a
/// read was forgotten.
const READ_WITHIN: Duration = Duration::from_mins(30);

/// How often it is looked whether all has settled: at first, and once that has taken a while.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_secs(20), Duration::from_mins(5));

/// For how long it is looked often.
const SOON: Duration = Duration::from_mins(10);

/// Lets everything settle, then holds it against every promise.
pub(crate) async fn all(
    world: &World,
    partner: &Partner,
    (acknowledged, sharing): (&BTreeSet<String>, Sharing),
    outcome: &mut Outcome,
) -> Result<(), Broken> {
    world.psa.honour_credentials(true);
    partner.save_credentials(world).await;
    if let Some(notices) = partner.notices() {
        notices.save_key(world).await;
    }
    map_everybody(world, partner).await;
    partner.read_directory(world).await;
    settle(world, partner).await?;
    let requests = partner.requests(world).await;
    outcome.requests = requests.len();
    are_kept(&requests, acknowledged)?;
    let tickets = world.psa.tickets();
    for request in &requests {
        agree(request, &requests, &tickets)?;
    }
    tests(&tickets, outcome)?;
    let mut whole = Vec::new();
    for request in &requests {
        whole.push(partner.request(world, &text(&request["id"])).await);
    }
    if partner.notices().is_some() {
        for request in &whole {
            notices::check(world, request)?;
            outcome.noticed += usize::from(request["request"]["user"].is_object());
        }
    }
    sharing.check(world, &whole, outcome)?;
    let closed_by = |side: &str| {
        let closed = requests.iter().filter(|one| one["closed_by"] == side);
        closed.map(|one| text(&one["id"])).collect::<BTreeSet<_>>()
    };
    let in_psa = closed_by("psa");
    outcome.closed_in_psa = in_psa.len();
    outcome.closed_by_product = closed_by("product").len();
    told(world, &in_psa)?;
    for request in requests.iter().filter(|one| one["closed_by"] == "psa") {
        let there = world.closed_there.lock().expect("no player panics with it");
        let ticket = ticket_id(request).unwrap_or_default();
        hold(Promise::ProductIsTold, there.contains(&ticket), || {
            format!("nobody there closed ticket {ticket} of {request:#}")
        })?;
    }
    ledger(&partner.ledger(world).await, requests.len())?;
    let limits = world.psa.broken_limits();
    hold(Promise::LimitsKept, limits.is_empty(), || {
        format!("{limits:?}")
    })?;
    directory(world, partner).await
}

/// Lets everything settle, then holds it against the promises about requests and their tickets.
pub(crate) async fn tickets(
    world: &World,
    partner: &Partner,
    acknowledged: &BTreeSet<String>,
) -> Result<(), Broken> {
    map_everybody(world, partner).await;
    settle(world, partner).await?;
    let requests = partner.requests(world).await;
    are_kept(&requests, acknowledged)?;
    let tickets = world.psa.tickets();
    for request in &requests {
        agree(request, &requests, &tickets)?;
    }
    tests(&tickets, &mut Outcome::default())?;
    ledger(&partner.ledger(world).await, requests.len())
}

/// Every request that was acknowledged is there.
fn are_kept(requests: &[Value], acknowledged: &BTreeSet<String>) -> Result<(), Broken> {
    for id in acknowledged {
        let is_there = requests.iter().any(|request| request["id"] == id.as_str());
        hold(Promise::Kept, is_there, || {
            format!("request {id} was acknowledged and is lost")
        })?;
    }
    Ok(())
}

/// Of a company that catches all: no request has waited for a mapping.
pub(crate) fn nobody_waits_for_a_mapping(world: &World) -> Result<(), Broken> {
    let opened = world.product.received_of("issue.opened");
    let kinds = opened.iter().map(|event| text(&event.body["data"]["kind"]));
    let waits = kinds.filter(|kind| kind == "unmapped_customer").count();
    hold(Promise::CatchesAll, waits == 0, || {
        format!("{waits} issues about customers that nobody mapped")
    })
}

/// Maps every customer that is not mapped yet, as a person would who sees the issues.
async fn map_everybody(world: &World, partner: &Partner) {
    for customer in partner.unmapped(world).await {
        let companies = partner.companies(world).await;
        let company = companies.first().expect("a company");
        partner.map(world, &customer, &company["id"]).await;
    }
}

/// Waits until nothing moves any more: no request waits for work, none that was asked to close is
/// open, no ticket is closed whose request is not, and no issue is left.
async fn settle(world: &World, partner: &Partner) -> Result<(), Broken> {
    let began = Instant::now();
    loop {
        let is_soon = began.elapsed() < SOON;
        let requests = partner.requests(world).await;
        let tickets = world.psa.tickets();
        let moving = requests.iter().find(|request| moves(request, &tickets));
        let untold = untold(world, &requests);
        let issues = partner.issues(world).await;
        let tests = tickets
            .iter()
            .filter(|one| is_test(one) && !one.closed)
            .count();
        if moving.is_none() && untold == 0 && issues.is_empty() && tests == 0 {
            return Ok(());
        }
        if began.elapsed() > SETTLED_WITHIN {
            let moving = match moving {
                Some(request) => partner.request(world, &text(&request["id"])).await,
                None => Value::Null,
            };
            let seen =
                format!("{moving:#}, {untold} closes untold, {tests} open tests, {issues:#?}");
            return Err(Broken::new(Promise::Settles, seen));
        }
        let (often, seldom) = LOOK_EVERY;
        sleep(if began.elapsed() < SOON {
            often
        } else {
            seldom
        })
        .await;
        if is_soon && began.elapsed() >= SOON {
            // Looking for changed tickets every few seconds for a day takes long to simulate.
            partner.poll_every(world, "30m").await;
        }
    }
}

/// Whether the ticket was made for a test.
fn is_test(ticket: &TicketView) -> bool {
    ticket.title.starts_with("Test ticket")
}

fn moves(request: &Value, tickets: &[TicketView]) -> bool {
    let state = text(&request["state"]);
    let is_open = !matches!(state.as_str(), "closed" | "ignored");
    let waits = matches!(state.as_str(), "waiting" | "parked" | "failed");
    let closes = !request["close_asked_at"].is_null() && is_open;
    let id = ticket_id(request);
    let ticket = tickets.iter().find(|one| Some(&one.id) == id.as_ref());
    waits || closes || (is_open && ticket.is_some_and(|ticket| ticket.closed))
}

/// How many closes in the PSA the product still has to be told of.
fn untold(world: &World, requests: &[Value]) -> usize {
    let closed = requests.iter().filter(|one| one["closed_by"] == "psa");
    let told = world.product.received_of("request.closed").len();
    closed.count().saturating_sub(told)
}

/// A request has at most one ticket of its own, both know each other, and a ticket is closed
/// exactly when all requests on it are.
fn agree(request: &Value, requests: &[Value], tickets: &[TicketView]) -> Result<(), Broken> {
    let id = text(&request["id"]);
    let own: Vec<&TicketView> = tickets.iter().filter(|one| one.reference == id).collect();
    hold(Promise::OneTicket, own.len() <= 1, || {
        format!("request {id} has {} tickets", own.len())
    })?;
    let linked = ticket_id(request);
    let own = own.first().map(|ticket| ticket.id.clone());
    hold(Promise::Linked, own.is_none() || own == linked, || {
        format!("ticket {own:?} is there for {request:#}")
    })?;
    let there = tickets.iter().find(|one| Some(&one.id) == linked.as_ref());
    let is_there = there.is_some() == linked.is_some();
    hold(Promise::Linked, is_there, || {
        format!("there is no such ticket: {request:#}")
    })?;
    let Some(ticket) = there else { return Ok(()) };
    let mut sharers = requests.iter().filter(|one| ticket_id(one) == linked);
    let are_over = sharers.all(|one| one["state"] == "closed");
    hold(Promise::ClosesAgree, are_over == ticket.closed, || {
        format!("the ticket is closed: {}, and {request:#}", ticket.closed)
    })
}

/// No test ticket was made twice.
fn tests(tickets: &[TicketView], outcome: &mut Outcome) -> Result<(), Broken> {
    let made: Vec<&TicketView> = tickets.iter().filter(|one| is_test(one)).collect();
    let distinct: BTreeSet<&String> = made.iter().map(|one| &one.reference).collect();
    outcome.tests = made.len();
    hold(Promise::OneTicket, made.len() == distinct.len(), || {
        format!("a test was made twice: {made:?}")
    })
}

/// Each close in the PSA was told under one id, however often it was sent, and nothing else was;
/// every event was signed as it should be.
fn told(world: &World, closed_in_psa: &BTreeSet<String>) -> Result<(), Broken> {
    let events = world.product.received_of("request.closed");
    let told: Vec<String> = events
        .iter()
        .map(|event| text(&event.body["data"]["request"]))
        .collect();
    let distinct: BTreeSet<String> = told.iter().cloned().collect();
    let good = distinct == *closed_in_psa && told.len() == distinct.len();
    hold(Promise::ProductIsTold, good, || {
        format!("told of {told:?}, closed in the PSA were {closed_in_psa:?}")
    })?;
    let rejected = world.product.rejected();
    hold(Promise::ProductIsTold, rejected.is_empty(), || {
        format!("badly signed events: {rejected:?}")
    })
}

fn ledger(ledger: &Value, requests: usize) -> Result<(), Broken> {
    let good = ledger["adds_up"] == true
        && ledger["states"] == ledger["recounted"]
        && ledger["accepted"] == requests;
    hold(Promise::LedgerAddsUp, good, || {
        format!("{requests} requests, and {ledger:#}")
    })
}

async fn directory(world: &World, partner: &Partner) -> Result<(), Broken> {
    let there: BTreeSet<String> = world.psa.companies().into_iter().collect();
    let names = async || {
        let read = partner.companies(world).await;
        let names = read.iter().map(|company| text(&company["name"]));
        names.collect::<BTreeSet<_>>()
    };
    let (began, mut read) = (Instant::now(), names().await);
    while read != there && began.elapsed() < READ_WITHIN {
        sleep(LOOK_EVERY.0).await;
        read = names().await;
    }
    hold(Promise::DirectoryWhole, read == there, || {
        format!("read were {read:?}, there are {there:?}")
    })
}
