//! Handlebars templates: read once, every name and helper checked, printed within a limit.
//!
//! Nothing is escaped: the text goes into JSON, headers and URLs, and each has its own rules (use
//! the helper `urlencode` for the last). A value that is missing prints nothing, because tickets
//! have optional fields; a name that cannot exist is refused when the template is loaded. Partials,
//! decorators, raw blocks and `lookup` are off: what a template needs must be known beforehand.

mod check;
mod helper;
mod print;

use std::collections::BTreeSet;

use crate::compile::Names;
use crate::fault::{self, Fault};

pub(crate) use check::raw;
pub use helper::{HELPERS, Helper};
pub use print::OUTPUT_BYTES_MAX;

/// The longest template, in bytes.
pub const SOURCE_BYTES_MAX: usize = 32 * 1024;

/// How deep parentheses may be nested in a template; reading it recurses.
const PARENTHESES_MAX: usize = 8;

/// How deep blocks may be nested in a template; printing it recurses.
pub(crate) const BLOCKS_MAX: usize = 16;

/// A template that was found good.
#[derive(Debug)]
pub(crate) struct Template {
    text: Box<str>,
    parsed: handlebars::Template,
    /// The template once more, if it has nothing but texts and fields: then it is printed at once.
    pieces: Option<Vec<Piece>>,
    /// What of the scope it needs: nothing else is copied for printing.
    needs: Vec<Need>,
}

/// A path from a name of the scope, or from a field of the document, that a template prints or
/// goes into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) names: Vec<String>,
    /// Whether the first name is a field of the document.
    pub(crate) in_document: bool,
    /// Whether it is printed as it is, so that it must not be a list or an object.
    pub(crate) printed: bool,
}

/// A part of a template that has no blocks and no helpers.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A text, as it is.
    Text(Box<str>),
    /// What is found there.
    Field(Need),
}

impl Template {
    /// Reads `text` and checks it against `names`.
    pub(crate) fn compile(text: &str, names: &Names<'_>) -> Result<Self, Vec<Fault>> {
        let parsed = parse(text).map_err(|fault| vec![fault])?;
        let needs = check::check(text, &parsed, names)?;
        Ok(Self {
            text: text.into(),
            pieces: check::pieces(text, &parsed, names),
            parsed,
            needs,
        })
    }

    /// The names of the scope that are looked at.
    pub(crate) fn roots(&self) -> BTreeSet<&str> {
        let outside = self.needs.iter().filter(|need| !need.in_document);
        outside
            .filter_map(|need| need.names.first())
            .map(String::as_str)
            .collect()
    }

    /// Whether this field of a name of the scope is looked at, or all of the name.
    pub(crate) fn looks_at(&self, root: &str, field: &str) -> bool {
        self.needs.iter().any(|need| {
            let mut names = need.names.iter();
            !need.in_document
                && names.next().is_some_and(|name| name == root)
                && names.next().is_none_or(|name| name == field)
        })
    }
}

pub(crate) fn parse(text: &str) -> Result<handlebars::Template, Fault> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!(
            "this template has {} bytes, the limit is {SOURCE_BYTES_MAX}",
            text.len()
        );
        return Err(Fault::new(fault::TOO_LONG, message));
    }
    if nesting(text) > PARENTHESES_MAX {
        let message = format!("this template nests parentheses more than {PARENTHESES_MAX} deep");
        return Err(Fault::new(fault::INVALID_TEMPLATE, message));
    }
    handlebars::Template::compile(text).map_err(|error| {
        let offset = error
            .pos()
            .map(|(line, column)| (offset(text, line, column), 1));
        Fault::new(fault::INVALID_TEMPLATE, message(&error, text))
            .at(offset)
            .hint(
                "write `{{ name }}`, `{{ helper name }}` or `{{#if name}}…{{/if}}`; \
             for braces as they are, `literal: \"…\"`"
                    .to_owned(),
            )
    })
}

/// In words of the author: the library's own speak of its grammar.
fn message(error: &handlebars::TemplateError, text: &str) -> String {
    use handlebars::TemplateErrorReason as Reason;
    match error.reason() {
        Reason::MismatchingClosedHelper(..) | Reason::MismatchingClosedDecorator(..) => {
            "a block is closed by another name than it was opened with".to_owned()
        }
        Reason::InvalidParam(_) => "an argument cannot be read".to_owned(),
        _ if text.matches("{{").count() > text.matches("}}").count() => {
            "a `{{` has no `}}`".to_owned()
        }
        _ if text.matches("{{#").count() > text.matches("{{/").count() => {
            "a block, `{{#…}}`, is not closed".to_owned()
        }
        _ => "this template cannot be read from here on".to_owned(),
    }
}

/// The deepest that brackets of any kind are nested, quoted ones included.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for character in text.chars() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            // What is outside the braces is plain text, and may have any number of brackets.
            '}' => depth = 0,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Line and column, both counted from 1, as a number of characters.
pub(crate) fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    before.map(|line| line.chars().count()).sum::<usize>() + column.saturating_sub(1)
}
