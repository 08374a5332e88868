//! Checks the steps of a pipeline, each with the names that are there when it runs.
//!
//! Here are the kinds that decide and tell; `operations` has those that call something, `sharing`
//! those about the requests of a ticket.

mod operations;
mod reconcile;
mod sharing;

use std::collections::BTreeSet;

use expression::{Expression, Fault, Scripts, Shape};
use serde_json::{Value, json};

use super::cause;
use super::names::Names;
use super::value::Values;
use crate::codes;
use crate::family::{Family, RecordSchema};
use crate::near;
use crate::page::Spot;
use crate::pipeline::{Emitted, Entity, Otherwise, Side, Step, StepKind};
use crate::raw::pipeline::{
    EachText, EmitText, EmittedText, EntityText, MatchText, OtherwiseText, PreflightText,
    ScriptText, SideText, StepText, WhenStepText,
};
use crate::raw::value::{Computed, Name, Template};

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
        if let Some(text) = &text.reconcile {
            return Some(self.reconcile(text, &at("reconcile")));
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
        if let Some(text) = &text.earlier {
            return Some(self.earlier(text, names, &at("earlier")));
        }
        if let Some(text) = &text.leave {
            return Some(self.leave(text, names, &at("leave")));
        }
        if let Some(text) = &text.describe {
            let at = at("describe");
            return Some(StepKind::Describe {
                request: self.template(&text.request, names, &at.key("request")),
                user: self.template(&text.user, names, &at.key("user")),
            });
        }
        if let Some(text) = &text.verify {
            return Some(self.verify(text, names, &at("verify")));
        }
        if let Some(text) = &text.preflight {
            return Some(self.preflight(text, &at("preflight")));
        }
        text.emit
            .as_ref()
            .map(|text| self.emit(text, names, &at("emit")))
    }

    fn matching(&self, text: &MatchText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let entity = match text.entity {
            EntityText::Company => Entity::Company,
            EntityText::Requests => Entity::Requests,
        };
        let otherwise = match text.otherwise {
            OtherwiseText::Park => Otherwise::Park,
            OtherwiseText::Stop => Otherwise::Stop,
        };
        if (entity, otherwise) == (Entity::Requests, Otherwise::Park) {
            let message = "nobody can map a ticket to a request, so it would wait for ever";
            let hint = Some("use `otherwise: stop`".to_owned());
            spot.key("otherwise")
                .error(codes::WRONG_MATCH, message.to_owned(), hint);
        }
        let by = self.computed(&text.by, names, &spot.key("for"));
        let instead = text.instead.as_ref();
        if let (Entity::Requests, Some(_)) = (entity, instead) {
            let message = "only what is looked for by a customer can have a stand-in".to_owned();
            let hint = Some("remove `instead`".to_owned());
            spot.key("instead")
                .key_error(codes::WRONG_MATCH, message, hint);
        }
        let instead = instead.map(|text| self.template(text, names, &spot.key("instead")));
        let shape = entity.schema().map(|schema| self.shape(schema));
        names.add(&text.into, shape.unwrap_or_default(), &spot.key("into"));
        StepKind::Match {
            entity,
            by,
            instead,
            otherwise,
            into: text.into.0.clone(),
        }
    }

    fn script(&self, text: &ScriptText, names: &mut Names, spot: &Spot<'_>) -> StepKind {
        let at = spot.key("call");
        let (roots, errors) = (names.shape(), spot.errors());
        let values = Values::named(&roots, self.scripts);
        let call = values
            .compile(&json!({ "script": text.call }))
            .unwrap_or_else(|faults| {
                // The file names the function directly, without the map around it.
                let here = |fault| Fault {
                    pointer: String::new(),
                    ..fault
                };
                at.faults(faults.into_iter().map(here).collect());
                Expression::constant(Value::Null)
            });
        // What a script returns is known by nobody; if it goes into an operation, the schema of
        // the input is what the runtime holds it against.
        let mut contracts = self.family.operations.values();
        let input = contracts.find_map(|contract| contract.input.get(&text.into.0));
        let shape = input
            .filter(|_| spot.errors() == errors)
            .map(|schema| self.shape(schema));
        if let Some(keys) = self.scripts.given_keys(&text.call)
            && let Some(schema) = input.and_then(|name| self.family.schemas.get(name))
        {
            gives_whole(keys, schema, &at);
        }
        names.add(&text.into, shape.unwrap_or_default(), &spot.key("into"));
        StepKind::Script {
            reference: text.call.clone(),
            call,
            into: text.into.0.clone(),
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
        is_list(&text.list.0, &names.shape(), &spot.key("in"));
        let mut inside = names.inside(&text.name, Shape::Any, &spot.key("as"));
        let steps = self.steps(&text.steps, &mut inside, &spot.key("steps"));
        StepKind::Each {
            list,
            name: text.name.0.clone(),
            steps,
        }
    }

    fn emit(&self, text: &EmitText, names: &Names, spot: &Spot<'_>) -> StepKind {
        let roots = names.shape();
        let values = Values::named(&roots, self.scripts);
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
            resolution: resolution.map(|text| values.template(text, &spot.key("resolution"))),
        }
    }

    fn preflight(&self, text: &PreflightText, spot: &Spot<'_>) -> StepKind {
        let named = |key: &str, name: &Name| {
            cause::known(name, self.family, &spot.key(key));
            name.0.clone()
        };
        StepKind::Preflight {
            rights: named("rights", &text.rights),
            choices: named("choices", &text.choices),
            companies: named("companies", &text.companies),
        }
    }

    fn shape(&self, schema: &str) -> Shape {
        let schema = self.family.schemas.get(schema);
        schema
            .map(|schema| schema.shape.clone())
            .unwrap_or_default()
    }

    /// A value that what is done depends on; one that is always the same is a mistake.
    fn computed(&self, value: &Computed, names: &Names, spot: &Spot<'_>) -> Expression {
        let roots = names.shape();
        Values::named(&roots, self.scripts).varying(&value.0, spot)
    }

    fn template(&self, text: &Template, names: &Names, spot: &Spot<'_>) -> Expression {
        let roots = names.shape();
        Values::named(&roots, self.scripts).varying_template(text, spot)
    }
}

/// Reports what is surely no list, as far as the names on the way are written out.
fn is_list(path: &str, names: &Shape, spot: &Spot<'_>) {
    let Some(path) = path.strip_prefix("$.") else {
        return;
    };
    if let Some(Shape::Object { .. } | Shape::Scalar) = names.walk(path.split('.')) {
        let message = format!("`$.{path}` is no list");
        let hint = "name a list; for the one thing, leave out `each`".to_owned();
        spot.error(codes::NOT_A_LIST, message, Some(hint));
    }
}

/// Holds the keys of the map that a function always gives against the schema of what it becomes.
fn gives_whole(keys: &BTreeSet<String>, schema: &RecordSchema, spot: &Spot<'_>) {
    for key in schema.required().filter(|key| !keys.contains(*key)) {
        let message = format!(
            "a `{}` has a `{key}`, and this function gives none",
            schema.name
        );
        let given: Vec<&str> = keys.iter().map(String::as_str).collect();
        let hint = format!("it gives `{}`", given.join("`, `"));
        spot.error(codes::MISSING_FIELD, message, Some(hint));
    }
    let allowed = schema.allowed().unwrap_or_default();
    let unknown = |key: &&String| !allowed.is_empty() && !allowed.contains(&key.as_str());
    for key in keys.iter().filter(unknown) {
        let message = format!(
            "this function gives `{key}`, which is not a key of `{}`",
            schema.name
        );
        let hint = near::hint(key, allowed.iter().copied());
        spot.error(codes::UNKNOWN_RECORD_FIELD, message, hint);
    }
}
