//! Requests that come again: how a seed's partner shares tickets among them, and what must hold of
//! it at the end.
//!
//! Most seeds share none, as most partners do. In the others many requests are alike, and the
//! spans are so long that all of them fall within, or so short that some do. In some it is a flood:
//! all are alike, and those on one ticket are closed together again and again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::partner::text;
use crate::promise::{Broken, Promise, hold};
use crate::scenario::Outcome;
use crate::world::World;

/// A span in which everything that a seed does takes place, also where the machine is switched off
/// in between.
const LONG: &str = "90d";

/// How a partner shares tickets.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    append: Option<&'static str>,
    reopen: Option<&'static str>,
    floods: bool,
}

/// Whether a seed is a flood of requests that are alike.
pub(crate) const fn floods(seed: u64) -> bool {
    seed % 8 == 5
}

impl Sharing {
    /// What the dice say, and the seed that they are of.
    pub fn of(dice: &Dice, seed: u64) -> Self {
        let floods = floods(seed);
        let span = || Some(*dice.pick(&[LONG, LONG, "20s"]));
        let (append, reopen) = match dice.below(8) {
            _ if floods => (Some(LONG), Some(LONG)),
            0 => (span(), None),
            1 => (None, span()),
            2 | 3 => (span(), span()),
            _ => (None, None),
        };
        Self {
            append,
            reopen,
            floods,
        }
    }

    /// Each request gets a ticket of its own.
    pub(crate) const fn none() -> Self {
        Self {
            append: None,
            reopen: None,
            floods: false,
        }
    }

    /// Whether all requests are alike.
    pub(crate) const fn floods(self) -> bool {
        self.floods
    }

    /// How likely a request is closed while others come, in hundredths.
    pub(crate) const fn closes_meanwhile(self) -> u64 {
        if self.floods { 70 } else { 15 }
    }

    /// The settings that say so.
    pub fn settings(self) -> Value {
        json!({ "append_repeats_within": self.append, "reopen_within": self.reopen })
    }

    /// Makes many of the requests like earlier ones, where tickets are shared.
    pub fn make_alike(self, dice: &Dice, requests: &mut [Value]) {
        if self.append.is_none() && self.reopen.is_none() {
            return;
        }
        let mut earlier: Vec<Value> = Vec::new();
        for request in requests {
            if !earlier.is_empty() && (self.floods || dice.percent(70)) {
                let id = request["id"].take();
                *request = dice.pick(&earlier).clone();
                request["id"] = id;
            }
            earlier.push(request.clone());
        }
    }

    /// The promise about tickets that are shared; `requests` come with their histories.
    pub(crate) fn check(
        self,
        world: &World,
        requests: &[Value],
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        let mut tickets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut failed: BTreeSet<String> = BTreeSet::new();
        for request in requests {
            if has_failed_before_its_ticket(request) {
                failed.insert(text(&request["id"]));
            }
            let Some(ticket) = ticket_id(request) else {
                continue;
            };
            check_guest(world, request, requests, &ticket, outcome)?;
            tickets.entry(likeness(request)).or_default().insert(ticket);
        }
        if self.append == Some(LONG) && self.reopen == Some(LONG) {
            for (like, tickets) in &tickets {
                let early = early_openers(world, tickets);
                let unexcused = early.iter().find(|id| !failed.contains(*id));
                hold(Promise::TicketsShared, unexcused.is_none(), || {
                    format!(
                        "requests that are alike ({like}) have the tickets {tickets:?}, though \
                         {unexcused:?} had begun with one and did not fail"
                    )
                })?;
            }
        }
        Ok(())
    }
}

/// The requests that `tickets` were opened for, but for the one whose call left last.
///
/// Requests that are alike share a ticket with one exception. A request that waits for a person
/// keeps those like it waiting no longer: the next one opens a ticket. When it goes on, its own may
/// have been made by a call that had left before. So whoever began before the last one must have
/// failed without a ticket.
fn early_openers(world: &World, tickets: &BTreeSet<String>) -> Vec<String> {
    let known = world.psa.tickets();
    let ours = known.into_iter().filter(|one| tickets.contains(&one.id));
    let mut openers: Vec<String> = ours.map(|one| one.reference).collect();
    openers.sort_by_key(|id| world.network.first_sent(id));
    openers.pop();
    openers
}

/// Whether the request failed while it had no ticket.
fn has_failed_before_its_ticket(request: &Value) -> bool {
    let history = request["history"].as_array();
    let mut said = history.into_iter().flatten().map(|one| text(&one["what"]));
    said.find(|what| matches!(what.as_str(), "failed" | "ticketed")) == Some("failed".to_owned())
}

/// A request on the ticket of another is like that one, and is told of there once.
fn check_guest(
    world: &World,
    request: &Value,
    requests: &[Value],
    ticket: &str,
    outcome: &mut Outcome,
) -> Result<(), Broken> {
    let id = text(&request["id"]);
    let tickets = world.psa.tickets();
    let opener = tickets.iter().find(|one| one.id == ticket);
    let opener = opener.map(|one| one.reference.clone()).unwrap_or_default();
    if opener == id {
        return Ok(());
    }
    let host = requests.iter().find(|one| one["id"] == opener.as_str());
    let alike = host.is_some_and(|host| likeness(host) == likeness(request));
    hold(Promise::TicketsShared, alike, || {
        format!("request {id} is on ticket {ticket} of {opener}, which it is not like")
    })?;
    let title = format!("Request {id} came again");
    let notes = world.psa.note_titles(ticket);
    let told = notes.iter().filter(|note| **note == title).count();
    hold(Promise::TicketsShared, told == 1, || {
        format!("{told} notes {title:?} are on ticket {ticket}")
    })?;
    let says = |words: &str| usize::from(tells(request, "detail", |said| said.contains(words)));
    outcome.joined += says("added to ticket");
    outcome.reopened += says("opened again");
    Ok(())
}

/// Whether one of the things that happened to the request has that in `field`.
fn tells(request: &Value, field: &str, is_so: impl Fn(&str) -> bool) -> bool {
    let history = request["history"].as_array();
    let mut said = history.into_iter().flatten().map(|one| text(&one[field]));
    said.any(|said| is_so(&said))
}

/// The id of the ticket that the request is linked to.
pub(crate) fn ticket_id(request: &Value) -> Option<String> {
    match &request["ticket"]["id"] {
        Value::Null => None,
        Value::String(id) => Some(id.clone()),
        id => Some(id.to_string()),
    }
}

/// What makes requests alike.
fn likeness(request: &Value) -> String {
    let content = if request["request"].is_object() {
        &request["request"]
    } else {
        request
    };
    let part = |name: &str| text(&content[name]);
    let told = ["name", "email", "username"].map(|name| text(&content["user"][name]));
    let user = told.into_iter().find(|told| !told.is_empty());
    format!(
        "{} {} {} {}",
        part("customer_id"),
        part("report_type"),
        part("hostname"),
        user.unwrap_or_default()
    )
}
