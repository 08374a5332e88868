//! Checks the steps that call an operation: what it is, what it is given, what it gives back.

use expression::{Expression, Shape};

use super::Bench;
use crate::check::names::Names;
use crate::check::value::Values;
use crate::check::{OVERLAP, duration};
use crate::codes;
use crate::family::{Contract, EffectRule, Gives, RecordSchema};
use crate::near;
use crate::page::Spot;
use crate::pipeline::{Failing, Keep, Look, Since, StepKind};
use crate::raw::pipeline::{
    CallText, EnsureText, FailingText, KeepText, LookText, PullText, SinceText,
};
use crate::raw::value::{Computed, Name, Named};

impl Bench<'_> {
    pub(super) fn call(&self, text: &CallText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        if let Some(contract) = self.contract(&text.operation, spot) {
            let at = spot.key("operation");
            if let Some(EffectRule::Find(_) | EffectRule::Reread(_)) = contract.effect {
                let message = format!(
                    "`{}` must happen once, and a call may repeat it",
                    contract.name
                );
                let hint = "use `ensure` with a `key`".to_owned();
                at.error(codes::USE_ENSURE, message, Some(hint));
            }
            if let Gives::Many(_) = contract.gives {
                let message = format!("`{}` gives a list", contract.name);
                at.error(codes::PULL_INSTEAD, message, Some("use `pull`".to_owned()));
            }
            self.inputs(contract, &text.with, names, &[], spot);
            self.result(contract, text.into.as_ref(), names, spot);
        } else {
            names.add_unknown(text.into.as_ref());
        }
        let into = text.into.as_ref().map(|name| name.0.clone());
        StepKind::Call {
            operation: text.operation.0.clone(),
            with,
            into,
            failing: match text.failing {
                Some(FailingText::GoOn) => Failing::GoesOn,
                Some(FailingText::Halt) | None => Failing::Halts,
            },
        }
    }

    pub(super) fn ensure(&self, text: &EnsureText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        let key = self.key(text, names, &spot.key("key"));
        let look = match text.look {
            Some(LookText::First) => Look::First,
            None | Some(LookText::AfterDoubt) => Look::AfterDoubt,
        };
        if let Some(contract) = self.contract(&text.operation, spot) {
            if contract.effect.is_none() {
                let message = format!("`{}` changes nothing", contract.name);
                let hint = Some("use `call`".to_owned());
                spot.key("operation")
                    .error(codes::NOT_AN_EFFECT, message, hint);
            }
            if let Some(EffectRule::Reread(_)) = contract.effect {
                let message = format!("`{}` changes a quantity", contract.name);
                let hint = "use `reconcile`, which knows the quantity before".to_owned();
                let at = spot.key("operation");
                at.error(codes::USE_RECONCILE, message, Some(hint));
            }
            if (look, &contract.effect) == (Look::First, &Some(EffectRule::RepeatSafe)) {
                let message = format!("nothing finds what `{}` makes", contract.name);
                let hint = "remove `look`, or give its contract `effect: { find: ... }`".to_owned();
                spot.key("look")
                    .error(codes::LOOK_UNFINDABLE, message, Some(hint));
            }
            self.inputs(contract, &text.with, names, &[], spot);
            self.result(contract, text.into.as_ref(), names, spot);
        } else {
            names.add_unknown(text.into.as_ref());
        }
        let into = text.into.as_ref().map(|name| name.0.clone());
        StepKind::Ensure {
            operation: text.operation.0.clone(),
            key,
            look,
            with,
            into,
        }
    }

    /// A key that is always the same is right for what there is one of, and wrong for one of many:
    /// the first would be done, and all others taken for it.
    fn key(&self, text: &EnsureText, names: &Names, spot: &Spot<'_>) -> Expression {
        let (roots, errors) = (names.shape(), spot.errors());
        let key = Values::named(&roots, self.scripts).template(&text.key, spot);
        let is_sure = spot.errors() == errors && !spot.is_spoiled();
        if key.is_constant() && names.is_one_of_many() && is_sure {
            let message = "this key is the same for all, so only the first is ever done".to_owned();
            let hint = "name what it is done once for, as in `key: $.request.id`".to_owned();
            spot.error(codes::CONSTANT_KEY, message, Some(hint));
        }
        key
    }

    pub(super) fn pull(&self, text: &PullText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        let contract = self.contract(&text.operation, spot);
        let record = contract.map(|contract| self.listed(contract, text, names, spot));
        let record = record.unwrap_or_default();
        if text.keep.is_none() && text.each.is_empty() {
            let message = "what is read here is neither kept nor used".to_owned();
            let hint = "add `keep`, or `each` with steps".to_owned();
            spot.error(codes::IDLE_PULL, message, Some(hint));
        }
        let since = text.since.as_ref();
        let since = since.map(|since| self.since(since, &record, names, &spot.key("since")));
        let schema = contract.and_then(|contract| contract.gives.schema());
        let schema = schema.and_then(|schema| self.family.schemas.get(schema));
        if let (Some(since), Some(schema)) = (&text.since, schema) {
            is_moment(&since.newest.0, schema, &spot.key("since").key("newest"));
        }
        let mut inside = names.inside(&text.name, record, &spot.key("as"));
        let keep = text.keep.map(Keep::from);
        if let (Some(keep), Some(contract)) = (keep, contract) {
            kept_as(keep, contract, &spot.key("keep"));
        }
        for (field, complete) in &text.complete.0 {
            let at = spot.key("complete").key(field);
            self.completes(complete, keep, &inside, &at);
        }
        StepKind::Pull {
            operation: text.operation.0.clone(),
            since,
            with,
            name: text.name.0.clone(),
            keep,
            complete: completed(&text.complete),
            each: self.steps(&text.each, &mut inside, &spot.key("each")),
        }
    }

    /// Checks an operation that tells the rest of a record.
    fn completes(&self, name: &Name, keep: Option<Keep>, inside: &Names, spot: &Spot<'_>) {
        if keep != Some(Keep::Usage) {
            let message = "only of usage it is known which records have changed".to_owned();
            let hint = "call the operation in `each`, or remove `complete`".to_owned();
            spot.key_error(codes::WRONG_KEEP, message, Some(hint));
        }
        let Some(contract) = self.named(name, spot) else {
            return;
        };
        if !matches!(contract.gives, Gives::Many(_)) {
            let message = format!("`{}` gives no list", contract.name);
            let hint = "name an operation that gives `many`".to_owned();
            spot.error(codes::NOT_A_LIST, message, Some(hint));
        }
        self.inputs(contract, &Named::default(), inside, &[], spot);
    }

    /// Checks an operation that is pulled, and gives the shape of its records.
    fn listed(
        &self,
        contract: &Contract,
        text: &PullText,
        names: &Names,
        spot: &Spot<'_>,
    ) -> Shape {
        let since = if text.since.is_some() {
            &["since"][..]
        } else {
            &[]
        };
        if text.since.is_some() && !contract.input.contains_key("since") {
            let message = format!("`{}` does not ask for `since`", contract.name);
            spot.key("since")
                .key_error(codes::SINCE_MISMATCH, message, None);
        }
        self.inputs(contract, &text.with, names, since, spot);
        match &contract.gives {
            Gives::Many(schema) => self.shape(schema),
            Gives::Nothing | Gives::One(_) | Gives::Maybe(_) => {
                let message = format!("`{}` gives no list", contract.name);
                let hint = Some("use `call`".to_owned());
                spot.key("operation")
                    .error(codes::NOT_A_LIST, message, hint);
                Shape::Any
            }
        }
    }

    fn since(&self, text: &SinceText, record: &Shape, names: &Names, spot: &Spot<'_>) -> Since {
        let roots = names.shape();
        let values = Values::document(record, &roots, self.scripts);
        Since {
            newest: values.varying_template(&text.newest, &spot.key("newest")),
            overlap: duration(&text.overlap, OVERLAP, &spot.key("overlap")),
        }
    }

    fn with(
        &self,
        with: &Named<Computed>,
        names: &Names,
        spot: &Spot<'_>,
    ) -> Vec<(String, Expression)> {
        let roots = names.shape();
        let values = Values::named(&roots, self.scripts);
        let at = spot.key("with");
        let one = |(name, value): &(String, Computed)| {
            (name.clone(), values.computed(value, &at.key(name)))
        };
        with.0.iter().map(one).collect()
    }

    fn contract(&self, operation: &Name, spot: &Spot<'_>) -> Option<&Contract> {
        self.named(operation, &spot.key("operation"))
    }

    /// The contract of the operation that is named at `spot`.
    pub(super) fn named(&self, operation: &Name, spot: &Spot<'_>) -> Option<&Contract> {
        let found = self.family.operations.get(&operation.0);
        if found.is_none() {
            let names = self.family.operations.keys().map(String::as_str);
            let hint = near::hint(&operation.0, names);
            let (operation, family) = (&operation.0, &self.family.name);
            let message = format!("`{operation}` is not an operation of the family `{family}`");
            spot.error(codes::UNKNOWN_OPERATION, message, hint);
        }
        found
    }

    /// Whether all that an operation is given is there. `supplied` comes from the step itself.
    fn inputs(
        &self,
        contract: &Contract,
        with: &Named<Computed>,
        names: &Names,
        supplied: &[&str],
        spot: &Spot<'_>,
    ) {
        for (name, _) in &with.0 {
            if !contract.input.contains_key(name) {
                let message = format!("`{}` does not ask for `{name}`", contract.name);
                let hint = near::hint(name, contract.input.keys().map(String::as_str));
                spot.key("with")
                    .key(name)
                    .key_error(codes::UNKNOWN_INPUT, message, hint);
            }
        }
        let is_given =
            |name: &str| supplied.contains(&name) || with.0.iter().any(|(given, _)| given == name);
        for (name, schema) in contract.input.iter().filter(|(name, _)| !is_given(name)) {
            self.input(contract, (name, schema), names, &spot.key("operation"));
        }
    }

    fn input(
        &self,
        contract: &Contract,
        (name, schema): (&str, &str),
        names: &Names,
        spot: &Spot<'_>,
    ) {
        let asks = &contract.name;
        let Some(found) = names.get(name) else {
            let message = format!("`{asks}` asks for `{name}`, which is not there");
            let hint = format!("a step before this one can make it: `into: {name}`");
            spot.error(codes::MISSING_INPUT, message, Some(hint));
            return;
        };
        let required = self.family.schemas.get(schema);
        let lacking = required.into_iter().flat_map(|schema| schema.required());
        for key in lacking.filter(|key| found.walk([*key]).is_none()) {
            let message = format!("`{asks}` needs `{name}` with a `{key}`, and it has none");
            let hint = format!("give it another one: `with: {{ {name}: $... }}`");
            spot.error(codes::INPUT_MISMATCH, message, Some(hint));
        }
    }

    fn result(&self, contract: &Contract, into: Option<&Name>, names: &mut Names, spot: &Spot<'_>) {
        let Some(into) = into else { return };
        let at = spot.key("into");
        let schema = contract.gives.schema();
        if schema.is_none() {
            let message = format!("`{}` gives nothing", contract.name);
            at.error(
                codes::GIVES_NOTHING,
                message,
                Some("remove `into`".to_owned()),
            );
        }
        let shape = schema.map(|schema| self.shape(schema)).unwrap_or_default();
        names.add(into, shape, &at);
    }
}

fn completed(text: &Named<Name>) -> Vec<(String, String)> {
    let one = |(field, operation): &(String, Name)| (field.clone(), operation.0.clone());
    text.0.iter().map(one).collect()
}

/// Reports records that cannot be kept as what they are said to be.
fn kept_as(keep: Keep, contract: &Contract, spot: &Spot<'_>) {
    let wanted = keep.schema();
    if contract.gives.schema().is_some_and(|given| given != wanted) {
        let message = format!("`{}` gives no `{wanted}`", contract.name);
        let hint = "keep the records as what the operation gives".to_owned();
        spot.error(codes::WRONG_KEEP, message, Some(hint));
    }
}

impl From<KeepText> for Keep {
    fn from(text: KeepText) -> Self {
        match text {
            KeepText::Company => Self::Company,
            KeepText::Agreement => Self::Agreement,
            KeepText::Item => Self::Item,
            KeepText::Customer => Self::Customer,
            KeepText::Usage => Self::Usage,
        }
    }
}

/// Reports a field of records that is surely no moment: the read would go on from the first one for
/// ever.
fn is_moment(path: &str, schema: &RecordSchema, spot: &Spot<'_>) {
    let field = path.strip_prefix("$.").unwrap_or_default();
    let kinds = schema.kinds(field);
    if !kinds.is_empty() && !kinds.contains(&"string") {
        let message = format!("`{field}` of a `{}` is never a moment", schema.name);
        let hint = "name the field that tells when the record changed last".to_owned();
        spot.error(codes::NOT_A_MOMENT, message, Some(hint));
    }
}
