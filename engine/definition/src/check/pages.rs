//! Checks how the pages of a list follow each other.

use super::value::Values;
use crate::codes;
use crate::operation::{PageKind, Pages};
use crate::page::Spot;
use crate::raw::operation::PagesText;

impl PagesText {
    /// Whether the number of records in a page is given.
    pub(crate) fn has_size(&self) -> bool {
        self.by_last_id.is_some() || self.by_number.is_some() || self.by_offset.is_some()
    }

    /// Whether the request itself has to say which page it wants.
    pub(crate) fn asks_for_pages(&self) -> bool {
        self.has_size() || self.by_cursor.is_some()
    }
}

/// Checks `pages`; `reading` is for the answer and its records.
pub(crate) fn check(text: &PagesText, reading: &Values<'_>, spot: &Spot<'_>) -> Option<Pages> {
    let by_last_id = text.by_last_id.as_ref().map(|by| PageKind::ByLastId {
        id: reading.varying_template(&by.id, &spot.key("by_last_id").key("id")),
        start: by.start.into(),
        size: by.size,
    });
    let by_next_url = text.by_next_url.as_ref().map(|by| PageKind::ByNextUrl {
        url: reading.varying_template(&by.url, &spot.key("by_next_url").key("url")),
    });
    let by_cursor = text.by_cursor.as_ref().map(|by| PageKind::ByCursor {
        cursor: reading.varying_template(&by.cursor, &spot.key("by_cursor").key("cursor")),
    });
    let by_number = text.by_number.as_ref().map(|by| PageKind::ByNumber {
        start: by.start,
        size: by.size,
    });
    let by_offset = text
        .by_offset
        .as_ref()
        .map(|by| PageKind::ByOffset { size: by.size });
    let by_link = text.by_link_header.as_ref().map(|_| PageKind::ByLinkHeader);
    let all = [
        by_last_id,
        by_next_url,
        by_cursor,
        by_number,
        by_offset,
        by_link,
    ];
    let mut given = all.into_iter().flatten();
    let (Some(kind), None) = (given.next(), given.next()) else {
        let message = "pages follow each other in exactly one way".to_owned();
        let hint = "keep one of the keys that begin with `by_`".to_owned();
        spot.error(codes::EXACTLY_ONE, message, Some(hint));
        return None;
    };
    let read = |name: &str, value| reading.computed(value, &spot.key(name));
    Some(Pages {
        kind,
        more: text.more.as_ref().map(|value| read("more", value)),
        total: text.total.as_ref().map(|value| read("total", value)),
    })
}
