//! What a pull takes in on behalf of the product: its customers and usage, by the very way that
//! they take when the product hands them in itself.
//!
//! A list is read to its proven end before any of it is taken in: half a list of customers would
//! switch the other half off. So such a read begins anew after a crash.

use std::collections::BTreeMap;

use definition::pipeline::Keep;
use model::billing::Usage;
use model::{Check, Class, Customer, IssueKind};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Flow, read_all};
use crate::Runtime;
use crate::billing::usage_key;
use crate::context::Context;
use crate::error::Error;
use crate::halt::{Failed, Halt};
use crate::issues::Trouble;

/// How many records one run asks the rest of. What is left is asked for by the next runs: that a
/// number has its details a day later is better than a run without end.
const COMPLETED_MAX: usize = 2_000;

/// After how many questions a run shows that it is still at work.
const EXTEND_EVERY: usize = 50;

/// What is taken in.
pub(super) enum Taken<'s> {
    /// The whole list of customers.
    Customers,
    /// Usage, and the operations that tell the rest of one, by field.
    Usage(&'s [(String, String)]),
}

impl<'s> Taken<'s> {
    /// What is taken in under `keep`; nothing where records are kept as they are given.
    pub(super) fn of(keep: Keep, complete: &'s [(String, String)]) -> Option<Self> {
        match keep {
            Keep::Customer => Some(Self::Customers),
            Keep::Usage => Some(Self::Usage(complete)),
            Keep::Company | Keep::Agreement | Keep::Item => None,
        }
    }

    /// Reads the list to its end and takes it in.
    pub(super) async fn read(
        &self,
        context: &mut Context<'_>,
        operation: &str,
        inputs: &Map<String, Value>,
    ) -> Result<Flow, Halt> {
        let mut records = Vec::new();
        let verdict = read_all(context, operation, inputs, |record| records.push(record)).await?;
        context.verdicts.push(verdict);
        match self {
            Self::Customers => customers(context, operation, records).await?,
            Self::Usage(complete) => usage(context, operation, complete, records).await?,
        }
        Ok(Flow::Go)
    }
}

async fn customers(
    context: &mut Context<'_>,
    operation: &str,
    records: Vec<Value>,
) -> Result<(), Halt> {
    let customers: Vec<Customer> = records
        .into_iter()
        .map(|record| typed(context, operation, record))
        .collect::<Result<_, _>>()?;
    let runtime = runtime(context);
    let taken = runtime.put_customers(context.partner, customers).await;
    let receipt = taken.map_err(|error| refused(context, operation, error))?;
    context.count("added", receipt.added as u64);
    context.count("changed", receipt.changed as u64);
    context.count("disabled", receipt.disabled as u64);
    Ok(())
}

async fn usage(
    context: &mut Context<'_>,
    operation: &str,
    complete: &[(String, String)],
    records: Vec<Value>,
) -> Result<(), Halt> {
    let runtime = runtime(context);
    let known = runtime.known_usage(context.partner).await?;
    let known: BTreeMap<_, Usage> = known
        .into_iter()
        .map(|(key, measured)| (key, measured.usage))
        .collect();
    let mut rest = Rest::new(complete);
    let mut usages: Vec<Usage> = Vec::with_capacity(records.len());
    for record in records {
        let mut usage: Usage = typed(context, operation, record.clone())?;
        match known.get(&usage_key(&usage)) {
            Some(before) if is_same(before, &usage) => usage.details.clone_from(&before.details),
            _ => {}
        }
        if usage.details.is_empty() && !usage.quantity.is_zero() {
            let whole = rest.of(context, record).await?;
            usage = typed(context, operation, whole)?;
        }
        usages.push(usage);
    }
    let taken = runtime.put_usage(context.partner, usages).await;
    let receipt = taken.map_err(|error| refused(context, operation, error))?;
    context.count("added", receipt.added as u64);
    context.count("changed", receipt.changed as u64);
    context.count("outdated", receipt.outdated as u64);
    Ok(())
}

/// Whether two figures differ in nothing but what only a further question tells.
fn is_same(one: &Usage, other: &Usage) -> bool {
    let without = |usage: &Usage| Usage {
        details: Vec::new(),
        ..usage.clone()
    };
    without(one) == without(other)
}

/// Asks for the rest of records, until an answer does not come: a bill does not wait for what only
/// explains it.
struct Rest<'s> {
    fields: &'s [(String, String)],
    asked: usize,
}

impl<'s> Rest<'s> {
    fn new(fields: &'s [(String, String)]) -> Self {
        Self { fields, asked: 0 }
    }

    /// The record with what the operations tell about it.
    async fn of(&mut self, context: &mut Context<'_>, record: Value) -> Result<Value, Halt> {
        let mut whole = record.clone();
        for (field, operation) in self.fields {
            if self.asked >= COMPLETED_MAX {
                break;
            }
            self.asked += 1;
            if self.asked.is_multiple_of(EXTEND_EVERY) {
                context.extend().await?;
            }
            match ask(context, operation, &record).await {
                Ok(told) => {
                    context.count("completed", 1);
                    if let (Some(whole), Some(told)) = (whole.as_object_mut(), told) {
                        whole.insert(field.clone(), told);
                    }
                }
                Err(Failed::Store(error)) => return Err(Halt::Store(*error)),
                Err(failed) => {
                    self.fields = &[];
                    context.checks.push(Check {
                        what: format!("The call {operation} succeeds"),
                        holds: false,
                        found: Some(failed.describe().1),
                        expected: None,
                    });
                }
            }
        }
        Ok(whole)
    }
}

/// What an operation lists about a record; nothing where it is not provided or knows nothing.
async fn ask(
    context: &Context<'_>,
    operation: &str,
    record: &Value,
) -> Result<Option<Value>, Failed> {
    let remote = &context.remote;
    let contract = remote.family.operations.get(operation);
    let given = contract.and_then(|contract| contract.input.keys().next());
    let Some(given) = given.filter(|_| remote.connector.operations.contains_key(operation)) else {
        return Ok(None);
    };
    let inputs = Map::from_iter([(given.clone(), record.clone())]);
    match remote.found(operation, &inputs).await {
        Ok(told) => Ok(Some(Value::Array(told))),
        Err(Failed::Exchange { failure, .. }) if failure.class == Class::NotFound => Ok(None),
        Err(failed) => Err(failed),
    }
}

fn runtime(context: &Context<'_>) -> Runtime {
    Runtime {
        core: context.remote.core.clone(),
    }
}

/// A record as the engine holds it. Its schema has been held against it; what no schema tells, such
/// as a day that does not exist, is found here.
fn typed<T: DeserializeOwned>(
    context: &Context<'_>,
    operation: &str,
    mut record: Value,
) -> Result<T, Halt> {
    if let Some(fields) = record.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(record).map_err(|error| {
        context.halt(Failed::Contract {
            operation: operation.to_owned(),
            findings: vec![error.to_string()],
        })
    })
}

/// What is done when the product's own figures cannot be taken in.
fn refused(context: &Context<'_>, operation: &str, error: Error) -> Halt {
    let Error::Invalid { faults } = error else {
        return error.into();
    };
    let title = &context.remote.connector.title;
    let said = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.pointer, fault.message));
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind: IssueKind::Incomplete,
            integration: Some(context.remote.integration.id.clone()),
            subject: operation.to_owned(),
            cause: None,
            title: format!("What {title} tells cannot be taken in"),
            detail: Some(said.collect::<Vec<_>>().join("; ")),
            remedy: "Correct it in the product, or the connector's record for this operation. \
                     Nothing was changed; what was known before stays in use."
                .to_owned(),
        }),
        guard: None,
    }
}
