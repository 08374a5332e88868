//! Removes what was kept for as long as the operator said: requests that are over, with all that
//! hangs on them, and what was sent and answered for them.
//!
//! Promised: a request that is open is never removed, nor one of a ticket that another request of
//! the same ticket still needs; a request that may yet come back to its ticket is not removed
//! before the time for that, which the partner sets, has passed; and the ledger adds up after each
//! removal as before. Runs are counted, and removed where they are kept (see `runs`). What was
//! billed is never removed: it is what a bill is explained by.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Integration, PartnerId, Request, RequestId, Section, Timestamp, span};
use serde_json::Value;
use store::{Batch, Expect, Key, Record, Records, Versioned, key};
use tokio::time::Instant;

use crate::Runtime;
use crate::core::{Core, remove_request};
use crate::error::{Error, chain};
use crate::tables::{
    EffectRow, ExchangesRow, NOBODY, PAGE, PartnerListRow, RequestRow, RequestTimeRow, RevivalRow,
    TicketRow,
};

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A request that is closed or ignored, with its history, counted from the last that happened
    /// to it. One that is handed in again within this time is the same one, and not another.
    pub requests: Duration,
    /// What was sent to the PSA for a request and what it answered, counted in the same way.
    pub exchanges: Duration,
    /// How many runs of an integration.
    pub runs: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            // Whoever settles the accounts of a year in the next one finds all of its requests.
            requests: Duration::from_hours(2 * 365 * 24),
            // A quarter: whoever looks into one of its tickets finds what was said about it, and
            // excerpts of tickets, which take most of the room, do not pile up.
            exchanges: Duration::from_hours(90 * 24),
            // Some days of all that runs by itself, and little enough to be looked through.
            runs: 500,
        }
    }
}

/// How often it is looked for what is to be removed: days matter, hours do not.
const EVERY: Duration = Duration::from_hours(6);

/// How much one commit removes, in operations of a batch. The requests of one ticket are some
/// hundreds of them at most, and go together.
const OPERATIONS_AT_ONCE: usize = 1_000;

/// When it is next looked.
#[derive(Debug)]
pub(crate) struct Rounds(Instant);

impl Rounds {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Whether a round is due; if so, the next one is due later.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = Instant::now() >= self.0;
        if is_due {
            self.0 = Instant::now() + EVERY;
        }
        is_due
    }
}

/// What is removed together: the requests of one ticket, or one request that has none.
struct Group {
    requests: Vec<Versioned<RequestRow>>,
    ticket: Option<(Key, store::Version)>,
}

/// What the next commit removes.
#[derive(Default)]
struct Removal {
    batch: Batch,
    /// The requests in it, of which some are met again as the others of their ticket.
    requests: BTreeSet<RequestId>,
}

/// What is known about a partner before its requests are gone through.
struct Terms {
    integrations: Vec<Integration>,
    /// Requests to which nothing has happened since then are removed.
    requests: Timestamp,
    /// Of those to which nothing has happened since then, what was sent and answered.
    exchanges: Timestamp,
}

impl Runtime {
    /// How long things are kept.
    pub fn retention(&self) -> Retention {
        self.core.config.retention
    }
}

impl Core {
    /// Goes through all partners. What cannot be removed now is found again in the next round.
    pub(crate) async fn remove_old(&self) {
        let partners = self.all::<PartnerListRow>(NOBODY, &[]).await;
        let removed = match partners {
            Ok(partners) => self.remove_of_all(partners).await,
            Err(error) => Err(error),
        };
        match removed {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "requests were kept long enough"),
            Err(error) => tracing::error!("nothing old can be removed: {}", chain(&error)),
        }
    }

    async fn remove_of_all(&self, partners: Vec<PartnerListRow>) -> Result<usize, Error> {
        let mut removed = 0;
        for PartnerListRow(partner) in partners {
            removed += self.remove_of(&partner).await?;
        }
        Ok(removed)
    }

    /// Goes through what a partner has that is old enough, newest first. Gives how many requests
    /// were removed.
    pub(crate) async fn remove_of(&self, partner: &PartnerId) -> Result<usize, Error> {
        let terms = self.terms(partner).await?;
        // Accepted before something happened to it the last time.
        let since = terms.requests.max(terms.exchanges);
        let since = RequestTimeRow::key(partner.as_str(), &[&key::newest_first(since)]);
        let pages = self
            .store
            .pages::<RequestTimeRow>(partner.as_str(), &[], PAGE);
        let mut pages = pages.after(Some(since));
        let (mut removed, mut next) = (0, Removal::default());
        while let Some(page) = pages.next().await? {
            for (_, row) in &page {
                self.remove_with_others(partner, &row.value.0, &terms, &mut next)
                    .await?;
                if next.batch.len() >= OPERATIONS_AT_ONCE {
                    removed += self.take_out(&mut next).await?;
                }
            }
        }
        Ok(removed + self.take_out(&mut next).await?)
    }

    async fn terms(&self, partner: &PartnerId) -> Result<Terms, Error> {
        let integrations = self.integrations(partner).await?;
        let promised = integrations.iter().map(longest_span).max();
        let kept = self.config.retention;
        let now = self.now();
        Ok(Terms {
            requests: now.before(kept.requests.max(promised.unwrap_or_default())),
            exchanges: now.before(kept.exchanges),
            integrations,
        })
    }

    /// Removes what is in `next`, and gives how many requests that were. Where something happens to
    /// one of them at this moment, all stay until the next round.
    async fn take_out(&self, next: &mut Removal) -> Result<usize, Error> {
        let Removal { batch, requests } = std::mem::take(next);
        match self.store.commit(batch).await {
            Ok(_) => Ok(requests.len()),
            Err(error) if error.is_conflict() => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds to `next` what of this request is to be removed.
    async fn remove_with_others(
        &self,
        partner: &PartnerId,
        id: &RequestId,
        terms: &Terms,
        next: &mut Removal,
    ) -> Result<(), Error> {
        let known = self.known(partner, id).await?;
        let Some(request) = known.filter(|_| !next.requests.contains(id)) else {
            return Ok(()); // gone with another one of its ticket
        };
        let exchanges_over = is_over(&request.value.0, terms.exchanges);
        if let Some(group) = self.group(partner, request, terms).await? {
            for request in &group.requests {
                self.remove_one(partner, request, &terms.integrations, &mut next.batch);
                next.requests.insert(request.value.0.content.id.clone());
            }
            if let Some((ticket, version)) = group.ticket {
                next.batch.delete(ticket, Expect::Version(version));
            }
        } else if exchanges_over {
            let exchanges = ExchangesRow::key(partner.as_str(), &[id.as_str()]);
            if self.store.get(&exchanges).await?.is_some() {
                next.batch.delete(exchanges, Expect::Any);
            }
        }
        Ok(())
    }

    /// What goes together with this request; nothing where anything of it has to stay.
    async fn group(
        &self,
        partner: &PartnerId,
        request: Versioned<RequestRow>,
        terms: &Terms,
    ) -> Result<Option<Group>, Error> {
        let known = &request.value.0;
        if !is_over(known, terms.requests) {
            return Ok(None);
        }
        let Some((integration, ticket)) = known.integration.as_ref().zip(known.ticket.as_ref())
        else {
            return Ok(Some(Group {
                requests: vec![request],
                ticket: None,
            }));
        };
        let parts = [integration.as_str(), &ticket.id_text()];
        let key = TicketRow::key(partner.as_str(), &parts);
        let row = self.store.get_record::<TicketRow>(partner.as_str(), &parts);
        let row = row.await?;
        let own = known.content.id.clone();
        let ticket = row.as_ref().map(|row| (key, row.version));
        let mut requests = vec![request];
        let others = row.iter().flat_map(|row| &row.value.requests);
        for other in others.filter(|id| **id != own) {
            requests.extend(self.known(partner, other).await?);
        }
        let are_over = |it: &Versioned<RequestRow>| is_over(&it.value.0, terms.requests);
        let all_over = requests.iter().all(are_over);
        Ok(all_over.then_some(Group { requests, ticket }))
    }

    async fn known(
        &self,
        partner: &PartnerId,
        id: &RequestId,
    ) -> Result<Option<Versioned<RequestRow>>, Error> {
        let parts = [id.as_str()];
        let row = self.store.get_record(partner.as_str(), &parts);
        Ok(row.await?)
    }

    /// Adds to `batch` that the request goes, with all that hangs on its id.
    fn remove_one(
        &self,
        partner: &PartnerId,
        request: &Versioned<RequestRow>,
        integrations: &[Integration],
        batch: &mut Batch,
    ) {
        remove_request(batch, partner, request);
        let (partner, id) = (partner.as_str(), request.value.0.content.id.as_str());
        batch.delete(ExchangesRow::key(partner, &[id]), Expect::Any);
        for integration in integrations {
            let own = integration.id.as_str();
            batch.delete(RevivalRow::key(partner, &[own, id]), Expect::Any);
            let connector = self.connector(&integration.connector);
            let family = connector.and_then(|connector| self.family(&connector));
            for name in family.iter().flat_map(|family| family.operations.keys()) {
                batch.delete(EffectRow::key(partner, &[own, name, id]), Expect::Any);
            }
        }
    }
}

/// Whether nothing can happen to the request any more, and nothing has since `moment`.
fn is_over(request: &Request, moment: Timestamp) -> bool {
    let last = request.history.last().map(|entry| entry.at);
    let last = last.unwrap_or(request.accepted_at).max(request.accepted_at);
    !request.is_open() && request.issue.is_none() && last <= moment
}

/// The longest span of time in the settings of an integration: that within which a request may come
/// back to its ticket is among them, whatever its connector calls it.
fn longest_span(integration: &Integration) -> Duration {
    longest_in(&integration.sections)
}

fn longest_in(sections: &BTreeMap<String, Section>) -> Duration {
    let values = sections.values().flat_map(|section| {
        let rules = section.rules.values().flat_map(|rule| rule.values.values());
        section.values.values().chain(rules)
    });
    let spans = values.filter_map(Value::as_str).filter_map(span::parse);
    spans.max().unwrap_or_default()
}

#[cfg(test)]
mod tests;
