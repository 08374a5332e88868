//! Examples: whether one says what it shows and what has to come of it, in names that exist and
//! with inputs that a pipeline could give.

mod exchange;

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use serde_json::{Map, Value};

use crate::codes;
use crate::connector::Connector;
use crate::example::{Ends, Example, Expected, Fails, Given, OpenIssue, Subject};
use crate::family::Family;
use crate::near;
use crate::page::Spot;
use crate::raw::example::{EndsText, ExampleFile, FailsText, GivenText};

/// What time it is in an example that does not say.
const NOW_DEFAULT: &str = "2026-01-01T00:00:00Z";

/// The inputs by which a pipeline's event is made up; an operation's are in its contract.
const PIPELINE_INPUTS: [&str; 6] = [
    "company", "customer", "earlier", "hint", "request", "ticket",
];

/// The connector that examples are of, with its family.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) family: &'a Family,
    /// Its pipelines that have problems of their own: what shows them is not looked at.
    pub(crate) unread: &'a BTreeSet<String>,
}

/// Checks one example; `shared` is what all examples of the folder are given.
pub(crate) fn check(
    text: &ExampleFile,
    shared: &GivenText,
    of: Of<'_>,
    spot: &Spot<'_>,
) -> Option<Example> {
    let subject = subject(text, of, spot)?;
    let expected = expected(text, &subject, spot)?;
    let at = spot.key("given");
    check_given(&text.given, of.connector, &at);
    let given = merged(&text.given, shared, &at);
    check_inputs(text, &given, &subject, of, &at);
    let exchanges = text.exchanges.iter().enumerate();
    let exchanges =
        exchanges.map(|(at, one)| exchange::check(one, &spot.key("exchanges").index(at)));
    Some(Example {
        file: spot.file().to_owned(),
        title: text.example.clone(),
        subject,
        given,
        exchanges: exchanges.collect(),
        expected,
        warns: text.warns.clone(),
    })
}

/// The one thing that is shown; a problem unless it is one, and one that exists.
fn subject(text: &ExampleFile, of: Of<'_>, spot: &Spot<'_>) -> Option<Subject> {
    let named = |name: &crate::raw::value::Name| name.0.clone();
    let shown = [
        text.operation.as_ref().map(named).map(Subject::Operation),
        text.choices.as_ref().map(named).map(Subject::Choices),
        text.connection.map(|_| Subject::Connection),
        text.pipeline.as_ref().map(named).map(Subject::Pipeline),
        text.callout
            .as_ref()
            .map(|text| Subject::Callout(exchange::arrived(text, &spot.key("callout")))),
    ];
    let mut shown = shown.into_iter().flatten();
    let (Some(subject), None) = (shown.next(), shown.next()) else {
        let message = "an example shows exactly one thing".to_owned();
        let hint = "give it one of `operation`, `choices`, `connection`, `pipeline` and `callout`";
        spot.error(codes::EXACTLY_ONE, message, Some(hint.to_owned()));
        return None;
    };
    let connector = of.connector;
    match &subject {
        Subject::Connection => {}
        Subject::Callout(_) if connector.callout.is_some() => {}
        Subject::Callout(_) => {
            let message = "this connector reads no callouts".to_owned();
            let hint = "say in its file with `callout` how they are read".to_owned();
            spot.key("callout")
                .key_error(codes::WRONG_VALUE, message, Some(hint));
        }
        Subject::Pipeline(name) if of.unread.contains(name) => return None,
        Subject::Operation(name) => known(
            (name, "an operation of this connector"),
            codes::UNKNOWN_OPERATION,
            &connector.operations,
            &spot.key("operation"),
        ),
        Subject::Choices(name) => known(
            (name, "a list of choices of this connector"),
            codes::UNKNOWN_CHOICES,
            &connector.choices,
            &spot.key("choices"),
        ),
        Subject::Pipeline(name) => known(
            (name, "a pipeline of this connector's family"),
            codes::WRONG_VALUE,
            &of.family.pipelines,
            &spot.key("pipeline"),
        ),
    }
    Some(subject)
}

/// Reports a name that is not among `names`.
fn known<T>(
    (name, what): (&str, &str),
    code: &'static str,
    names: &BTreeMap<String, T>,
    spot: &Spot<'_>,
) {
    if !names.contains_key(name) {
        let hint = near::hint(name, names.keys().map(String::as_str));
        spot.error(code, format!("`{name}` is not {what}"), hint);
    }
}

/// What has to come of it; a problem unless it is one thing, and one that fits what is shown.
fn expected(text: &ExampleFile, subject: &Subject, spot: &Spot<'_>) -> Option<Expected> {
    let is_pipeline = matches!(subject, Subject::Pipeline(_));
    let gives = text.gives.clone().map(|value| Expected::Gives(value.0));
    let fails = text.fails.as_ref().map(|text| Expected::Fails(fails(text)));
    let ends = text.ends.as_ref().map(|text| Expected::Ends(ends(text)));
    match (gives, fails, ends) {
        (None, None, Some(ends)) if is_pipeline => Some(ends),
        (Some(expected), None, None) | (None, Some(expected), None) if !is_pipeline => {
            Some(expected)
        }
        _ => {
            let (message, hint) = if is_pipeline {
                (
                    "a pipeline is shown by how it ends",
                    "give it `ends`, and neither `gives` nor `fails`",
                )
            } else {
                (
                    "an example has exactly one outcome",
                    "give it `gives` or `fails`; `ends` is for pipelines",
                )
            };
            spot.error(
                codes::EXACTLY_ONE,
                message.to_owned(),
                Some(hint.to_owned()),
            );
            None
        }
    }
}

fn fails(text: &FailsText) -> Fails {
    Fails {
        class: text.class.map(Into::into),
        message: text.message.clone(),
        remedy: text.remedy.clone(),
        cause: text.cause.as_ref().map(|cause| cause.0.clone()),
        about: text.about.clone(),
    }
}

fn ends(text: &EndsText) -> Ends {
    let issue = |text: &crate::raw::example::IssueText| OpenIssue {
        kind: text.kind.0,
        title: text.title.clone(),
        detail: text.detail.clone(),
        remedy: text.remedy.clone(),
        cause: text.cause.as_ref().map(|cause| cause.0.clone()),
        about: text.about.clone(),
    };
    let names =
        |names: &Vec<crate::raw::value::Name>| names.iter().map(|one| one.0.clone()).collect();
    Ends {
        state: text.state.map(|state| state.0),
        ticket: text.ticket.clone().map(Value::Object),
        effects: text.effects.as_ref().map(names),
        issues: text.issues.iter().map(issue).collect(),
    }
}

/// Reports what is given for names that the connector does not have. This is also how
/// `given.yaml` is checked.
pub(crate) fn check_given(text: &GivenText, connector: &Connector, spot: &Spot<'_>) {
    let fields = |fields: &[crate::connector::Field]| -> BTreeSet<String> {
        fields.iter().map(|field| field.name.clone()).collect()
    };
    let setup = connector.setup.keys().cloned().collect();
    keys(
        text.vendor.as_ref(),
        "vendor",
        &fields(&connector.vendor),
        spot,
    );
    keys(
        text.credentials.as_ref(),
        "credentials",
        &fields(&connector.credentials),
        spot,
    );
    keys(text.setup.as_ref(), "setup", &setup, spot);
    for (name, values) in text.settings.iter().flatten() {
        let at = spot.key("settings").key(name);
        let Some(section) = connector.settings.get(name) else {
            let hint = near::hint(name, connector.settings.keys().map(String::as_str));
            at.key_error(
                codes::UNKNOWN_KEY,
                format!("there are no settings `{name}`"),
                hint,
            );
            continue;
        };
        for setting in values.keys() {
            if !section.fields.iter().any(|field| field.name == *setting) {
                let hint = near::hint(setting, section.fields.iter().map(|it| it.name.as_str()));
                let message = format!("`{setting}` is not a setting of `{name}`");
                at.key(setting)
                    .key_error(codes::UNKNOWN_SETTING, message, hint);
            }
        }
    }
    if let Some(now) = &text.now
        && Timestamp::parse(now).is_none()
    {
        let message = format!("`{now}` is not a moment");
        let hint = "write it like 2026-07-01T08:00:00Z".to_owned();
        spot.key("now")
            .error(codes::WRONG_VALUE, message, Some(hint));
    }
}

fn keys<T>(
    given: Option<&BTreeMap<String, T>>,
    of: &str,
    known: &BTreeSet<String>,
    spot: &Spot<'_>,
) {
    for name in given.into_iter().flat_map(BTreeMap::keys) {
        if !known.contains(name) {
            let hint = near::hint(name, known.iter().map(String::as_str));
            let message = format!("`{name}` is not in the connector's `{of}`");
            spot.key(of)
                .key(name)
                .key_error(codes::UNKNOWN_KEY, message, hint);
        }
    }
}

/// What this example is given; what it says itself goes before what is shared.
fn merged(own: &GivenText, shared: &GivenText, spot: &Spot<'_>) -> Given {
    fn first<T: Clone + Default>(own: Option<&T>, shared: Option<&T>) -> T {
        own.or(shared).cloned().unwrap_or_default()
    }
    let now = own
        .now
        .as_deref()
        .or(shared.now.as_deref())
        .unwrap_or(NOW_DEFAULT);
    let mut inputs: Map<String, Value> = shared.inputs.clone().into_iter().collect();
    inputs.extend(own.inputs.clone());
    let companies: Vec<Map<String, Value>> =
        first(own.companies.as_ref(), shared.companies.as_ref());
    for (at, company) in companies.iter().enumerate() {
        if !company.contains_key("id") {
            let message = "a company has an `id`".to_owned();
            spot.key("companies")
                .index(at)
                .error(codes::MISSING_KEY, message, None);
        }
    }
    Given {
        now: Timestamp::parse(now).unwrap_or_default(),
        vendor: first(own.vendor.as_ref(), shared.vendor.as_ref()),
        credentials: first(own.credentials.as_ref(), shared.credentials.as_ref()),
        token: own
            .token
            .clone()
            .or(shared.token.clone())
            .filter(|token| !token.is_empty()),
        settings: first(own.settings.as_ref(), shared.settings.as_ref()),
        setup: first(own.setup.as_ref(), shared.setup.as_ref()),
        companies: companies.into_iter().map(Value::Object).collect(),
        mappings: first(own.mappings.as_ref(), shared.mappings.as_ref()),
        inputs,
    }
}

/// Holds the inputs against the contract of the operation that is shown. Operations that are the
/// connector's own have none, and take what those get that call them first.
fn check_inputs(text: &ExampleFile, given: &Given, subject: &Subject, of: Of<'_>, spot: &Spot<'_>) {
    let own = text.given.inputs.keys();
    match subject {
        Subject::Choices(_) | Subject::Connection | Subject::Callout(_) => own.for_each(|name| {
            let message = format!("`{name}` is given to nothing here");
            spot.key(name)
                .key_error(codes::UNKNOWN_INPUT, message, None);
        }),
        Subject::Pipeline(_) => {
            for name in own.filter(|name| !PIPELINE_INPUTS.contains(&name.as_str())) {
                let message = format!("a pipeline's event is not made of `{name}`");
                let hint = near::hint(name, PIPELINE_INPUTS);
                spot.key(name)
                    .key_error(codes::UNKNOWN_INPUT, message, hint);
            }
        }
        Subject::Operation(operation) => {
            let Some(contract) = of.family.operations.get(operation) else {
                return;
            };
            for name in own.filter(|name| !contract.input.contains_key(*name)) {
                let message = format!("`{operation}` is not given a `{name}`");
                let hint = near::hint(name, contract.input.keys().map(String::as_str));
                spot.key(name)
                    .key_error(codes::UNKNOWN_INPUT, message, hint);
            }
            for (name, schema) in &contract.input {
                let Some(value) = given.inputs.get(name) else {
                    let message = format!("`{operation}` has to be given a `{name}`");
                    spot.error(codes::MISSING_INPUT, message, None);
                    continue;
                };
                for finding in of
                    .family
                    .validate(schema, value)
                    .err()
                    .into_iter()
                    .flatten()
                {
                    let message = format!("this is not a `{schema}`: {finding}");
                    spot.key(name)
                        .key_error(codes::INPUT_MISMATCH, message, None);
                }
            }
        }
    }
}
