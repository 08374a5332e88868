//! An operation as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{
    Computed, Name, Named, Pairs, Picked, SpanText, StatusText, TYPE_PATTERN, Template,
};

/// One named HTTP exchange: what is sent, and how the answer is read. It has exactly one of `get`,
/// `post`, `put`, `patch` and `delete`, or the pages of another one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Operation")]
pub(crate) struct OperationText {
    /// Sends a GET to this address: a path below `http.base_url`, or a whole one.
    pub(crate) get: Option<Template>,
    /// Sends a POST to this address: a path below `http.base_url`, or a whole one.
    pub(crate) post: Option<Template>,
    /// Sends a PUT to this address: a path below `http.base_url`, or a whole one.
    pub(crate) put: Option<Template>,
    /// Sends a PATCH to this address: a path below `http.base_url`, or a whole one.
    pub(crate) patch: Option<Template>,
    /// Sends a DELETE to this address: a path below `http.base_url`, or a whole one.
    pub(crate) delete: Option<Template>,
    /// The operation whose pages it reads: what is sent, how the pages follow each other and where
    /// their items are is that one's. A run that has just read them sends nothing. Only with
    /// `parts`, `where` and `record`, which look at nothing that the operation is given.
    pub(crate) pages_of: Option<Name>,
    /// What kind of thing it works on, as the API calls it. Limits may count by it.
    pub(crate) entity: Option<String>,
    /// Sends none of `http.headers`, for an address that is asked before there are credentials or
    /// that must not get them.
    #[serde(default)]
    pub(crate) anonymous: bool,
    /// Operations that are called first; their records can be used by the names given here.
    #[serde(default)]
    pub(crate) before: Named<Name>,
    /// Those of the names in `before` without which it cannot be called, each with what people read
    /// while the work waits for it. It is tried again by itself.
    #[serde(default)]
    pub(crate) needs: Named<String>,
    /// The job that makes what this operation then fetches, where the API takes its time.
    pub(crate) job: Option<JobText>,
    /// Query parameters, encoded as they must be. One that is null is left out.
    #[serde(default)]
    pub(crate) query: Pairs<Computed>,
    /// Headers besides `http.headers`. One that is null is left out.
    #[serde(default)]
    pub(crate) headers: Pairs<Computed>,
    /// What is sent as JSON.
    pub(crate) body: Option<Computed>,
    /// What is sent as a form (`application/x-www-form-urlencoded`) instead of a body.
    #[serde(default)]
    pub(crate) form: Pairs<Computed>,
    /// What is sent as a text of another type, such as XML, instead of a body.
    pub(crate) text: Option<TextText>,
    /// What is sent as parts (`multipart/form-data`), as for files, instead of a body.
    #[serde(default)]
    pub(crate) multipart: Vec<PartText>,
    /// What becomes of a key of the body whose value is null. Default: omit.
    pub(crate) nulls: Option<NullsText>,
    /// What the answer must be. Anything else is no success, whatever its status. Without it, JSON
    /// or nothing.
    pub(crate) answers: Option<AnswersText>,
    /// How the pages of a list follow each other.
    pub(crate) pages: Option<PagesText>,
    /// Where in the answer the records are. Without it the whole answer is the one record.
    pub(crate) items: Option<Picked>,
    /// Where in each of `items` the records are, such as the lines of an invoice. Pages are counted
    /// by `items`. Templates and scripts know the one that a record is part of as `whole`.
    #[schemars(example = "$.lines[*]")]
    pub(crate) parts: Option<Picked>,
    /// Which of the records count: those for which it is neither false, null, zero nor empty. `$`
    /// is the record as it was answered. Without it each one counts.
    #[serde(rename = "where")]
    pub(crate) counts: Option<Computed>,
    /// What each record becomes, key by key. `$` is the record as it was answered.
    pub(crate) record: Option<Computed>,
    /// What the record is where the system does not have it (`not_found`), as for an address that
    /// only newer versions know. Not for what the family promises.
    pub(crate) otherwise: Option<Computed>,
    /// How long an answer is kept and used again. Only for what is read, and the same for everyone
    /// who works with the integration.
    pub(crate) keep: Option<SpanText>,
    /// How long to wait for an answer, instead of `http.timeout`.
    pub(crate) timeout: Option<SpanText>,
    /// How long an unanswered call may still be at work, instead of `http.settle`.
    pub(crate) settle: Option<SpanText>,
    /// What its failures mean. They are tried before `http.errors`.
    #[serde(default)]
    pub(crate) errors: Vec<ErrorText>,
}

/// A long job: one operation starts it, another asks how it stands until it is done, and the
/// operation that has it fetches the result. The records of both can be used as `$.job.start` and
/// `$.job.ask`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Job")]
pub(crate) struct JobText {
    /// The operation that starts it. Its record has what the job is known by.
    pub(crate) start: Name,
    /// The operation that asks how it stands. It sees `$.job.start`.
    pub(crate) ask: Name,
    /// The state that the record of `ask` tells; `$` is that record.
    #[schemars(example = "$.state")]
    pub(crate) state: Computed,
    /// The states in which it is done. In any state that is not named it still runs.
    #[schemars(length(min = 1, max = 20), extend("examples" = [["finished"]]))]
    pub(crate) done: Vec<StateText>,
    /// The states in which it ended without a result.
    #[serde(default)]
    #[schemars(length(max = 20), extend("examples" = [["failed", "cancelled"]]))]
    pub(crate) failed: Vec<StateText>,
    /// Why it failed, for people; `$` is the record of `ask`.
    #[schemars(example = "$.message")]
    pub(crate) why: Option<Computed>,
    /// How long to wait before it is asked again. Default: 5s.
    #[schemars(example = "5s")]
    pub(crate) every: Option<SpanText>,
    /// How long it may take before it is given up and told. Default: 1h.
    #[schemars(example = "30m")]
    pub(crate) at_most: Option<SpanText>,
}

/// A state as an API writes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "State")]
pub(crate) enum StateText {
    /// As a text.
    Text(String),
    /// As a number.
    Number(i64),
    /// As whether it is done.
    Flag(bool),
}

/// A text that is sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Text")]
pub(crate) struct TextText {
    /// Its type, such as `text/xml`.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = TYPE_PATTERN))]
    pub(crate) content_type: String,
    /// The text. In XML, print with `{{ xml value }}`.
    pub(crate) content: Template,
}

/// One part of what is sent as parts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Part")]
pub(crate) struct PartText {
    /// The field's name.
    pub(crate) name: String,
    /// Its content. A part whose content is null is left out.
    pub(crate) content: Computed,
    /// What the content's text stands for. Default: text.
    pub(crate) content_is: Option<ContentIsText>,
    /// The file's name, if the part is a file.
    pub(crate) file_name: Option<Template>,
    /// The content's type, such as `image/png`.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = TYPE_PATTERN))]
    pub(crate) content_type: Option<String>,
}

/// What the text of a part's content stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ContentIs")]
pub(crate) enum ContentIsText {
    /// Itself.
    Text,
    /// The bytes it encodes, as for a file.
    Base64,
}

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Answers")]
pub(crate) enum AnswersText {
    /// JSON. An empty answer is an error.
    Json,
    /// One JSON document per line: a list.
    JsonLines,
    /// Comma-separated values below a line of names: a list of maps of texts.
    Csv,
    /// XML: maps by the names of elements, with attributes as `@name` and text as `#text`.
    Xml,
    /// Anything: a text, or JSON where it is that, or base64 of what is not text.
    Anything,
}

/// What becomes of nulls in a body.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Nulls")]
pub(crate) enum NullsText {
    /// The key is left out.
    Omit,
    /// The key is sent with null, which tells some APIs to clear the field.
    Keep,
}

/// How the pages of a list follow each other: exactly one of the keys that begin with `by_`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pages")]
pub(crate) struct PagesText {
    /// Each page asks for ids above the last one seen: `$.page.last_id`. The surest way, because
    /// records that come and go while it runs shift nothing.
    pub(crate) by_last_id: Option<ByLastIdText>,
    /// Each answer holds the whole address of the next page.
    pub(crate) by_next_url: Option<ByNextUrlText>,
    /// Pages are numbered: `$.page.number`.
    pub(crate) by_number: Option<ByNumberText>,
    /// Pages start at the number of records read so far: `$.page.offset`.
    pub(crate) by_offset: Option<ByOffsetText>,
    /// Each answer holds a token for the next page: `$.page.cursor`.
    pub(crate) by_cursor: Option<ByCursorText>,
    /// The header `Link` holds the address of the next page as `rel="next"`.
    pub(crate) by_link_header: Option<ByLinkHeaderText>,
    /// Whether there are more: false, null, an empty text or zero says no. `$` is the answer.
    pub(crate) more: Option<Computed>,
    /// How many records the answer promises over all pages. What is read is held against it.
    pub(crate) total: Option<Computed>,
}

/// Pages by the last id seen.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByLastId")]
pub(crate) struct ByLastIdText {
    /// The id of one record, as it was answered.
    pub(crate) id: Template,
    /// What the first page takes for the last id.
    pub(crate) start: i64,
    /// How many records a full page has. A page with fewer is the last one.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) size: u32,
}

/// Pages by the address of the next one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByNextUrl")]
pub(crate) struct ByNextUrlText {
    /// Where the answer holds the address. Null or absent means that this was the last page.
    pub(crate) url: Template,
}

/// Pages by number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByNumber")]
pub(crate) struct ByNumberText {
    /// The number of the first page.
    #[schemars(range(min = 0, max = 1))]
    pub(crate) start: u32,
    /// How many records are asked for: `$.page.size`.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) size: u32,
}

/// Pages by offset.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByOffset")]
pub(crate) struct ByOffsetText {
    /// How many records are asked for: `$.page.size`.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) size: u32,
}

/// Pages by cursor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByCursor")]
pub(crate) struct ByCursorText {
    /// Where the answer holds the cursor. Null, absent or empty means that this was the last page.
    pub(crate) cursor: Template,
}

/// Pages by the header `Link`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByLinkHeader")]
pub(crate) struct ByLinkHeaderText {}

/// What a failed answer means. The first rule that applies decides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ErrorRule")]
pub(crate) struct ErrorText {
    /// Which answers it is about. All that is given must hold.
    pub(crate) when: WhenText,
    /// What kind of failure that is.
    pub(crate) is: ClassText,
    /// How a person mends it. `{{ name }}` prints a named group of `matches`, or a name that the
    /// operation knows.
    pub(crate) remedy: Option<Template>,
    /// What it is due to, by a name of the family's. All failures of one cause about the same
    /// thing share an issue, also with what a pre-flight finds.
    pub(crate) cause: Option<Name>,
    /// What the cause is about, such as the company's id. Without it, the integration as a whole.
    /// Where it comes to nothing, the failure is one without a cause.
    #[schemars(example = "$.company.id")]
    pub(crate) about: Option<Computed>,
    /// One sentence that names the cause, for the issue.
    pub(crate) title: Option<Template>,
    /// How often one of the requests that wait is tried again. Default: after 5m, then after ever
    /// longer pauses up to 6h.
    #[schemars(example = "10m")]
    pub(crate) recheck: Option<SpanText>,
}

/// Which answers an error rule is about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "When", extend("minProperties" = 1))]
pub(crate) struct WhenText {
    /// The status, or its class. Without it, any status.
    pub(crate) status: Option<StatusText>,
    /// A header that the answer has; `matches` is held against its value.
    pub(crate) header: Option<String>,
    /// What is picked from the body; `matches` is held against each text, or, without `matches`,
    /// something that is neither null, false nor empty has to be there.
    pub(crate) body: Option<Picked>,
    /// A regular expression. Its named groups `(?<name>...)` can be used in `remedy`. Without
    /// `body` and `header` it is held against every text in the body, wherever it stands.
    pub(crate) matches: Option<String>,
}

/// What kind of failure it is. The engine acts on this and on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Class")]
pub(crate) enum ClassText {
    /// The credentials are wrong or revoked. They are not used again until they are replaced.
    CredentialsRejected,
    /// The credentials are good but lack a right.
    Forbidden,
    /// The thing addressed does not exist.
    NotFound,
    /// The content was refused; the same again would be refused again.
    Invalid,
    /// Too many calls; this one did not happen and is repeated later.
    RateLimited,
    /// The call could not be served and did not take effect; it is repeated later.
    Unavailable,
    /// The call may or may not have taken effect; it is looked for before it is repeated.
    UnknownOutcome,
}

impl From<ClassText> for model::Class {
    fn from(class: ClassText) -> Self {
        match class {
            ClassText::CredentialsRejected => Self::CredentialsRejected,
            ClassText::Forbidden => Self::Forbidden,
            ClassText::NotFound => Self::NotFound,
            ClassText::Invalid => Self::Invalid,
            ClassText::RateLimited => Self::RateLimited,
            ClassText::Unavailable => Self::Unavailable,
            ClassText::UnknownOutcome => Self::UnknownOutcome,
        }
    }
}
