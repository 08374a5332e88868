//! An operation, checked and compiled: one named HTTP exchange.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use expression::{Expression, Selector};
use serde_json::Value;

use crate::rule::ErrorRule;

/// The name of the item that a record is part of.
pub const WHOLE: &str = "whole";

/// One named HTTP exchange.
///
/// Its expressions see two kinds of scope. What is sent (`url`, `query`, `headers`, `body`) sees
/// the *outer* names: the contract's inputs, `credentials`, `vendor`, `settings`, `setup`,
/// `operation`, `now`, the names in `before`, and `page` if it has pages. What reads the answer
/// sees a document as `$` and the outer names around it, with `answer` (`status`, `headers`,
/// `body`) besides; scripts get the document as `item`.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name; for a setup operation the name under `setup`.
    pub name: String,
    /// The HTTP method.
    pub method: Method,
    /// An absolute address, or a path below `Http::base_url` that begins with a slash.
    pub url: Expression,
    /// Whether the headers of the connector are left out.
    pub anonymous: bool,
    /// What kind of thing it works on, as the API calls it. `operation.entity` in expressions.
    pub entity: Option<String>,
    /// Query parameters. A null is left out, a list repeats the parameter.
    pub query: Vec<(String, Expression)>,
    /// Headers besides the connector's, and instead of those of the same name. A null is left out.
    pub headers: Vec<(String, Expression)>,
    /// What is sent.
    pub body: Option<Body>,
    /// What the answer must be.
    pub answers: Answers,
    /// Operations that are called first: the root that their record becomes, and their name.
    pub before: Vec<(String, String)>,
    /// The roots of `before` that have to be there, each with what people read while they are not.
    pub needs: BTreeMap<String, String>,
    /// The job that makes what is fetched here.
    pub job: Option<Job>,
    /// How long an answer is kept and used again.
    pub keep: Option<Duration>,
    /// How the pages of a list follow each other.
    pub pages: Option<Pages>,
    /// The operation whose pages these are: whoever has just read that one need not read this one.
    pub pages_of: Option<String>,
    /// Where in the answer's body (`$`) the records are. Without it the body is the one record.
    pub items: Option<Selector>,
    /// Where in each item (`$`) the records are; `whole` is then the item. Without it the items are
    /// the records.
    pub parts: Option<Selector>,
    /// Whether a record counts; `$` is the record as answered. Without it each one does.
    pub counts: Option<Expression>,
    /// What a record becomes; `$` is the record as answered.
    pub record: Option<Expression>,
    /// What the one record is where the other side does not have it.
    pub otherwise: Option<Expression>,
    /// What failures of this operation mean, before the connector's rules.
    pub errors: Vec<ErrorRule>,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How long an unanswered call may still be at work.
    pub settle: Duration,
    /// Whether it changes the remote side, as its contract says.
    pub effect: bool,
}

impl Operation {
    /// The names that it looks at, in what it sends and in what it makes of the answer.
    pub fn roots(&self) -> BTreeSet<&str> {
        self.sent_roots()
            .union(&self.read_roots())
            .copied()
            .collect()
    }

    /// The names that what it sends is computed from.
    pub fn sent_roots(&self) -> BTreeSet<&str> {
        self.sent().flat_map(Expression::roots).collect()
    }

    /// Whether what it sends is computed from this field of a name.
    pub fn sends(&self, root: &str, field: &str) -> bool {
        self.sent().any(|value| value.looks_at(root, field))
    }

    fn sent(&self) -> impl Iterator<Item = &Expression> {
        let pairs = self.query.iter().chain(&self.headers);
        let body = self.body.iter().flat_map(Body::expressions);
        pairs.map(|(_, value)| value).chain(body).chain([&self.url])
    }

    /// The names that its records are computed from, besides the answer.
    pub fn read_roots(&self) -> BTreeSet<&str> {
        let pages = self.pages.iter();
        let proofs = pages.flat_map(|pages| pages.more.iter().chain(&pages.total));
        let read = self.record.iter().chain(&self.counts).chain(proofs);
        read.flat_map(Expression::roots).collect()
    }
}

/// A long job: started by one operation, asked after by another, fetched by the one that has it.
///
/// Both are given the same input as the operation itself. `ask` also sees `job.start`, the record
/// of `start`; the operation itself sees `job.start` and `job.ask`, the record that said "done".
#[derive(Clone, Debug)]
pub struct Job {
    /// The operation that starts it.
    pub start: String,
    /// The operation that asks how it stands.
    pub ask: String,
    /// Its state; `$` is the record of `ask`.
    pub state: Expression,
    /// The states, as texts, in which it is done.
    pub done: Vec<String>,
    /// The states, as texts, in which it ended without a result.
    pub failed: Vec<String>,
    /// Why it failed; `$` is the record of `ask`.
    pub why: Option<Expression>,
    /// How long to wait between two questions.
    pub every: Duration,
    /// How long it may take.
    pub at_most: Duration,
}

/// An HTTP method that an operation can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or searches where an API wants it so.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Body {
    /// As JSON.
    Json {
        /// The value.
        value: Expression,
        /// Whether keys that are null are sent, rather than left out at any depth.
        keep_nulls: bool,
    },
    /// As a form. A null is left out.
    Form(Vec<(String, Expression)>),
    /// As a text of any type.
    Text {
        /// The `content-type`.
        content_type: String,
        /// The text.
        content: Expression,
    },
    /// As parts (`multipart/form-data`).
    Multipart(Vec<Part>),
}

impl Body {
    /// All that is computed for it.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Json { value, .. } => vec![value],
            Self::Form(pairs) => pairs.iter().map(|(_, value)| value).collect(),
            Self::Text { content, .. } => vec![content],
            Self::Multipart(parts) => parts
                .iter()
                .flat_map(|part| std::iter::once(&part.content).chain(&part.file_name))
                .collect(),
        }
    }
}

/// One part of what is sent as parts.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The content. A null leaves the part out.
    pub content: Expression,
    /// Whether the content is base64 of the bytes that are sent.
    pub is_base64: bool,
    /// The file's name, if the part is a file.
    pub file_name: Option<Expression>,
    /// The content's type.
    pub content_type: Option<String>,
}

/// What an answer must be to be a success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// JSON, or nothing at all.
    #[default]
    JsonOrEmpty,
    /// JSON.
    Json,
    /// One JSON document per line; read as a list.
    JsonLines,
    /// Comma-separated values with a line of names; read as a list of maps of texts.
    Csv,
    /// XML; read as maps by the names of elements.
    Xml,
    /// Anything.
    Anything,
}

/// How the pages of a list follow each other.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The way.
    pub kind: PageKind,
    /// Whether there are more; `$` is the answer's body.
    pub more: Option<Expression>,
    /// How many records are promised over all pages; `$` is the answer's body.
    pub total: Option<Expression>,
}

/// The way from one page to the next.
#[derive(Clone, Debug)]
pub enum PageKind {
    /// By the last id seen: `page.last_id`.
    ByLastId {
        /// The id of a record; `$` is the record as answered.
        id: Expression,
        /// What stands for the last id on the first page.
        start: Value,
        /// How many records a full page has: `page.size`.
        size: u32,
    },
    /// By the address of the next page.
    ByNextUrl {
        /// The address; `$` is the answer's body.
        url: Expression,
    },
    /// By number: `page.number`.
    ByNumber {
        /// The number of the first page.
        start: u32,
        /// How many records are asked for: `page.size`.
        size: u32,
    },
    /// By the number of records read so far: `page.offset`.
    ByOffset {
        /// How many records are asked for: `page.size`.
        size: u32,
    },
    /// By a token: `page.cursor`, null on the first page.
    ByCursor {
        /// The token; `$` is the answer's body.
        cursor: Expression,
    },
    /// By the header `Link`.
    ByLinkHeader,
}
