//! Live progress: a run as server-sent events, while it is under way.

use std::convert::Infallible;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use model::{Outcome, Run, RunId};
use runtime::Runtime;
use serde_json::json;

use super::counted;
use crate::failure::Failure;
use crate::shell::There;

/// Tells what the run has done so far, each time that it has done more, until it has ended.
pub(crate) async fn watch(
    State(runtime): State<Runtime>,
    there: There,
    Path((_, _, run)): Path<(String, String, String)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let run = RunId::new(run).map_err(|_| Failure::no_such_page())?;
    let (partner, id) = (there.here.id().clone(), there.id().clone());
    runtime.run(&partner, &id, &run).await?;
    let seen = runtime.watch_run(partner, id, run);
    let events = seen.filter_map(|run| async { event(&run.ok()?).map(Ok) });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn event(run: &Run) -> Option<Event> {
    let ended = run.outcome != Outcome::Running;
    let told = json!({ "told": counted(run), "ended": ended });
    Event::default().event("run").json_data(told).ok()
}
