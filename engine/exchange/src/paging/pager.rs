//! Reads the pages of one list. See `paging` for what it promises.

use std::collections::HashSet;

use model::Class;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::position::{digest, short_hex};
use super::{PAGES_MAX, PageRead, Pages, Paging, Position, Stop, Verdict, order};
use crate::answer::Answer;
use crate::exchange::{Exchange, Terms};
use crate::failure::{Failure, MESSAGE_CHARS_MAX};
use crate::hosts::{resolved, same_origin};
use crate::request::Request;

/// What the caps that APIs put on the size of a page are multiples of.
const CAP_UNIT: u64 = 10;

/// One page's records and where to go on after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The records; none on the page that proves the end.
    pub records: Vec<Value>,
    /// Store this once the records are dealt with.
    pub position_after: Position,
}

/// Reads one list, page by page.
pub struct Pager<'a> {
    exchange: &'a Exchange,
    terms: Terms<'a>,
    pages: &'a dyn Pages,
    paging: Paging,
    position: Position,
    /// Digests of the addresses and tokens used, and of the pages that came, to notice a list that
    /// runs in a circle.
    used: HashSet<String>,
    state: State,
}

enum State {
    Reading,
    Stopped {
        why: Stop,
        more: bool,
    },
    /// The list itself is wrong; asking again would give the same.
    Broken(Failure),
}

impl<'a> Pager<'a> {
    /// A pager that begins at `position`, which is `Position::start` or one that was stored.
    pub fn new(
        exchange: &'a Exchange,
        terms: Terms<'a>,
        pages: &'a dyn Pages,
        paging: Paging,
        position: Position,
    ) -> Self {
        let used = HashSet::new();
        Self {
            exchange,
            terms,
            pages,
            paging,
            position,
            used,
            state: State::Reading,
        }
    }

    /// The next page; `None` after the last one. After a failure of the call, asking again asks
    /// for the same page; after a fault of the list, it gives the same failure.
    pub async fn next(&mut self) -> Result<Option<Page>, Failure> {
        match &self.state {
            State::Reading => {}
            State::Stopped { .. } => return Ok(None),
            State::Broken(failure) => return Err(failure.clone()),
        }
        let request = match self.request() {
            Ok(request) => request,
            Err(wrong) => return Err(self.broken(&wrong)),
        };
        let answer = self.exchange.call(&request, &self.terms).await?;
        match self.take(answer, &request) {
            Ok(page) => Ok(Some(page)),
            Err(wrong) => Err(self.broken(&wrong)),
        }
    }

    /// How the list ended, as far as it was read.
    pub fn verdict(&self) -> Verdict {
        let (stopped, more) = match self.state {
            State::Stopped { why, more } => (why, more),
            State::Reading | State::Broken(_) => (Stop::NotYet, false),
        };
        Verdict::new(stopped, &self.position, &self.paging, more)
    }

    /// Where the next page begins.
    pub fn position(&self) -> &Position {
        &self.position
    }

    fn request(&mut self) -> Result<Request, String> {
        if self.position.pages >= PAGES_MAX {
            return Err(format!("the list goes on after {PAGES_MAX} pages"));
        }
        let mut request = self.pages.request(&self.position)?;
        if matches!(self.paging, Paging::NextUrl | Paging::LinkHeader)
            && let Some(next) = &self.position.next
        {
            if !same_origin(&request.url, next) {
                // Whoever can write into an answer must not learn the credentials.
                return Err("the next page is at another host than the first".to_owned());
            }
            request.url.clone_from(next);
        }
        Ok(request)
    }

    fn take(&mut self, answer: Answer, request: &Request) -> Result<Page, String> {
        let link = answer.header("link").and_then(next_link).map(str::to_owned);
        let mut read = self.pages.read(answer)?;
        if self.paging == Paging::LinkHeader {
            read.next.clone_from(&link);
        }
        if self.paging == Paging::None && link.is_some() {
            // The definition does not know that there are pages, and the answer does.
            read.has_more = Some(true);
        }
        self.lead_on(&mut read, request)?;
        let digest = digest(&read.records);
        if let Some(digest) = &digest
            && !self.is_new(digest)
        {
            return Err(
                "the same page came twice: the API does not turn pages this way".to_owned(),
            );
        }
        if matches!(self.paging, Paging::IdCursor { .. }) {
            self.check_ids(&read)?;
        }
        let after = self.position.after(&self.paging, &read, digest);
        if let Some(why) = self.stop(&read, &after) {
            let more = read.has_more == Some(true) || read.next.is_some() && why != Stop::NoMore;
            self.state = State::Stopped { why, more };
        }
        self.position = after;
        Ok(Page {
            records: read.records,
            position_after: self.position.clone(),
        })
    }

    /// Makes the next address absolute, and refuses one that was used before.
    fn lead_on(&mut self, read: &mut PageRead, request: &Request) -> Result<(), String> {
        if read.next.as_deref().is_some_and(str::is_empty) {
            read.next = None;
        }
        let is_address = matches!(self.paging, Paging::NextUrl | Paging::LinkHeader);
        if let Some(next) = &mut read.next {
            if is_address {
                self.used.insert(key(&request.url));
                *next = resolved(&request.url, next)?;
            }
            // Some APIs name a last place again on the page that says that there is no more.
            let leads =
                (is_address || self.paging == Paging::Cursor) && read.has_more != Some(false);
            if leads && !self.used.insert(key(next)) {
                return Err("the list runs in a circle: a next page was named twice".to_owned());
            }
        }
        Ok(())
    }

    /// Whether no page like this came before: the last one, or any since this pager began.
    fn is_new(&mut self, digest: &str) -> bool {
        let is_last = self.position.page_digest.as_deref() == Some(digest);
        !is_last && self.used.insert(format!("page {digest}"))
    }

    fn check_ids(&self, read: &PageRead) -> Result<(), String> {
        let (ids, records) = (read.ids.len(), read.items);
        if u64::try_from(ids) != Ok(records) {
            return Err(format!(
                "{records} records have {ids} ids: each needs one to page by"
            ));
        }
        order::fault(self.position.last_id.as_ref(), &read.ids).map_or(Ok(()), Err)
    }

    /// Whether, and why, the page that led to `after` was the last.
    fn stop(&self, read: &PageRead, after: &Position) -> Option<Stop> {
        let count = read.items;
        // Where the answer says that there is more, the total is not believed.
        let reached = after
            .promised
            .is_some_and(|promised| after.records >= promised)
            && read.has_more != Some(true);
        match &self.paging {
            Paging::None => return Some(Stop::SinglePage),
            // Only the next page's absence ends these: pages may be short or empty in between.
            Paging::NextUrl | Paging::LinkHeader | Paging::Cursor => {
                if read.next.is_none() {
                    return Some(Stop::NoNext);
                }
                return (read.has_more == Some(false)).then_some(Stop::NoMore);
            }
            Paging::IdCursor { .. } | Paging::Number { .. } | Paging::Offset { .. } => {}
        }
        if read.has_more == Some(false) {
            return Some(Stop::NoMore);
        }
        if reached {
            return Some(Stop::TotalReached);
        }
        if count == 0 {
            return Some(Stop::EmptyPage);
        }
        let full = match self.paging {
            Paging::IdCursor { size } => size,
            Paging::Number { size, .. } | Paging::Offset { size } => Some(size),
            _ => None,
        };
        // A short page proves nothing while more is promised: some APIs cap pages silently.
        let goes_on = after.promised.is_some() || read.has_more == Some(true);
        let short = full.is_some_and(|full| count < full);
        // So might this API, if no page was any longer. A cap is a round number; then only an
        // empty page, or one that is shorter than another, ends the list.
        let capped = count >= self.position.longest && count.is_multiple_of(CAP_UNIT);
        (short && !goes_on && !capped).then_some(Stop::ShortPage)
    }

    fn broken(&mut self, wrong: &str) -> Failure {
        let scrub = self.terms.broker.scrub();
        let failure = Failure::unsent(Class::Invalid, scrub.excerpt(wrong, MESSAGE_CHARS_MAX));
        self.state = State::Broken(failure.clone());
        failure
    }
}

/// The address with `rel="next"` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    header.split('<').skip(1).find_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        is_next.then_some(address)
    })
}

fn key(next: &str) -> String {
    short_hex(&Sha256::digest(next.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let header = concat!(
            r#"<https://a.example/?p=1>; rel="prev", "#,
            r#"<https://a.example/?p=3,4>; x=1; rel="last next""#
        );
        assert_eq!(next_link(header), Some("https://a.example/?p=3,4"));
        assert_eq!(next_link("</p?2>; REL=next"), Some("/p?2"));
        assert_eq!(next_link(r#"<https://a.example/>; rel="nextish""#), None);
        assert_eq!(next_link("nonsense"), None);
    }
}
