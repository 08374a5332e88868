//! Checks how the pages of a list follow each other.

use super::value::Values;
use crate::codes;
use crate::operation::{PageKind, Pages};
use crate::page::Spot;
use crate::raw::operation::{OperationText, PagesText};
use crate::raw::value::Computed;

impl PagesText {
    /// How many records a full page has, where that is given.
    fn size(&self) -> Option<u32> {
        let by_last_id = self.by_last_id.as_ref().map(|by| by.size);
        let by_number = self.by_number.as_ref().map(|by| by.size);
        let by_offset = self.by_offset.as_ref().map(|by| by.size);
        by_last_id.or(by_number).or(by_offset)
    }

    /// Whether the number of records in a page is given.
    pub(crate) fn has_size(&self) -> bool {
        self.size().is_some()
    }

    /// The field of `page` by which the request itself has to say which page it wants.
    pub(crate) const fn asked_by(&self) -> Option<&'static str> {
        if self.by_last_id.is_some() {
            Some("last_id")
        } else if self.by_number.is_some() {
            Some("number")
        } else if self.by_offset.is_some() {
            Some("offset")
        } else if self.by_cursor.is_some() {
            Some("cursor")
        } else {
            None
        }
    }
}

/// What APIs call the number of records that they are asked for. Others have a name like this for
/// something else, so that only a number beside a page is looked at.
const SIZE_NAMES: [&str; 8] = [
    "limit",
    "size",
    "perpage",
    "pagesize",
    "count",
    "top",
    "take",
    "maxrecords",
];

/// Reports a size that is written out and is not the one that `pages` tells: every page would look
/// like the last one, or none.
pub(crate) fn size_fits(text: &OperationText, spot: &Spot<'_>) {
    let Some(size) = text.pages.as_ref().and_then(PagesText::size) else {
        return;
    };
    let body = text.body.as_ref().and_then(|body| body.0.as_object());
    let body = body.into_iter().flatten();
    let query = text.query.0.iter().map(|(name, value)| (name, &value.0));
    let form = text.form.0.iter().map(|(name, value)| (name, &value.0));
    let sent = query.map(|pair| ("query", pair));
    let sent = sent.chain(form.map(|pair| ("form", pair)));
    for (place, (name, value)) in sent.chain(body.map(|pair| ("body", pair))) {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let asked = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let names_size = SIZE_NAMES.contains(&plain.to_lowercase().as_str());
        if let Some(asked) = asked.filter(|asked| names_size && *asked != u64::from(size)) {
            let message = format!("this asks for {asked} records, and `pages` tells of {size}");
            let hint = "write `$.page.size`, so that they cannot differ".to_owned();
            spot.key(place)
                .key(name)
                .error(codes::PAGE_SIZE, message, Some(hint));
        }
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
    let read = |name: &str, value: &Computed| reading.varying(&value.0, &spot.key(name));
    Some(Pages {
        kind,
        more: text.more.as_ref().map(|value| read("more", value)),
        total: text.total.as_ref().map(|value| read("total", value)),
    })
}
