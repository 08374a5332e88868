//! Steps: what a pipeline does, one after the other. Each kind carries its guarantee, so that a
//! pipeline cannot forget it.
//!
//! A pipeline is always run from its beginning. That is safe because a step either reads, or only
//! adds to the batch that is committed with the end of the job, or goes through the gate in
//! [`ensure`], which knows what was done before.

mod counterpart;
mod describe;
pub(crate) mod earlier;
mod emit;
pub(crate) mod ensure;
mod leave;
mod link;
mod preflight;
pub(crate) mod pull;
mod reconcile;
mod verify;

use definition::pipeline::{Entity, Failing, Step, StepKind};
use expression::Expression;
use futures::future::BoxFuture;
use model::Check;
use serde_json::Value;

pub(crate) use counterpart::is_company;

use crate::context::Context;
use crate::halt::Halt;

/// Whether the steps behind one are still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Go,
    /// These steps are over, and that is fine.
    Stop,
}

/// Does `steps` in their order.
pub(crate) fn run<'c>(
    context: &'c mut Context<'_>,
    steps: &'c [Step],
) -> BoxFuture<'c, Result<Flow, Halt>> {
    Box::pin(async move {
        for step in steps {
            if one(context, step).await? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Go)
    })
}

async fn one(context: &mut Context<'_>, step: &Step) -> Result<Flow, Halt> {
    let path = step.path.as_str();
    match &step.kind {
        StepKind::Match {
            entity: Entity::Company,
            by,
            instead,
            into,
            ..
        } => counterpart::company(context, path, by, instead.as_ref(), into).await,
        StepKind::Match {
            entity: Entity::Requests,
            by,
            into,
            ..
        } => counterpart::requests(context, path, by, into).await,
        StepKind::Script { call, into, .. } => {
            let value = context.value(call, path)?;
            context.roots.insert(into.clone(), value);
            Ok(Flow::Go)
        }
        StepKind::Call {
            operation,
            with,
            into,
            failing,
        } => {
            let called = call(context, path, operation, with, into.as_deref()).await;
            go_on(context, operation, into.as_deref(), *failing, called)
        }
        StepKind::Ensure { .. } => ensure::ensure(context, step).await,
        StepKind::Pull { .. } => pull::pull(context, step).await,
        StepKind::Reconcile(operations) => reconcile::reconcile(context, operations).await,
        StepKind::When {
            condition,
            holds,
            steps,
            otherwise,
        } => {
            let value = context.value(condition, path)?;
            let chosen = if is_true(&value) == *holds {
                steps
            } else {
                otherwise
            };
            run(context, chosen).await
        }
        StepKind::Each { list, name, steps } => {
            let Value::Array(parts) = context.value(list, path)? else {
                return Ok(Flow::Go);
            };
            for part in parts {
                context.roots.insert(name.clone(), part);
                run(context, steps).await?;
            }
            Ok(Flow::Go)
        }
        StepKind::Link { .. } => link::link(context, step).await,
        StepKind::Earlier(earlier) => earlier::earlier(context, path, earlier).await,
        StepKind::Leave {
            request,
            ticket,
            into,
        } => leave::leave(context, path, request, ticket, into).await,
        StepKind::Describe { request, user } => {
            describe::describe(context, path, request, user).await
        }
        StepKind::Verify {
            what,
            found,
            expected,
        } => verify::verify(context, path, what, found, expected.as_ref()),
        StepKind::Preflight { .. } => preflight::preflight(context, path, &step.kind).await,
        StepKind::Emit {
            event,
            request,
            by,
            resolution,
        } => emit::emit(context, path, *event, request, *by, resolution.as_ref()).await,
    }
}

async fn call(
    context: &mut Context<'_>,
    path: &str,
    operation: &str,
    with: &[(String, Expression)],
    into: Option<&str>,
) -> Result<Flow, Halt> {
    if !context.remote.connector.operations.contains_key(operation) {
        gives_nothing(context, into);
        return Ok(Flow::Go);
    }
    let inputs = inputs(context, path, operation, with)?;
    let gave = context.remote.one(operation, &inputs).await;
    let gave = gave.map_err(|failed| context.halt(failed))?;
    if let Some(into) = into {
        context
            .roots
            .insert(into.to_owned(), gave.unwrap_or(Value::Null));
    }
    Ok(Flow::Go)
}

/// Sees to it that the name of what was not given is known. What is known by it stays.
fn gives_nothing(context: &mut Context<'_>, into: Option<&str>) {
    if let Some(into) = into {
        context.roots.entry(into.to_owned()).or_default();
    }
}

/// What comes of a call that may be done without: only a store that fails stops the steps. A run
/// notes what was missed.
fn go_on(
    context: &mut Context<'_>,
    operation: &str,
    into: Option<&str>,
    failing: Failing,
    called: Result<Flow, Halt>,
) -> Result<Flow, Halt> {
    match called {
        Err(Halt::Store(error)) => Err(Halt::Store(error)),
        Err(halt) if failing == Failing::GoesOn => {
            gives_nothing(context, into);
            context.checks.push(Check {
                what: format!("The call {operation} succeeds"),
                holds: false,
                found: Some(halt.describe().1),
                expected: None,
            });
            Ok(Flow::Go)
        }
        called => called,
    }
}

/// What an operation is given: `with`, and else the names of the scope that its contract asks for.
fn inputs(
    context: &Context<'_>,
    path: &str,
    operation: &str,
    with: &[(String, Expression)],
) -> Result<serde_json::Map<String, Value>, Halt> {
    let mut inputs = serde_json::Map::new();
    let contract = context.remote.family.operations.get(operation);
    for name in contract
        .into_iter()
        .flat_map(|contract| contract.input.keys())
    {
        if let Some(value) = context.roots.get(name) {
            inputs.insert(name.clone(), value.clone());
        }
    }
    for (name, expression) in with {
        inputs.insert(name.clone(), context.value(expression, path)?);
    }
    for (name, value) in &mut inputs {
        context.remote.fit(name, value);
    }
    Ok(inputs)
}

/// Conditions hold unless their value is false, null, zero or empty.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
