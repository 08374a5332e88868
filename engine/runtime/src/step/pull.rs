//! `pull`: reads a list page by page. What a page brought and how far the read has come are one
//! commit, so that a crash or a failure on any page repeats at most that page.
//!
//! The moment from which the next read goes on moves only when a read has come to its proven end:
//! a list is in the order of ids, not of time, so half of one proves nothing about any moment.

mod kept;
mod taken;

use definition::pipeline::{Keep, Since, Step, StepKind};
use exchange::paging::{Pager, Stop};
use expression::Scope;
use model::{IssueKind, Timestamp, Verdict};
use serde_json::{Value, json};
use store::{Expect, Records};

use super::{Flow, inputs, run};
use crate::context::Context;
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::remote::{Listing, Page};
use crate::tables::{AgreementRow, CompanyRow, Cursor, CursorRow, ItemRow, OpenRead};

/// What a first read goes back to before the integration was made: a ticket that was closed while
/// an older installation was being replaced is still noticed.
const FIRST_LOOK_BACK: std::time::Duration = std::time::Duration::from_hours(1);

/// How many records one page may have at most, so that a page fits into one commit.
const PAGE_RECORDS_MAX: usize = 5_000;

/// Reads the list of `step` to its end.
pub(super) async fn pull(context: &mut Context<'_>, step: &Step) -> Result<Flow, Halt> {
    let StepKind::Pull {
        operation,
        since,
        with,
        keep,
        complete,
        ..
    } = &step.kind
    else {
        return Ok(Flow::Go);
    };
    if !context.remote.connector.operations.contains_key(operation) {
        return Ok(Flow::Go);
    }
    if let Some(taken) = keep.and_then(|keep| taken::Taken::of(keep, complete)) {
        let inputs = inputs(context, &step.path, operation, with)?;
        return taken.read(context, operation, &inputs).await;
    }
    let mut read = Read::begin(context, operation, since.as_ref()).await?;
    let (is_resumed, ended) = (read.resume().is_some(), read.on(context, step).await);
    if read.is_lost {
        // To go on from there would fail for ever: the list begins anew, now if it has not just.
        read.forget(context);
        if is_resumed {
            // What counts is how it ends when it is read from its beginning.
            context.verdicts.pop();
            context.commit().await?;
            return Box::pin(pull(context, step)).await;
        }
    }
    ended.map(|()| Flow::Go)
}

/// Reads a whole list that is not kept, and gives each record to `take`. It begins anew after a
/// crash: what is done with it rests on all of it, as it was at one time. Where the run has just
/// read its pages for another list, nothing is asked.
pub(crate) async fn read_all(
    context: &mut Context<'_>,
    operation: &str,
    inputs: &serde_json::Map<String, Value>,
    mut take: impl FnMut(Value),
) -> Result<Verdict, Halt> {
    let remote = context.remote.clone();
    if let Some((records, ended)) = remote.take_shared(operation) {
        records.into_iter().for_each(take);
        return Ok(verdict(operation, &ended));
    }
    let listing = remote.listing(operation, inputs).await;
    let listing = listing.map_err(|failed| context.halt(failed))?;
    let mut pager = listing.pager(None);
    loop {
        match listing.next(&mut pager).await {
            Ok(Some(page)) => {
                context.count("pages", 1);
                context.count("records", page.records.len() as u64);
                page.records.into_iter().for_each(&mut take);
                context.extend().await?;
            }
            Ok(None) => break,
            Err(failed) => {
                context.verdicts.push(verdict(operation, &pager.verdict()));
                return Err(context.halt(failed));
            }
        }
    }
    let verdict = verdict(operation, &pager.verdict());
    if verdict.complete {
        return Ok(verdict);
    }
    let halt = incomplete(context, operation, &verdict.stopped);
    context.verdicts.push(verdict);
    Err(halt)
}

/// A read under way, with what must survive a crash.
struct Read {
    parts: [String; 3],
    cursor: Cursor,
    open: OpenRead,
    /// Whether it can't go on from where it stands: it came to an end that proves nothing, or the
    /// place that was kept is none any more.
    is_lost: bool,
}

impl Read {
    /// Goes on with a read that was not ended, or begins one.
    async fn begin(
        context: &Context<'_>,
        operation: &str,
        since: Option<&Since>,
    ) -> Result<Self, Halt> {
        let integration = &context.remote.integration;
        let parts = [
            integration.id.to_string(),
            context.pipeline.to_owned(),
            operation.to_owned(),
        ];
        let key = parts.each_ref().map(String::as_str);
        let store = &context.remote.core.store;
        let known = store
            .get_record::<CursorRow>(context.partner.as_str(), &key)
            .await?;
        let cursor = known.map(|known| known.value.0).unwrap_or_default();
        let first = integration.created_at.before(FIRST_LOOK_BACK);
        let open = cursor.open.clone().unwrap_or_else(|| OpenRead {
            began: context.remote.core.now(),
            since: since.map(|since| cursor.newest.unwrap_or(first).before(since.overlap)),
            newest: cursor.newest,
            position: Value::Null,
            pages: 0,
        });
        Ok(Self {
            parts,
            cursor,
            open,
            is_lost: false,
        })
    }

    /// Reads from where it stands to the end of the list. However it ends, the run's record says
    /// how far it came.
    async fn on(&mut self, context: &mut Context<'_>, step: &Step) -> Result<(), Halt> {
        let StepKind::Pull {
            operation,
            with,
            keep,
            ..
        } = &step.kind
        else {
            return Ok(());
        };
        let mut inputs = inputs(context, &step.path, operation, with)?;
        if let Some(since) = self.open.since {
            inputs.insert("since".to_owned(), json!(since));
        }
        let remote = context.remote.clone();
        let listing = remote.listing(operation, &inputs).await;
        let listing = listing.map_err(|failed| context.halt(failed))?;
        let mut pager = listing.pager(self.resume());
        let ended = self.pages(context, step, &listing, &mut pager).await;
        let verdict = verdict(operation, &pager.verdict());
        context.verdicts.push(verdict.clone());
        ended?;
        if !verdict.complete {
            self.is_lost = true;
            return Err(incomplete(context, operation, &verdict.stopped));
        }
        // A read of what has changed since a moment proves nothing about the others.
        match keep.filter(|_| self.open.since.is_none()) {
            Some(Keep::Company) => kept::drop_unseen::<CompanyRow>(context, self).await?,
            Some(Keep::Agreement) => kept::drop_unseen::<AgreementRow>(context, self).await?,
            Some(Keep::Item) => kept::drop_unseen::<ItemRow>(context, self).await?,
            Some(Keep::Customer | Keep::Usage) | None => {}
        }
        listing.end(&mut context.batch);
        self.end(context);
        Ok(())
    }

    /// Takes page by page until there is none behind the last. What each brought and how far that
    /// is are one commit.
    async fn pages(
        &mut self,
        context: &mut Context<'_>,
        step: &Step,
        listing: &Listing<'_>,
        pager: &mut Pager<'_>,
    ) -> Result<(), Halt> {
        let StepKind::Pull {
            operation,
            since,
            name,
            keep,
            each,
            ..
        } = &step.kind
        else {
            return Ok(());
        };
        let mut next = listing.next(pager).await;
        let mut is_first = true;
        while let Some(page) = next.map_err(|failed| {
            let halt = context.halt(failed);
            self.is_lost |= is_first && matches!(halt, Halt::Behind { .. });
            halt
        })? {
            is_first = false;
            let Page { records, position } = page;
            if records.len() > PAGE_RECORDS_MAX {
                return Err(incomplete(
                    context,
                    operation,
                    "a page has too many records",
                ));
            }
            context.count("pages", 1);
            context.count("records", records.len() as u64);
            let mut same = Vec::new();
            for record in records {
                self.saw(since.as_ref(), &record);
                same.extend(match keep {
                    Some(Keep::Company) => kept::keep::<CompanyRow>(context, self, &record).await?,
                    Some(Keep::Agreement) => {
                        kept::keep::<AgreementRow>(context, self, &record).await?
                    }
                    Some(Keep::Item) => kept::keep::<ItemRow>(context, self, &record).await?,
                    Some(Keep::Customer | Keep::Usage) | None => None,
                });
                if !each.is_empty() {
                    context.roots.insert(name.clone(), record);
                    run(context, each).await?;
                }
            }
            self.open.position = position;
            self.save(context);
            kept::note(context, self, same);
            // The next page may come while this one becomes durable: asking for it changes nothing.
            let (committed, following) = tokio::join!(context.commit(), listing.next(pager));
            committed?;
            context.extend().await?;
            next = following;
        }
        Ok(())
    }

    fn resume(&self) -> Option<&Value> {
        Some(&self.open.position).filter(|position| !position.is_null())
    }

    /// Takes note of the moment of one record.
    fn saw(&mut self, since: Option<&Since>, record: &Value) {
        let moment = since.and_then(|since| since.newest.evaluate(&Scope::document(record)).ok());
        let moment = moment
            .as_ref()
            .and_then(Value::as_str)
            .and_then(Timestamp::parse);
        self.open.newest = self.open.newest.max(moment);
    }

    /// Adds how far the read has come.
    fn save(&mut self, context: &mut Context<'_>) {
        self.open.pages += 1;
        let cursor = Cursor {
            newest: self.cursor.newest,
            open: Some(self.open.clone()),
        };
        self.put(context, cursor);
    }

    /// The next read begins at the start of the list.
    fn forget(&self, context: &mut Context<'_>) {
        let newest = self.cursor.newest;
        self.put(context, Cursor { newest, open: None });
    }

    fn end(&self, context: &mut Context<'_>) {
        let cursor = Cursor {
            newest: self.open.newest,
            open: None,
        };
        self.put(context, cursor);
    }

    fn put(&self, context: &mut Context<'_>, cursor: Cursor) {
        let parts = self.parts.each_ref().map(String::as_str);
        context.batch.put_record(
            context.partner.as_str(),
            &parts,
            &CursorRow(cursor),
            Expect::Any,
        );
    }
}

pub(crate) fn incomplete(context: &Context<'_>, operation: &str, why: &str) -> Halt {
    let title = &context.remote.connector.title;
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind: IssueKind::Incomplete,
            integration: Some(context.remote.integration.id.clone()),
            subject: operation.to_owned(),
            cause: None,
            title: format!(
                "{title}: {} is not shown to be complete",
                operation.replace('_', " ")
            ),
            detail: Some(why.to_owned()),
            remedy: "Run it again. If it stays, compare the connector's `items` and `pages` with \
                     what the PSA answers."
                .to_owned(),
        }),
        guard: None,
    }
}

/// The verdict of a read as a run records it.
fn verdict(operation: &str, of: &exchange::paging::Verdict) -> Verdict {
    Verdict {
        operation: operation.to_owned(),
        stopped: of
            .doubt
            .clone()
            .unwrap_or_else(|| stopped(of.stopped).to_owned()),
        pages: of.pages,
        records: of.records,
        promised: of.promised,
        complete: of.proven_complete,
    }
}

/// Why a read ended, in a few words.
const fn stopped(stop: Stop) -> &'static str {
    match stop {
        Stop::NotYet => "not read to its end",
        Stop::SinglePage => "the list comes in one page",
        Stop::NoNext => "no next page was named",
        Stop::NoMore => "the answer said that there is no more",
        Stop::ShortPage => "the last page was not full",
        Stop::EmptyPage => "the last page was empty",
        Stop::TotalReached => "as many came as were promised",
    }
}
