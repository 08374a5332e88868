//! Values that a partner gives for settings, held against what they can be: their kind, the live
//! choices of the PSA, the directory. All faults are found at once, each with its place.

use definition::connector::{Section, Setting, SettingKind, Variable};
use expression::Phrase;
use model::span;
use serde_json::{Map, Value};
use store::Records;

use super::Choice;
use crate::Runtime;
use crate::error::{Error, Fault, InText};
use crate::remote::Remote;
use crate::tables::CompanyRow;

/// The value to store, none, or what is wrong with the one given.
type Checked = Result<Option<Value>, Fault>;

/// How many choices a hint lists.
const OFFER_MAX: usize = 12;

impl Runtime {
    /// The values to store for a section, or everything that is wrong with those given.
    pub(super) async fn checked_settings(
        &self,
        remote: &Remote,
        section: &Section,
        mut given: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let (mut faults, mut checked) = (Vec::new(), Map::new());
        for setting in &section.fields {
            let value = given.remove(&setting.name).filter(|value| !is_blank(value));
            match self.checked_setting(remote, setting, value).await? {
                Ok(Some(value)) => drop(checked.insert(setting.name.clone(), value)),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        faults.extend(alike(section, &checked));
        faults.extend(given.keys().map(|name| unknown(section, name)));
        if faults.is_empty() {
            Ok(checked)
        } else {
            for fault in &mut faults {
                fault.pointer.insert_str(0, "/values");
            }
            Err(Error::Invalid { faults })
        }
    }

    /// The value to store for one setting; the pointer of a fault begins with the setting's name.
    async fn checked_setting(
        &self,
        remote: &Remote,
        setting: &Setting,
        value: Option<Value>,
    ) -> Result<Checked, Error> {
        // What a blank template says may change with the connector, so it is not written down.
        let is_template = matches!(setting.kind, SettingKind::Template(_));
        let value = match value {
            None if !is_template => setting.default.clone(),
            given => given,
        };
        match (&setting.kind, value) {
            (SettingKind::Choice(list), value) => {
                if value.is_none() && !setting.required && !setting.default_choice {
                    return Ok(Ok(None));
                }
                let choices = self.read_choices(remote, list).await?;
                Ok(of_choices(setting, value, &choices))
            }
            (_, None) if setting.required => Ok(Err(missing(setting))),
            (_, None) => Ok(Ok(None)),
            (SettingKind::Company, Some(value)) => self.of_directory(remote, setting, &value).await,
            (_, Some(value)) => Ok(of_kind(setting, value).map(Some)),
        }
    }

    /// A company that the directory has, by its id.
    async fn of_directory(
        &self,
        remote: &Remote,
        setting: &Setting,
        value: &Value,
    ) -> Result<Checked, Error> {
        let integration = &remote.integration;
        let text = model::request::id_text(value);
        let store = &self.core.store;
        let known = store
            .get_record::<CompanyRow>(
                integration.partner.as_str(),
                &[integration.id.as_str(), &text],
            )
            .await?;
        let id = known.and_then(|row| row.value.0.record.get("id").cloned());
        let message = format!("{text} is not a company of the directory");
        let hint = "take the id of one that `companies` lists, or read the directory again";
        let stray = || fault(setting, message, Some(hint.to_owned()));
        Ok(id.ok_or_else(stray).map(Some))
    }
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

/// One of the choices that the PSA offers now.
fn of_choices(setting: &Setting, value: Option<Value>, choices: &[Choice]) -> Checked {
    let label = &setting.label;
    let active = || choices.iter().filter(|choice| choice.active);
    let refused = |message| Err(fault(setting, message, Some(offer(active()))));
    let Some(value) = value else {
        if !setting.default_choice {
            return refused(format!("{label} is missing"));
        }
        let marked = active().find(|one| one.default).or_else(|| active().next());
        return Ok(marked.map(|one| one.value.clone()));
    };
    let text = model::request::id_text(&value);
    let same = |one: &&Choice| model::request::id_text(&one.value) == text;
    match choices.iter().find(same) {
        Some(one) if one.active => Ok(Some(one.value.clone())),
        Some(one) => refused(format!("{} is inactive, choose another {label}", one.label)),
        None => refused(format!("{text} is not among the choices for {label}")),
    }
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
