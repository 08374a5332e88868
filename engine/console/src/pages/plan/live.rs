//! A run that somebody waits for: said on the page, and told as it goes on by server-sent events.
//! Without script the page is opened again.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use model::billing::PlanState;
use model::{Outcome, Run, Timestamp};
use runtime::{PlanProgress, Runtime};
use serde_json::json;

use crate::failure::Failure;
use crate::form::{Wrong, sentence};
use crate::limits::FOLLOWED_FOR;
use crate::shell::There;

/// A run that is waited for.
pub(super) struct UnderWay {
    /// Where its events are.
    pub(super) url: String,
    /// How many lines are still to be applied.
    pub(super) left: u64,
}

/// What is known of the run that the page's address waits for.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) under_way: Option<UnderWay>,
    pub(super) failed: Option<Wrong>,
}

/// What came of the run that follows the moment in the page's address.
pub(super) async fn watched(
    runtime: &Runtime,
    there: &There,
    now: Timestamp,
) -> Result<Watched, Failure> {
    let since = since(there).filter(|since| now.since(*since) < FOLLOWED_FOR);
    let Some(since) = since else {
        return Ok(Watched::default());
    };
    let progress = runtime.plan_progress(there.here.id(), there.id(), since);
    let progress = progress.await?;
    Ok(match &progress.ended {
        Some(run) => Watched {
            under_way: None,
            failed: failure(run),
        },
        None => Watched {
            under_way: Some(UnderWay {
                url: format!(
                    "{}/reconciliation/live?since={}",
                    there.root(),
                    since.as_millis()
                ),
                left: count(&progress, PlanState::Approved),
            }),
            failed: None,
        },
    })
}

fn since(there: &There) -> Option<Timestamp> {
    let text = there.here.asked("since")?;
    Some(Timestamp::from_millis(text.parse().ok()?))
}

fn count(progress: &PlanProgress, state: PlanState) -> u64 {
    progress.states.get(&state).copied().unwrap_or_default()
}

fn failure(run: &Run) -> Option<Wrong> {
    match &run.outcome {
        Outcome::Failed { message, .. } => Some(Wrong {
            message: sentence(message),
            hint: run.remedy.as_deref().map(sentence),
        }),
        Outcome::Running | Outcome::Succeeded => None,
    }
}

/// The events: `changed` with the numbers as they are, and `ended`.
pub(crate) async fn follow(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    let since = since(&there).ok_or_else(Failure::no_such_page)?;
    let (partner, id) = (there.here.id().clone(), there.id().clone());
    let events = runtime.watch_plan(partner, id, since).map(|progress| {
        let event = match progress {
            Ok(progress) if progress.ended.is_none() => Event::default().event("changed").data(
                json!({
                    "approved": count(&progress, PlanState::Approved),
                    "applied": count(&progress, PlanState::Applied),
                })
                .to_string(),
            ),
            // Whatever became of it, the page tells. Browsers pass over events without data.
            Ok(_) | Err(_) => Event::default().event("ended").data("{}"),
        };
        Ok::<_, Infallible>(event)
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response())
}
