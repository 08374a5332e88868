//! Reading back what was changed: many changes by the pages that plans are read by, few one by one,
//! whichever takes fewer calls.
//!
//! A change that was answered and not read back yet is in doubt like one without an answer: should
//! the engine die here, the next run reads it back.

use definition::pipeline::Reconcile;
use model::billing::Change;

use super::doubt::{conclude, operation, read_back};
use super::standing::Standings;
use crate::context::Context;
use crate::halt::Halt;

/// How many changes are read back together. It is what a person waits for to hear that the first
/// of them took hold, and saves all but a few of the calls that reading each would take.
pub(super) const TOGETHER_MAX: usize = 500;

/// How many pages the lines are taken to fill before anybody has read them: those of a partner with
/// some thousand lines.
pub(super) const PAGES_GUESSED: u64 = 20;

/// Reads back what was changed and draws the conclusions. All lines fill so many `pages`.
pub(super) async fn verify(
    context: &mut Context<'_>,
    operations: &Reconcile,
    changes: Vec<Change>,
    pages: u64,
) -> Result<(), Halt> {
    if changes.len() as u64 > pages {
        let now = Standings::after(context, operations, &changes).await?;
        for change in changes {
            let seen = now.seen(&change);
            conclude(context, change, seen).await?;
        }
        return context.extend().await;
    }
    for change in changes {
        context.extend().await?;
        context.count("calls_least", 1);
        let seen = read_back(context, operation(operations, &change), &change).await?;
        conclude(context, change, seen).await?;
    }
    Ok(())
}
