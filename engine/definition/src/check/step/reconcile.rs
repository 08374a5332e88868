//! Checks `reconcile`: six operations, each of the kind that its place asks for.

use super::Bench;
use crate::codes;
use crate::family::{Contract, EffectRule, Gives};
use crate::page::Spot;
use crate::pipeline::{Reconcile, StepKind};
use crate::raw::pipeline::ReconcileText;
use crate::raw::value::Name;

/// What the step gives to operations that list.
const LISTING: &[&str] = &["items", "days"];

/// What it gives to operations that change a quantity.
const CHANGING: &[&str] = &["agreement", "line", "billed", "change"];

/// What it gives to the operation that puts a line on an agreement: there is none yet.
const ADDING: &[&str] = &["agreement", "billed", "change"];

/// What it gives to the operation that makes an item.
const CREATING: &[&str] = &["billed"];

/// What an operation has to be to stand in its place.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Lists,
    ChangesQuantity,
    Makes,
}

impl Kind {
    const fn fits(self, contract: &Contract) -> bool {
        match self {
            Self::Lists => matches!(contract.gives, Gives::Many(_)),
            Self::ChangesQuantity => matches!(contract.effect, Some(EffectRule::Reread(_))),
            Self::Makes => matches!(contract.effect, Some(EffectRule::Find(_))),
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Lists => "gives many records",
            Self::ChangesQuantity => "has `effect: { read: ... }` in the family",
            Self::Makes => "has `effect: { find: ... }` in the family",
        }
    }
}

impl Bench<'_> {
    pub(super) fn reconcile(&self, text: &ReconcileText, spot: &Spot<'_>) -> StepKind {
        for (key, operation, kind, given) in [
            ("lines", &text.lines, Kind::Lists, LISTING),
            ("quantities", &text.quantities, Kind::Lists, LISTING),
            ("change", &text.change, Kind::ChangesQuantity, CHANGING),
            ("add", &text.add, Kind::ChangesQuantity, ADDING),
            ("create", &text.create, Kind::Makes, CREATING),
            ("supplier", &text.supplier, Kind::Makes, &[]),
        ] {
            self.part(operation, kind, (key, given), &spot.key(key));
        }
        StepKind::Reconcile(Reconcile {
            lines: text.lines.0.clone(),
            quantities: text.quantities.0.clone(),
            change: text.change.0.clone(),
            add: text.add.0.clone(),
            create: text.create.0.clone(),
            supplier: text.supplier.0.clone(),
        })
    }

    fn part(&self, operation: &Name, kind: Kind, (key, given): (&str, &[&str]), spot: &Spot<'_>) {
        let Some(contract) = self.named(operation, spot) else {
            return;
        };
        if !kind.fits(contract) {
            let message = format!("`{}` cannot be used here", contract.name);
            let hint = format!("`{key}` is an operation that {}", kind.wanted());
            spot.error(codes::WRONG_RECONCILE, message, Some(hint));
        }
        let names = contract.input.keys();
        for name in names.filter(|name| !given.contains(&name.as_str())) {
            let message = format!("`{}` asks for `{name}`, which is not there", contract.name);
            let hint = match given {
                [] => format!("`{key}` is given nothing"),
                _ => format!("`{key}` is given {}", given.join(", ")),
            };
            spot.error(codes::MISSING_INPUT, message, Some(hint));
        }
    }
}
