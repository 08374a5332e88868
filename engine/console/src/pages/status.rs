//! Status: whether each thing that an integration stands on does its part, what it did lately, and
//! where the PSA reports changes of tickets.

mod chart;
mod legs;
mod live;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::{Outcome, Run, Trigger};
use runtime::{GuidePart, Runtime};
use std::sync::Arc;

use crate::Options;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::in_words;
use crate::moment::Moment;
use crate::shell::{Shell, There, page};

use chart::Chart;
use legs::LegLine;
pub(crate) use live::watch;

/// How many runs the charts compare.
const RUNS_COMPARED: usize = 40;

/// How many of them the history shows.
const RUNS_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    shell: Shell,
    /// Where the integration's pages are.
    root: String,
    legs: Vec<LegLine>,
    /// Whether runs can be started.
    is_usable: bool,
    /// Runs that have not ended.
    running: Vec<Live>,
    runs: Vec<RunLine>,
    charts: Vec<Chart>,
    callout: Option<CalloutBox>,
}

/// A run that is watched.
struct Live {
    id: String,
    title: String,
    told: String,
}

/// A run that has ended.
struct RunLine {
    title: String,
    trigger: &'static str,
    at: Moment,
    look: &'static str,
    outcome: &'static str,
    message: Option<String>,
    remedy: Option<String>,
    took: String,
    calls: u64,
    told: String,
}

/// Where the PSA reports changes of tickets.
struct CalloutBox {
    url: String,
    /// Whether the address lacks the server's public name, which nobody gave.
    is_path: bool,
    seen_at: Option<Moment>,
    guide: Vec<GuidePart>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    there: There,
) -> Result<Response, Failure> {
    let legs = runtime.legs(there.here.id(), there.id()).await?;
    let runs = runtime
        .runs(there.here.id(), there.id(), RUNS_COMPARED)
        .await?;
    let title = |pipeline: &str| {
        let mut lines = there.integration.schedule.iter();
        let line = lines.find(|line| line.pipeline == pipeline);
        line.map_or_else(|| in_words(pipeline), |line| line.title.clone())
    };
    let (running, ended): (Vec<Run>, Vec<Run>) = runs
        .into_iter()
        .partition(|run| run.outcome == Outcome::Running);
    let live = |run: &Run| Live {
        id: run.id.to_string(),
        title: title(&run.pipeline),
        told: counted(run),
    };
    let callout = legs.callout.as_ref().map(|leg| CalloutBox {
        url: format!(
            "{}{}",
            options
                .public_url()
                .unwrap_or_default()
                .trim_end_matches('/'),
            there.integration.callout_path
        ),
        is_path: options.public_url().is_none(),
        seen_at: leg.seen_at.map(Moment::from),
        guide: leg.guide.clone(),
    });
    page(&StatusPage {
        shell: there.shell("Status"),
        root: there.root(),
        is_usable: legs.held.is_none() && legs.health == model::Health::Good,
        legs: legs::lines(&legs),
        running: running.iter().map(live).collect(),
        charts: chart::of_runs(&ended),
        runs: ended
            .iter()
            .take(RUNS_SHOWN)
            .map(|run| run_line(run, title(&run.pipeline)))
            .collect(),
        callout,
    })
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    match fields.action() {
        "rotate" => {
            runtime.rotate_callout(partner, id).await?;
            Ok(there.leave_for("status", "rotated", 0))
        }
        "sync" => {
            let runs = runtime.sync(partner, id, None).await?;
            Ok(there.leave_for("status", "syncing", runs.len()))
        }
        _ => Err(Failure::no_such_page()),
    }
}

fn run_line(run: &Run, title: String) -> RunLine {
    let (look, outcome, message) = match &run.outcome {
        Outcome::Running => ("busy", "Running", None),
        Outcome::Succeeded => ("good", "Succeeded", None),
        Outcome::Failed { message, .. } => ("bad", "Failed", Some(message.clone())),
    };
    RunLine {
        title,
        trigger: match run.trigger {
            Trigger::Schedule => "by schedule",
            Trigger::Event => "after a change",
            Trigger::Person => "by a person",
        },
        at: run.started_at.into(),
        look,
        outcome,
        message,
        remedy: run.remedy.clone(),
        took: took(chart::millis(run)),
        calls: run.counts.get("calls").copied().unwrap_or_default(),
        told: counted(run),
    }
}

/// What is not told of a run: its calls, which have a column of their own, and what they are held
/// against in tests.
const UNTOLD: [&str; 2] = ["calls", "calls_least"];

/// What a run has counted, in words.
pub(super) fn counted(run: &Run) -> String {
    let counts = run.counts.iter();
    let counts = counts.filter(|(name, count)| !UNTOLD.contains(&name.as_str()) && **count > 0);
    let words: Vec<String> = counts
        .map(|(name, count)| {
            let name = name.replace('_', " ");
            let name = if *count == 1 { singular(&name) } else { name };
            format!("{count} {name}")
        })
        .collect();
    words.join(", ")
}

/// The name of a count of one; the noun is its first word, as in `decisions lapsed`.
fn singular(name: &str) -> String {
    let (noun, rest) = name.split_at(name.find(' ').unwrap_or(name.len()));
    let noun = match (noun.strip_suffix("ies"), noun.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => noun.to_owned(),
    };
    noun + rest
}

/// A length of time in the unit that people would say it in.
fn took(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        let said = ["records", "companies", "decisions lapsed", "kept"].map(singular);
        assert_eq!(said, ["record", "company", "decision lapsed", "kept"]);
    }

    #[test]
    fn lengths_of_time_are_said_as_people_say_them() {
        let said = [7, 1_250, 59_999, 61_000].map(took);
        assert_eq!(said, ["7 ms", "1.2 s", "59.9 s", "1 min 1 s"]);
    }
}
