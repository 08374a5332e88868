//! `reconcile`: brings what is billed in line with usage. The work is in `billing`.
//!
//! It is safe to run twice: what was sent and not answered is settled first, and what is sent is
//! planned from quantities that were read in the same run.

use definition::pipeline::Reconcile;

use super::Flow;
use crate::billing;
use crate::context::Context;
use crate::halt::Halt;

/// Settles, plans and applies, where the connector can bill at all.
pub(super) async fn reconcile(
    context: &mut Context<'_>,
    operations: &Reconcile,
) -> Result<Flow, Halt> {
    let known = &context.remote.connector.operations;
    if known.contains_key(&operations.lines) {
        billing::reconcile(context, operations).await?;
    }
    Ok(Flow::Go)
}
