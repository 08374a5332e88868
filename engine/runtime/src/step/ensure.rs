//! `ensure`: an effect happens once. This is the gate that every effect goes through.
//!
//! Before a call is sent, its intent is durable. If the answer is lost, or the program dies, the
//! intent is found the next time and the remote side is asked first, by the operation that the
//! family names for it, whether the effect took hold; not before a call that is still under way
//! there has had time to settle. Only when it surely did not happen is it sent again. What is
//! found twice is nobody's to guess: it becomes an issue.

use definition::EffectRule;
use definition::connector::SETTLE_DEFAULT;
use definition::pipeline::{Look, Step, StepKind};
use model::sabotage::{Bug, sabotaged};
use model::{Class, IssueKind};
use serde_json::{Map, Value};
use store::{Expect, Key, Record, Records, Versioned};

use super::{Flow, gives_nothing, inputs};
use crate::context::Context;
use crate::halt::{Failed, Halt};
use crate::issues::Trouble;
use crate::tables::{Effect, EffectRow};

/// Does the effect of `step` unless it was done before.
pub(super) async fn ensure(context: &mut Context<'_>, step: &Step) -> Result<Flow, Halt> {
    let StepKind::Ensure {
        operation,
        key,
        look,
        with,
        into,
    } = &step.kind
    else {
        return Ok(Flow::Go);
    };
    if !context.remote.connector.operations.contains_key(operation) {
        gives_nothing(context, into.as_deref());
        return Ok(Flow::Go);
    }
    let inputs = inputs(context, &step.path, operation, with)?;
    let rule = context
        .remote
        .family
        .operations
        .get(operation)
        .and_then(|one| one.effect.clone());
    let result = match rule {
        Some(EffectRule::Find(find)) => {
            let key = context.value(key, &step.path)?;
            let key = model::request::id_text(&key);
            let effect = Guarded {
                operation,
                find: &find,
                key: &key,
                inputs: &inputs,
            };
            effect.once(context, *look).await?
        }
        Some(EffectRule::Reread(_)) => {
            let message = format!("{operation} changes a quantity, which only reconcile may");
            return Err(Halt::Undefined(message));
        }
        // Sent twice is the same as sent once, so there is nothing to remember.
        Some(EffectRule::RepeatSafe) | None => {
            let gave = context.remote.one(operation, &inputs).await;
            gave.map_err(|failed| context.halt(failed))?
                .unwrap_or(Value::Null)
        }
    };
    if let Some(into) = into {
        context.roots.insert(into.clone(), result);
    }
    Ok(Flow::Go)
}

/// Does the effect of `operation` once for `key`: a former result is its result.
pub(crate) async fn once(
    context: &mut Context<'_>,
    operation: &str,
    key: &str,
    inputs: &Map<String, Value>,
) -> Result<Value, Halt> {
    let contract = context.remote.family.operations.get(operation);
    let Some(EffectRule::Find(find)) = contract.and_then(|one| one.effect.clone()) else {
        return Err(Halt::Undefined(format!(
            "nothing finds what {operation} makes"
        )));
    };
    let effect = Guarded {
        operation,
        find: &find,
        key,
        inputs,
    };
    effect.once(context, Look::First).await
}

/// Whether there is already what `operation` would make, although nothing is known of it.
pub(super) async fn is_hidden(
    context: &mut Context<'_>,
    path: &str,
    (operation, key): (&str, &str),
) -> Result<bool, Halt> {
    if context.remote.core.config.restored.is_none() {
        return Ok(false);
    }
    let contract = context.remote.family.operations.get(operation);
    let Some(EffectRule::Find(find)) = contract.and_then(|one| one.effect.clone()) else {
        return Ok(false);
    };
    let inputs = inputs(context, path, &find, &[])?;
    let effect = Guarded {
        operation,
        find: &find,
        key,
        inputs: &inputs,
    };
    Ok(effect.may_be_hidden(context).await? && effect.look_in_doubt(context).await?.is_some())
}

/// An effect that can be found again.
struct Guarded<'a> {
    operation: &'a str,
    find: &'a str,
    key: &'a str,
    inputs: &'a Map<String, Value>,
}

impl Guarded<'_> {
    async fn once(&self, context: &mut Context<'_>, look: Look) -> Result<Value, Halt> {
        let known = self.known(context).await?;
        let looked = match (&known, look) {
            (
                Some(Versioned {
                    value: EffectRow(Effect::Done { result, .. }),
                    ..
                }),
                Look::AfterDoubt,
            ) => {
                context.has_effects = true;
                return Ok(result.clone());
            }
            (
                Some(Versioned {
                    value: EffectRow(Effect::Intended { .. }),
                    ..
                }),
                _,
            ) => self.look_in_doubt(context).await?,
            (_, Look::First) => self.look(context).await?,
            (None, Look::AfterDoubt) if self.may_be_hidden(context).await? => {
                self.look_in_doubt(context).await?
            }
            (None, Look::AfterDoubt) => None,
        };
        if let Some(found) = looked {
            self.done(context, &found);
            return Ok(found);
        }
        self.intend(context, known).await?;
        self.send(context).await
    }

    /// Looks for what may have been sent, and remembers that it may have been.
    async fn look_in_doubt(&self, context: &mut Context<'_>) -> Result<Option<Value>, Halt> {
        let before = std::mem::replace(&mut context.has_effects, true);
        self.settled(context)?;
        context.count("looked_for", 1);
        let looked = if sabotaged(Bug::SendsWithoutLooking) {
            None
        } else {
            self.look(context).await?
        };
        context.has_effects = before;
        Ok(looked)
    }

    /// Whether the effect may have been sent and the state, which is of before, knows nothing of
    /// it.
    async fn may_be_hidden(&self, context: &Context<'_>) -> Result<bool, Halt> {
        let core = &context.remote.core;
        match &context.about {
            Some(id) if core.config.restored.is_some() => {
                Ok(core.may_hide(&context.look(id).await?))
            }
            // What is for no request, such as a test ticket, is seldom enough to look for always.
            _ => Ok(core.config.restored.is_some()),
        }
    }

    fn row_key(&self, context: &Context<'_>) -> Key {
        EffectRow::key(context.partner.as_str(), &self.parts(context))
    }

    fn parts<'k>(&'k self, context: &'k Context<'_>) -> [&'k str; 3] {
        [
            context.remote.integration.id.as_str(),
            self.operation,
            self.key,
        ]
    }

    async fn known(&self, context: &Context<'_>) -> Result<Option<Versioned<EffectRow>>, Halt> {
        let store = &context.remote.core.store;
        Ok(store
            .get_record(context.partner.as_str(), &self.parts(context))
            .await?)
    }

    /// A call that was sent a moment ago may still be at work on the other side: looking too early
    /// finds nothing, and sending again would double it.
    fn settled(&self, context: &Context<'_>) -> Result<(), Halt> {
        let core = &context.remote.core;
        let operation = context.remote.connector.operations.get(self.operation);
        let settle = operation.map_or(SETTLE_DEFAULT, |operation| operation.settle);
        let left = core.doubts.left(&self.row_key(context), settle);
        // In a rehearsal nothing is under way: its calls are answered from files.
        match left.filter(|_| core.witness.is_none()) {
            Some(left) => Err(Halt::Again {
                wait: Some(left),
                class: Some(Class::UnknownOutcome),
                message: format!(
                    "{}: the last answer was lost, it is looked for soon",
                    self.operation
                ),
            }),
            None => Ok(()),
        }
    }

    async fn look(&self, context: &mut Context<'_>) -> Result<Option<Value>, Halt> {
        match context.remote.found(self.find, self.inputs).await {
            Ok(found) if found.len() > 1 => Err(self.ambiguous(context, found.len())),
            Ok(found) => Ok(found.into_iter().next()),
            Err(Failed::Exchange { failure, .. }) if failure.class == Class::NotFound => Ok(None),
            Err(failed) => Err(context.halt(failed)),
        }
    }

    fn ambiguous(&self, context: &Context<'_>, count: usize) -> Halt {
        let title = &context.remote.connector.title;
        let what = self.operation.replace('_', " ");
        Halt::Behind {
            trouble: Box::new(Trouble {
                kind: IssueKind::Ambiguous,
                integration: Some(context.remote.integration.id.clone()),
                subject: format!("{} {}", self.operation, self.key),
                cause: None,
                title: format!("{title} has {count} results of {what} for {}", self.key),
                detail: Some(format!(
                    "{} finds more than one for this reference",
                    self.find
                )),
                remedy: "Decide which one is right, remove the reference from the others in the \
                         PSA, then try again from here."
                    .to_owned(),
            }),
            guard: None,
        }
    }

    /// Makes durable that the call is about to be sent, together with all that this rests on.
    async fn intend(
        &self,
        context: &mut Context<'_>,
        known: Option<Versioned<EffectRow>>,
    ) -> Result<(), Halt> {
        let expect = known.map_or(Expect::Absent, |known| Expect::Version(known.version));
        let row = EffectRow(Effect::Intended {
            at: context.remote.core.now(),
        });
        let parts = self.parts(context).map(str::to_owned);
        let parts = parts.each_ref().map(String::as_str);
        context
            .batch
            .put_record(context.partner.as_str(), &parts, &row, expect);
        if sabotaged(Bug::ForgetsIntent) {
            return Ok(());
        }
        context.commit().await
    }

    async fn send(&self, context: &mut Context<'_>) -> Result<Value, Halt> {
        let (key, core) = (self.row_key(context), context.remote.core.clone());
        let call = core.doubts.begin(key.clone());
        match context.remote.one(self.operation, self.inputs).await {
            Ok(result) => {
                call.end_known();
                let result = result.unwrap_or(Value::Null);
                self.done(context, &result);
                context.count("effects", 1);
                Ok(result)
            }
            Err(failed) => {
                if surely_did_not_happen(&failed) {
                    call.end_known();
                    context.batch.delete(key, Expect::Any);
                } else {
                    context.has_effects = true;
                }
                Err(context.halt(failed))
            }
        }
    }

    fn done(&self, context: &mut Context<'_>, result: &Value) {
        context.has_effects = true;
        let at = context.remote.core.now();
        let row = EffectRow(Effect::Done {
            result: result.clone(),
            at,
            request: context.about.clone(),
        });
        let parts = self.parts(context).map(str::to_owned);
        let parts = parts.each_ref().map(String::as_str);
        context
            .batch
            .put_record(context.partner.as_str(), &parts, &row, Expect::Any);
    }
}

/// Whether the remote side is known not to have done it. A result that could not be understood
/// came from a call that succeeded, so it must be looked for.
pub(crate) fn surely_did_not_happen(failed: &Failed) -> bool {
    match failed {
        Failed::Exchange { failure, .. } => failure.class != Class::UnknownOutcome,
        Failed::NotThereYet { .. } => true,
        _ => false,
    }
}
