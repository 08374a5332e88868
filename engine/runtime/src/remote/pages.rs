//! Lists: an operation with pages, as the pager asks for it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use definition::operation::{Operation, PageKind, Pages as Definition};
use exchange::paging::{PageRead, Pager, Pages, Paging, Position};
use exchange::{Allowance, Answer, Failure, Limit, Outline, Request, Retry, Terms};
use model::Timestamp;
use serde_json::{Map, Value, json};
use store::Batch;

use super::request::whole;
use super::rules::Rules;
use super::shared::Sharer;
use super::{Remote, expression_failed, lock, outline, scope};
use crate::halt::Failed;

/// The most records of a list that is wanted as a whole, such as choices. One that can be longer is
/// pulled, page by page.
const TOGETHER_MAX: usize = 10_000;

/// One page's records and where to go on behind it.
pub(crate) struct Page {
    pub(crate) records: Vec<Value>,
    /// What [`Listing::pager`] takes to go on behind this page.
    pub(crate) position: Value,
}

/// An operation that gives a list, ready to be read.
pub(crate) struct Listing<'a> {
    remote: &'a Remote,
    operation: &'a Operation,
    inputs: Map<String, Value>,
    roots: Map<String, Value>,
    /// What else is made of its pages.
    sharers: Vec<Sharer<'a>>,
    /// What of a page is looked at.
    outline: Option<Arc<Outline>>,
    /// Which job made the list, where one did.
    job: Option<Timestamp>,
    limits: Vec<Limit>,
    allowance: Option<Allowance>,
    retry: Retry,
    rules: Rules<'a>,
    /// Why a page could not be understood, in more detail than the pager can pass on.
    failed: Mutex<Option<Failed>>,
}

impl Remote {
    /// The list that `operation` gives for `inputs`.
    pub(crate) async fn listing<'a>(
        &'a self,
        operation: &str,
        inputs: &Map<String, Value>,
    ) -> Result<Listing<'a>, Failed> {
        let operation = self.operation(operation)?;
        let mut roots = self.roots(operation, inputs).await?;
        let job = self.job(operation, inputs).await?;
        let mark = job.as_ref().map(|job| job.mark);
        roots.extend(job.map(|job| (super::job::ROOT.to_owned(), job.names)));
        self.introduce(&scope(&roots)).await?;
        let limits = self.limits(&scope(&roots));
        Ok(Listing {
            remote: self,
            operation,
            inputs: inputs.clone(),
            sharers: self.sharers(operation).await?,
            outline: outline::of(operation, &self.connector).map(Arc::new),
            job: mark,
            limits: limits.map_err(|error| expression_failed(operation, error))?,
            allowance: self.allowance(),
            retry: super::request::retry(&self.connector.http.retry),
            rules: Rules::of(operation, &self.connector, Cow::Owned(roots.clone())),
            roots,
            failed: Mutex::new(None),
        })
    }
}

impl Remote {
    /// The records of all pages, where they are wanted together.
    pub(super) async fn every_page(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) -> Result<Vec<Value>, Failed> {
        let listing = self.listing(&operation.name, inputs).await?;
        let (mut pager, mut records) = (listing.pager(None), Vec::new());
        let unproven = |why| Failed::Contract {
            operation: operation.name.clone(),
            findings: vec![why],
        };
        while let Some(page) = listing.next(&mut pager).await? {
            records.extend(page.records);
            if records.len() > TOGETHER_MAX {
                return Err(unproven(format!(
                    "there are more than {TOGETHER_MAX} records"
                )));
            }
        }
        self.drop_job(operation, inputs).await?;
        match pager.verdict().doubt {
            Some(doubt) => Err(unproven(doubt)),
            None => Ok(records),
        }
    }
}

impl Listing<'_> {
    /// A pager from the beginning, or from where a page before has led to.
    pub(crate) fn pager(&self, from: Option<&Value>) -> Pager<'_> {
        let paging = paging(self.operation.pages.as_ref());
        let position = from.and_then(|from| self.place(from));
        self.remote.begin_sharing(&self.sharers, position.is_none());
        let position = position.unwrap_or_else(|| Position::start(&paging));
        let remote = self.remote;
        let terms = Terms {
            allowance: self.allowance.as_ref(),
            ..remote.terms(self.operation, &self.limits, &self.retry, &self.rules)
        };
        Pager::new(&remote.core.exchange, terms, self, paging, position)
    }

    /// A stored place in this list; a place in what another job made is none.
    fn place(&self, stored: &Value) -> Option<Position> {
        let place = match self.job {
            Some(job) if stored.get("job") == Some(&json!(job)) => stored.get("page")?,
            Some(_) => return None,
            None => stored,
        };
        serde_json::from_value(place.clone()).ok()
    }

    fn stored(&self, place: &Position) -> Value {
        match self.job {
            Some(job) => json!({ "job": job, "page": place }),
            None => json!(place),
        }
    }

    /// Adds to `batch` what ends with the list, once it was read to its end.
    pub(crate) fn end(&self, batch: &mut Batch) {
        self.remote.forget_job(batch, self.operation, &self.inputs);
    }

    /// The next page; nothing behind the last one.
    pub(crate) async fn next(&self, pager: &mut Pager<'_>) -> Result<Option<Page>, Failed> {
        let before = pager.verdict().records;
        let result = pager.next().await;
        if let (Some(witness), Ok(Some(_))) = (&self.remote.core.witness, &result) {
            let verdict = pager.verdict();
            let items = verdict.records.saturating_sub(before);
            witness.turned(self.operation, items, &verdict);
        }
        self.remote
            .took_place(self.operation, result.as_ref().err())
            .await?;
        if !matches!(result, Ok(Some(_))) {
            let ended = result.is_ok().then(|| pager.verdict());
            self.remote.end_sharing(&self.sharers, ended.as_ref());
        }
        match result {
            Ok(Some(page)) => Ok(Some(Page {
                records: page.records,
                position: self.stored(&page.position_after),
            })),
            Ok(None) => Ok(None),
            Err(failure) => {
                let failed = self.why(failure);
                if super::job::is_over(&failed) {
                    self.remote.drop_job(self.operation, &self.inputs).await?;
                }
                Err(failed)
            }
        }
    }

    fn why(&self, failure: Failure) -> Failed {
        lock(&self.failed)
            .take()
            .unwrap_or_else(|| Failed::Exchange {
                operation: self.operation.name.clone(),
                failure: Box::new(failure),
            })
    }

    fn request_at(&self, position: &Position) -> Result<Request, expression::Error> {
        let page = page_root(self.operation.pages.as_ref(), position);
        let scope = scope(&self.roots).with("page", &page);
        let mut request = self.remote.request(self.operation, &scope)?;
        request.outline.clone_from(&self.outline);
        Ok(request)
    }

    fn read_page(&self, answer: Answer) -> Result<PageRead, Failed> {
        let answered = answer.into_value();
        let read = self.remote.read(self.operation, &self.roots, &answered)?;
        self.remote.share(&self.sharers, &answered);
        let Some(pages) = &self.operation.pages else {
            return Ok(PageRead {
                records: read.records,
                items: read.items,
                selector_hit: read.selector_hit,
                ..PageRead::default()
            });
        };
        let failed = |error| expression_failed(self.operation, error);
        let body = answered.get("body").unwrap_or(&Value::Null);
        let over = scope(&self.roots).with("answer", &answered).over(body);
        let more = pages
            .more
            .as_ref()
            .map(|more| more.evaluate(&over))
            .transpose();
        let total = pages
            .total
            .as_ref()
            .map(|total| total.evaluate(&over))
            .transpose();
        let next = match &pages.kind {
            PageKind::ByNextUrl { url: next } | PageKind::ByCursor { cursor: next } => {
                text(next.evaluate(&over).map_err(failed)?)
            }
            _ => None,
        };
        Ok(PageRead {
            records: read.records,
            items: read.items,
            ids: read.ids,
            next,
            promised_total: total.map_err(failed)?.and_then(|total| whole(&total)),
            has_more: more
                .map_err(failed)?
                .and_then(|more| has_more(pages, &more, read.items)),
            selector_hit: read.selector_hit,
        })
    }
}

impl Pages for Listing<'_> {
    fn request(&self, position: &Position) -> Result<Request, String> {
        self.request_at(position).map_err(|error| {
            let text = error.to_string();
            *lock(&self.failed) = Some(expression_failed(self.operation, error));
            text
        })
    }

    fn read(&self, answer: Answer) -> Result<PageRead, String> {
        self.read_page(answer).map_err(|failed| {
            let (_, text) = failed.describe();
            *lock(&self.failed) = Some(failed);
            text
        })
    }
}

/// Where the size of a page decides, "no more" is only believed of a page that is not full: an
/// answer that never names a next page must not cut a list short in silence.
fn has_more(pages: &Definition, more: &Value, records: u64) -> Option<bool> {
    let says_so = !matches!(more, Value::Null | Value::Bool(false)) && more != "";
    let full = match pages.kind {
        PageKind::ByLastId { size, .. }
        | PageKind::ByNumber { size, .. }
        | PageKind::ByOffset { size } => Some(size),
        PageKind::ByNextUrl { .. } | PageKind::ByCursor { .. } | PageKind::ByLinkHeader => None,
    };
    let is_full = full.is_some_and(|full| records >= u64::from(full));
    (says_so || !is_full).then_some(says_so)
}

fn paging(pages: Option<&Definition>) -> Paging {
    let size = |size: u32| u64::from(size);
    match pages.map(|pages| &pages.kind) {
        None => Paging::None,
        Some(PageKind::ByLastId { size: full, .. }) => Paging::IdCursor {
            size: Some(size(*full)),
        },
        Some(PageKind::ByNextUrl { .. }) => Paging::NextUrl,
        Some(PageKind::ByNumber { start, size: full }) => Paging::Number {
            start: size(*start),
            size: size(*full),
        },
        Some(PageKind::ByOffset { size: full }) => Paging::Offset { size: size(*full) },
        Some(PageKind::ByCursor { .. }) => Paging::Cursor,
        Some(PageKind::ByLinkHeader) => Paging::LinkHeader,
    }
}

/// The name `page`, as a request of this page sees it.
fn page_root(pages: Option<&Definition>, position: &Position) -> Value {
    match pages.map(|pages| &pages.kind) {
        Some(PageKind::ByLastId { start, size, .. }) => {
            json!({ "last_id": position.last_id.as_ref().unwrap_or(start), "size": size })
        }
        Some(PageKind::ByNumber { size, .. }) => json!({ "number": position.number, "size": size }),
        Some(PageKind::ByOffset { size }) => json!({ "offset": position.records, "size": size }),
        Some(PageKind::ByCursor { .. }) => json!({ "cursor": position.next }),
        Some(PageKind::ByNextUrl { .. } | PageKind::ByLinkHeader) | None => json!({}),
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) => None,
        other => Some(other.to_string()),
    }
}
