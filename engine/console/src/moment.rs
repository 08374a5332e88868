//! Moments as pages show them: exact for machines, in words for people. The script turns them into
//! the reader's own zone; without it they are in UTC and say so.

use askama::Template;
use model::Timestamp;

/// A moment, printed as a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ exact }}">{{ words }}</time>"#,
    ext = "html"
)]
pub(crate) struct Moment {
    exact: String,
    words: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let exact = at.to_string();
        let day = exact.get(..10).unwrap_or_default();
        let time = exact.get(11..16).unwrap_or_default();
        Self {
            words: format!("{day} {time} UTC"),
            exact,
        }
    }
}
