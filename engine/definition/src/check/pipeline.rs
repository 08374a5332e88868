//! Checks a pipeline: what starts it, what it can see then, and its steps.

use std::collections::BTreeMap;

use expression::{Scripts, Shape};

use super::names::Names;
use super::scope;
use super::step;
use super::value::Values;
use super::{SCHEDULE, duration};
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
    mixed(&on, file.every.is_some(), &spot.key("on"));
    let has_subject = on.iter().any(|event| !event.roots().is_empty());
    let mut names = Names::new(given(&on, family), has_subject);
    let roots = names.shape();
    let errors_before = spot.errors();
    let lane = Values::named(&roots, scripts).template(&file.lane, &spot.key("lane"));
    let is_sure = spot.errors() == errors_before && !spot.is_spoiled();
    if lane.is_constant() && has_subject && is_sure {
        let message = "this lane is the same for all, so everyone waits for everyone".to_owned();
        let hint = "name what must keep its order, as in `lane: $.request.id`".to_owned();
        spot.key("lane")
            .error(codes::CONSTANT_LANE, message, Some(hint));
    }
    let every = file.every.as_ref();
    let bench = step::Bench { family, scripts };
    Pipeline {
        name: file.pipeline.0.clone(),
        title: file.title.clone(),
        family: file.family.0.clone(),
        on,
        every: every.map(|every| duration(every, SCHEDULE, &spot.key("every"))),
        lane,
        priority: file.priority.into(),
        section: file.section.as_ref().map(|section| section.0.clone()),
        steps: bench.steps(&file.steps, &mut names, &spot.key("steps")),
    }
}

/// Reports events that do not give the same names: a step could not rely on any of them.
fn mixed(on: &[Event], on_schedule: bool, spot: &Spot<'_>) {
    let names = |event: Event| match event.roots() {
        [] => "nothing".to_owned(),
        roots => roots
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let Some(first) = on.first() else { return };
    let hint = || Some("make a pipeline for each".to_owned());
    for (index, event) in on.iter().enumerate().skip(1) {
        if event.roots() != first.roots() {
            let message = format!(
                "`{event}` gives {}, and `{first}` gives {}",
                names(*event),
                names(*first)
            );
            spot.index(index)
                .error(codes::MIXED_EVENTS, message, hint());
        }
    }
    if on_schedule && !first.roots().is_empty() {
        let message = format!(
            "`{first}` gives {}, and the clock gives nothing",
            names(*first)
        );
        spot.index(0).error(codes::MIXED_EVENTS, message, hint());
    }
}

/// The names that are there when the pipeline starts: its events all give the same ones.
fn given(on: &[Event], family: &Family) -> BTreeMap<String, Shape> {
    let mut names = scope::pipeline();
    let roots = on.first().map(|event| event.roots()).unwrap_or_default();
    names.extend(
        roots
            .iter()
            .map(|(name, schema)| ((*name).to_owned(), shape(schema, family))),
    );
    names
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
            EventText::TestTicketAsked => Self::TestTicketAsked,
            EventText::UsageChanged => Self::UsageChanged,
            EventText::PlanDecided => Self::PlanDecided,
            EventText::MappingSaved => Self::MappingSaved,
            EventText::CalloutChanged => Self::CalloutChanged,
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
