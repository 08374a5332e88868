//! From a file as it is written to the typed value, or to all that is wrong with it.
//!
//! Each `check` takes the raw type and the spot where it stands, reports every problem it finds to
//! the page, and gives the typed value. Where something is wrong it still gives one, so that the
//! rest is checked too; a page with an error is thrown away as a whole afterwards.

pub(crate) mod address;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod callout;
pub(crate) mod cause;
pub(crate) mod connector;
pub(crate) mod contract;
pub(crate) mod example;
pub(crate) mod family;
pub(crate) mod form;
pub(crate) mod graph;
pub(crate) mod header;
pub(crate) mod http;
pub(crate) mod inputs;
pub(crate) mod job;
pub(crate) mod names;
pub(crate) mod operation;
pub(crate) mod pages;
pub(crate) mod pipeline;
pub(crate) mod preflight;
pub(crate) mod rule;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod shared;
pub(crate) mod step;
pub(crate) mod unused;
pub(crate) mod value;

use std::time::Duration;

use model::span;

use crate::codes;
use crate::page::Spot;
use crate::raw::value::SpanText;

/// A span of time between `min` and `max`. Its form was checked with the structure.
fn duration(text: &SpanText, (min, max): Bounds, spot: &Spot<'_>) -> Duration {
    let found = span::parse(&text.0).unwrap_or(Duration::MAX);
    let (least, most) = (span::parse(min), span::parse(max));
    if least.is_some_and(|least| found < least) || most.is_some_and(|most| found > most) {
        let message = format!("`{}` is not between {min} and {max}", text.0);
        spot.error(codes::OUT_OF_RANGE, message, None);
    }
    found
}

/// The shortest and the longest span that a place allows, as they are written.
type Bounds = (&'static str, &'static str);

/// Waiting for an answer, or for one that was lost.
const WAIT: Bounds = ("100ms", "10m");
/// Counting requests.
const WINDOW: Bounds = ("1s", "31d");
/// Keeping what was read.
const KEEP: Bounds = ("1s", "31d");
/// The life of a token of our own: longer than a call takes, and no longer than servers take.
const JWT_LIVES: Bounds = ("10s", "1d");
/// Trying again what waits for a cause to be mended.
const RECHECK: Bounds = ("1s", "1d");
/// Pausing before a call is tried again.
const PAUSE: Bounds = ("10ms", "1h");
/// Waiting for a long job. Asking more often than each second is a load on the other side.
const JOB_EVERY: Bounds = ("1s", "1h");
/// The whole of a long job.
const JOB_AT_MOST: Bounds = ("1s", "7d");
/// Starting by the clock. Below this a pipeline is a load on the other side, not a schedule.
const SCHEDULE: Bounds = ("10s", "31d");
/// Reading again what may have been missed.
const OVERLAP: Bounds = ("0s", "31d");
