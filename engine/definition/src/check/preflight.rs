//! Checks pre-flight checks: that each looks at something without changing it, can tell what is
//! wrong, and names a cause of the family's.

use expression::Shape;

use super::connector::Surroundings;
use super::scope::record_shape;
use super::value::Values;
use super::{RECHECK, cause, duration, graph};
use crate::codes;
use crate::page::Spot;
use crate::preflight::{Check, Subject};
use crate::raw::preflight::CheckText;

/// The name and the schema of what a check for each company is about.
pub(crate) const COMPANY: &str = "company";

/// Checks the list of a connector.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) -> Vec<Check> {
    let checks = around.file.preflight.iter().enumerate();
    let checks = checks.filter_map(|(index, text)| one(text, around, &spot.index(index)));
    checks.collect()
}

fn one(text: &CheckText, around: &Surroundings<'_>, spot: &Spot<'_>) -> Option<Check> {
    let result = result(text, around, spot);
    let names = names(text, around);
    let listing = Values::document(&result, &names, around.scripts);
    let items = text.items.as_ref();
    let items = items.and_then(|path| listing.selector(path, &spot.key("items")));
    let part = if text.items.is_some() {
        Shape::Any
    } else {
        result.clone()
    };
    let looking = Values::document(&part, &names, around.scripts);
    let subject = subject(text, &result, &names, around, spot);
    let (condition, holds) = match (&text.is, &text.not) {
        (Some(is), None) => (looking.varying(&is.0, &spot.key("is")), true),
        (None, Some(not)) => (looking.varying(&not.0, &spot.key("not")), false),
        _ => {
            let message = "a check has exactly one of `is` and `not`".to_owned();
            spot.error(codes::EXACTLY_ONE, message, None);
            return None;
        }
    };
    cause::known(&text.cause, around.family, &spot.key("cause"));
    let about = text.about.as_ref();
    let recheck = text.recheck.as_ref();
    Some(Check {
        operation: text.operation.0.clone(),
        subject,
        items,
        condition,
        holds,
        cause: text.cause.0.clone(),
        about: about.map(|about| looking.varying(&about.0, &spot.key("about"))),
        title: looking.template(&text.title, &spot.key("title")),
        remedy: looking.template(&text.remedy, &spot.key("remedy")),
        recheck: recheck.map(|span| duration(span, RECHECK, &spot.key("recheck"))),
    })
}

/// What is known of what the operation gives.
fn result(text: &CheckText, around: &Surroundings<'_>, spot: &Spot<'_>) -> Shape {
    let at = spot.key("operation");
    let name = text.operation.0.as_str();
    let Some(operation) = around.known(name, &at) else {
        return Shape::Any;
    };
    let contract = around.family.operations.get(name);
    if contract.is_some_and(|contract| contract.effect.is_some()) {
        let message = format!("`{name}` changes the other side each time it is called");
        let hint = "look with an operation that only reads".to_owned();
        at.error(codes::CHECK_EFFECT, message, Some(hint));
    }
    graph::called_with(around, name, given(text), "in a check", &at);
    let record = record_shape(operation);
    if operation.items.is_some() || operation.pages.is_some() {
        Shape::array(record)
    } else {
        record
    }
}

fn subject(
    text: &CheckText,
    result: &Shape,
    names: &Shape,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Subject {
    let Some(by) = &text.by else {
        return match text.for_each {
            Some(_) => Subject::Company,
            None => Subject::Integration,
        };
    };
    if text.for_each.is_none() {
        let message = "nothing asks whose a record is".to_owned();
        let hint = "add `for_each: company`, or remove `by`".to_owned();
        spot.key("by")
            .key_error(codes::BY_NOTHING, message, Some(hint));
    }
    let record = match result {
        Shape::Array(record) => record.as_ref().clone(),
        Shape::Any | Shape::Scalar | Shape::Object { .. } => Shape::Any,
    };
    let reading = Values::document(&record, names, around.scripts);
    Subject::CompanyOf(reading.varying(&by.0, &spot.key("by")))
}

/// What people may be told, and the company.
fn names(text: &CheckText, around: &Surroundings<'_>) -> Shape {
    let told = around.scope.told();
    let company = around.family.schemas.get(COMPANY);
    match (text.for_each, company) {
        (Some(_), Some(company)) => told.with(COMPANY, company.shape.clone()),
        (Some(_), None) => told.with(COMPANY, Shape::Any),
        (None, _) => told,
    }
}

/// What the operation of a check is given.
pub(crate) fn given(text: &CheckText) -> &'static [&'static str] {
    match (text.for_each, &text.by) {
        (Some(_), None) => &[COMPANY],
        _ => &[],
    }
}
