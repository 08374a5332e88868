//! Checks a connector as a whole, against its family.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use expression::{Scripts, Shape};
use model::span;

use super::scope::{ConnectorScope, record_shape};
use super::secret::SecretNames;
use super::value::Values;
use super::{callout, form, graph, http, operation, preflight, shared, unused};
use crate::codes;
use crate::connector::{
    Choices, Connector, Right, SETTLE_DEFAULT, Section, Setup, Short, TIMEOUT_DEFAULT,
};
use crate::family::{Contract, Family};
use crate::near;
use crate::page::Spot;
use crate::raw::connector::{ChoicesText, ConnectorFile, LengthText, RightText, ShortText};
use crate::raw::operation::OperationText;
use crate::raw::value::{Computed, Name, SpanText};

/// What every check of a part of a connector needs to know.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) file: &'a ConnectorFile,
    pub(crate) scope: ConnectorScope,
    pub(crate) scripts: &'a Scripts,
    pub(crate) secrets: SecretNames,
    pub(crate) family: &'a Family,
    /// How long operations wait that say nothing themselves.
    pub(crate) timeout: Duration,
    /// How long their unanswered calls may still be at work.
    pub(crate) settle: Duration,
}

impl<'a> Surroundings<'a> {
    /// The contract of the operation of this name. A name that is near to one that is asked for and
    /// lacking is that one, misspelt: what follows from it is not told once more.
    pub(crate) fn contract(&self, name: &str) -> Option<&'a Contract> {
        let family = self.family;
        let operations = &family.operations;
        let is_lacking = |one: &&Contract| !one.optional && self.operation(&one.name).is_none();
        let mut lacking = operations.values().filter(is_lacking);
        let known = operations.get(name);
        known.or_else(|| lacking.find(|one| near::is_near(name, &one.name)))
    }

    /// The operation of this name as it is written.
    pub(crate) fn operation(&self, name: &str) -> Option<&OperationText> {
        self.file
            .operations
            .0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, text)| text)
    }

    /// The operation of this name; a problem at `spot` if there is none.
    pub(crate) fn known(&self, name: &str, spot: &Spot<'_>) -> Option<&OperationText> {
        let found = self.operation(name);
        if found.is_none() {
            let names = self
                .file
                .operations
                .0
                .iter()
                .map(|(known, _)| known.as_str());
            let message = format!("`{name}` is not an operation of this connector");
            spot.error(codes::UNKNOWN_OPERATION, message, near::hint(name, names));
        }
        found
    }
}

/// The words of ours that another system's people may have their own for.
pub(crate) const WORDS: [&str; 8] = [
    "agreement",
    "agreements",
    "companies",
    "company",
    "customer",
    "customers",
    "ticket",
    "tickets",
];

/// Checks `file`. `scripts` holds the shared ones and the connector's own.
pub(crate) fn check(
    file: &ConnectorFile,
    family: &Family,
    scripts: &Arc<Scripts>,
    spot: &Spot<'_>,
) -> Connector {
    let around = Surroundings {
        file,
        scope: ConnectorScope::of(file, family),
        scripts,
        secrets: SecretNames::of(file),
        family,
        timeout: span_or(file.http.timeout.as_ref(), TIMEOUT_DEFAULT),
        settle: span_or(file.http.settle.as_ref(), SETTLE_DEFAULT),
    };
    let http = http::check(&around, &spot.key("http"));
    http::entities(&around, &spot.key("http"));
    let operations = operations(&around, spot);
    provided(&around, spot);
    let connector = Connector {
        name: file.connector.0.clone(),
        family: file.family.0.clone(),
        title: file.title.clone(),
        version: file.version.clone(),
        words: words(file, &spot.key("words")),
        vendor: form::fields(&file.vendor, &spot.key("vendor")),
        credentials: form::fields(&file.credentials, &spot.key("credentials")),
        guide: file.guide.iter().map(callout::guide_part).collect(),
        setup: setup(&around, &spot.key("setup")),
        rights: rights(&around, &spot.key("rights")),
        preflight: preflight::check(&around, &spot.key("preflight")),
        choices: choices(&around, &spot.key("choices")),
        settings: settings(&around, &spot.key("settings")),
        lengths: lengths(&around, &spot.key("lengths")),
        callout: file
            .callout
            .as_ref()
            .map(|text| callout::check(text, family, scripts, &spot.key("callout"))),
        http,
        operations,
        scripts: Arc::clone(scripts),
    };
    graph::check(&around, spot);
    unused::check(&around, spot);
    connector
}

/// The connector's own settings, and after them those of its family.
fn settings(around: &Surroundings<'_>, spot: &Spot<'_>) -> BTreeMap<String, Section> {
    let file = around.file;
    let bench = form::Bench {
        choices: &file.choices,
        schemas: &around.family.schemas,
        scripts: around.scripts,
    };
    let own = bench.settings(&file.settings, spot);
    for name in around.family.settings.keys() {
        if !own.contains_key(name) {
            let message =
                format!("there is no section `{name}`, so that partners choose nothing in it");
            let hint = format!("add `{name}` with what this system asks for");
            spot.key_warning(codes::MISSING_SECTION, message, Some(hint));
        }
    }
    form::with_family(own, &around.family.settings, spot)
}

/// How long texts may be; a problem where no operation is given such a text.
fn lengths(
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> BTreeMap<String, BTreeMap<String, usize>> {
    let contracts = around.family.operations.values();
    let inputs: BTreeMap<&str, &str> = contracts
        .flat_map(|contract| &contract.input)
        .map(|(name, schema)| (name.as_str(), schema.as_str()))
        .collect();
    let checked = around.file.lengths.0.iter().map(|(input, texts)| {
        let at = spot.key(input);
        if !inputs.contains_key(input.as_str()) {
            let message = format!("no operation of the family is given a `{input}`");
            let hint = near::hint(input, inputs.keys().copied());
            at.key_error(codes::UNKNOWN_INPUT, message, hint);
        }
        let schema = inputs.get(input.as_str());
        let schema = schema.and_then(|name| around.family.schemas.get(*name));
        let known = schema
            .and_then(|schema| schema.allowed())
            .unwrap_or_default();
        for (field, _) in &texts.0 {
            if !known.is_empty() && !known.contains(&field.as_str()) {
                let message = format!("`{field}` is not a field of `{input}`");
                let hint = near::hint(field, known.iter().copied());
                at.key(field)
                    .key_error(codes::UNKNOWN_RECORD_FIELD, message, hint);
            }
        }
        let longest = |(field, length): &(String, LengthText)| (field.clone(), length.0 as usize);
        (input.clone(), texts.0.iter().map(longest).collect())
    });
    checked.collect()
}

fn words(file: &ConnectorFile, spot: &Spot<'_>) -> BTreeMap<String, String> {
    for (word, _) in file
        .words
        .0
        .iter()
        .filter(|(word, _)| !WORDS.contains(&word.as_str()))
    {
        let message = format!("`{word}` is not a word that is shown anywhere");
        spot.key(word)
            .key_error(codes::UNKNOWN_WORD, message, near::hint(word, WORDS));
    }
    file.words.0.iter().cloned().collect()
}

/// A span that is checked elsewhere.
fn span_or(text: Option<&SpanText>, usual: Duration) -> Duration {
    text.and_then(|text| span::parse(&text.0)).unwrap_or(usual)
}

fn operations(
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> BTreeMap<String, Arc<crate::operation::Operation>> {
    let spot = spot.key("operations");
    let checked = around.file.operations.0.iter().map(|(name, text)| {
        let contract = around.contract(name);
        let at = shared::spot(text, name, &spot);
        let checked = operation::check(name, text, contract, around, &at);
        (name.clone(), Arc::new(checked))
    });
    checked.collect()
}

/// Reports the operations that the family asks for and the connector lacks.
fn provided(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let family = around.family;
    for contract in family
        .operations
        .values()
        .filter(|contract| !contract.optional)
    {
        if around.operation(&contract.name).is_none() {
            let message = format!(
                "the operation `{}` of the family `{}` is missing",
                contract.name, family.name
            );
            let spot = spot.key("operations");
            let is_it = |name: &&String| {
                let meant = around.contract(name);
                meant.is_some_and(|meant| meant.name == contract.name)
            };
            let mut own = around.file.operations.0.iter().map(|(name, _)| name);
            let (at, hint) = match own.find(is_it) {
                Some(near) => (spot.key(near), format!("is `{near}` meant? Rename it")),
                None => (spot, contract.about.clone()),
            };
            at.key_error(codes::MISSING_OPERATION, message, Some(hint));
        }
    }
}

fn setup(around: &Surroundings<'_>, spot: &Spot<'_>) -> BTreeMap<String, Setup> {
    let checked = around.file.setup.0.iter().map(|(name, text)| {
        let at = spot.key(name);
        if text.keep.is_none() {
            let message = format!("`setup.{name}` does not say how long its record holds");
            let hint = "add `keep`, as in `keep: 24h`".to_owned();
            at.key_error(codes::MISSING_KEEP, message, Some(hint));
        }
        let operation = Arc::new(operation::check_setup(name, text, around, &at));
        let keep = operation.keep.unwrap_or_default();
        let needs = graph::setup_needs(around, name, &at);
        (
            name.clone(),
            Setup {
                operation,
                keep,
                needs,
            },
        )
    });
    checked.collect()
}

fn rights(around: &Surroundings<'_>, spot: &Spot<'_>) -> Vec<Right> {
    if around.file.rights.is_empty() {
        let message = "no right is asked for, so that any credentials pass the connection test";
        let hint = "add `rights` with an operation that only good credentials can call";
        spot.key_warning(
            codes::MISSING_RIGHTS,
            message.to_owned(),
            Some(hint.to_owned()),
        );
    }
    let outer = around.scope.common();
    let right = |(index, text): (usize, &RightText)| {
        let at = spot.index(index);
        let operation = around.known(&text.operation.0, &at.key("operation"));
        graph::called_alone(around, &text.operation.0, &at.key("operation"));
        let document = operation.map(record_shape).unwrap_or_default();
        let values = Values::document(&document, &outer, around.scripts);
        Right {
            right: text.right.clone(),
            operation: text.operation.0.clone(),
            grants: values.varying(&text.grants.0, &at.key("grants")),
            remedy: text.remedy.clone(),
            section: text
                .section
                .as_ref()
                .map(|name| known_section(name, around, &at.key("section"))),
        }
    };
    around.file.rights.iter().enumerate().map(right).collect()
}

/// The name of a section that partners can switch on.
fn known_section(name: &Name, around: &Surroundings<'_>, spot: &Spot<'_>) -> String {
    let own = around.file.settings.0.iter().map(|(name, _)| name.as_str());
    let of_family = around.family.settings.keys().map(String::as_str);
    let known: BTreeSet<&str> = own.chain(of_family).collect();
    if !known.contains(name.0.as_str()) {
        let message = format!("there is no section `{}` in `settings`", name.0);
        let hint = format!("one of {}", Vec::from_iter(known).join(", "));
        spot.error(codes::UNKNOWN_SETTING, message, Some(hint));
    }
    name.0.clone()
}

fn choices(around: &Surroundings<'_>, spot: &Spot<'_>) -> BTreeMap<String, Choices> {
    let checked = around.file.choices.0.iter().map(|(name, text)| {
        let at = spot.key(name);
        (name.clone(), one_list(text, around, &at))
    });
    checked.collect()
}

fn short(
    text: &ChoicesText,
    outer: &Shape,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Vec<Short> {
    let keys = ["value", "label", "active", "default"];
    let list = Shape::array(Shape::object(keys.map(|key| (key, Shape::Any))));
    let values = Values::document(&list, outer, around.scripts);
    let reason = |(index, text): (usize, &ShortText)| Short {
        when: values.varying(&text.when.0, &spot.index(index).key("when")),
        because: text.because.clone(),
    };
    text.short.iter().enumerate().map(reason).collect()
}

fn one_list(text: &ChoicesText, around: &Surroundings<'_>, spot: &Spot<'_>) -> Choices {
    let outer = around.scope.common();
    let read = around.known(&text.operation.0, &spot.key("operation"));
    graph::called_alone(around, &text.operation.0, &spot.key("operation"));
    let record = read.map(record_shape).unwrap_or_default();
    // Where the choices lie inside the result, nothing is known of a single one.
    let document = match (&text.items, read) {
        (None, Some(_)) => record.clone(),
        _ => Shape::Any,
    };
    let several = read.is_some_and(|read| read.items.is_some());
    let result = if several {
        Shape::array(record)
    } else {
        record
    };
    let listing = Values::document(&result, &outer, around.scripts);
    let reading = Values::document(&document, &outer, around.scripts);
    let each = |name: &str, value: &Computed| reading.varying(&value.0, &spot.key(name));
    Choices {
        operation: text.operation.0.clone(),
        items: text
            .items
            .as_ref()
            .and_then(|path| listing.selector(path, &spot.key("items"))),
        value: reading.varying(&text.value.0, &spot.key("value")),
        label: reading.varying(&text.label.0, &spot.key("label")),
        active: text.active.as_ref().map(|value| each("active", value)),
        default: text.default.as_ref().map(|value| each("default", value)),
        short: short(text, &outer, around, &spot.key("short")),
        depends_on: read
            .map(|read| graph::settings_used(read, around))
            .unwrap_or_default(),
    }
}
