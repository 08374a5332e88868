//! Restored: what is true after the state was brought back from a backup, and what follows.
//!
//! A restored state is of an earlier moment, and the world is not: whatever was done since then
//! was done, and nothing here knows of it. So what the state says is not done yet is in doubt.
//! What follows, effect by effect:
//!
//! - **Tickets and notes** are looked for by their reference before they are made, as after a lost
//!   answer. That holds for every request that was accepted before the restore, however long it
//!   waits; for each one that comes within [`LOOKED_FOR`] after it, since the product sends again
//!   what it had sent after the backup, and such a request looks like a new one; and later for
//!   those that say that they were opened before the restore. It costs one call for each.
//! - **Closes** in the PSA are found by the next poll, which goes back to the newest change that
//!   the backup had seen: that is why cursors stay, while half-read lists, whose place means
//!   nothing any more, begin anew. A close that the product asked for after the backup has to be
//!   asked for again. A request without a ticket is not closed before a ticket was looked for.
//! - **Billing** always reads what the PSA has before it plans, so that no change is made twice.
//!   But usage, approvals and dismissals are those of the backup, and usage that has grown since
//!   would be billed down. So nothing is billed unasked: automatic billing becomes billing on
//!   approval, of which an issue tells until the policy is saved again, and what a person had
//!   approved has to be approved again.
//! - **What is safe to repeat** (closing, opening again, notices to the product) is repeated.
//!
//! Not made safe, because nothing tells: what people set up after the backup is gone; tokens that
//! were revoked since are good again; a request that had joined the ticket of an earlier one since
//! the backup may get a ticket of its own; a test ticket of that time may stay open. And two
//! servers, one on the old state and one on this, do not know of each other. `dovetail restore`
//! tells people all of it.

mod ready;

use std::sync::Arc;
use std::time::Duration;

use definition::EffectRule;
use exchange::Priority;
use model::{Class, Integration, IntegrationId, IssueId, IssueKind, PartnerId, Request, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use store::{Records, Store};

use crate::context::request_value;
use crate::core::{Core, is_usable};
use crate::error::Error;
use crate::halt::{Failed, Halt};
use crate::issues::issue_id;
use crate::remote::Remote;
use crate::tables::{NOBODY, RestoredRow};

pub use ready::{Readied, ready_restored};

/// For how long after a restore each new request is taken for one that the product may have sent
/// before: ample time to find out what has to be sent again.
pub const LOOKED_FOR: Duration = Duration::from_hours(24 * 30);

/// The name that a request has among the inputs of an operation.
const REQUEST: &str = "request";

/// When the state was brought back, and of when it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The moment that the backup shows.
    pub taken_at: Timestamp,
    /// When it was brought back.
    pub restored_at: Timestamp,
}

impl Restored {
    /// The moment until which every new request is looked for.
    pub fn looked_for_until(&self) -> Timestamp {
        self.restored_at.after(LOOKED_FOR)
    }

    /// Whether something may have been done for the request that this state does not know of.
    fn hides(&self, request: &Request) -> bool {
        let opened_at = request.content.opened_at;
        request.accepted_at <= self.looked_for_until()
            || opened_at.is_some_and(|at| at <= self.restored_at)
    }
}

/// The issue that tells why billing waits for approval.
pub(crate) fn billing_asks(integration: &IntegrationId) -> IssueId {
    issue_id(IssueKind::Restored, Some(integration), "billing")
}

/// When the state was last brought back from a backup, if it ever was.
pub async fn restored(store: &dyn Store) -> Result<Option<Restored>, store::Error> {
    let row = store.get_record::<RestoredRow>(NOBODY, &[]).await?;
    Ok(row.map(|row| row.value.0))
}

impl Core {
    /// Whether something may have been done for the request that this state does not know of,
    /// because it was brought back from a backup.
    pub(crate) fn may_hide(&self, request: &Request) -> bool {
        let restored = self.config.restored;
        restored.is_some_and(|restored| restored.hides(request))
    }

    /// Whether any of the partner's PSAs has a ticket of the request that this state does not know
    /// of. One that cannot be asked now may have it.
    pub(crate) async fn has_hidden_ticket(
        self: &Arc<Self>,
        partner: &PartnerId,
        request: &Request,
    ) -> Result<bool, Halt> {
        if !self.may_hide(request) {
            return Ok(false);
        }
        for integration in self.for_tickets(partner).await? {
            if !is_usable(&integration) || self.has_ticket(integration, request).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks every operation that finds what was made for a request by that request alone.
    async fn has_ticket(
        self: &Arc<Self>,
        integration: Integration,
        request: &Request,
    ) -> Result<bool, Halt> {
        let remote = Remote::new(self, Arc::new(integration), Priority::Tickets)?;
        let mut inputs = Map::new();
        inputs.insert(REQUEST.to_owned(), request_value(request));
        for effect in remote.family.operations.values() {
            let Some(EffectRule::Find(find)) = &effect.effect else {
                continue;
            };
            let contract = remote.family.operations.get(find);
            let is_by_request =
                contract.is_some_and(|find| find.input.keys().all(|name| name == REQUEST));
            if !is_by_request || contract.is_none_or(|find| find.input.is_empty()) {
                continue;
            }
            match remote.found(find, &inputs).await {
                Ok(found) if found.is_empty() => {}
                Ok(_) => return Ok(true),
                Err(Failed::Exchange { failure, .. }) if failure.class == Class::NotFound => {}
                Err(failed) => return Err(remote.halt(failed)),
            }
        }
        Ok(false)
    }
}

impl crate::Runtime {
    /// Gives the whole state as it is at this moment, for [`store::check_export`] and an import, to
    /// the taker of `to`, piece by piece. Work goes on meanwhile.
    pub async fn back_up(
        &self,
        to: tokio::sync::mpsc::Sender<Vec<u8>>,
    ) -> Result<store::Totals, Error> {
        match self.core.store.export(self.core.now(), to).await {
            Err(store::Error::ExportUnderWay) => Err(Error::UnderWay { what: "backup" }),
            totals => Ok(totals?),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde_json::json;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    pub(crate) fn at(days: u32) -> Timestamp {
        Timestamp::from_millis(1_782_907_200_000).after(DAY * days)
    }

    /// Of the eighth day, on the tenth.
    pub(crate) fn of() -> Restored {
        Restored {
            taken_at: at(8),
            restored_at: at(10),
        }
    }

    fn request(accepted_at: Timestamp, opened_at: Option<Timestamp>) -> Request {
        let content = json!({ "id": "1", "customer_id": "c", "report_type": "url_block",
            "opened_at": opened_at });
        Request::accepted(serde_json::from_value(content).unwrap(), accepted_at)
    }

    #[test]
    fn what_may_be_from_before_is_looked_for_and_nothing_else() {
        let hides = |accepted_at, opened_at| of().hides(&request(accepted_at, opened_at));
        assert!(hides(at(1), None), "it was in the backup");
        assert!(hides(at(40), None), "it may have been sent before");
        assert!(!hides(at(41), None));
        assert!(!hides(at(41), Some(at(11))), "opened after the restore");
        assert!(hides(at(400), Some(at(9))), "sent again late, and says so");
    }
}
