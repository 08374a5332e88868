//! One customer on the page of the mapping.

use runtime::{CompanyRef, MappingLine};

use super::Unsaved;
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
    pub(super) ignored: Tick,
    pub(super) suggestion: Option<Offer>,
    pub(super) wrong: Option<Wrong>,
}

/// A box that can be ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Whether it is ticked.
    pub(super) is: bool,
    /// Whether it is ticked as it is saved.
    pub(super) was: bool,
}

impl Tick {
    /// One that nobody has changed.
    const fn saved(was: bool) -> Self {
        Self { is: was, was }
    }
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
            name: one.company.name,
            score: one.score,
            reason: one.reason,
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
            ignored: Tick::saved(line.ignored),
            suggestion: offer,
            wrong: None,
        }
    }
}

impl Line {
    /// With what was written and could not be saved.
    pub(super) fn with(self, unsaved: &Unsaved) -> Self {
        Self {
            chosen: Chosen {
                text: unsaved.chosen.text.clone(),
                ..self.chosen
            },
            ignored: Tick {
                is: unsaved.ignored,
                ..self.ignored
            },
            wrong: unsaved.wrong.clone(),
            ..self
        }
    }
}
