//! `link`: remembers for good which ticket a request has.

use expression::Expression;
use model::{RequestId, State, TicketKey};
use store::Expect;

use super::Flow;
use crate::context::Context;
use crate::halt::Halt;
use crate::tables::TicketRow;

/// Links the request to the ticket. Both directions are in the same commit.
pub(super) async fn link(
    context: &mut Context<'_>,
    path: &str,
    request: &Expression,
    ticket: &Expression,
) -> Result<Flow, Halt> {
    let id = request_id(&context.value(request, path)?)?;
    let ticket = context.value(ticket, path)?;
    let mut key: TicketKey = serde_json::from_value(ticket)
        .map_err(|error| Halt::Undefined(format!("{path}: not a ticket key: {error}")))?;
    let integration = context.remote.integration.id.clone();
    let parts = [integration.as_str(), &key.id_text()];
    let row = TicketRow(id.clone());
    context
        .batch
        .put_record(context.partner.as_str(), &parts, &row, Expect::Any);
    let now = context.remote.core.now();
    let request = context.request(&id).await?;
    if let Some(before) = &request.ticket {
        // Linked before: what was known then and is not told now stays known.
        key.number = key.number.or_else(|| before.number.clone());
        key.url = key.url.or_else(|| before.url.clone());
    }
    let name = key.number.clone().unwrap_or_else(|| key.id_text());
    request.integration = Some(integration);
    request.ticket = Some(key);
    if request.is_open() {
        request.enter(State::Ticketed, now, Some(format!("ticket {name}")));
    }
    context.count("linked", 1);
    Ok(Flow::Go)
}

/// The id of a request as an expression gave it.
pub(super) fn request_id(value: &serde_json::Value) -> Result<RequestId, Halt> {
    let id = RequestId::new(value.as_str().unwrap_or_default());
    id.map_err(|error| Halt::Undefined(error.to_string()))
}
