//! An example exchange as it is written, and what all examples of a folder are given.

use std::collections::BTreeMap;

use model::{IssueKind, State};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::operation::ClassText;
use super::value::{Name, written_as_value};

/// One example: what a connector is given, what it has to send for it, what it is answered, and
/// what comes of that. It shows exactly one of `operation`, `choices`, `connection`,
/// `pipeline` and `callout`, and ends in exactly one of `gives`, `fails` and `ends`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail example")]
pub(crate) struct ExampleFile {
    /// What it shows, in one sentence.
    pub(crate) example: String,
    /// Shows this operation.
    pub(crate) operation: Option<Name>,
    /// Shows this list of choices.
    pub(crate) choices: Option<Name>,
    /// Shows what comes of testing the connection: every right is asked for.
    pub(crate) connection: Option<ConnectionText>,
    /// Shows this pipeline, with everything that the engine does around it.
    pub(crate) pipeline: Option<Name>,
    /// Shows what is read from this callout: the hints, or the requests.
    pub(crate) callout: Option<ArrivedText>,
    /// What it is given besides what `given.yaml` beside it says for all; a name that is in both
    /// is the one here.
    #[serde(default)]
    pub(crate) given: GivenText,
    /// What is sent and what is answered, in this order, and nothing else.
    #[serde(default)]
    pub(crate) exchanges: Vec<ExchangeText>,
    /// What it gives: the record, the list of records, or null; for `choices` the list of what can
    /// be chosen, for `connection` the report, for `callout` the hints or requests in it.
    #[serde(default, deserialize_with = "also_null")]
    pub(crate) gives: Option<Anything>,
    /// How it fails.
    pub(crate) fails: Option<FailsText>,
    /// What answers to changes warn of besides, as `http.warning` of the connector finds it.
    /// Without it, that is not looked at.
    pub(crate) warns: Option<Vec<String>>,
    /// How things stand when the pipeline has been run.
    pub(crate) ends: Option<EndsText>,
}

/// The one thing that can be done with a connection.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Connection")]
pub(crate) enum ConnectionText {
    /// It is tested.
    Test,
}

/// A callout as it comes in, with at most one of `body`, `form` and `text`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Arrived")]
pub(crate) struct ArrivedText {
    /// The method. Default: POST.
    pub(crate) method: Option<MethodText>,
    /// The query of the address, without the question mark.
    pub(crate) query: Option<String>,
    /// The JSON in it.
    pub(crate) body: Option<Anything>,
    /// The fields of the form in it, encoded as they come.
    pub(crate) form: Option<String>,
    /// The text in it, such as XML.
    pub(crate) text: Option<String>,
}

/// What is given. Any key that is not listed here is an input by its name, such as `request`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "Dovetail examples: what all are given", rename = "Given")]
pub(crate) struct GivenText {
    /// What time it is, RFC 3339. The clock stands still, except while a pipeline waits.
    pub(crate) now: Option<String>,
    /// What the operator gave for this connector.
    pub(crate) vendor: Option<BTreeMap<String, String>>,
    /// What the partner gave.
    pub(crate) credentials: Option<BTreeMap<String, String>>,
    /// The token that calls carry, so that no login is shown. An empty one has them log in.
    pub(crate) token: Option<String>,
    /// The settings, by section.
    pub(crate) settings: Option<BTreeMap<String, Map<String, Value>>>,
    /// What setting up has found out already, so that it is not asked for.
    pub(crate) setup: Option<BTreeMap<String, Value>>,
    /// For a pipeline: the companies that are in the directory.
    pub(crate) companies: Option<Vec<Map<String, Value>>>,
    /// For a pipeline: which company each customer is, by the customer's id; null is to be ignored.
    pub(crate) mappings: Option<BTreeMap<String, Value>>,
    /// What is given besides, by name.
    #[serde(flatten)]
    pub(crate) inputs: BTreeMap<String, Value>,
}

/// One request and its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Exchange")]
pub(crate) struct ExchangeText {
    /// What has to be sent.
    pub(crate) request: RequestText,
    /// What comes back.
    pub(crate) answer: AnswerText,
}

/// What has to be sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SentRequest")]
pub(crate) struct RequestText {
    /// The method.
    pub(crate) method: MethodText,
    /// The whole address, query included.
    pub(crate) url: String,
    /// Headers that must be there with this value. Others are not looked at.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Headers that must not be there.
    #[serde(default)]
    pub(crate) without_headers: Vec<String>,
    /// The JSON body, to the last key. Without `body`, `form`, `text` and `multipart` there must be
    /// none.
    #[serde(default, deserialize_with = "also_null")]
    pub(crate) body: Option<Anything>,
    /// The fields of the form, to the last one.
    pub(crate) form: Option<BTreeMap<String, FieldText>>,
    /// The body of text, such as XML, to the last character.
    pub(crate) text: Option<String>,
    /// The parts, as for files, to the last one and in this order.
    #[schemars(length(min = 1))]
    pub(crate) multipart: Option<Vec<SentPartText>>,
}

/// What a field of a form must be: a text, or the texts of one that repeats.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "SentField")]
pub(crate) enum FieldText {
    /// It is there once.
    Once(String),
    /// It is there for each of these.
    Repeated(Vec<String>),
}

impl From<FieldText> for Vec<String> {
    fn from(text: FieldText) -> Self {
        match text {
            FieldText::Once(value) => vec![value],
            FieldText::Repeated(values) => values,
        }
    }
}

/// One part of what has to be sent as parts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SentPart")]
pub(crate) struct SentPartText {
    /// The field's name.
    pub(crate) name: String,
    /// Its content: the text, or base64 of what is not text.
    pub(crate) content: String,
    /// The file's name, if the part is a file.
    pub(crate) file_name: Option<String>,
    /// The content's type.
    #[serde(rename = "type")]
    pub(crate) content_type: Option<String>,
}

/// A method.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(rename = "SentMethod")]
pub(crate) enum MethodText {
    /// Reads.
    Get,
    /// Creates, or searches.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

/// What comes back: an answer, or nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Answer")]
pub(crate) struct AnswerText {
    /// The status. Default: 200.
    #[schemars(range(min = 100, max = 599))]
    pub(crate) status: Option<u32>,
    /// The headers. Default for a `body`: `content-type: application/json`.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// A JSON body.
    #[serde(default, deserialize_with = "also_null")]
    pub(crate) body: Option<Anything>,
    /// A body of text, just as it comes.
    pub(crate) text: Option<String>,
    /// No answer comes.
    pub(crate) lost: Option<LostText>,
}

/// Where a call is lost.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Lost")]
pub(crate) enum LostText {
    /// Before it reaches the other side: no connection is made.
    Before,
    /// On the way back: nobody knows whether it took hold.
    After,
}

/// How it fails. What is not named is not looked at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fails", extend("minProperties" = 1))]
pub(crate) struct FailsText {
    /// What kind of failure it is.
    pub(crate) class: Option<ClassText>,
    /// What is told.
    pub(crate) message: Option<String>,
    /// How a person mends it.
    pub(crate) remedy: Option<String>,
    /// What it is due to, by a name of the family's.
    pub(crate) cause: Option<Name>,
    /// What the cause is about.
    pub(crate) about: Option<String>,
}

/// How things stand when a pipeline has been run. What is not named is not looked at, except for
/// issues: those that are open are those that are listed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ends", extend("minProperties" = 1))]
pub(crate) struct EndsText {
    /// Where the request is.
    pub(crate) state: Option<StateText>,
    /// The ticket that the request has: its id, number and url.
    pub(crate) ticket: Option<Map<String, Value>>,
    /// The operations that were called and change the remote side, in the order of the calls.
    pub(crate) effects: Option<Vec<Name>>,
    /// The issues that are open.
    #[serde(default)]
    pub(crate) issues: Vec<IssueText>,
}

/// An open issue. What is not named is not looked at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenIssue")]
pub(crate) struct IssueText {
    /// What kind it is.
    pub(crate) kind: IssueKindText,
    /// Its one sentence.
    pub(crate) title: Option<String>,
    /// What was observed.
    pub(crate) detail: Option<String>,
    /// What a person can do about it.
    pub(crate) remedy: Option<String>,
    /// What it is due to, by a name of the family's.
    pub(crate) cause: Option<Name>,
    /// What the cause is about.
    pub(crate) about: Option<String>,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct StateText(pub(crate) State);

written_as_value!(
    StateText,
    "RequestState",
    json_schema!({
        "description": "Where a request is.",
        "enum": State::ALL.map(State::name)
    })
);

/// The kind of an issue.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct IssueKindText(pub(crate) IssueKind);

written_as_value!(
    IssueKindText,
    "IssueKind",
    json_schema!({
        "description": "The kind of an issue.",
        "enum": IssueKind::ALL.map(IssueKind::name)
    })
);

/// A value that is taken as it is, null included.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Anything(pub(crate) Value);

written_as_value!(
    Anything,
    "Anything",
    json_schema!({ "description": "A value that is taken as it is." })
);

/// Reads a key whose null means something, unlike its absence.
fn also_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Anything>, D::Error> {
    Anything::deserialize(deserializer).map(Some)
}
