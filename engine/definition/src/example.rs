//! An example exchange, checked: what a connector is given, what it must send, what it is
//! answered, and what has to come of it.
//!
//! Examples stand beside a connector, in its folder `examples`. They are data; the runtime plays
//! them through the same code that serves partners.

use std::collections::BTreeMap;

use model::{Class, IssueKind, State, Timestamp};
use serde_json::{Map, Value};

use crate::operation::Method;

/// One example of one connector.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The file it stands in.
    pub file: String,
    /// What it shows, in one sentence.
    pub title: String,
    /// What is done.
    pub subject: Subject,
    /// What there is before.
    pub given: Given,
    /// What is sent and answered, in this order.
    pub exchanges: Vec<Exchange>,
    /// What has to come of it.
    pub expected: Expected,
    /// What answers to changes have to warn of, where that is looked at.
    pub warns: Option<Vec<String>>,
}

/// What an example does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Calls an operation of the connector.
    Operation(String),
    /// Reads a list of choices.
    Choices(String),
    /// Tests the connection: asks for every right.
    Connection,
    /// Runs a pipeline of the family.
    Pipeline(String),
    /// Reads a callout.
    Callout(Arrived),
}

/// A callout as it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The method.
    pub method: Method,
    /// The query of the address, without the question mark.
    pub query: String,
    /// The body.
    pub body: String,
}

/// What there is before an example begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// What time it is.
    pub now: Timestamp,
    /// What the operator gave for the connector.
    pub vendor: BTreeMap<String, String>,
    /// What the partner gave.
    pub credentials: BTreeMap<String, String>,
    /// The token that calls carry; without one they log in as the connector says.
    pub token: Option<String>,
    /// The settings by section.
    pub settings: BTreeMap<String, Map<String, Value>>,
    /// What setting up has found out already, by name.
    pub setup: BTreeMap<String, Value>,
    /// The companies in the directory.
    pub companies: Vec<Value>,
    /// The company of each mapped customer; null for one that is to be ignored.
    pub mappings: BTreeMap<String, Value>,
    /// What is given besides, by name, such as `request`.
    pub inputs: Map<String, Value>,
}

/// One request that must be sent, and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers, in small letters, with their value; `None` for one that must not be there.
    pub headers: BTreeMap<String, Option<String>>,
    /// What is sent.
    pub body: SentBody,
    /// What comes back.
    pub reply: Reply,
}

/// What must be sent as a body.
#[derive(Clone, Debug, PartialEq)]
pub enum SentBody {
    /// None.
    Empty,
    /// This JSON.
    Json(Value),
    /// A form of these fields, each with its values.
    Form(BTreeMap<String, Vec<String>>),
    /// This text.
    Text(String),
    /// These parts.
    Multipart(Vec<SentPart>),
}

/// One part that must be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPart {
    /// The field's name.
    pub name: String,
    /// Its content: the text, or base64 of what is not text.
    pub content: String,
    /// The file's name, if the part is a file.
    pub file_name: Option<String>,
    /// The content's type.
    pub content_type: Option<String>,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answer {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: String,
    },
    /// Nothing, because no connection was made.
    LostBefore,
    /// Nothing, and nobody knows whether the call took hold.
    LostAfter,
}

/// What has to come of an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// It gives this value.
    Gives(Value),
    /// It fails like this.
    Fails(Fails),
    /// Things stand like this.
    Ends(Ends),
}

/// How an example fails. What is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fails {
    /// What kind of failure it is.
    pub class: Option<Class>,
    /// What is told.
    pub message: Option<String>,
    /// How a person mends it.
    pub remedy: Option<String>,
    /// What it is due to.
    pub cause: Option<String>,
    /// What the cause is about.
    pub about: Option<String>,
}

/// How things stand when a pipeline has been run. What is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ends {
    /// Where the request is.
    pub state: Option<State>,
    /// The ticket that it has.
    pub ticket: Option<Value>,
    /// The operations called that change the remote side, in the order of the calls.
    pub effects: Option<Vec<String>>,
    /// The issues that are open.
    pub issues: Vec<OpenIssue>,
}

/// An open issue. What is `None` is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIssue {
    /// What kind it is.
    pub kind: IssueKind,
    /// Its one sentence.
    pub title: Option<String>,
    /// What was observed.
    pub detail: Option<String>,
    /// What a person can do about it.
    pub remedy: Option<String>,
    /// What it is due to.
    pub cause: Option<String>,
    /// What the cause is about.
    pub about: Option<String>,
}
