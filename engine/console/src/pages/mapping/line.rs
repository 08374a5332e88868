//! One customer on the page of the mapping.

use runtime::{CompanyRef, MappingLine};

use super::typed::{TICKS, Tick, Typed};
use crate::directory::{Chosen, id_text};
use crate::form::Wrong;

/// One customer.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) name: String,
    /// Its domains, as text.
    pub(super) domains: String,
    /// Whether the product has it no more.
    pub(super) gone: bool,
    /// Whether its company is in the directory no more.
    pub(super) stale: bool,
    /// How many requests wait for it.
    pub(super) waiting: u64,
    pub(super) chosen: Chosen,
    pub(super) tickets: Tick,
    pub(super) billing: Tick,
    pub(super) ignored: Tick,
    pub(super) suggestion: Option<Offer>,
    pub(super) wrong: Option<Wrong>,
}

/// The company that it most probably is.
pub(super) struct Offer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) score: u8,
    pub(super) reason: String,
    pub(super) ambiguous: bool,
}

impl From<MappingLine> for Line {
    fn from(line: MappingLine) -> Self {
        let company: Option<&CompanyRef> = line.company.as_ref();
        let offer = line.suggestion.map(|one| Offer {
            id: id_text(&one.company),
            score: one.score,
            // The name stands beside it.
            reason: match one.reason.strip_suffix(&format!(": {}", one.company.name)) {
                Some(reason) => reason.to_owned(),
                None => one.reason,
            },
            name: one.company.name,
            ambiguous: one.ambiguous,
        });
        Self {
            chosen: Chosen::of(company),
            stale: company.is_some_and(|company| !company.active),
            id: line.customer.id.to_string(),
            name: line.customer.name,
            domains: line.customer.domains.join(", "),
            gone: !line.customer.enabled,
            waiting: line.waiting,
            tickets: Tick::saved(line.ticks.tickets),
            billing: Tick::saved(line.ticks.billing),
            ignored: Tick::saved(line.ignored),
            suggestion: offer,
            wrong: None,
        }
    }
}

impl Line {
    /// The names of the ticks that are saved, as [`Typed`] reads them.
    pub(super) fn saved(&self) -> String {
        let ticks = [self.tickets, self.billing, self.ignored].into_iter();
        let names = ticks.zip(TICKS).filter(|(tick, _)| tick.was);
        let names: Vec<&str> = names.map(|(_, name)| name).collect();
        names.join(" ")
    }

    /// With what was written and could not be saved.
    pub(super) fn with(self, typed: &Typed) -> Self {
        let again = |saved: Tick, typed: Tick| Tick {
            is: typed.is,
            ..saved
        };
        Self {
            chosen: Chosen {
                text: typed.chosen.text.clone(),
                ..self.chosen
            },
            tickets: again(self.tickets, typed.tickets),
            billing: again(self.billing, typed.billing),
            ignored: again(self.ignored, typed.ignored),
            wrong: typed.wrong.clone(),
            ..self
        }
    }
}
