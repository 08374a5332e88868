//! One line of the form, as it was sent: what is written in its box, which of its ticks are set,
//! and which were when the page was made. Only what a person changed becomes a change.

use model::CustomerId;
use runtime::MappingChange;
use serde_json::Value;

use crate::directory::{Chosen, Directory};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;

/// The ticks of a line, by the names of their fields.
pub(super) const TICKS: [&str; 3] = ["tickets", "billing", "ignore"];

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
    pub(super) const fn saved(was: bool) -> Self {
        Self { is: was, was }
    }

    /// What it was changed to, if it was.
    fn changed(self) -> Option<bool> {
        (self.is != self.was).then_some(self.is)
    }
}

/// One line of the form.
pub(super) struct Typed {
    pub(super) customer: CustomerId,
    pub(super) chosen: Chosen,
    pub(super) tickets: Tick,
    pub(super) billing: Tick,
    pub(super) ignored: Tick,
    /// The company whose button was pressed on this line.
    taken: Option<String>,
    /// What is wrong with it.
    pub(super) wrong: Option<Wrong>,
}

impl Typed {
    /// Every line that was sent.
    pub(super) fn all(fields: &Fields) -> Result<Vec<Self>, Failure> {
        let lines = fields.below("line.").into_iter();
        lines
            .map(|(customer, was)| {
                let customer = CustomerId::new(customer).map_err(|_| Failure::not_a_form())?;
                Ok(Self::read(fields, customer, was))
            })
            .collect()
    }

    /// The line of `customer`, whose saved ticks are the words of `was`.
    fn read(fields: &Fields, customer: CustomerId, was: &str) -> Self {
        let [tickets, billing, ignored] = TICKS.map(|name| Tick {
            is: fields.get(&format!("{name}.{customer}")) == Some("on"),
            was: was.split(' ').any(|word| word == name),
        });
        let is_taken = fields.get("take") == Some(customer.as_str());
        let offered = fields.get(&format!("offer.{customer}")).map(str::to_owned);
        Self {
            chosen: Chosen::read(fields, &format!("company.{customer}")),
            customer,
            tickets,
            billing,
            ignored,
            taken: offered.filter(|_| is_taken),
            wrong: None,
        }
    }

    /// What is to be changed, if anything.
    pub(super) fn change(&self, directory: &Directory) -> Result<Option<MappingChange>, Wrong> {
        let is_ignored = self.ignored.is && self.taken.is_none();
        let company = match &self.taken {
            Some(offered) => Some(offered.clone()),
            None if is_ignored => None,
            None => self.chosen.resolve(directory)?,
        };
        let before = (!self.chosen.was.is_empty()).then(|| self.chosen.id.clone());
        let ticks = [self.tickets.changed(), self.billing.changed()];
        let any_off = ticks.contains(&Some(false));
        if company.is_none() && !is_ignored && any_off {
            return Err(Wrong {
                message: "A tick can be taken off once a company is chosen.".to_owned(),
                hint: Some("Choose it, or tick Ignore.".to_owned()),
            });
        }
        let [tickets, billing] = ticks.map(|tick| tick.filter(|_| company.is_some()));
        let is_same = company == before
            && is_ignored == self.ignored.was
            && tickets.is_none()
            && billing.is_none();
        Ok((!is_same).then(|| MappingChange {
            customer: self.customer.clone(),
            ignore: is_ignored,
            company: company.map(Value::String),
            tickets,
            billing,
        }))
    }
}
