//! Checks the steps that are about which requests a ticket has, and those that hold a ticket
//! against what it should be.

use expression::Shape;

use super::Bench;
use crate::check::names::Names;
use crate::check::value::Values;
use crate::codes;
use crate::near;
use crate::page::Spot;
use crate::pipeline::{Earlier, Sharing, StepKind};
use crate::raw::pipeline::{EarlierText, LeaveText, LinkText, SharingText, VerifyText};
use crate::raw::value::Name;

impl Bench<'_> {
    pub(super) fn link(&self, text: &LinkText, names: &Names, spot: &Spot<'_>) -> StepKind {
        let reopened = text.reopened.as_ref();
        StepKind::Link {
            request: self.template(&text.request, names, &spot.key("request")),
            ticket: self.template(&text.ticket, names, &spot.key("ticket")),
            reopened: reopened.map(|text| self.template(text, names, &spot.key("reopened"))),
        }
    }

    pub(super) fn earlier(
        &self,
        text: &EarlierText,
        names: &mut Names,
        spot: &Spot<'_>,
    ) -> StepKind {
        let request = self.template(&text.request, names, &spot.key("request"));
        let like = self.computed(&text.like, names, &spot.key("like"));
        let open = self.shared(&text.open, names, &spot.key("open"));
        let closed = self.shared(&text.closed, names, &spot.key("closed"));
        let found = Shape::object([
            ("ticket".to_owned(), self.shape("ticket")),
            ("revived".to_owned(), Shape::Scalar),
        ]);
        names.add(&text.into, found, &spot.key("into"));
        StepKind::Earlier(Box::new(Earlier {
            request,
            like,
            begun: self.known(&text.begun, &spot.key("begun")),
            read: self.known(&text.read, &spot.key("read")),
            open,
            closed,
            into: text.into.0.clone(),
        }))
    }

    fn shared(&self, text: &SharingText, names: &Names, spot: &Spot<'_>) -> Sharing {
        Sharing {
            within: self.template(&text.within, names, &spot.key("within")),
            by: self.known(&text.by, &spot.key("by")),
        }
    }

    /// The name of an operation that the family has.
    fn known(&self, name: &Name, spot: &Spot<'_>) -> String {
        if !self.family.operations.contains_key(&name.0) {
            let names = self.family.operations.keys().map(String::as_str);
            let family = &self.family.name;
            let message = format!("`{}` is not an operation of the family `{family}`", name.0);
            spot.error(
                codes::UNKNOWN_OPERATION,
                message,
                near::hint(&name.0, names),
            );
        }
        name.0.clone()
    }

    pub(super) fn leave(&self, text: &LeaveText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let request = self.template(&text.request, names, &spot.key("request"));
        let ticket = self.template(&text.ticket, names, &spot.key("ticket"));
        names.add(&text.into, Shape::Any, &spot.key("into"));
        StepKind::Leave {
            request,
            ticket,
            into: text.into.0.clone(),
        }
    }

    pub(super) fn verify(&self, text: &VerifyText, names: &Names, spot: &Spot<'_>) -> StepKind {
        let roots = names.shape();
        let values = Values::named(&roots, self.scripts);
        let expected = text.expected.as_ref();
        StepKind::Verify {
            what: text.what.clone(),
            found: self.template(&text.found, names, &spot.key("found")),
            expected: expected.map(|text| values.computed(text, &spot.key("expected"))),
        }
    }
}
