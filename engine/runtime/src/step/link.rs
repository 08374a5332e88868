//! `link`: remembers for good which ticket a request has.
//!
//! A ticket may be shared by requests that are alike. A request joins it only while another one
//! keeps it open, or after having opened it again; and whoever takes the last request off it is
//! found out by the version of the ticket's row. So no request ends up on a ticket that is being
//! closed by the product. What a person closes meanwhile in the PSA is seen by reading the ticket
//! once more afterwards.

use definition::pipeline::{Step, StepKind};
use model::sabotage::{Bug, sabotaged};
use model::{Request, RequestId, State, TicketKey};
use serde_json::{Map, Value};
use store::{Expect, Record, Records, Versioned};

use super::earlier::wait;
use super::{Flow, is_true};
use crate::context::Context;
use crate::core::Core;
use crate::halt::Halt;
use crate::tables::{BehindRow, RevivalRow, TicketRow};
use crate::work::{RequestEvent, request_job};

/// The most requests that one ticket takes in: it is read with all of them, and a storm of
/// repeats says nothing more after so many notes.
pub(super) const REQUESTS_PER_TICKET_MAX: usize = 200;

/// Links the request to the ticket. Both directions are in the same commit.
pub(super) async fn link(context: &mut Context<'_>, step: &Step) -> Result<Flow, Halt> {
    let StepKind::Link {
        request,
        ticket,
        reopened,
    } = &step.kind
    else {
        return Ok(Flow::Go);
    };
    let path = step.path.as_str();
    let id = request_id(&context.value(request, path)?)?;
    let ticket = context.value(ticket, path)?;
    let key: TicketKey = serde_json::from_value(ticket.clone())
        .map_err(|error| Halt::Undefined(format!("{path}: not a ticket key: {error}")))?;
    let reopened = match reopened {
        Some(reopened) => is_true(&context.value(reopened, path)?),
        None => false,
    };
    let known = ticket_row(context, &key).await?;
    let how = how(context, &id, known.as_ref(), &ticket, reopened).await?;
    put(context, &id, &key, known);
    // One that was looked for was there for a while, and may have been closed before anybody knew
    // whose it is.
    if how == How::Reopened {
        let parts = [context.remote.integration.id.as_str(), id.as_str()];
        let revival = RevivalRow::key(context.partner.as_str(), &parts);
        context.batch.delete(revival, Expect::Any);
    }
    if how != How::Opened || context.counts.contains_key("looked_for") {
        look_again(context, &key);
    }
    enter(context, &id, key, how).await?;
    close_if_asked(context, &id).await?;
    context.count("linked", 1);
    Ok(Flow::Go)
}

/// How a request came to its ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Opened,
    Joined,
    Reopened,
}

/// The requests of the ticket, as far as it has any.
pub(super) async fn ticket_row(
    context: &Context<'_>,
    key: &TicketKey,
) -> Result<Option<Versioned<TicketRow>>, Halt> {
    let parts = [context.remote.integration.id.as_str(), &key.id_text()];
    let store = &context.remote.core.store;
    Ok(store
        .get_record::<TicketRow>(context.partner.as_str(), &parts)
        .await?)
}

/// How the request comes to the ticket, or that it has to look for one again because it may
/// not join it.
async fn how(
    context: &mut Context<'_>,
    id: &RequestId,
    known: Option<&Versioned<TicketRow>>,
    ticket: &Value,
    reopened: bool,
) -> Result<How, Halt> {
    let Some(row) = known.filter(|row| !row.value.requests.contains(id)) else {
        return Ok(How::Opened);
    };
    let is_closed = ticket.get("closed") == Some(&Value::Bool(true));
    let is_kept = !keepers(context, &row.value, id).await?.is_empty();
    let may_join = is_kept || (reopened && leaving(context, &row.value, id).await?.is_none());
    if is_closed || !may_join {
        let message = "the ticket of the earlier request was closed just now";
        return Err(wait(message.to_owned()));
    }
    Ok(if reopened { How::Reopened } else { How::Joined })
}

/// The requests besides `id` that keep the ticket open.
pub(super) async fn keepers(
    context: &mut Context<'_>,
    row: &TicketRow,
    id: &RequestId,
) -> Result<Vec<RequestId>, Halt> {
    let mut keepers = Vec::new();
    for other in row.requests.iter().filter(|other| *other != id) {
        if !row.left.contains(other) && context.look(other).await?.is_open() {
            keepers.push(other.clone());
        }
    }
    Ok(keepers)
}

/// A request besides `id` for which the product is closing the ticket at this moment. One that
/// waits for a person closes it only after having looked who keeps it open then.
pub(super) async fn leaving(
    context: &Context<'_>,
    row: &TicketRow,
    id: &RequestId,
) -> Result<Option<RequestId>, Halt> {
    for other in row.left.iter().filter(|other| *other != id) {
        let request = context.look(other).await?;
        let event = RequestEvent::CloseAsked;
        if request.is_open() && is_on_its_way(context, &request, event).await? {
            return Ok(Some(other.clone()));
        }
    }
    Ok(None)
}

/// Whether somebody works on what happened to the request, or will without anybody's help. One
/// that waited behind an issue is on its way as soon as that lets it go.
pub(super) async fn is_on_its_way(
    context: &Context<'_>,
    request: &Request,
    event: RequestEvent,
) -> Result<bool, Halt> {
    let Some(issue) = &request.issue else {
        return Ok(event == RequestEvent::CloseAsked || request.state == State::Waiting);
    };
    let (partner, id) = (context.partner, &request.content.id);
    let job = request_job(partner, id, event);
    let behind = BehindRow::key(partner.as_str(), &[issue.as_str(), &job]);
    let store = &context.remote.core.store;
    Ok(request.is_open() && store.get(&behind).await?.is_none())
}

fn put(
    context: &mut Context<'_>,
    id: &RequestId,
    key: &TicketKey,
    known: Option<Versioned<TicketRow>>,
) {
    let expect = known.as_ref();
    let expect = expect.map_or(Expect::Absent, |known| Expect::Version(known.version));
    let expect = if sabotaged(Bug::SharesUnguarded) {
        Expect::Any
    } else {
        expect
    };
    let mut row = known.map(|known| known.value).unwrap_or_default();
    if !row.requests.contains(id) {
        row.requests.push(id.clone());
    }
    let parts = [context.remote.integration.id.as_str(), &key.id_text()];
    let partner = context.partner.as_str();
    context.batch.put_record(partner, &parts, &row, expect);
}

async fn enter(
    context: &mut Context<'_>,
    id: &RequestId,
    mut key: TicketKey,
    how: How,
) -> Result<(), Halt> {
    let now = context.remote.core.now();
    let integration = context.remote.integration.id.clone();
    let request = context.request(id).await?;
    if let Some(before) = &request.ticket {
        // Linked before: what was known then and is not told now stays known.
        key.number = key.number.or_else(|| before.number.clone());
        key.url = key.url.or_else(|| before.url.clone());
    }
    let name = key.number.clone().unwrap_or_else(|| key.id_text());
    request.integration = Some(integration);
    request.ticket = Some(key);
    if request.is_open() {
        let told = match how {
            How::Opened => format!("ticket {name}"),
            How::Joined => format!("added to ticket {name}"),
            How::Reopened => format!("ticket {name}, opened again"),
        };
        request.enter(State::Ticketed, now, Some(told));
    }
    Ok(())
}

/// Goes on with a close that was asked for while nobody knew whether there is a ticket.
async fn close_if_asked(context: &mut Context<'_>, id: &RequestId) -> Result<(), Halt> {
    let now = context.remote.core.now();
    let request = context.request(id).await?;
    if request.is_open() && request.close_asked_at.is_some() {
        let (batch, event) = (&mut context.batch, RequestEvent::CloseAsked);
        Core::enqueue_request(batch, context.partner, id, event, now);
    }
    Ok(())
}

/// Queues another look at the ticket: a close that was noticed before the request was linked
/// would otherwise never reach it.
pub(super) fn look_again(context: &mut Context<'_>, key: &TicketKey) {
    let core = context.remote.core.clone();
    let integration = context.remote.integration.clone();
    let hint = [("id".to_owned(), Value::from(key.id_text()))];
    let hint: Map<String, Value> = hint.into_iter().collect();
    core.enqueue_hint(&mut context.batch, &integration, hint, core.now());
}

/// The id of a request as an expression gave it.
pub(super) fn request_id(value: &serde_json::Value) -> Result<RequestId, Halt> {
    let id = RequestId::new(value.as_str().unwrap_or_default());
    id.map_err(|error| Halt::Undefined(error.to_string()))
}
