//! Checks a pipeline: what starts it, what it can see then, and its steps.

use std::collections::BTreeMap;

use expression::{Compiler, Scripts, Shape};

use super::scope;
use super::step::{self, Names};
use super::{duration, template};
use crate::codes;
use crate::family::Family;
use crate::page::Spot;
use crate::pipeline::{Event, Pipeline, Priority};
use crate::raw::pipeline::{EventText, PipelineFile, PriorityText};

/// Checks `file` against the family that it names.
pub(crate) fn check(
    file: &PipelineFile,
    family: &Family,
    scripts: &Scripts,
    spot: &Spot<'_>,
) -> Pipeline {
    if file.on.is_empty() && file.every.is_none() {
        let message = "nothing ever starts this pipeline".to_owned();
        let hint = "add `on` with an event, or `every` with a span of time".to_owned();
        spot.error(codes::NEVER_STARTED, message, Some(hint));
    }
    let on: Vec<Event> = file.on.iter().map(|event| Event::from(*event)).collect();
    let names = Names::new(given(&on, file.every.is_some(), family), partly(&on));
    let roots = names.shape();
    let lane = template(
        &Compiler::named(&roots, scripts),
        &file.lane,
        &spot.key("lane"),
    );
    if lane.is_constant() && on.iter().any(|event| !event.roots().is_empty()) {
        let message = "this lane is the same for all, so everyone waits for everyone".to_owned();
        let hint = "name what must keep its order, as in `lane: $.request.id`".to_owned();
        spot.key("lane")
            .error(codes::CONSTANT_LANE, message, Some(hint));
    }
    let bench = step::Bench { family, scripts };
    Pipeline {
        name: file.pipeline.0.clone(),
        title: file.title.clone(),
        family: file.family.0.clone(),
        on,
        every: file.every.as_ref().map(duration),
        lane,
        priority: file.priority.into(),
        steps: bench.steps(&file.steps, &mut names.clone(), &spot.key("steps")),
    }
}

/// The names that are there however the pipeline is started.
fn given(on: &[Event], on_schedule: bool, family: &Family) -> BTreeMap<String, Shape> {
    let mut names = scope::pipeline();
    if !on_schedule {
        let first = on.first().map(|event| event.roots()).unwrap_or_default();
        let always = first
            .iter()
            .filter(|root| on.iter().all(|event| event.roots().contains(root)));
        names.extend(always.map(|(name, schema)| ((*name).to_owned(), shape(schema, family))));
    }
    names
}

/// The names that only some of the events give, each with one that does: they explain a mistake.
fn partly(on: &[Event]) -> BTreeMap<String, Event> {
    let all = on
        .iter()
        .flat_map(|event| event.roots().iter().map(move |(name, _)| (name, *event)));
    all.map(|(name, event)| ((*name).to_owned(), event))
        .collect()
}

fn shape(schema: &str, family: &Family) -> Shape {
    family
        .schemas
        .get(schema)
        .map(|schema| schema.shape.clone())
        .unwrap_or_default()
}

impl From<EventText> for Event {
    fn from(text: EventText) -> Self {
        match text {
            EventText::RequestOpened => Self::RequestOpened,
            EventText::RequestCloseAsked => Self::RequestCloseAsked,
            EventText::TicketHinted => Self::TicketHinted,
            EventText::IntegrationCreated => Self::IntegrationCreated,
            EventText::IntegrationResumed => Self::IntegrationResumed,
            EventText::SettingsSaved => Self::SettingsSaved,
        }
    }
}

impl From<PriorityText> for Priority {
    fn from(text: PriorityText) -> Self {
        match text {
            PriorityText::Tickets => Self::Tickets,
            PriorityText::Directory => Self::Directory,
            PriorityText::Billing => Self::Billing,
        }
    }
}
