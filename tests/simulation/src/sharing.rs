//! Requests that come again: how a seed's partner shares tickets among them, and what must hold of
//! it at the end.
//!
//! Most seeds share none, as most partners do. In the others many requests are alike, and the
//! spans are so long that all of them fall within, or so short that some do.

use std::collections::BTreeMap;

use model::{Content, Request};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::scenario::Tally;
use crate::world::World;

/// A span in which everything that a seed does takes place.
const LONG: &str = "2d";

/// How a partner shares tickets.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    append: Option<&'static str>,
    reopen: Option<&'static str>,
}

impl Sharing {
    /// What the dice say.
    pub fn of(dice: &Dice) -> Self {
        let span = || Some(*dice.pick(&[LONG, LONG, "20s"]));
        match dice.below(8) {
            0 => Self {
                append: span(),
                reopen: None,
            },
            1 => Self {
                append: None,
                reopen: span(),
            },
            2 | 3 => Self {
                append: span(),
                reopen: span(),
            },
            _ => Self {
                append: None,
                reopen: None,
            },
        }
    }

    /// The settings that say so.
    pub fn settings(self) -> Value {
        json!({ "append_repeats_within": self.append, "reopen_within": self.reopen })
    }

    /// Makes many of the requests like earlier ones, where tickets are shared.
    pub fn make_alike(self, dice: &Dice, contents: &mut [Content]) {
        if self.append.is_none() && self.reopen.is_none() {
            return;
        }
        let mut earlier: Vec<Content> = Vec::new();
        for content in contents {
            if !earlier.is_empty() && dice.percent(70) {
                *content = Content {
                    id: content.id.clone(),
                    ..dice.pick(&earlier).clone()
                };
            }
            earlier.push(content.clone());
        }
    }

    /// The promises about tickets that are shared.
    pub fn check(self, world: &World, seed: u64, requests: &[Request], tally: &mut Tally) {
        let mut tickets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut is_troubled = false;
        for request in requests {
            let had = |what: &str| request.history.iter().any(|entry| entry.what == what);
            is_troubled |= had("failed") || had("close waits");
            let Some(ticket) = world.ticket_of(request) else {
                continue;
            };
            let of_alike = tickets.entry(likeness(&request.content)).or_default();
            let id = ticket.id.to_string();
            if !of_alike.contains(&id) {
                of_alike.push(id);
            }
            if ticket.external_id.as_deref() != Some(request.content.id.as_str()) {
                check_guest(world, seed, request, requests, ticket.id, tally);
            }
        }
        // A request that was refused keeps the others waiting no longer: they may get their own.
        if self.append == Some(LONG) && self.reopen == Some(LONG) && !is_troubled {
            for (like, tickets) in &tickets {
                assert!(
                    tickets.len() <= 1,
                    "seed {seed}: requests that are alike ({like}) have the tickets {tickets:?}"
                );
            }
        }
    }
}

/// A request on the ticket of another is like that one, and is told of there once.
fn check_guest(
    world: &World,
    seed: u64,
    request: &Request,
    requests: &[Request],
    ticket: i64,
    tally: &mut Tally,
) {
    let id = &request.content.id;
    let opener = world
        .psa
        .ticket(ticket)
        .and_then(|ticket| ticket.external_id);
    let host = requests
        .iter()
        .find(|one| Some(one.content.id.as_str()) == opener.as_deref());
    let host = host.unwrap_or_else(|| panic!("seed {seed}: ticket {ticket} is nobody's"));
    assert_eq!(
        likeness(&host.content),
        likeness(&request.content),
        "seed {seed}: request {id} is on the ticket of {}, which it is not like",
        host.content.id
    );
    let title = format!("Request {id} came again");
    let notes = world.psa.notes(ticket);
    let told = notes
        .iter()
        .filter(|note| note.title.as_deref() == Some(&title));
    assert_eq!(
        told.count(),
        1,
        "seed {seed}: notes {title:?} on ticket {ticket}"
    );
    let said = |text: &str| {
        let mut details = request
            .history
            .iter()
            .filter_map(|entry| entry.detail.as_deref());
        details.any(|detail| detail.contains(text))
    };
    tally.joined += usize::from(said("added to ticket"));
    tally.reopened += usize::from(said("opened again"));
}

/// What makes requests alike.
fn likeness(content: &Content) -> String {
    let host = content.hostname.as_deref().unwrap_or_default();
    format!("{} {} {host}", content.customer_id, content.report_type)
}
