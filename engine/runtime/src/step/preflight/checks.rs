//! The checks that a connector brings along: data, looked at here.

use std::collections::BTreeMap;
use std::ptr;

use definition::preflight::{Check, Subject};
use definition::rule::About;
use expression::Expression;
use model::{Class, Verdict};
use serde_json::{Map, Value};

use super::Mapped;
use super::findings::Findings;
use super::general::trouble;
use crate::context::Context;
use crate::halt::{Failed, Halt, script_trouble};
use crate::issues::Cause;
use crate::remote::scope;
use crate::step::is_true;
use crate::witness::Shown;

/// For how many companies one check calls the other system in one run. With more, each day has its
/// share of them: at 500 calls in five minutes, which the tightest of the known limits allows, this
/// leaves room for tickets.
const COMPANIES_MAX: usize = 250;

/// After how many calls the job says that it is still alive.
const CALLS_PER_SIGN: usize = 20;

/// What one look sees.
struct Look<'a> {
    names: &'a Map<String, Value>,
    company: Option<&'a Mapped>,
    result: Value,
}

/// Makes one check.
pub(super) async fn check(
    context: &mut Context<'_>,
    findings: &mut Findings,
    path: &str,
    check: &Check,
    mapped: &[Mapped],
) -> Result<(), Halt> {
    let made = make(context, findings, path, check, mapped).await;
    match made {
        Ok((records, is_whole)) => {
            let stopped = if is_whole {
                "looked at all there is"
            } else {
                "looked at today's share; the others have theirs"
            };
            context.verdicts.push(Verdict {
                operation: check.operation.clone(),
                stopped: stopped.to_owned(),
                pages: 0,
                records,
                promised: None,
                complete: is_whole,
            });
            if is_whole {
                findings.looked(&check.cause);
            }
            Ok(())
        }
        Err(halt) => findings.unmade(context, &check.operation, halt),
    }
}

/// Gives how much was looked at, and whether that was all.
async fn make(
    context: &mut Context<'_>,
    findings: &mut Findings,
    path: &str,
    check: &Check,
    mapped: &[Mapped],
) -> Result<(u64, bool), Halt> {
    let told = context.remote.told(&check.operation).await;
    let names = told.map_err(|failed| context.halt(failed))?;
    let mut looked = 0;
    match &check.subject {
        Subject::Integration => {
            let result = result(context, check, &Map::new()).await?;
            let look = Look {
                names: &names,
                company: None,
                result,
            };
            looked += look.at(context, findings, path, check)?;
            Ok((looked, true))
        }
        Subject::CompanyOf(by) => {
            let result = result(context, check, &Map::new()).await?;
            let mut of = by_company(context, path, by, &names, result)?;
            for company in mapped {
                let key = model::request::id_text(&company.id);
                let result = Value::Array(of.remove(&key).unwrap_or_default());
                let look = Look {
                    names: &names,
                    company: Some(company),
                    result,
                };
                looked += look.at(context, findings, path, check)?;
            }
            Ok((looked, true))
        }
        Subject::Company => {
            let share = share(mapped, context.remote.core.now());
            let is_whole = share.len() == mapped.len();
            for (at, company) in share.into_iter().enumerate() {
                let inputs = [("company".to_owned(), company.company())];
                let result = result(context, check, &inputs.into_iter().collect()).await?;
                let look = Look {
                    names: &names,
                    company: Some(company),
                    result,
                };
                looked += look.at(context, findings, path, check)?;
                if at % CALLS_PER_SIGN == 0 {
                    context.extend().await?;
                }
            }
            Ok((looked, is_whole))
        }
    }
}

/// The companies whose turn it is today; all of them where they are few.
fn share(mapped: &[Mapped], now: model::Timestamp) -> Vec<&Mapped> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let day = usize::try_from(now.as_millis() / DAY_MS).unwrap_or_default();
    let shares = mapped.len().div_ceil(COMPANIES_MAX).max(1);
    let turn = mapped.chunks(COMPANIES_MAX).nth(day % shares);
    turn.into_iter().flatten().collect()
}

/// What the operation of the check gives: its one record, or the list of them. What is not there is
/// nothing, and not a failure.
async fn result(
    context: &Context<'_>,
    check: &Check,
    inputs: &Map<String, Value>,
) -> Result<Value, Halt> {
    match context.remote.result(&check.operation, inputs).await {
        Err(Failed::Exchange { failure, .. }) if failure.class == Class::NotFound => {
            Ok(Value::Null)
        }
        result => result.map_err(|failed| context.halt(failed)),
    }
}

/// The records of each company.
fn by_company(
    context: &Context<'_>,
    path: &str,
    by: &Expression,
    names: &Map<String, Value>,
    result: Value,
) -> Result<BTreeMap<String, Vec<Value>>, Halt> {
    let mut of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let Value::Array(records) = result else {
        return Ok(of);
    };
    for record in records {
        let around = scope(names);
        let key = by.evaluate(&around.over(&record).with("item", &record));
        let key = key.map_err(|error| failed(context, path, &error))?;
        of.entry(model::request::id_text(&key))
            .or_default()
            .push(record);
    }
    Ok(of)
}

impl Look<'_> {
    /// Looks at each part, and gives how many there were.
    fn at(
        &self,
        context: &mut Context<'_>,
        findings: &mut Findings,
        path: &str,
        check: &Check,
    ) -> Result<u64, Halt> {
        let wrong = |error: expression::Error| failed(context, path, &error);
        let company = self.company.map(Mapped::company);
        let mut around = scope(self.names);
        if let Some(company) = &company {
            around = around.with("company", company);
        }
        let parts = match &check.items {
            Some(items) => {
                items
                    .pick_all(&around.over(&self.result))
                    .map_err(wrong)?
                    .values
            }
            None => vec![&self.result],
        };
        let looked = parts.len() as u64;
        for part in parts {
            let scope = around.over(part).with("item", part);
            let text = |of: &Expression| {
                of.evaluate(&scope)
                    .map(|value| model::request::id_text(&value))
            };
            let about = match (&check.about, self.company) {
                (Some(about), _) => About::Thing(text(about).map_err(wrong)?),
                (None, Some(company)) => About::Thing(model::request::id_text(&company.id)),
                (None, None) => About::All,
            };
            let cause = Cause {
                recheck: check.recheck,
                ..Cause::new(&check.cause, about)
            };
            let condition = check.condition.evaluate(&scope).map_err(wrong)?;
            let is_wrong = is_true(&condition) == check.holds;
            if let Some(witness) = &context.remote.core.witness {
                let shown = if is_wrong { Shown::Wrong } else { Shown::Fine };
                let all = context.remote.connector.preflight.iter();
                let at = all.take_while(|one| !ptr::eq(*one, check)).count();
                witness.saw(&format!("preflight[{at}]"), shown);
            }
            if is_wrong {
                let title = text(&check.title).map_err(wrong)?;
                let remedy = text(&check.remedy).map_err(wrong)?;
                findings.found(trouble(context, cause, title, remedy));
            } else {
                findings.fine(context, &cause);
            }
        }
        Ok(looked)
    }
}

fn failed(context: &Context<'_>, path: &str, error: &expression::Error) -> Halt {
    let what = format!("{} {path}", context.pipeline);
    Halt::Behind {
        trouble: Box::new(script_trouble(&context.remote.integration.id, &what, error)),
        guard: None,
    }
}
