//! From a file as it is written to the typed value, or to all that is wrong with it.
//!
//! Each `check` takes the raw type and the spot where it stands, reports every problem it finds to
//! the page, and gives the typed value. Where something is wrong it still gives one, so that the
//! rest is checked too; a page with an error is thrown away as a whole afterwards.

pub(crate) mod address;
pub(crate) mod auth;
pub(crate) mod callout;
pub(crate) mod connector;
pub(crate) mod contract;
pub(crate) mod family;
pub(crate) mod form;
pub(crate) mod graph;
pub(crate) mod http;
pub(crate) mod operation;
pub(crate) mod pages;
pub(crate) mod pipeline;
pub(crate) mod rule;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod step;

use std::time::Duration;

use expression::{Compiler, Expression, Selector};
use model::span;
use serde_json::Value;

use crate::page::Spot;
use crate::raw::value::{Computed, Pairs, Picked, SpanText, Template};

/// A span of time. Its form was checked with the structure, so that only one too long to count
/// is left; that one is as good as endless.
fn duration(text: &SpanText) -> Duration {
    span::parse(&text.0).unwrap_or(Duration::MAX)
}

fn duration_or(text: Option<&SpanText>, default: Duration) -> Duration {
    text.map_or(default, duration)
}

/// Compiles a value, reporting its faults; null stands for one that has any.
fn compiled(compiler: &Compiler<'_>, value: &Value, spot: &Spot<'_>) -> Expression {
    compiler.compile(value).unwrap_or_else(|faults| {
        spot.faults(faults);
        Expression::constant(Value::Null)
    })
}

fn computed(compiler: &Compiler<'_>, value: &Computed, spot: &Spot<'_>) -> Expression {
    compiled(compiler, &value.0, spot)
}

fn template(compiler: &Compiler<'_>, text: &Template, spot: &Spot<'_>) -> Expression {
    compiled(compiler, &Value::String(text.0.clone()), spot)
}

fn selector(compiler: &Compiler<'_>, text: &Picked, spot: &Spot<'_>) -> Option<Selector> {
    match compiler.selector(&Value::String(text.0.clone())) {
        Ok(selector) => Some(selector),
        Err(faults) => {
            spot.faults(faults);
            None
        }
    }
}

fn pairs(
    compiler: &Compiler<'_>,
    pairs: &Pairs<Computed>,
    spot: &Spot<'_>,
) -> Vec<(String, Expression)> {
    let expression = |name: &str, value| computed(compiler, value, &spot.key(name));
    pairs
        .0
        .iter()
        .map(|(name, value)| (name.clone(), expression(name, value)))
        .collect()
}
