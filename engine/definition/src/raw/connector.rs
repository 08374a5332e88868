//! A connector file as it is written.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::auth::AuthText;
use super::operation::{ClassText, ErrorText, OperationText};
use super::preflight::CheckText;
use super::value::{Computed, Name, Named, Pairs, Picked, SpanText, Template};

/// How to talk to one system: credentials, requests, paging, limits, errors, callouts and the
/// setup form. What to do with it is said in pipelines, which know no connector.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail connector")]
pub(crate) struct ConnectorFile {
    /// The connector's name, unique among all connectors.
    pub(crate) connector: Name,
    /// The family whose operations it provides, such as `psa`.
    pub(crate) family: Name,
    /// What people call the system.
    pub(crate) title: String,
    /// The version of this file. Quote it if it has only one point.
    pub(crate) version: String,
    /// What this system's people call things, such as `company: Client`. The console uses it.
    #[serde(default)]
    pub(crate) words: Named<String>,
    /// What the operator of the engine gives once, the same for all partners.
    #[serde(default)]
    pub(crate) vendor: Named<FieldText>,
    /// What each partner gives when connecting.
    #[serde(default)]
    pub(crate) credentials: Named<FieldText>,
    /// What a person does in the system before they have these credentials, part by part. It is
    /// shown beside the form that asks for them.
    #[serde(default)]
    pub(crate) guide: Vec<GuideText>,
    /// What all its HTTP exchanges have in common.
    pub(crate) http: HttpText,
    /// Operations whose records are needed to talk to it at all, such as finding the right server.
    /// `setup.NAME` is the record.
    #[serde(default)]
    pub(crate) setup: Named<OperationText>,
    /// What the credentials must be allowed to do, checked when a connection is tested.
    #[serde(default)]
    pub(crate) rights: Vec<RightText>,
    /// What would stop tickets, and is looked for before it does.
    #[serde(default)]
    pub(crate) preflight: Vec<CheckText>,
    /// Lists that settings are chosen from, read live.
    #[serde(default)]
    pub(crate) choices: Named<ChoicesText>,
    /// The settings forms, by section.
    #[serde(default)]
    pub(crate) settings: Named<SectionText>,
    /// How long the texts may be that the system takes, in UTF-16 units, by what operations are
    /// given: `draft: { title: 255 }`. What is longer is cut.
    #[serde(default)]
    pub(crate) lengths: Named<Named<LengthText>>,
    /// Its operations: those of the family, and others that these are built from.
    pub(crate) operations: Named<OperationText>,
    /// What it says of its own accord.
    pub(crate) callout: Option<CalloutText>,
}

/// One field of a form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Field")]
pub(crate) struct FieldText {
    /// What stands beside it.
    pub(crate) label: String,
    /// Where its value is found, in one or two sentences.
    pub(crate) help: Option<String>,
    /// Whether it is hidden once saved. Secrets never reach a log, an address or a script.
    #[serde(default)]
    pub(crate) secret: bool,
    /// What it is unless something else is given.
    pub(crate) default: Option<String>,
    /// That it is an address, and how people's ways of writing it become one. What is used begins
    /// with `https://` unless people say otherwise, and has neither query nor slash at its end.
    pub(crate) address: Option<AddressText>,
}

/// How a field's address is brought into one form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Address")]
pub(crate) struct AddressText {
    /// Ends that are taken off its path, such as `/login`, as people copy other pages' addresses.
    #[serde(default)]
    pub(crate) without: Vec<String>,
}

/// What all HTTP exchanges have in common.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Http")]
pub(crate) struct HttpText {
    /// What leads the paths of operations, without a slash at its end.
    pub(crate) base_url: Template,
    /// The only hosts that are ever called, such as `api.example.net` or `*.example.net`. Where
    /// each partner's system is on a host of its own, `{{ host credentials.address }}`: such a host
    /// must be a public name, and have public addresses.
    #[schemars(length(min = 1))]
    pub(crate) hosts: Vec<String>,
    /// How calls that are not anonymous show who calls, where fixed `headers` do not do it.
    pub(crate) auth: Option<AuthText>,
    /// Headers of every call that is not anonymous.
    #[serde(default)]
    pub(crate) headers: Pairs<Computed>,
    /// How long to wait for an answer. Default: 30s.
    pub(crate) timeout: Option<SpanText>,
    /// How long an unanswered call may still be at work before it is looked for. Default: 5s.
    pub(crate) settle: Option<SpanText>,
    /// What the API allows. The engine stays inside.
    #[serde(default)]
    pub(crate) limits: Vec<LimitText>,
    /// Where each answer tells how many calls are left. The engine pauses before there are none.
    pub(crate) allowance: Option<AllowanceText>,
    /// Which failures are tried again, and how often.
    pub(crate) retry: Option<RetryText>,
    /// What failed answers mean, for all operations.
    #[serde(default)]
    pub(crate) errors: Vec<ErrorText>,
    /// Where an answer warns of something although it was carried out. People read it in the
    /// history of the request; runs count it.
    #[schemars(example = "$.warning")]
    pub(crate) warning: Option<Picked>,
}

/// One limit: `requests` with `per`, or `concurrent`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Limit")]
pub(crate) struct LimitText {
    /// How many requests are allowed in any span of `per`.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub(crate) requests: Option<u32>,
    /// The span that `requests` are counted in.
    pub(crate) per: Option<SpanText>,
    /// The part of `requests` to use at most, as a percentage, where others live from it too.
    #[schemars(regex(pattern = "^([1-9]|[1-9][0-9]|100)%$"))]
    pub(crate) share: Option<String>,
    /// How many requests may be on their way at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) concurrent: Option<u32>,
    /// What `concurrent` is counted for separately, such as each entity.
    pub(crate) for_each: Option<Template>,
    /// Whom the API counts together, such as a database: all integrations of one partner that have
    /// the same value here share this limit. Without it, each integration has its own.
    #[schemars(example = "{{ credentials.address }}")]
    pub(crate) across: Option<Template>,
}

/// Where each answer tells how many calls are left.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Allowance")]
pub(crate) struct AllowanceText {
    /// The header with the number of calls left, such as `X-RateLimit-Remaining`.
    pub(crate) remaining: Option<String>,
    /// Instead of `remaining`: the header with the number of calls used and, after a slash, of
    /// those allowed, as in `api-usage=18/5000`.
    pub(crate) used: Option<String>,
    /// The header that says when the number is full again, such as `X-RateLimit-Reset`.
    pub(crate) reset: Option<String>,
    /// Instead of `reset`, where no header says it: how long to pause when no more calls are left
    /// than are kept for others. Then one call finds out whether there are more again.
    pub(crate) pause: Option<SpanText>,
    /// How that header says it. Default: from_now.
    pub(crate) reset_in: Option<ResetText>,
    /// How many calls are left to others that live from the same number. Default: 0.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub(crate) keep: Option<u32>,
}

/// How a header says when calls are allowed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ResetIn")]
pub(crate) enum ResetText {
    /// In seconds from now, or as a date, as in `Retry-After`.
    FromNow,
    /// In seconds since 1970.
    UnixSeconds,
    /// In milliseconds since 1970.
    UnixMillis,
}

/// Which failures are tried again, and how often.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retry")]
pub(crate) struct RetryText {
    /// The kinds of failure. Default: rate_limited and unavailable. A call that may have taken
    /// effect is never simply repeated, whatever stands here.
    pub(crate) on: Option<Vec<ClassText>>,
    /// How often a call is sent at most, the first time included. Default: 4.
    #[schemars(range(min = 1, max = 20))]
    pub(crate) attempts: Option<u32>,
    /// The first pause; each one is twice as long as the last. Default: 1s.
    pub(crate) from: Option<SpanText>,
    /// The longest pause. Default: 30s.
    pub(crate) to: Option<SpanText>,
}

/// Something the credentials must be allowed to do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Right")]
pub(crate) struct RightText {
    /// What it is, as a person would say it, such as `Create tickets`.
    pub(crate) right: String,
    /// The operation that tells.
    pub(crate) operation: Name,
    /// Whether its record grants the right: anything but false, null, zero or an empty text does.
    pub(crate) grants: Computed,
    /// What a person does about it when it is lacking.
    pub(crate) remedy: String,
    /// The section of the settings that needs it: it is asked for only where that is switched on.
    /// Without it, everybody needs the right.
    pub(crate) section: Option<Name>,
}

/// A list that a setting is chosen from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Choices")]
pub(crate) struct ChoicesText {
    /// The operation that reads it.
    pub(crate) operation: Name,
    /// Where the choices are in the operation's result. Without it, each record is one.
    pub(crate) items: Option<Picked>,
    /// What is stored. `$` is one choice.
    pub(crate) value: Computed,
    /// What a person reads.
    pub(crate) label: Computed,
    /// Whether it can be chosen. Without it, each one can.
    pub(crate) active: Option<Computed>,
    /// Whether it is the system's own default.
    pub(crate) default: Option<Computed>,
    /// Why the list may be shorter than people expect. The first reason that applies is shown.
    #[serde(default)]
    pub(crate) short: Vec<ShortText>,
}

/// Why a list of choices may be shorter than people expect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Short")]
pub(crate) struct ShortText {
    /// Whether this is the reason: anything but false, null, zero and nothing says so. `$` is the
    /// list of choices, each with `value`, `label`, `active` and `default`.
    pub(crate) when: Computed,
    /// What to tell people, with what they can do about it.
    pub(crate) because: String,
}

/// How long a text may be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "Length")]
pub(crate) struct LengthText(#[schemars(range(min = 1, max = 1_000_000))] pub(crate) u32);

/// One section of the settings: a form of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Section")]
pub(crate) struct SectionText {
    /// The heading.
    pub(crate) title: String,
    /// What stands on the button. Default: Save.
    pub(crate) save: Option<String>,
    /// The settings, in the order they are shown. `settings.SECTION.NAME` is the value.
    pub(crate) fields: Named<SettingText>,
}

/// One setting. It has `choices`, or a `type`; without either it is a text. One that may be left
/// out is off, or as the system has it, when it is blank.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Setting")]
pub(crate) struct SettingText {
    /// What stands beside it.
    pub(crate) label: String,
    /// What it does, in one or two sentences.
    pub(crate) help: Option<String>,
    /// The list it is chosen from, by its name under `choices`.
    pub(crate) choices: Option<Name>,
    /// What kind of value is typed in.
    #[serde(rename = "type")]
    pub(crate) kind: Option<SettingKindText>,
    /// Whether the form can be saved without it.
    #[serde(default)]
    pub(crate) required: bool,
    /// What it is unless something else is given.
    pub(crate) default: Option<Value>,
    /// Starts with the choice that is the system's own default.
    #[serde(default)]
    pub(crate) default_choice: bool,
    /// Another setting of the section that it must differ from.
    pub(crate) unlike: Option<Name>,
    /// Whether it may have another value for requests of one report type, such as a queue.
    #[serde(default)]
    pub(crate) by_report_type: bool,
    /// What a template can name, in the order it is offered.
    #[serde(default)]
    pub(crate) variables: Named<VariableText>,
}

/// What a template can name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Variable")]
pub(crate) struct VariableText {
    /// What it is, in a sentence.
    pub(crate) about: String,
    /// What it may say.
    pub(crate) sample: String,
    /// What it says for the request at hand. `request` and `customer` are known.
    pub(crate) value: Computed,
}

/// What kind of value a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SettingType")]
pub(crate) enum SettingKindText {
    /// A text.
    Text,
    /// A span of time, such as 24h.
    Span,
    /// A whole number.
    Number,
    /// On or off.
    Switch,
    /// A text with `{{ }}` around the names of `variables`, printed for each request. A partner's
    /// own script may have a function of the setting's name instead.
    Template,
    /// A company of the directory.
    Company,
}

/// The callout: what the system says of its own accord. A hint is a hint and no more; what it names
/// is read again. A request is taken in as if the product had handed it in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Callout")]
pub(crate) struct CalloutText {
    /// The HTTP methods it comes with. Default: POST.
    pub(crate) methods: Option<Vec<CalloutMethodText>>,
    /// Where its data may be. Default: json.
    pub(crate) accepts: Option<Vec<AcceptText>>,
    /// How the fields of the family's ticket hint are found among the pairs it brings.
    #[serde(default)]
    pub(crate) hint: Named<HintText>,
    /// What a person does in the PSA so that callouts come, part by part. It is shown beside the
    /// callout's address.
    #[serde(default)]
    pub(crate) guide: Vec<GuideText>,
    /// What it is to be sent for, in the system's own names or numbers, where it is set up over the
    /// API: pipelines see them as `integration.callout.events`.
    #[serde(default)]
    pub(crate) events: Vec<String>,
    /// How requests are read from it. Callouts that bring none are accepted and passed over.
    pub(crate) request: Option<NoticeText>,
}

/// How records are read from what a callout brings, which is JSON.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Notice")]
pub(crate) struct NoticeText {
    /// Where they are. Without it, what was brought is the one record.
    pub(crate) items: Option<Picked>,
    /// What each becomes. `$` is the record, `notice` all that was brought.
    pub(crate) record: Computed,
}

/// One part of what a person does in the system itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Guide")]
pub(crate) struct GuideText {
    /// What it is about, e.g. `Creating a Workflow Rule`.
    pub(crate) title: String,
    /// What is done, step by step, in the words that the PSA's own pages use.
    #[schemars(length(min = 1))]
    pub(crate) steps: Vec<String>,
}

/// The HTTP method of a callout. The listener takes these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "CalloutMethod")]
pub(crate) enum CalloutMethodText {
    /// A GET, with the data in the query.
    #[serde(rename = "GET")]
    Get,
    /// A POST.
    #[serde(rename = "POST")]
    Post,
}

/// Where the data of a callout may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Accepts")]
pub(crate) enum AcceptText {
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HintRule")]
pub(crate) struct HintText {
    /// The keys to look at, the surest first. Case does not matter. `ticket.id` is the key `id` of
    /// what lies at `ticket`; `id` alone is one at any place.
    #[schemars(length(min = 1))]
    pub(crate) keys: Vec<String>,
    /// A regular expression that the value must match.
    pub(crate) matches: String,
    /// Whether any other value that matches will do, if none of the keys has one.
    #[serde(default)]
    pub(crate) anywhere: bool,
}
