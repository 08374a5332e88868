//! Requests from the product's side: accepting, closing, looking. What is acknowledged here is
//! durable and queued; everything else happens in [`crate::worker`].

use definition::EffectRule;
use futures::FutureExt as _;
use model::sabotage::{Bug, sabotaged};
use model::{ClosedBy, Content, Ledger, PartnerId, Request, RequestId, State, Timestamp};
use store::{Batch, Expect, Record, Records, Version, Versioned};

use crate::Runtime;
use crate::core::{Core, add_request, change_request};
use crate::error::Error;
use crate::tables::{
    BehindRow, EffectRow, IssueRow, RequestRow, RevivalRow, accepted_count, state_count,
};
use crate::work::{RequestEvent, Work, request_job};

/// How often a change is tried when others change the same at the same time.
pub(crate) const TRIES: usize = 8;

/// Tickets go before everything else.
const PRIORITY: u8 = 0;

/// The answer to a request that was handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The request as it stands.
    pub request: Request,
    /// Whether it is new; the same request handed in again is not.
    pub fresh: bool,
}

/// The ledger, twice: as it is kept, and as a count of the requests themselves gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerReport {
    /// As kept, moved in the same commit as each request.
    pub ledger: Ledger,
    /// As counted just now. Under load the two may be a few requests apart.
    pub recounted: Ledger,
}

impl Runtime {
    /// Takes in a request. Once this returns it is durable and will be worked on; the same request
    /// again changes nothing.
    pub async fn accept(&self, partner: &PartnerId, content: Content) -> Result<Accepted, Error> {
        self.core.partner(partner).await?;
        for _ in 0..TRIES {
            let known = self.known(partner, &content.id).await?;
            if let Some(known) = known.filter(|_| !sabotaged(Bug::TakesIdTwice)) {
                return if known.value.0.content == content {
                    Ok(Accepted {
                        request: known.value.0,
                        fresh: false,
                    })
                } else {
                    Err(Error::IdTaken {
                        request: content.id,
                    })
                };
            }
            let now = self.core.now();
            let request = Request::accepted(content.clone(), now);
            let mut batch = Batch::new();
            add_request(&mut batch, partner, &request);
            Core::enqueue_request(&mut batch, partner, &content.id, RequestEvent::Opened, now);
            let kept = self.core.store.commit(batch);
            let kept = if sabotaged(Bug::AcknowledgesBeforeFlush) {
                kept.now_or_never().unwrap_or(Ok(Version::NONE))
            } else {
                kept.await
            };
            match kept {
                Ok(_) => {
                    self.core.metrics.requests_accepted.add(1);
                    return Ok(Accepted {
                        request,
                        fresh: true,
                    });
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy {
            what: "the request",
        })
    }

    async fn known(
        &self,
        partner: &PartnerId,
        id: &RequestId,
    ) -> Result<Option<Versioned<RequestRow>>, Error> {
        Ok(self
            .core
            .store
            .get_record::<RequestRow>(partner.as_str(), &[id.as_str()])
            .await?)
    }

    /// Asks to close a request. One that has no ticket and waits for a person is closed at once;
    /// for any other the ticket is closed first.
    pub async fn close(
        &self,
        partner: &PartnerId,
        id: &RequestId,
        resolution: Option<String>,
    ) -> Result<Request, Error> {
        for _ in 0..TRIES {
            let before = self.core.request(partner, id).await?;
            let mut after = before.value.0.clone();
            if !after.is_open() || after.close_asked_at.is_some() {
                return Ok(after);
            }
            let now = self.core.now();
            after.close_asked_at = Some(now);
            after.resolution.clone_from(&resolution);
            let mut batch = Batch::new();
            let rests = matches!(after.state, State::Parked | State::Failed);
            if rests
                && after.ticket.is_none()
                && !self.core.may_hide(&after)
                && !self.core.may_have_ticket(&after, partner).await?
            {
                close_without_ticket(&mut batch, partner, &mut after, now);
            } else {
                after.note(now, "close asked", resolution.clone());
                let event = RequestEvent::CloseAsked;
                Core::enqueue_request(&mut batch, partner, id, event, now);
            }
            change_request(&mut batch, partner, &before, &after);
            match self.core.store.commit(batch).await {
                Ok(_) => {
                    if let Some(issue) = &before.value.0.issue {
                        self.core.clear_if_empty(partner, issue).await?;
                    }
                    return Ok(after);
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy {
            what: "the request",
        })
    }

    /// The request as it stands.
    pub async fn request(&self, partner: &PartnerId, id: &RequestId) -> Result<Request, Error> {
        Ok(self.core.request(partner, id).await?.value.0)
    }

    /// Requests in the order of their ids, at most `limit` of those after `after`, those in
    /// `state` only where one is given.
    pub async fn requests(
        &self,
        partner: &PartnerId,
        state: Option<State>,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<Request>, Error> {
        self.core.partner(partner).await?;
        let mut found = Vec::new();
        let mut after = after.map(|id| RequestRow::key(partner.as_str(), &[id.as_str()]));
        loop {
            let page = self
                .core
                .store
                .scan_records::<RequestRow>(partner.as_str(), &[], after.as_ref(), limit)
                .await?;
            let last = page.len() < limit;
            after = page.last().map(|(key, _)| key.clone());
            let fits = |request: &Request| state.is_none_or(|state| request.state == state);
            found.extend(page.into_iter().map(|(_, row)| row.value.0).filter(fits));
            if last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Where the partner's requests are, as kept and as counted.
    pub async fn ledger(&self, partner: &PartnerId) -> Result<LedgerReport, Error> {
        self.core.partner(partner).await?;
        let store = &self.core.store;
        let mut states = Vec::new();
        for state in State::ALL {
            states.push((state, store.counter(&state_count(partner, state)).await?));
        }
        let ledger = Ledger {
            accepted: store.counter(&accepted_count(partner)).await?,
            states,
        };
        let rows: Vec<RequestRow> = self.core.all(partner.as_str(), &[]).await?;
        let count = |state| rows.iter().filter(|row| row.0.state == state).count();
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let recounted = Ledger {
            accepted: signed(rows.len()),
            states: State::ALL
                .map(|state| (state, signed(count(state))))
                .to_vec(),
        };
        Ok(LedgerReport { ledger, recounted })
    }
}

impl Core {
    /// Queues what happened to a request. Everything about one request shares a lane, so that an
    /// open and a close never overtake each other.
    pub(crate) fn enqueue_request(
        batch: &mut Batch,
        partner: &PartnerId,
        request: &RequestId,
        event: RequestEvent,
        due: Timestamp,
    ) {
        let work = Work::Request {
            partner: partner.clone(),
            request: request.clone(),
            event,
        };
        let lane = format!("request/{request}");
        let mut job = work.job(request_job(partner, request, event), lane, PRIORITY, due);
        // One that waits already stands for another one.
        job.fold = Some(job.id.clone());
        batch.enqueue(job);
    }

    /// Whether the request may have a ticket that it is not linked to, because nobody knows what
    /// became of a call. Such a one is not closed before its ticket was looked for.
    pub(crate) async fn may_have_ticket(
        &self,
        request: &Request,
        partner: &PartnerId,
    ) -> Result<bool, Error> {
        let Some(integration) = &request.integration else {
            return Ok(false);
        };
        let known = match self.integration(partner, integration).await {
            Ok(known) => known.value.0,
            Err(Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let parts = [integration.as_str(), request.content.id.as_str()];
        let revival = RevivalRow::key(partner.as_str(), &parts);
        if self.store.get(&revival).await?.is_some() {
            return Ok(true);
        }
        let connector = self.connector(&known.connector);
        let Ok(family) = connector.and_then(|connector| self.family(&connector)) else {
            return Ok(true); // nothing says how to look for it
        };
        for (name, operation) in &family.operations {
            let parts = [integration.as_str(), name, request.content.id.as_str()];
            let is_found_again = matches!(operation.effect, Some(EffectRule::Find(_)));
            let key = EffectRow::key(partner.as_str(), &parts);
            if is_found_again && self.store.get(&key).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Clears an issue that nothing waits behind any more.
    pub(crate) async fn clear_if_empty(
        &self,
        partner: &PartnerId,
        issue: &model::IssueId,
    ) -> Result<(), Error> {
        let first = self
            .store
            .scan_records::<BehindRow>(partner.as_str(), &[issue.as_str()], None, 1)
            .await?;
        let open = self
            .store
            .get_record::<IssueRow>(partner.as_str(), &[issue.as_str()])
            .await?;
        // What a pre-flight found is there whether or not anything waits for it.
        if first.is_empty() && open.is_some_and(|open| !open.value.0.foreseen) {
            self.clear_issue(partner, issue).await?;
        }
        Ok(())
    }
}

/// Closes a request that has no ticket: nothing is left to be mended, and nothing waits any more.
pub(crate) fn close_without_ticket(
    batch: &mut Batch,
    partner: &PartnerId,
    request: &mut Request,
    now: Timestamp,
) {
    if let Some(issue) = &request.issue {
        let job = request_job(partner, &request.content.id, RequestEvent::Opened);
        batch.delete(
            BehindRow::key(partner.as_str(), &[issue.as_str(), &job]),
            Expect::Any,
        );
    }
    request.closed_by = Some(ClosedBy::Product);
    request.enter(
        State::Closed,
        now,
        Some("before it had a ticket".to_owned()),
    );
}
