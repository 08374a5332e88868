//! What a pre-flight looks at in every system: rights, saved choices, mapped companies.

use std::collections::BTreeMap;

use definition::connector::SettingKind;
use definition::rule::About;
use model::{IssueKind, Verdict};
use serde_json::{Map, Value};

use super::Mapped;
use super::findings::Findings;
use crate::context::Context;
use crate::halt::Halt;
use crate::integrations::{Choice, grants, needed};
use crate::issues::{Cause, Trouble};

/// Asks for every right that the connector names, each operation once.
pub(super) async fn rights(
    context: &mut Context<'_>,
    findings: &mut Findings,
    cause: &str,
) -> Result<(), Halt> {
    let remote = context.remote.clone();
    let connector = &remote.connector;
    let mut told: BTreeMap<&str, Option<Value>> = BTreeMap::new();
    for right in needed(&remote) {
        let operation = right.operation.as_str();
        if !told.contains_key(operation) {
            let records = context.remote.found(operation, &Map::new()).await;
            let record = match records.map_err(|failed| context.halt(failed)) {
                Ok(records) => Some(records.into_iter().next().unwrap_or(Value::Null)),
                // Whoever may not even ask has no such right.
                Err(Halt::Behind { .. }) => None,
                Err(halt) => return Err(halt),
            };
            told.insert(operation, record);
        }
        let granted = match told.get(operation) {
            Some(Some(record)) => grants(&context.remote, right, record).await,
            _ => false,
        };
        if !granted {
            let cause = Cause::new(cause, About::Thing(right.right.clone()));
            let title = format!(
                "The credentials for {} lack a right: {}",
                connector.title, right.right
            );
            findings.found(Trouble {
                kind: IssueKind::RightMissing,
                ..trouble(context, cause, title, right.remedy.clone())
            });
        }
    }
    findings.looked(cause);
    context.count("rights", needed(&remote).count() as u64);
    Ok(())
}

/// Holds every saved choice against what is offered now.
pub(super) async fn choices(
    context: &mut Context<'_>,
    findings: &mut Findings,
    cause: &str,
) -> Result<(), Halt> {
    let mut lists: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    let mut whole = true;
    for saved in saved(context) {
        let SettingKind::Choice(list) = &saved.kind else {
            continue;
        };
        if !lists.contains_key(list) {
            match offered(context, list).await {
                Ok(choices) => drop(lists.insert(list.clone(), choices)),
                Err(halt) => {
                    findings.unmade(context, &format!("choices {list}"), halt)?;
                    whole = false;
                    continue;
                }
            }
        }
        let offered = lists.get(list).map(Vec::as_slice).unwrap_or_default();
        let text = model::request::id_text(&saved.value);
        let same = |one: &&Choice| model::request::id_text(&one.value) == text;
        let known = offered.iter().find(same);
        let cause = Cause::new(cause, About::Thing(format!("{list} {text}")));
        if known.is_some_and(|choice| choice.active) {
            findings.fine(context, &cause);
            continue;
        }
        let system = &context.remote.connector.title;
        let (label, name) = (&saved.label, known.map_or(text.as_str(), |one| &one.label));
        let title = format!("{label} is set to {name}, which {system} no longer offers");
        let remedy = format!(
            "Open {} here and choose another {label}, or make {name} active again in {system}.",
            saved.section
        );
        findings.found(trouble(context, cause, title, remedy));
    }
    context.count(
        "choices",
        lists.values().map(Vec::len).sum::<usize>() as u64,
    );
    if whole {
        findings.looked(cause);
    }
    Ok(())
}

async fn offered(context: &Context<'_>, list: &str) -> Result<Vec<Choice>, Halt> {
    let read = context.remote.choices(list).await;
    read.map_err(|failed| context.halt(failed))
}

/// Holds every company that tickets go to against the directory, which is read regularly.
pub(super) fn companies(
    context: &mut Context<'_>,
    findings: &mut Findings,
    cause: &str,
    mapped: &[Mapped],
) {
    let system = context.remote.connector.title.clone();
    for one in mapped {
        let id = model::request::id_text(&one.id);
        let cause = Cause::new(cause, About::Thing(id));
        let record = one.record.as_ref();
        let active = record.is_some_and(|record| record.get("active") != Some(&Value::Bool(false)));
        if active {
            findings.fine(context, &cause);
            continue;
        }
        let who = &one.who;
        let name = record
            .and_then(|record| record.get("name"))
            .and_then(Value::as_str);
        let title = match name {
            Some(name) => format!("{name}, the company of {who}, is inactive in {system}"),
            None => format!("The company of {who} is gone or inactive in {system}"),
        };
        let remedy = format!("Activate it in {system}, or map {who} to another company.");
        findings.found(trouble(context, cause, title, remedy));
    }
    findings.looked(cause);
    let records = mapped.len() as u64;
    context.verdicts.push(Verdict {
        operation: "companies".to_owned(),
        stopped: "all that are mapped were held against the directory".to_owned(),
        pages: 0,
        records,
        promised: Some(records),
        complete: true,
    });
}

/// The companies that settings name, each with the setting.
pub(super) fn chosen_companies(context: &Context<'_>) -> Vec<(Value, String)> {
    saved(context)
        .into_iter()
        .filter(|saved| matches!(saved.kind, SettingKind::Company))
        .map(|saved| (saved.value, saved.label))
        .collect()
}

/// A setting that has a value, of a section that is switched on, or of one of its rules.
struct Saved {
    section: String,
    label: String,
    kind: SettingKind,
    value: Value,
}

fn saved(context: &Context<'_>) -> Vec<Saved> {
    let integration = &context.remote.integration;
    let mut all = Vec::new();
    for (name, section) in &context.remote.connector.settings {
        let values = integration.sections.get(name).filter(|saved| saved.on);
        for field in &section.fields {
            let label = &field.label;
            let own = values.and_then(|saved| saved.values.get(&field.name));
            let own = own.map(|value| (label.clone(), value));
            let rules = values.into_iter().flat_map(|saved| &saved.rules);
            let otherwise = rules.filter_map(|(report_type, rule)| {
                let value = rule.values.get(&field.name)?;
                Some((format!("{label} for {report_type}"), value))
            });
            let given = own.into_iter().chain(otherwise);
            let given = given.filter(|(_, value)| !value.is_null());
            all.extend(given.map(|(label, value)| Saved {
                section: section.title.clone(),
                label,
                kind: field.kind.clone(),
                value: value.clone(),
            }));
        }
    }
    all
}

/// A trouble with a cause that a pre-flight sees.
pub(super) fn trouble(
    context: &Context<'_>,
    cause: Cause,
    title: String,
    remedy: String,
) -> Trouble {
    Trouble {
        kind: IssueKind::Refused,
        integration: Some(context.remote.integration.id.clone()),
        subject: cause.name.clone(),
        cause: Some(cause),
        title,
        detail: None,
        remedy,
    }
}
