//! Checks the steps of a pipeline, each with the names that are there when it runs.

use std::collections::BTreeMap;

use expression::{Compiler, Expression, Scripts, Shape};
use serde_json::{Value, json};

use super::{compiled, computed, duration, scope, template};
use crate::codes;
use crate::family::{Contract, EffectRule, Family, Gives};
use crate::near;
use crate::page::Spot;
use crate::pipeline::{Emitted, Entity, Look, Otherwise, Side, Since, Step, StepKind};
use crate::raw::pipeline::{
    CallText, EachText, EmitText, EmittedText, EnsureText, EntityText, KeepText, LinkText,
    LookText, MatchText, OtherwiseText, PullText, ScriptText, SideText, StepText, WhenStepText,
};
use crate::raw::value::{Computed, Name, Named};

/// The names that a step can use.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    known: BTreeMap<String, Shape>,
}

impl Names {
    /// The names that are there when the pipeline starts.
    pub(crate) fn new(known: BTreeMap<String, Shape>) -> Self {
        Self { known }
    }

    /// The names as a compiler wants them.
    pub(crate) fn shape(&self) -> Shape {
        Shape::object(self.known.clone())
    }

    /// Adds a name. It may hide an earlier one only where it is the same thing more fully known,
    /// such as a ticket in place of its key: a reader would be misled by anything else.
    fn add(&mut self, name: &Name, shape: Shape, spot: &Spot<'_>) {
        let hides = self
            .known
            .get(&name.0)
            .is_some_and(|before| !is_fuller(&shape, before));
        if hides || scope::PIPELINE_ROOTS.contains(&name.0.as_str()) {
            let message = format!("`{}` means something else here already", name.0);
            spot.error(
                codes::SHADOWED_NAME,
                message,
                Some("choose another name".to_owned()),
            );
        }
        self.known.insert(name.0.clone(), shape);
    }

    /// Adds a name of which nothing is known, because what would give it does not exist.
    fn add_unknown(&mut self, name: Option<&Name>) {
        self.known
            .extend(name.map(|name| (name.0.clone(), Shape::Any)));
    }
}

/// Whether `after` is an object with all the keys of the object `before`.
fn is_fuller(after: &Shape, before: &Shape) -> bool {
    match (after, before) {
        (Shape::Object { fields: after, .. }, Shape::Object { fields: before, .. }) => {
            before.keys().all(|key| after.contains_key(key))
        }
        _ => false,
    }
}

/// What steps are checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) family: &'a Family,
    pub(crate) scripts: &'a Scripts,
}

impl Bench<'_> {
    /// Checks a list of steps; each can use what those before it added to `names`.
    pub(crate) fn steps(
        &self,
        texts: &[StepText],
        names: &mut Names,
        spot: &Spot<'_>,
    ) -> Vec<Step> {
        let step = |(index, text): (usize, &StepText)| {
            let at = spot.index(index);
            let kind = self.step(text, names, &at)?;
            Some(Step {
                path: at.path(),
                kind,
            })
        };
        texts.iter().enumerate().filter_map(step).collect()
    }

    fn step(&self, text: &StepText, names: &mut Names, spot: &Spot<'_>) -> Option<StepKind> {
        let at = |kind: &str| spot.key(kind);
        if let Some(text) = &text.matching {
            return Some(self.matching(text, names, &at("match")));
        }
        if let Some(text) = &text.script {
            return Some(self.script(text, names, &at("script")));
        }
        if let Some(text) = &text.call {
            return Some(self.call(text, names, &at("call")));
        }
        if let Some(text) = &text.ensure {
            return Some(self.ensure(text, names, &at("ensure")));
        }
        if let Some(text) = &text.pull {
            return Some(self.pull(text, names, &at("pull")));
        }
        if let Some(text) = &text.when {
            return self.when(text, names, &at("when"));
        }
        if let Some(text) = &text.each {
            return Some(self.each(text, names, &at("each")));
        }
        if let Some(text) = &text.link {
            return Some(self.link(text, names, &at("link")));
        }
        text.emit
            .as_ref()
            .map(|text| self.emit(text, names, &at("emit")))
    }

    fn matching(&self, text: &MatchText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let entity = match text.entity {
            EntityText::Company => Entity::Company,
            EntityText::Request => Entity::Request,
        };
        let otherwise = match text.otherwise {
            OtherwiseText::Park => Otherwise::Park,
            OtherwiseText::Stop => Otherwise::Stop,
        };
        if (entity, otherwise) == (Entity::Request, Otherwise::Park) {
            let message = "nobody can map a ticket to a request, so it would wait for ever";
            let hint = Some("use `otherwise: stop`".to_owned());
            spot.key("otherwise")
                .error(codes::WRONG_MATCH, message.to_owned(), hint);
        }
        let by = self.computed(&text.by, names, &spot.key("for"));
        names.add(&text.into, self.shape(entity.schema()), &spot.key("into"));
        StepKind::Match {
            entity,
            by,
            otherwise,
            into: text.into.0.clone(),
        }
    }

    fn script(&self, text: &ScriptText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let roots = names.shape();
        let compiler = Compiler::named(&roots, self.scripts);
        let source = json!({ "script": text.call });
        let call = compiler.compile(&source).unwrap_or_else(|faults| {
            // The file names the function directly, without the map around it.
            let here = faults.into_iter().map(|fault| expression::Fault {
                pointer: String::new(),
                ..fault
            });
            spot.key("call").faults(here.collect());
            Expression::constant(Value::Null)
        });
        // What a script returns is known by nobody; if it goes into an operation, the schema of
        // the input is what the runtime holds it against.
        let shape = self.family.operations.values().find_map(|contract| {
            contract
                .input
                .get(&text.into.0)
                .map(|schema| self.shape(schema))
        });
        names.add(&text.into, shape.unwrap_or_default(), &spot.key("into"));
        StepKind::Script {
            reference: text.call.clone(),
            call,
            into: text.into.0.clone(),
        }
    }

    fn call(&self, text: &CallText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        if let Some(contract) = self.contract(&text.operation, spot) {
            let at = spot.key("operation");
            if let Some(EffectRule::Find(_)) = contract.effect {
                let message = format!(
                    "`{}` must happen once, and a call may repeat it",
                    contract.name
                );
                at.error(
                    codes::USE_ENSURE,
                    message,
                    Some("use `ensure` with a `key`".to_owned()),
                );
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
        StepKind::Call {
            operation: text.operation.0.clone(),
            with,
            into: name(text.into.as_ref()),
        }
    }

    fn ensure(&self, text: &EnsureText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        let roots = names.shape();
        let key = template(
            &Compiler::named(&roots, self.scripts),
            &text.key,
            &spot.key("key"),
        );
        if let Some(contract) = self.contract(&text.operation, spot) {
            if contract.effect.is_none() {
                let message = format!("`{}` changes nothing", contract.name);
                let hint = Some("use `call`".to_owned());
                spot.key("operation")
                    .error(codes::NOT_AN_EFFECT, message, hint);
            }
            self.inputs(contract, &text.with, names, &[], spot);
            self.result(contract, text.into.as_ref(), names, spot);
        } else {
            names.add_unknown(text.into.as_ref());
        }
        StepKind::Ensure {
            operation: text.operation.0.clone(),
            key,
            look: match text.look {
                Some(LookText::First) => Look::First,
                None | Some(LookText::AfterDoubt) => Look::AfterDoubt,
            },
            with,
            into: name(text.into.as_ref()),
        }
    }

    fn pull(&self, text: &PullText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let with = self.with(&text.with, names, spot);
        let contract = self.contract(&text.operation, spot);
        let mut record = Shape::Any;
        if let Some(contract) = contract {
            match &contract.gives {
                Gives::Many(schema) => record = self.shape(schema),
                Gives::Nothing | Gives::One(_) | Gives::Maybe(_) => {
                    let message = format!("`{}` gives no list", contract.name);
                    let hint = Some("use `call`".to_owned());
                    spot.key("operation")
                        .error(codes::NOT_A_LIST, message, hint);
                }
            }
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
        }
        if text.keep.is_none() && text.each.is_empty() {
            let message = "what is read here is neither kept nor used".to_owned();
            let hint = "add `keep`, or `each` with steps".to_owned();
            spot.error(codes::IDLE_PULL, message, Some(hint));
        }
        let since = text.since.as_ref().map(|since| {
            let roots = names.shape();
            let compiler = Compiler::document(&record, &roots, self.scripts);
            let at = spot.key("since").key("newest");
            Since {
                newest: template(&compiler, &since.newest, &at),
                overlap: duration(&since.overlap),
            }
        });
        let mut inside = names.clone();
        inside.add(&text.name, record, &spot.key("as"));
        StepKind::Pull {
            operation: text.operation.0.clone(),
            since,
            with,
            name: text.name.0.clone(),
            keep: text.keep.map(|KeepText::Company| Entity::Company),
            each: self.steps(&text.each, &mut inside, &spot.key("each")),
        }
    }

    /// Names added under a condition are not there after it.
    fn when(&self, text: &WhenStepText, names: &Names, spot: &Spot<'_>) -> Option<StepKind> {
        let (condition, holds) = match (&text.is, &text.not) {
            (Some(is), None) => (self.computed(is, names, &spot.key("is")), true),
            (None, Some(not)) => (self.computed(not, names, &spot.key("not")), false),
            _ => {
                let message = "a condition has exactly one of `is` and `not`".to_owned();
                spot.key_error(codes::EXACTLY_ONE, message, None);
                return None;
            }
        };
        let steps = self.steps(&text.steps, &mut names.clone(), &spot.key("steps"));
        let otherwise = self.steps(&text.otherwise, &mut names.clone(), &spot.key("otherwise"));
        Some(StepKind::When {
            condition,
            holds,
            steps,
            otherwise,
        })
    }

    fn each(&self, text: &EachText, names: &Names, spot: &Spot<'_>) -> StepKind {
        let list = self.template(&text.list, names, &spot.key("in"));
        let mut inside = names.clone();
        inside.add(&text.name, Shape::Any, &spot.key("as"));
        let steps = self.steps(&text.steps, &mut inside, &spot.key("steps"));
        StepKind::Each {
            list,
            name: text.name.0.clone(),
            steps,
        }
    }

    fn link(&self, text: &LinkText, names: &Names, spot: &Spot<'_>) -> StepKind {
        StepKind::Link {
            request: self.template(&text.request, names, &spot.key("request")),
            ticket: self.template(&text.ticket, names, &spot.key("ticket")),
        }
    }

    fn emit(&self, text: &EmitText, names: &Names, spot: &Spot<'_>) -> StepKind {
        let resolution = text.resolution.as_ref();
        StepKind::Emit {
            event: match text.event {
                EmittedText::RequestClosed => Emitted::RequestClosed,
            },
            request: self.template(&text.request, names, &spot.key("request")),
            by: match text.by {
                SideText::Product => Side::Product,
                SideText::Psa => Side::Psa,
            },
            resolution: resolution.map(|text| self.template(text, names, &spot.key("resolution"))),
        }
    }

    fn shape(&self, schema: &str) -> Shape {
        self.family
            .schemas
            .get(schema)
            .map(|schema| schema.shape.clone())
            .unwrap_or_default()
    }

    fn computed(&self, value: &Computed, names: &Names, spot: &Spot<'_>) -> Expression {
        let roots = names.shape();
        computed(&Compiler::named(&roots, self.scripts), value, spot)
    }

    fn template(
        &self,
        text: &crate::raw::value::Template,
        names: &Names,
        spot: &Spot<'_>,
    ) -> Expression {
        let roots = names.shape();
        template(&Compiler::named(&roots, self.scripts), text, spot)
    }

    fn with(
        &self,
        with: &Named<Computed>,
        names: &Names,
        spot: &Spot<'_>,
    ) -> Vec<(String, Expression)> {
        let roots = names.shape();
        let compiler = Compiler::named(&roots, self.scripts);
        let at = spot.key("with");
        let one = |(name, value): &(String, Computed)| {
            (name.clone(), compiled(&compiler, &value.0, &at.key(name)))
        };
        with.0.iter().map(one).collect()
    }

    fn contract(&self, operation: &Name, spot: &Spot<'_>) -> Option<&Contract> {
        let found = self.family.operations.get(&operation.0);
        if found.is_none() {
            let names = self.family.operations.keys().map(String::as_str);
            let message = format!(
                "`{}` is not an operation of the family `{}`",
                operation.0, self.family.name
            );
            let hint = near::hint(&operation.0, names);
            spot.key("operation")
                .error(codes::UNKNOWN_OPERATION, message, hint);
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
        let open = contract.input.iter().filter(|(name, _)| {
            !supplied.contains(&name.as_str()) && !with.0.iter().any(|(given, _)| given == *name)
        });
        for (name, schema) in open {
            self.input(contract, name, schema, names, &spot.key("operation"));
        }
    }

    fn input(&self, contract: &Contract, name: &str, schema: &str, names: &Names, spot: &Spot<'_>) {
        let Some(found) = names.known.get(name) else {
            let message = format!("`{}` asks for `{name}`, which is not there", contract.name);
            let hint = format!("a step before this one can make it: `into: {name}`");
            spot.error(codes::MISSING_INPUT, message, Some(hint));
            return;
        };
        let required = self.family.schemas.get(schema);
        let lacking = required.into_iter().flat_map(|schema| schema.required());
        for key in lacking.filter(|key| found.walk([*key]).is_none()) {
            let message = format!(
                "`{}` needs `{name}` with a `{key}`, and it has none",
                contract.name
            );
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

fn name(into: Option<&Name>) -> Option<String> {
    into.map(|name| name.0.clone())
}
