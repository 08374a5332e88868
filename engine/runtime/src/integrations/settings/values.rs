//! Values that a partner gives for settings, held against what they can be: their kind, the live
//! choices of the PSA, the directory. All faults are found at once, each with its place.

use std::collections::BTreeMap;

use definition::connector::{Section, Setting, SettingKind, Variable};
use expression::Phrase;
use model::{Rule, span};
use serde_json::{Map, Value};
use store::Records;

use super::Choice;
use crate::error::{Fault, InText};
use crate::halt::Failed;
use crate::remote::Remote;
use crate::tables::CompanyRow;

/// The value to store, none, or what is wrong with the one given.
pub(crate) type Checked = Result<Option<Value>, Fault>;

/// How many choices a hint lists.
const OFFER_MAX: usize = 12;

/// What is to be stored of a section, or everything that is wrong with what is given.
pub(crate) async fn checked_section(
    remote: &Remote,
    section: &Section,
    given: model::Section,
) -> Result<Result<(Map<String, Value>, BTreeMap<String, Rule>), Vec<Fault>>, Failed> {
    let values = checked_values(remote, section, given.values).await?;
    let rules = checked_rules(remote, section, given.rules).await?;
    Ok(match (values, rules) {
        (Ok(values), Ok(rules)) => Ok((values, rules)),
        (values, rules) => {
            let faults = values.err().into_iter().chain(rules.err());
            Err(faults.flatten().collect())
        }
    })
}

/// The values to store for a section, or everything that is wrong with those given.
async fn checked_values(
    remote: &Remote,
    section: &Section,
    mut given: Map<String, Value>,
) -> Result<Result<Map<String, Value>, Vec<Fault>>, Failed> {
    let (mut faults, mut checked) = (Vec::new(), Map::new());
    for setting in &section.fields {
        let value = given.remove(&setting.name);
        match checked_setting(remote, setting, value).await? {
            Ok(Some(value)) => drop(checked.insert(setting.name.clone(), value)),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(alike(section, &checked));
    faults.extend(given.keys().map(|name| unknown(section, name)));
    Ok(if faults.is_empty() {
        Ok(checked)
    } else {
        Err(faults
            .into_iter()
            .map(|one| below("/values", one))
            .collect())
    })
}

/// The rules to store for a section, or everything that is wrong with those given.
async fn checked_rules(
    remote: &Remote,
    section: &Section,
    given: BTreeMap<String, Rule>,
) -> Result<Result<BTreeMap<String, Rule>, Vec<Fault>>, Failed> {
    let (mut faults, mut checked) = (Vec::new(), BTreeMap::new());
    for (report_type, rule) in given {
        let place = format!(
            "/rules/{}",
            report_type.replace('~', "~0").replace('/', "~1")
        );
        faults.extend(idle(&report_type, &rule).map(|one| below(&place, one)));
        let mut values = Map::new();
        for (name, value) in rule.values {
            let setting = section.field(&name).filter(|setting| setting.varies());
            let held = match setting {
                Some(setting) => held(remote, setting, value).await?,
                None => Err(unknown_by_request(section, &name)),
            };
            match held {
                Ok(value) => values.extend(value.map(|value| (name, value))),
                Err(fault) => faults.push(below(&format!("{place}/values"), fault)),
            }
        }
        let ignore = rule.ignore;
        checked.insert(report_type, Rule { ignore, values });
    }
    Ok(if faults.is_empty() {
        Ok(checked)
    } else {
        Err(faults)
    })
}

/// What makes a rule one that never does anything, or not what it says.
fn idle(report_type: &str, rule: &Rule) -> Option<Fault> {
    let (message, hint) = match (rule.ignore, rule.values.is_empty()) {
        _ if report_type.trim().is_empty() => (
            "a rule is for a report type".to_owned(),
            "name it by its code, such as url_block".to_owned(),
        ),
        (true, false) => (
            "requests that are ignored get no ticket, so nothing of it can be set".to_owned(),
            "remove `ignore`, or all `values`".to_owned(),
        ),
        (false, true) => (
            "this rule changes nothing".to_owned(),
            "give it `ignore: true`, or `values` of settings".to_owned(),
        ),
        _ => return None,
    };
    Some(Fault {
        pointer: String::new(),
        message,
        hint: Some(hint),
        place: None,
    })
}

/// The value to store for one setting; the pointer of a fault begins with the setting's name.
async fn checked_setting(
    remote: &Remote,
    setting: &Setting,
    value: Option<Value>,
) -> Result<Checked, Failed> {
    let is_none = value == Some(Value::Null) && !setting.required;
    let value = value.filter(|value| !is_blank(value));
    // What a blank template says may change with the family, so it is not written down.
    let is_template = matches!(setting.kind, SettingKind::Template(_));
    let default = setting.default.clone().filter(|_| !is_template);
    match (value.or(default), &setting.kind) {
        (Some(value), _) => held(remote, setting, value).await,
        // Who says that nothing is chosen gets nothing; what is left out begins with the default.
        (None, SettingKind::Choice(_)) if is_none => Ok(Ok(None)),
        (None, SettingKind::Choice(list)) if setting.required || setting.default_choice => {
            let choices = remote.choices(list).await?;
            Ok(chosen_for(setting, &choices))
        }
        (None, _) if setting.required => Ok(Err(missing(setting))),
        (None, _) => Ok(Ok(None)),
    }
}

/// Holds a value that is given for a setting against what it can be; a blank one is none.
pub(crate) async fn held(
    remote: &Remote,
    setting: &Setting,
    value: Value,
) -> Result<Checked, Failed> {
    if is_blank(&value) {
        return Ok(Ok(None));
    }
    match &setting.kind {
        SettingKind::Choice(list) => {
            let choices = remote.choices(list).await?;
            Ok(of_choices(setting, &value, &choices).map(Some))
        }
        SettingKind::Company => of_directory(remote, setting, &value).await,
        _ => Ok(of_kind(setting, value).map(Some)),
    }
}

/// A company that the directory has, by its id.
async fn of_directory(
    remote: &Remote,
    setting: &Setting,
    value: &Value,
) -> Result<Checked, Failed> {
    let integration = &remote.integration;
    let text = model::request::id_text(value);
    let parts = [integration.id.as_str(), &text];
    let store = &remote.core.store;
    let known = store
        .get_record::<CompanyRow>(integration.partner.as_str(), &parts)
        .await?;
    let id = known.and_then(|row| row.value.0.record.get("id").cloned());
    let message = format!("{text} is not a company of the directory");
    let hint = "take the id of one that `companies` lists, or read the directory again";
    let stray = || fault(setting, message, Some(hint.to_owned()));
    Ok(id.ok_or_else(stray).map(Some))
}

/// The fault of a setting that is the same for all requests, or does not exist.
pub(crate) fn unknown_by_request(section: &Section, name: &str) -> Fault {
    let varying = section.fields.iter().filter(|setting| setting.varies());
    let known: Vec<&str> = varying.map(|setting| setting.name.as_str()).collect();
    let near = |known: &&&str| strsim::damerau_levenshtein(known, name) <= 2;
    let hint = match known.iter().find(near) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("those that may differ are {}", known.join(", ")),
    };
    Fault {
        pointer: format!("/{name}"),
        message: format!("`{name}` is not a setting that may differ from request to request"),
        hint: Some(hint),
        place: None,
    }
}

/// The fault, in a part of the input.
fn below(part: &str, mut fault: Fault) -> Fault {
    fault.pointer.insert_str(0, part);
    fault
}

/// A form sends what was left empty as an empty text: that is no value.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn fault(setting: &Setting, message: String, hint: Option<String>) -> Fault {
    Fault {
        pointer: format!("/{}", setting.name),
        message,
        hint,
        place: None,
    }
}

fn missing(setting: &Setting) -> Fault {
    fault(setting, format!("{} is missing", setting.label), None)
}

fn unknown(section: &Section, name: &str) -> Fault {
    let known: Vec<&str> = section.fields.iter().map(|one| one.name.as_str()).collect();
    Fault {
        pointer: format!("/{name}"),
        message: format!("`{name}` is not a setting of {}", section.title),
        hint: Some(format!("its settings are {}", known.join(", "))),
        place: None,
    }
}

/// Settings that must differ and do not.
fn alike(section: &Section, checked: &Map<String, Value>) -> Vec<Fault> {
    let same = |setting: &&Setting| {
        let (unlike, value) = (setting.unlike.as_ref(), checked.get(&setting.name));
        value.is_some() && unlike.is_some_and(|other| checked.get(other) == value)
    };
    let fault = |setting: &Setting| {
        let other = setting.unlike.as_deref().unwrap_or_default();
        let other = section.field(other).map_or(other, |one| one.label.as_str());
        fault(
            setting,
            format!("{} must differ from {other}", setting.label),
            None,
        )
    };
    section.fields.iter().filter(same).map(fault).collect()
}

/// The choice that the system itself would take, where the setting begins with it.
fn chosen_for(setting: &Setting, choices: &[Choice]) -> Checked {
    let active = || choices.iter().filter(|choice| choice.active);
    if !setting.default_choice {
        let message = format!("{} is missing", setting.label);
        return Err(fault(setting, message, Some(offer(active()))));
    }
    let marked = active().find(|one| one.default).or_else(|| active().next());
    Ok(marked.map(|one| one.value.clone()))
}

/// One of the choices that the PSA offers now.
fn of_choices(setting: &Setting, value: &Value, choices: &[Choice]) -> Result<Value, Fault> {
    let label = &setting.label;
    let text = model::request::id_text(value);
    let same = |one: &&Choice| model::request::id_text(&one.value) == text;
    let message = match choices.iter().find(same) {
        Some(one) if one.active => return Ok(one.value.clone()),
        Some(one) => format!("{} is inactive, choose another {label}", one.label),
        None => format!("{text} is not among the choices for {label}"),
    };
    let active = choices.iter().filter(|choice| choice.active);
    Err(fault(setting, message, Some(offer(active))))
}

fn offer<'c>(choices: impl Iterator<Item = &'c Choice>) -> String {
    let mut choices = choices.map(|one| format!("{} ({})", one.value, one.label));
    let listed: Vec<String> = choices.by_ref().take(OFFER_MAX).collect();
    let more = if choices.next().is_some() {
        ", …"
    } else {
        ""
    };
    format!("there are {}{more}", listed.join(", "))
}

/// A value of the kind that the setting has.
fn of_kind(setting: &Setting, value: Value) -> Result<Value, Fault> {
    let text = value.as_str();
    let (fits, wanted) = match &setting.kind {
        SettingKind::Choice(_) | SettingKind::Company => (true, "an id"),
        SettingKind::Text => (text.is_some(), "a text"),
        SettingKind::Span => (
            text.is_some_and(|text| span::parse(text).is_some()),
            "a span of time such as 24h",
        ),
        SettingKind::Number => (value.is_i64() || value.is_u64(), "a whole number"),
        SettingKind::Switch => (value.is_boolean(), "true or false"),
        SettingKind::Template(variables) => {
            if let Some(text) = text {
                phrase(setting, text, variables)?;
            }
            (text.is_some(), "a text")
        }
    };
    if fits {
        Ok(value)
    } else {
        let message = format!("{} must be {wanted}", setting.label);
        Err(fault(setting, message, None))
    }
}

/// The phrase of a template setting.
fn phrase(setting: &Setting, text: &str, variables: &[Variable]) -> Result<Phrase, Fault> {
    let names: Vec<&str> = variables.iter().map(|one| one.name.as_str()).collect();
    Phrase::compile(text, &names).map_err(|faults| {
        let first = faults.into_iter().next();
        let Some(found) = first else {
            return missing(setting);
        };
        Fault {
            place: found
                .offset
                .map(|(start, length)| InText::at_offset(text, start, length)),
            ..fault(setting, found.message, found.hint)
        }
    })
}
