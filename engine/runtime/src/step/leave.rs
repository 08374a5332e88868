//! `leave`: takes a request off its ticket, because the product closes it.
//!
//! This is durable before anything is done to the ticket. Whoever comes later finds that the
//! request keeps the ticket open no more, and of two requests that leave at once exactly one is
//! the last: the ticket is closed for that one.

use expression::Expression;
use model::TicketKey;
use model::sabotage::{Bug, sabotaged};
use serde_json::json;
use store::Expect;

use super::Flow;
use super::link::{keepers, request_id, ticket_row};
use crate::context::Context;
use crate::halt::Halt;

/// Takes the request off, and gives the ids of those that keep the ticket open.
pub(super) async fn leave(
    context: &mut Context<'_>,
    path: &str,
    request: &Expression,
    ticket: &Expression,
    into: &str,
) -> Result<Flow, Halt> {
    let id = request_id(&context.value(request, path)?)?;
    let key: TicketKey = serde_json::from_value(context.value(ticket, path)?)
        .map_err(|error| Halt::Undefined(format!("{path}: not a ticket key: {error}")))?;
    let mut others = Vec::new();
    if let Some(row) = ticket_row(context, &key).await? {
        others = keepers(context, &row.value, &id).await?;
        let mut after = row.value;
        if !after.left.contains(&id) {
            after.left.push(id);
        }
        // Also when it had left before and waited for a person: while it did, others could come.
        let parts = [context.remote.integration.id.as_str(), &key.id_text()];
        let (partner, expect) = (context.partner.as_str(), Expect::Version(row.version));
        let expect = if sabotaged(Bug::SharesUnguarded) {
            Expect::Any
        } else {
            expect
        };
        context.batch.put_record(partner, &parts, &after, expect);
        context.commit().await?;
    }
    context.roots.insert(into.to_owned(), json!(others));
    Ok(Flow::Go)
}
