//! A connector, checked and compiled: all that the runtime needs to talk to one system.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use expression::{Expression, Scripts, Selector};
use model::Class;
pub use regex::Regex;
use serde_json::Value;

use crate::address::Address;
use crate::auth::Auth;
use crate::operation::Operation;
use crate::preflight::Check;
use crate::rule::ErrorRule;

/// How long to wait for an answer, unless the file says otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// How long an unanswered call may still be at work, unless the file says otherwise.
pub const SETTLE_DEFAULT: Duration = Duration::from_secs(5);

/// One system, ready to be used.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its name, unique among all connectors.
    pub name: String,
    /// The family it belongs to.
    pub family: String,
    /// What people call the system.
    pub title: String,
    /// The version of its file.
    pub version: String,
    /// What its people call things, by our word for it.
    pub words: BTreeMap<String, String>,
    /// What the operator gives once. Root `vendor`.
    pub vendor: Vec<Field>,
    /// What each partner gives. Root `credentials`.
    pub credentials: Vec<Field>,
    /// What a person does in the system before they have them.
    pub guide: Vec<GuidePart>,
    /// What all exchanges have in common.
    pub http: Http,
    /// Operations whose record is the root `setup.NAME`.
    pub setup: BTreeMap<String, Setup>,
    /// What the credentials must be allowed to do.
    pub rights: Vec<Right>,
    /// What would stop tickets, and is looked for before it does.
    pub preflight: Vec<Check>,
    /// Lists that settings are chosen from.
    pub choices: BTreeMap<String, Choices>,
    /// The settings forms by section. Root `settings.SECTION.NAME`.
    pub settings: BTreeMap<String, Section>,
    /// How long texts may be, in UTF-16 units: by the names of an operation's input and its field.
    pub lengths: BTreeMap<String, BTreeMap<String, usize>>,
    /// The operations of the family that it provides, and its own.
    pub operations: BTreeMap<String, Arc<Operation>>,
    /// How its callouts are read, if it has any.
    pub callout: Option<Callout>,
    /// What it can call: the scripts in its folder, and the shared ones.
    pub scripts: Arc<Scripts>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in expressions.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// Where its value is found.
    pub help: Option<String>,
    /// Whether it is hidden once saved.
    pub secret: bool,
    /// What it is unless something else is given.
    pub default: Option<String>,
    /// How an address that people write is brought into one form, if it is an address.
    pub address: Option<Address>,
}

/// What all exchanges of a connector have in common.
#[derive(Clone, Debug)]
pub struct Http {
    /// What leads the paths of operations. Roots: `credentials`, `vendor`, `setup`.
    pub base_url: Expression,
    /// The only hosts that are ever called; `*.` stands for any one or more labels in front.
    pub hosts: Vec<String>,
    /// Hosts that each partner gives, which have to be public ones. Root `credentials`.
    pub given_hosts: Vec<Expression>,
    /// How calls that are not anonymous show who calls.
    pub auth: Option<Auth>,
    /// Headers of every call that is not anonymous, with the roots of an operation.
    pub headers: Vec<(String, Expression)>,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How long an unanswered call may still be at work before it is looked for.
    pub settle: Duration,
    /// What the API allows.
    pub limits: Vec<Limit>,
    /// Where answers tell how many calls are left.
    pub allowance: Option<Allowance>,
    /// Which failures are tried again, and how often.
    pub retry: Retry,
    /// What failed answers mean, after an operation's own rules.
    pub errors: Vec<ErrorRule>,
    /// Where in the answer's body (`$`) there is a warning although the call was carried out.
    pub warning: Option<Selector>,
}

/// One limit of an API.
#[derive(Clone, Debug)]
pub enum Limit {
    /// So many requests in any span of this length.
    Window {
        /// What the API allows all its users together.
        requests: u32,
        /// The span.
        per: Duration,
        /// The part of it to use at most, in per cent, 1 to 100.
        share: u8,
        /// Integrations of one partner with the same value of this share the limit. The roots
        /// `credentials`, `vendor` and `setup`.
        across: Option<Expression>,
    },
    /// So many requests on their way at the same time.
    Concurrent {
        /// How many.
        requests: u32,
        /// Counted separately for each value of this. Roots of an operation.
        for_each: Option<Expression>,
        /// As above.
        across: Option<Expression>,
    },
}

/// Where each answer tells how many calls are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The header that tells how many calls are left.
    pub left: Left,
    /// When the number is full again.
    pub reset: Reset,
    /// How many calls are left to others.
    pub keep: u32,
}

/// The header that tells how many calls are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It holds their number.
    Remaining(String),
    /// It holds the number of those used and, after a slash, of those allowed.
    Used(String),
}

/// When calls are allowed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reset {
    /// This header says it in this way.
    Header(String, ResetIn),
    /// Nobody says it; it is tried again after this long.
    After(Duration),
}

/// How a header says when calls are allowed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetIn {
    /// In seconds from now, or as a date.
    FromNow,
    /// In seconds since 1970.
    UnixSeconds,
    /// In milliseconds since 1970.
    UnixMillis,
}

/// Which failures are tried again, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The kinds of failure.
    pub on: Vec<Class>,
    /// How often a call is sent at most, the first time included.
    pub attempts: u32,
    /// The first pause.
    pub from: Duration,
    /// The longest pause.
    pub to: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            on: vec![Class::RateLimited, Class::Unavailable],
            attempts: 4,
            from: Duration::from_secs(1),
            to: Duration::from_secs(30),
        }
    }
}

/// An operation whose record is needed to talk to the system at all.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The operation.
    pub operation: Arc<Operation>,
    /// How long its record holds.
    pub keep: Duration,
    /// The other setup, by name, whose records it is computed from.
    pub needs: Vec<String>,
}

/// Something the credentials must be allowed to do.
#[derive(Clone, Debug)]
pub struct Right {
    /// What it is, as a person would say it.
    pub right: String,
    /// The operation that tells.
    pub operation: String,
    /// Whether it is granted; `$` and `item` are the operation's one record.
    pub grants: Expression,
    /// What a person does about it when it is lacking.
    pub remedy: String,
    /// The section of the settings that needs it, where not everybody does.
    pub section: Option<String>,
}

/// A list that a setting is chosen from.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The operation that reads it.
    pub operation: String,
    /// Where the choices are; `$` is the operation's result: its one record (the answer's body if
    /// it maps none), or the list of its records. Without it, each record is one choice.
    pub items: Option<Selector>,
    /// What is stored; `$` and `item` are one choice.
    pub value: Expression,
    /// What a person reads.
    pub label: Expression,
    /// Whether it can be chosen.
    pub active: Option<Expression>,
    /// Whether it is the system's own default.
    pub default: Option<Expression>,
    /// Why it may be short.
    pub short: Vec<Short>,
    /// The settings, as (section, name), that have to be chosen first because the operation uses
    /// them, in the order of their names.
    pub depends_on: Vec<(String, String)>,
}

/// Why a list of choices may be shorter than people expect.
#[derive(Clone, Debug)]
pub struct Short {
    /// Whether this is the reason; `$` and `item` are the list of choices.
    pub when: Expression,
    /// What to tell people.
    pub because: String,
}

/// One section of the settings.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands on the button.
    pub save: String,
    /// The settings, in the order they are shown.
    pub fields: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name in expressions.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// What it does.
    pub help: Option<String>,
    /// What kind of value it has.
    pub kind: SettingKind,
    /// Whether the form can be saved without it.
    pub required: bool,
    /// What it is unless something else is given; of the kind that `kind` says.
    pub default: Option<Value>,
    /// Whether it starts with the choice that is the system's own default.
    pub default_choice: bool,
    /// Another setting of the section that it must differ from.
    pub unlike: Option<String>,
    /// Whether it may have another value for requests of one report type.
    pub by_report_type: bool,
}

impl Section {
    /// The setting of this name.
    pub fn field(&self, name: &str) -> Option<&Setting> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Setting {
    /// Whether requests of one report type, or a partner's script, may have it otherwise.
    pub const fn varies(&self) -> bool {
        self.by_report_type || matches!(self.kind, SettingKind::Template(_))
    }
}

/// What a template can name.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name between the braces.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What it may say.
    pub sample: String,
    /// What it says. Roots: `request`, `customer`.
    pub value: Expression,
}

/// What kind of value a setting has.
#[derive(Clone, Debug)]
pub enum SettingKind {
    /// One of a list, by the list's name in `Connector::choices`.
    Choice(String),
    /// A text.
    Text,
    /// A span of time, kept as it was written, such as `24h`.
    Span,
    /// A whole number.
    Number,
    /// True or false.
    Switch,
    /// A phrase with these variables, which is printed for each request.
    Template(Vec<Variable>),
    /// A company of the directory, by its id.
    Company,
}

/// How callouts are read.
#[derive(Clone, Debug)]
pub struct Callout {
    /// The HTTP methods they come with, in capitals.
    pub methods: Vec<&'static str>,
    /// Where their data may be.
    pub accepts: Vec<Accept>,
    /// How each field of the family's ticket hint is found.
    pub hint: BTreeMap<String, HintRule>,
    /// What a person does in the PSA so that they come.
    pub guide: Vec<GuidePart>,
    /// What they are to be sent for, in the system's own names.
    pub events: Vec<String>,
    /// How requests are read from them, if they bring any.
    pub request: Option<Notice>,
}

/// How records are read from what a callout brings.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Where they are; all of it is the one record where this is absent.
    pub items: Option<Selector>,
    /// What each becomes. `$` is the record; root `notice`, all that was brought.
    pub record: Expression,
}

/// One part of what a person does in the system itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidePart {
    /// What it is about.
    pub title: String,
    /// What is done, step by step.
    pub steps: Vec<String>,
}

/// Where the data of a callout may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// In the query of the address.
    Query,
    /// In a form body.
    Form,
    /// In a JSON body.
    Json,
    /// In an XML body.
    Xml,
}

/// How one field of the hint is found.
#[derive(Clone, Debug)]
pub struct HintRule {
    /// The keys to look at, the surest first, in small letters.
    pub keys: Vec<String>,
    /// What the value must match.
    pub matches: Regex,
    /// Whether any other value that matches will do, if none of the keys has one.
    pub anywhere: bool,
}
