//! `emit`: says what has happened. The request moves, and the product is told, in one commit.

use definition::pipeline::{Emitted, Side};
use expression::Expression;
use model::sabotage::{Bug, sabotaged};
use model::{ClosedBy, State};
use serde_json::json;

use super::{Flow, link::request_id};
use crate::context::Context;
use crate::halt::Halt;

/// Closes the request. One that is closed already stays as it is, so that a callout that comes
/// twice, late or as an echo of our own close changes nothing.
pub(super) async fn emit(
    context: &mut Context<'_>,
    path: &str,
    event: Emitted,
    request: &Expression,
    by: Side,
    resolution: Option<&Expression>,
) -> Result<Flow, Halt> {
    let Emitted::RequestClosed = event;
    let id = request_id(&context.value(request, path)?)?;
    let resolution = match resolution {
        Some(resolution) => context.value(resolution, path)?.as_str().map(str::to_owned),
        None => None,
    };
    let core = context.remote.core.clone();
    let request = context.request(&id).await?;
    if !request.is_open() {
        return Ok(Flow::Go);
    }
    // Who asked first closed it: our own close comes back through the PSA as well.
    let by = match by {
        Side::Psa if request.close_asked_at.is_none() => ClosedBy::Psa,
        _ => ClosedBy::Product,
    };
    request.closed_by = Some(by);
    if resolution.is_some() {
        request.resolution = resolution;
    }
    let detail = match by {
        ClosedBy::Psa => "in the PSA",
        ClosedBy::Product => "by the product",
    };
    request.enter(State::Closed, core.now(), Some(detail.to_owned()));
    let data = json!({
        "partner": context.partner,
        "request": id,
        "closed_by": by,
        "resolution": context.request(&id).await?.resolution,
        "ticket": context.request(&id).await?.ticket,
    });
    context.count("closed", 1);
    core.metrics.requests_closed.add(1);
    if by == ClosedBy::Psa || sabotaged(Bug::EchoesClose) {
        context.tell_of(&id, "request.closed", &data).await?;
    }
    Ok(Flow::Go)
}
