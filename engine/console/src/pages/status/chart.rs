//! Two small pictures of the latest runs: how long they took, and how many calls they made.

use model::{Outcome, Run};

use super::took;

/// The picture's size in its own units; style decides how large it is on the page.
const WIDTH: u64 = 400;
const HEIGHT: u64 = 64;

/// The lowest bar, so that a run which took no time can be seen.
const BAR_MIN: u64 = 2;

/// The most bars.
const BARS_MAX: usize = 40;

/// A bar for each run, the oldest first.
pub(super) struct Chart {
    /// What is shown.
    pub(super) title: &'static str,
    /// What it says, in words.
    pub(super) summary: String,
    /// The bars.
    pub(super) bars: Vec<Bar>,
}

/// One run.
pub(super) struct Bar {
    pub(super) x: u64,
    pub(super) y: u64,
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) look: &'static str,
    pub(super) title: String,
}

/// The pictures of `runs`, which come newest first; none where there is nothing to compare.
pub(super) fn of_runs(runs: &[Run]) -> Vec<Chart> {
    if runs.len() < 2 {
        return Vec::new();
    }
    let calls = |run: &Run| run.counts.get("calls").copied().unwrap_or_default();
    vec![
        chart("Duration", runs, millis, took),
        chart("Calls", runs, calls, |count| count.to_string()),
    ]
}

/// How long a run took.
pub(super) fn millis(run: &Run) -> u64 {
    let ended = run.ended_at.unwrap_or(run.started_at);
    let took = ended.since(run.started_at).as_millis();
    u64::try_from(took).unwrap_or(u64::MAX)
}

fn chart(
    title: &'static str,
    runs: &[Run],
    measure: impl Fn(&Run) -> u64,
    said: impl Fn(u64) -> String,
) -> Chart {
    let shown: Vec<&Run> = runs.iter().take(BARS_MAX).rev().collect();
    let largest = shown.iter().map(|run| measure(run)).max().unwrap_or(0);
    let step = WIDTH / (shown.len() as u64).max(1);
    let bars = shown.iter().zip(0..).map(|(run, at)| {
        let value = measure(run);
        let height = (value * (HEIGHT - BAR_MIN) / largest.max(1)) + BAR_MIN;
        let failed = matches!(run.outcome, Outcome::Failed { .. });
        let name = run.pipeline.replace('_', " ");
        Bar {
            x: at * step,
            y: HEIGHT - height,
            width: (step * 3 / 4).max(1),
            height,
            look: if failed { "bar failed" } else { "bar" },
            title: format!("{name}: {}", said(value)),
        }
    });
    Chart {
        title,
        summary: format!(
            "{title} of the latest {} runs; at most {}",
            shown.len(),
            said(largest)
        ),
        bars: bars.collect(),
    }
}
