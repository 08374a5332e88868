//! Checks long jobs: what starts one, what asks how it stands, and by what that is told.

use std::time::Duration;

use expression::Shape;
use serde_json::Value;

use super::connector::Surroundings;
use super::graph::{called_by, sent_texts};
use super::scope::record_shape;
use super::secret::mentions;
use super::value::Values;
use super::{JOB_AT_MOST, JOB_EVERY, duration};
use crate::codes;
use crate::operation::Job;
use crate::page::Spot;
use crate::raw::operation::{JobText, OperationText, StateText};
use crate::raw::value::SpanText;

/// The name that what is known of a job has in expressions.
pub(crate) const ROOT: &str = "job";

/// How long to wait between two questions, unless the file says otherwise.
const EVERY_DEFAULT: Duration = Duration::from_secs(5);
/// How long a job may take, unless the file says otherwise.
const AT_MOST_DEFAULT: Duration = Duration::from_hours(1);

impl OperationText {
    /// The operations that are called on the way to this one.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        let before = self.before.0.iter().map(|(_, name)| name);
        let of_job = self.job.iter().flat_map(|job| [&job.start, &job.ask]);
        before.chain(of_job).map(|name| name.0.as_str())
    }
}

/// Checks `job` of the operation at `spot`'s parent.
pub(crate) fn check(text: &JobText, around: &Surroundings<'_>, spot: &Spot<'_>) -> Job {
    let names = around.scope.common();
    let record = shape(around.operation(&text.ask.0));
    let reading = Values::document(&record, &names, around.scripts);
    let (done, failed) = (states(&text.done), states(&text.failed));
    for (index, state) in failed.iter().enumerate() {
        if done.contains(state) {
            let message = format!("a job in the state `{state}` would be done and failed");
            let hint = "keep it in one of `done` and `failed`".to_owned();
            spot.key("failed")
                .index(index)
                .error(codes::JOB_STATE, message, Some(hint));
        }
    }
    let span = |key: &str, text: Option<&SpanText>, bounds, usual| {
        text.map_or(usual, |text| duration(text, bounds, &spot.key(key)))
    };
    let why = text.why.as_ref();
    Job {
        start: text.start.0.clone(),
        ask: text.ask.0.clone(),
        state: reading.varying(&text.state.0, &spot.key("state")),
        done,
        failed,
        why: why.map(|why| reading.computed(why, &spot.key("why"))),
        every: span("every", text.every.as_ref(), JOB_EVERY, EVERY_DEFAULT),
        at_most: span(
            "at_most",
            text.at_most.as_ref(),
            JOB_AT_MOST,
            AT_MOST_DEFAULT,
        ),
    }
}

/// What the operation that has `job` sees of it; a problem where one of its operations is missing.
pub(crate) fn fetched(around: &Surroundings<'_>, job: &JobText, spot: &Spot<'_>) -> Shape {
    let start = around.known(&job.start.0, &spot.key("start"));
    let ask = around.known(&job.ask.0, &spot.key("ask"));
    Shape::object([("start", shape(start)), ("ask", shape(ask))])
}

/// What the operation `name` sees of the job that it asks after; `None` if it asks after none.
pub(crate) fn asked(around: &Surroundings<'_>, name: &str) -> Option<Shape> {
    let operations = around.file.operations.0.iter();
    let jobs = operations.filter_map(|(_, text)| text.job.as_ref());
    let mut starts = jobs.filter(|job| job.ask.0 == name).map(|job| &job.start.0);
    let first = starts.next()?;
    // Of jobs that are started in several ways, nothing is known.
    let start = if starts.all(|other| other == first) {
        shape(around.operation(first))
    } else {
        Shape::Any
    };
    Some(Shape::object([("start", start)]))
}

/// Whether the operation `ask` asks after one particular job.
pub(crate) fn asks_for_it(around: &Surroundings<'_>, ask: &str) -> bool {
    let text = around.operation(ask);
    text.is_some_and(|text| sent_texts(text).iter().any(|sent| mentions(sent, ROOT)))
}

/// Reports an effect that would be fetched from a job: between its start and its end, nothing
/// could tell whether it took hold.
pub(crate) fn refuse_effect(text: &OperationText, spot: &Spot<'_>) {
    if text.job.is_some() {
        let message =
            "this changes the other side, and whether a job did cannot be told".to_owned();
        let hint = "make the change in one call, without `job`".to_owned();
        spot.key("job")
            .key_error(codes::JOB_EFFECT, message, Some(hint));
    }
}

/// Checks that both operations may be called on the way to `name`.
pub(crate) fn called(around: &Surroundings<'_>, name: &str, job: &JobText, spot: &Spot<'_>) {
    called_by(around, name, &job.start.0, &spot.key("start"));
    called_by(around, name, &job.ask.0, &spot.key("ask"));
}

fn shape(text: Option<&OperationText>) -> Shape {
    text.map(record_shape).unwrap_or_default()
}

fn states(texts: &[StateText]) -> Vec<String> {
    let text = |state: &StateText| match state {
        StateText::Text(text) => text.clone(),
        StateText::Number(number) => Value::from(*number).to_string(),
        StateText::Flag(flag) => flag.to_string(),
    };
    texts.iter().map(text).collect()
}
