//! Activity: finding requests again, the newest first, and letting one be seen to once more.

use std::collections::BTreeSet;

use model::request::id_text;
use model::{CustomerId, Integration, PartnerId, Request, RequestId, State, Timestamp};
use serde_json::{Map, Value};
use store::{Batch, Expect, Key, Record, Records, key};

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::tables::{BehindRow, CustomerRow, PAGE, RequestRow, RequestTimeRow, TicketRow};
use crate::work::{RequestEvent, request_job};

/// The most requests that one question looks at. Who does not find it there asks on from the last
/// one: each answer stays quick, however long the history is.
pub const LOOKED_AT_MAX: usize = 5_000;

/// What is looked for. What is not given does not matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A request's or a ticket's id or number, the id of the issue that it waits behind, a host, a
    /// name of a user or a customer, or a part of one of them; small and capital letters are the
    /// same.
    pub text: Option<String>,
    /// Where the request is.
    pub state: Option<State>,
    /// Whose it is.
    pub customer: Option<CustomerId>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The requests: those of exactly this id or ticket first, then the newest.
    pub requests: Vec<Request>,
    /// Where to ask on; `None` when all were looked at.
    pub next: Option<RequestId>,
}

/// What replaying a request sets going. Nothing is done twice by it: an effect that happened is
/// found out before it would be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The work that waited is tried again now.
    TriedAgain,
    /// Its ticket is read again, and what is found there counts.
    TicketRead,
    /// Nothing: it is over, and has no ticket.
    Nothing,
}

impl Runtime {
    /// Looks for requests, at most `limit` of those after `after`.
    pub async fn find_requests(
        &self,
        partner: &PartnerId,
        wanted: &Wanted,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Findings, Error> {
        let core = &self.core;
        core.partner(partner).await?;
        let sieve = core.sieve(partner, wanted).await?;
        let exact = core.exact(partner, &sieve).await?;
        let mut requests = match after {
            None => exact.clone(),
            Some(_) => Vec::new(),
        };
        let place = match after {
            Some(id) => Some(time_key(partner, &core.request(partner, id).await?.value.0)),
            None => None,
        };
        let mut looked_at = 0;
        let pages = core
            .store
            .pages::<RequestTimeRow>(partner.as_str(), &[], PAGE);
        let mut pages = pages.after(place);
        while let Some(page) = pages.next().await? {
            for (_, row) in page {
                let id = row.value.0;
                let request = core.request(partner, &id).await?.value.0;
                let is_told = exact.iter().any(|known| known.content.id == id);
                if !is_told && sieve.fits(&request) {
                    requests.push(request);
                }
                looked_at += 1;
                if requests.len() >= limit || looked_at >= LOOKED_AT_MAX {
                    return Ok(Findings {
                        requests,
                        next: Some(id),
                    });
                }
            }
        }
        Ok(Findings {
            requests,
            next: None,
        })
    }

    /// Lets a request be seen to once more, now.
    pub async fn replay(&self, partner: &PartnerId, id: &RequestId) -> Result<Replayed, Error> {
        let core = &self.core;
        let request = core.request(partner, id).await?.value.0;
        let (mut batch, now) = (Batch::new(), core.now());
        let events = [RequestEvent::Opened, RequestEvent::CloseAsked];
        let jobs = events.map(|event| request_job(partner, id, event));
        let mut tried = false;
        if let Some(issue) = &request.issue {
            for job in jobs {
                let parts = [issue.as_str(), job.as_str()];
                let waiting = core.store.get_record(partner.as_str(), &parts).await?;
                let Some(waiting) = waiting else { continue };
                let BehindRow(behind) = waiting.value;
                let (key, expect) = (
                    BehindRow::key(partner.as_str(), &parts),
                    Expect::Version(waiting.version),
                );
                let job = behind.work.job(job, behind.lane, behind.priority, now);
                batch.delete(key, expect).enqueue(job);
                tried = true;
            }
        }
        let is_settled = request.ticket.is_some() && request.close_asked_at.is_none();
        if !tried && request.is_open() && !is_settled {
            // Its work is in the queue, or was let go just now.
            for job in [RequestEvent::Opened, RequestEvent::CloseAsked] {
                batch.hasten(request_job(partner, id, job), now);
            }
            tried = true;
        }
        let replayed = match (tried, &request.ticket, &request.integration) {
            (true, ..) => Replayed::TriedAgain,
            (false, Some(ticket), Some(integration)) => {
                let integration = core.integration(partner, integration).await?.value.0;
                Core::usable(&integration)?;
                read_ticket(core, &mut batch, &integration, &ticket.id, now);
                Replayed::TicketRead
            }
            _ => return Ok(Replayed::Nothing),
        };
        self.commit(batch, "the request").await?;
        Ok(replayed)
    }
}

fn read_ticket(
    core: &Core,
    batch: &mut Batch,
    integration: &Integration,
    ticket: &Value,
    now: Timestamp,
) {
    let hint: Map<String, Value> = [("id".to_owned(), Value::from(id_text(ticket)))]
        .into_iter()
        .collect();
    core.enqueue_hint(batch, integration, hint, now);
}

/// What is looked for, prepared for a look at each request.
struct Sieve<'w> {
    wanted: &'w Wanted,
    /// The text in small letters.
    text: Option<String>,
    /// Customers whose names have the text in them.
    customers: BTreeSet<CustomerId>,
}

impl Sieve<'_> {
    fn fits(&self, request: &Request) -> bool {
        let Wanted {
            state, customer, ..
        } = self.wanted;
        let content = &request.content;
        state.is_none_or(|state| request.state == state)
            && customer
                .as_ref()
                .is_none_or(|customer| content.customer_id == *customer)
            && self.text.as_deref().is_none_or(|text| {
                self.customers.contains(&content.customer_id)
                    || words(request).any(|word| word.to_lowercase().contains(text))
            })
    }
}

/// Everything a request may be found by.
fn words(request: &Request) -> impl Iterator<Item = String> {
    let content = &request.content;
    let user = content.user.clone().unwrap_or_default();
    let ticket = request.ticket.as_ref();
    [
        Some(content.id.to_string()),
        Some(content.customer_id.to_string()),
        Some(content.report_type.clone()),
        content.hostname.clone(),
        content.url.clone(),
        user.name,
        user.email,
        user.username,
        ticket.map(model::TicketKey::id_text),
        ticket.and_then(|ticket| ticket.number.clone()),
        request.issue.as_ref().map(ToString::to_string),
    ]
    .into_iter()
    .flatten()
}

impl Core {
    async fn sieve<'w>(&self, partner: &PartnerId, wanted: &'w Wanted) -> Result<Sieve<'w>, Error> {
        let text = wanted.text.as_deref().map(str::trim);
        let text = text.filter(|text| !text.is_empty()).map(str::to_lowercase);
        let mut customers = BTreeSet::new();
        if let Some(text) = &text {
            for CustomerRow(customer) in self.all(partner.as_str(), &[]).await? {
                if customer.name.to_lowercase().contains(text) {
                    customers.insert(customer.id);
                }
            }
        }
        Ok(Sieve {
            wanted,
            text,
            customers,
        })
    }

    /// Requests that the text names by their id or by their ticket's: they are found however old
    /// they are.
    async fn exact(&self, partner: &PartnerId, sieve: &Sieve<'_>) -> Result<Vec<Request>, Error> {
        let text = sieve.wanted.text.as_deref().unwrap_or_default().trim();
        let Ok(id) = RequestId::new(text) else {
            return Ok(Vec::new());
        };
        let mut ids = vec![id];
        for integration in self.integrations(partner).await? {
            let parts = [integration.id.as_str(), text];
            let row = self
                .store
                .get_record::<TicketRow>(partner.as_str(), &parts)
                .await?;
            ids.extend(row.into_iter().flat_map(|row| row.value.requests));
        }
        let mut requests: Vec<Request> = Vec::new();
        for id in ids {
            let known = self
                .store
                .get_record::<RequestRow>(partner.as_str(), &[id.as_str()])
                .await?;
            let known = known.map(|known| known.value.0);
            let is_new = |one: &Request| !requests.iter().any(|known| known == one);
            if let Some(known) = known.filter(|one| is_new(one) && sieve.fits(one)) {
                requests.push(known);
            }
        }
        Ok(requests)
    }
}

/// Where a request stands in the order of time.
pub(crate) fn time_key(partner: &PartnerId, request: &Request) -> Key {
    let at = key::newest_first(request.accepted_at);
    RequestTimeRow::key(partner.as_str(), &[&at, request.content.id.as_str()])
}

/// Adds a new request's place in the order of time to `batch`.
pub(crate) fn put_time(batch: &mut Batch, partner: &PartnerId, request: &Request) {
    let at = key::newest_first(request.accepted_at);
    let parts = [at.as_str(), request.content.id.as_str()];
    let row = RequestTimeRow(request.content.id.clone());
    batch.put_record(partner.as_str(), &parts, &row, Expect::Any);
}
