//! `earlier`: looks for the ticket of an earlier request like this one.
//!
//! Promised: of requests that are alike, one at a time opens or re-opens a ticket. Whose turn it
//! is stands in a row that is written together with the intent to do so; whoever comes meanwhile
//! waits, and then finds the ticket. A request for which a ticket may have been made already, or
//! opened again, is given no other one. Nothing is kept for partners who share no tickets.
//!
//! Spans are counted between the moments at which requests were accepted and closed, not by the
//! clock at hand: work that is done late or again is decided in the same way.

use std::time::Duration;

use definition::pipeline::{Earlier, Sharing};
use exchange::Failure;
use model::{Class, Request, RequestId, TicketKey, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{Expect, Record, Records, Versioned};

use super::ensure::is_hidden;
use super::link::{
    REQUESTS_PER_TICKET_MAX, is_on_its_way, keepers, leaving, look_again, request_id, ticket_row,
};
use super::{Flow, is_true};
use crate::context::Context;
use crate::halt::{Failed, Halt};
use crate::tables::{EffectRow, RevivalRow, TicketRow, Turn, TurnRow};
use crate::work::RequestEvent;

/// How long tickets are shared at most, whatever somebody has set: whose ticket it was is
/// remembered for so long.
pub(crate) const SHARED_WITHIN_MAX: Duration = Duration::from_hours(24 * 365);

/// How long a request waits for one that is alike and at work. That one is done in about so long;
/// looking again costs no call.
const WAIT: Duration = Duration::from_secs(2);

/// Gives the ticket of an earlier request, or nothing; then it is this request's turn to open one.
pub(super) async fn earlier(
    context: &mut Context<'_>,
    path: &str,
    step: &Earlier,
) -> Result<Flow, Halt> {
    let id = request_id(&context.value(&step.request, path)?)?;
    let found = match begun_revival(context, step, &id).await? {
        Some(ticket) => json!({ "ticket": ticket, "revived": true }),
        None => match Search::begin(context, path, step, id).await? {
            Some(search) => search.decide(context).await?,
            None => Value::Null,
        },
    };
    context.roots.insert(step.into.clone(), found);
    Ok(Flow::Go)
}

/// What is looked for.
struct Search<'s> {
    step: &'s Earlier,
    id: RequestId,
    accepted_at: Timestamp,
    /// How long an open ticket takes in more, and a closed one comes back; nothing: not at all.
    open: Option<Duration>,
    closed: Option<Duration>,
    /// What stands for all requests that are alike, as a key.
    like: String,
    turn: Option<Versioned<TurnRow>>,
}

/// What becomes of a request.
enum Verdict {
    /// It joins a ticket that others keep open.
    Joins(Value),
    /// It comes back to a ticket that was closed.
    Revives(TicketKey, Value),
    /// It gets a ticket of its own.
    Opens,
}

impl<'s> Search<'s> {
    /// Nothing where tickets are not shared, or not with this request.
    async fn begin(
        context: &mut Context<'_>,
        path: &str,
        step: &'s Earlier,
        id: RequestId,
    ) -> Result<Option<Self>, Halt> {
        let open = span(context, path, &step.open)?;
        let closed = span(context, path, &step.closed)?;
        let like = context.value(&step.like, path)?;
        if (open.is_none() && closed.is_none()) || !is_true(&like) {
            return Ok(None);
        }
        if has_begun(context, &step.begun, &id).await?
            || is_hidden(context, path, (&step.begun, id.as_str())).await?
        {
            return Ok(None);
        }
        let like = like_key(&like);
        let parts = [context.remote.integration.id.as_str(), like.as_str()];
        let store = &context.remote.core.store;
        let turn = store.get_record(context.partner.as_str(), &parts).await?;
        let accepted_at = context.look(&id).await?.accepted_at;
        Ok(Some(Self {
            step,
            id,
            accepted_at,
            open,
            closed,
            like,
            turn,
        }))
    }

    async fn decide(&self, context: &mut Context<'_>) -> Result<Value, Halt> {
        let turn = self.turn.as_ref().map(|turn| &turn.value.0.request);
        let verdict = match turn.filter(|request| **request != self.id) {
            Some(before) => self.judge(context, before).await?,
            None => Verdict::Opens,
        };
        Ok(match verdict {
            Verdict::Joins(ticket) => json!({ "ticket": ticket, "revived": false }),
            Verdict::Revives(key, ticket) => {
                self.take_turn(context);
                let parts = [context.remote.integration.id.as_str(), self.id.as_str()];
                let (partner, row) = (context.partner.as_str(), RevivalRow(key));
                context.batch.put_record(partner, &parts, &row, Expect::Any);
                // Opening a ticket again has no intent of its own that could carry this.
                context.commit().await?;
                json!({ "ticket": ticket, "revived": true })
            }
            Verdict::Opens => {
                self.take_turn(context);
                Value::Null
            }
        })
    }

    /// Adds to the next commit that it is this request's turn, unless somebody was faster.
    fn take_turn(&self, context: &mut Context<'_>) {
        let expect = self.turn.as_ref();
        let expect = expect.map_or(Expect::Absent, |turn| Expect::Version(turn.version));
        let row = TurnRow(Turn {
            request: self.id.clone(),
        });
        let parts = [context.remote.integration.id.as_str(), self.like.as_str()];
        let partner = context.partner.as_str();
        context.batch.put_record(partner, &parts, &row, expect);
    }

    async fn judge(&self, context: &mut Context<'_>, id: &RequestId) -> Result<Verdict, Halt> {
        let before = match context.look(id).await {
            Ok(before) => before,
            // It was there once, so the definitions or the data were replaced.
            Err(Halt::Undefined(_)) => return Ok(Verdict::Opens),
            Err(halt) => return Err(halt),
        };
        if before.ticket.is_none() && is_on_its_way(context, &before, RequestEvent::Opened).await? {
            return Err(wait(format!("waits for the ticket of request {id}")));
        }
        // One that waits for a person may have opened its ticket again already.
        let key = match before.ticket.clone() {
            Some(key) => Some(key),
            None => revival(context, id).await?,
        };
        let Some(key) = key else {
            return Ok(Verdict::Opens);
        };
        let Some(row) = ticket_row(context, &key).await? else {
            return Ok(Verdict::Opens);
        };
        let row = row.value;
        if row.requests.len() >= REQUESTS_PER_TICKET_MAX {
            return Ok(Verdict::Opens);
        }
        if !keepers(context, &row, &self.id).await?.is_empty() {
            return self.judge_open(context, &before, &key).await;
        }
        self.judge_closed(context, &row, &key).await
    }

    /// About a ticket that earlier requests keep open.
    async fn judge_open(
        &self,
        context: &mut Context<'_>,
        before: &Request,
        key: &TicketKey,
    ) -> Result<Verdict, Halt> {
        let is_within = is_within(before.accepted_at, self.accepted_at, self.open);
        if !is_within && self.closed.is_none() {
            return Ok(Verdict::Opens);
        }
        let Some(ticket) = read(context, self.step, key).await? else {
            return Ok(Verdict::Opens);
        };
        if ticket.get("closed") == Some(&Value::Bool(true)) {
            // Closed in the PSA, and not noticed yet: that comes first.
            look_again(context, key);
            let id = &before.content.id;
            return Err(wait(format!(
                "waits until request {id} is closed like its ticket"
            )));
        }
        Ok(if is_within {
            Verdict::Joins(ticket)
        } else {
            Verdict::Opens
        })
    }

    /// About a ticket that no request keeps open.
    async fn judge_closed(
        &self,
        context: &mut Context<'_>,
        row: &TicketRow,
        key: &TicketKey,
    ) -> Result<Verdict, Halt> {
        if let Some(other) = leaving(context, row, &self.id).await? {
            return Err(wait(format!("waits until request {other} is closed")));
        }
        let mut closed_at = None;
        for id in row.requests.iter().filter(|id| **id != self.id) {
            let request = context.look(id).await?;
            // A close that waits for a person counts from when it was asked for.
            closed_at = closed_at.max(request.closed_at().or(request.close_asked_at));
        }
        let closed_at = closed_at.unwrap_or_default();
        if !is_within(closed_at, self.accepted_at, self.closed) {
            return Ok(Verdict::Opens);
        }
        let ticket = read(context, self.step, key).await?;
        Ok(ticket.map_or(Verdict::Opens, |ticket| {
            Verdict::Revives(key.clone(), ticket)
        }))
    }
}

/// The ticket that this request was about to open again when something came between. It stays with
/// that one: nobody else might close it.
async fn begun_revival(
    context: &mut Context<'_>,
    step: &Earlier,
    id: &RequestId,
) -> Result<Option<Value>, Halt> {
    let Some(key) = revival(context, id).await? else {
        return Ok(None);
    };
    if let Some(row) = ticket_row(context, &key).await?
        && let Some(other) = leaving(context, &row.value, id).await?
    {
        return Err(wait(format!("waits until request {other} is closed")));
    }
    let ticket = read(context, step, &key).await?;
    if ticket.is_none() {
        let parts = [context.remote.integration.id.as_str(), id.as_str()];
        let gone = RevivalRow::key(context.partner.as_str(), &parts);
        context.batch.delete(gone, Expect::Any);
    }
    Ok(ticket)
}

/// The ticket that a request was about to open again, if it is not linked to it yet.
async fn revival(context: &Context<'_>, id: &RequestId) -> Result<Option<TicketKey>, Halt> {
    let parts = [context.remote.integration.id.as_str(), id.as_str()];
    let store = &context.remote.core.store;
    let known = store.get_record::<RevivalRow>(context.partner.as_str(), &parts);
    Ok(known.await?.map(|known| known.value.0))
}

/// The ticket as it is now in the PSA; nothing if it is there no more.
async fn read(
    context: &Context<'_>,
    step: &Earlier,
    key: &TicketKey,
) -> Result<Option<Value>, Halt> {
    let inputs: Map<String, Value> = [("ticket".to_owned(), json!(key))].into_iter().collect();
    match context.remote.found(&step.read, &inputs).await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(Failed::Exchange { failure, .. }) if is_gone(&failure) => Ok(None),
        Err(failed) => Err(context.halt(failed)),
    }
}

/// What stands for all requests that are alike, as a key of [`TurnRow`].
pub(crate) fn like_key(like: &Value) -> String {
    let digest = Sha256::digest(like.to_string().as_bytes());
    crate::core::hex(digest.get(..16).unwrap_or_default())
}

/// Whether a ticket of the request's own may have been made.
async fn has_begun(context: &Context<'_>, operation: &str, id: &RequestId) -> Result<bool, Halt> {
    let integration = context.remote.integration.id.as_str();
    let parts = [integration, operation, id.as_str()];
    let store = &context.remote.core.store;
    let known = store.get_record::<EffectRow>(context.partner.as_str(), &parts);
    Ok(known.await?.is_some())
}

/// How long tickets are shared; nothing if they are not, or the connector cannot.
fn span(context: &Context<'_>, path: &str, sharing: &Sharing) -> Result<Option<Duration>, Halt> {
    if !context
        .remote
        .connector
        .operations
        .contains_key(&sharing.by)
    {
        return Ok(None);
    }
    match context.value(&sharing.within, path)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => {
            let span = value.as_str().and_then(model::span::parse);
            let span = span.ok_or_else(|| Halt::Undefined(format!("{path}: not a span: {value}")));
            span.map(|span| Some(span.min(SHARED_WITHIN_MAX)))
        }
    }
}

fn is_within(from: Timestamp, to: Timestamp, span: Option<Duration>) -> bool {
    span.is_some_and(|span| to.since(from) <= span)
}

fn is_gone(failure: &Failure) -> bool {
    failure.class == Class::NotFound
}

/// Another request is at work on the same ticket: this one is soon looked at again.
pub(super) fn wait(message: String) -> Halt {
    Halt::Wait {
        wait: WAIT,
        message,
    }
}
