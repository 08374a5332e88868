//! The fields of a section of the settings: their lists are read live, and what is typed goes back
//! as the kind of value that the setting has.

use std::collections::BTreeMap;

use futures::future::join_all;
use model::request::id_text;
use runtime::{ChoiceList, Runtime, SettingForm};
use serde_json::Value;

use super::{Choice, Field, Kind, Variable, Wrong, sentence};
use crate::directory::{Chosen, Directory};
use crate::fields::Fields;
use crate::shell::There;

/// The lists that a form offers, by their names, each as far as it could be read.
type Lists = BTreeMap<String, Result<ChoiceList, Wrong>>;

/// What a form offers besides what its definition says.
pub(crate) struct Offered {
    lists: Lists,
    directory: Directory,
}

impl Offered {
    /// All that a form with these fields offers.
    pub(crate) async fn read(
        runtime: &Runtime,
        there: &There,
        fields: &[SettingForm],
        directory: Directory,
    ) -> Self {
        let lists = Self::lists(runtime, there, fields).await;
        Self { lists, directory }
    }

    /// Reads every list that `fields` choose from, at the same time.
    async fn lists(runtime: &Runtime, there: &There, fields: &[SettingForm]) -> Lists {
        let mut names: Vec<&str> = fields
            .iter()
            .filter_map(|one| one.choices.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        let read = names.into_iter().map(async |name| {
            let list = runtime.choices(there.here.id(), there.id(), name).await;
            (name.to_owned(), list.map_err(|error| unread(&error)))
        });
        join_all(read).await.into_iter().collect()
    }
}

/// Why a list cannot be offered.
fn unread(error: &runtime::Error) -> Wrong {
    let hint = match error {
        runtime::Error::Refused { remedy, .. } => remedy.as_deref().map(sentence),
        _ => None,
    };
    let message = sentence(&error.to_string());
    Wrong {
        message: format!("The list could not be read. {message}"),
        hint,
    }
}

/// The field for a setting that holds `value`; `none` says what it means to choose nothing.
pub(crate) fn setting(
    form: &SettingForm,
    name: String,
    value: Option<&Value>,
    none: Option<&str>,
    offered: &Offered,
) -> Field {
    let text = value.map(id_text).unwrap_or_default();
    let list = form
        .choices
        .as_ref()
        .and_then(|name| offered.lists.get(name));
    let (mut fault, mut help) = (None, form.help.clone());
    let kind = match form.kind {
        "choice" => {
            let read = list.and_then(|list| list.as_ref().ok());
            let short = read.and_then(|list| list.short.as_deref()).map(sentence);
            help = [help, short]
                .into_iter()
                .flatten()
                .reduce(|a, b| format!("{a} {b}"));
            fault = list.and_then(|list| list.as_ref().err()).cloned();
            choice(form, &text, none, read)
        }
        "number" => Kind::Number,
        "switch" if none.is_some() => Kind::Choice(on_or_off(&text), Some(nothing(form, none))),
        "switch" => Kind::Switch,
        "template" => Kind::Template(form.variables.iter().map(Variable::from).collect()),
        "company" => Kind::Company(offered.directory.chosen(&text)),
        _ => Kind::Text,
    };
    let text = match (&kind, text.is_empty()) {
        // What a blank text means is said in its place, not filled in.
        (Kind::Text | Kind::Number | Kind::Switch, true) if none.is_none() => {
            form.default.as_ref().map(id_text).unwrap_or_default()
        }
        _ => text,
    };
    Field {
        name,
        label: form.label.clone(),
        help,
        placeholder: match &kind {
            Kind::Template(_) => form.default.as_ref().map(id_text).unwrap_or_default(),
            _ => String::new(),
        },
        kind,
        value: text,
        required: (form.required || form.default_choice) && none.is_none(),
        fault,
    }
}

/// The list of what was `read`, of which `chosen` is saved. Where nothing that is left open stays
/// so, the list begins with what it would be saved as, and nobody can choose none.
fn choice(form: &SettingForm, chosen: &str, none: Option<&str>, read: Option<&ChoiceList>) -> Kind {
    let offered = read.map_or(&[][..], |list| &list.choices);
    let begins = form.default_choice && none.is_none();
    let mut active = offered.iter().filter(|one| one.active);
    let first = active
        .clone()
        .find(|one| one.default)
        .or_else(|| active.next());
    let chosen = match first {
        Some(first) if begins && chosen.is_empty() => id_text(&first.value),
        _ => chosen.to_owned(),
    };
    let nothing = (!begins || chosen.is_empty()).then(|| nothing(form, none));
    let gone = match read {
        Some(_) => "not offered now",
        None => "as saved",
    };
    Kind::Choice(
        with_saved(choices(offered, &chosen), &chosen, gone),
        nothing,
    )
}

/// What it means that nothing is chosen.
fn nothing(form: &SettingForm, none: Option<&str>) -> String {
    let text = match none {
        Some(none) => none,
        None if form.required => "Choose…",
        None => "None",
    };
    text.to_owned()
}

fn choices(offered: &[runtime::Choice], chosen: &str) -> Vec<Choice> {
    let choice = |one: &runtime::Choice| {
        let value = id_text(&one.value);
        Choice {
            selected: value == chosen,
            value,
            label: one.label.clone(),
            active: one.active,
        }
    };
    offered.iter().map(choice).collect()
}

/// The choices, with what is saved among them even if it is offered no more: a form that is only
/// looked at must not change it. `gone` says why it is not.
fn with_saved(mut choices: Vec<Choice>, chosen: &str, gone: &str) -> Vec<Choice> {
    if !chosen.is_empty() && !choices.iter().any(|one| one.selected) {
        choices.push(Choice {
            value: chosen.to_owned(),
            label: format!("{chosen} ({gone})"),
            active: true,
            selected: true,
        });
    }
    choices
}

fn on_or_off(chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        active: true,
        selected: value == chosen,
    };
    [("true", "On"), ("false", "Off")].map(choice).into()
}

impl From<&runtime::VariableForm> for Variable {
    fn from(variable: &runtime::VariableForm) -> Self {
        Self {
            written: format!("{{{{{}}}}}", variable.name),
            about: format!("{} For example: {}", variable.about, variable.sample),
        }
    }
}

/// What was typed into the field `name` of a setting, as the kind of value that it has; `None` if
/// it is blank. What is not of its kind stays a text, for the runtime to say what is wrong.
pub(crate) fn typed_value(
    form: &SettingForm,
    fields: &Fields,
    name: &str,
    directory: &Directory,
) -> Result<Option<Value>, Wrong> {
    let text = fields.text(name);
    Ok(match form.kind {
        "company" => Chosen::read(fields, name)
            .resolve(directory)?
            .map(Value::String),
        "switch" => match text {
            Some("on" | "true") => Some(Value::Bool(true)),
            Some("off" | "false") => Some(Value::Bool(false)),
            _ => None,
        },
        "number" => text.map(|text| {
            let number = text.parse::<i64>().ok();
            number.map_or_else(|| Value::String(text.to_owned()), Value::from)
        }),
        "template" => fields
            .get(name)
            .filter(|text| !text.trim().is_empty())
            .map(|text| Value::String(text.replace("\r\n", "\n"))),
        _ => text.map(|text| Value::String(text.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(value: u64, active: bool, default: bool) -> runtime::Choice {
        runtime::Choice {
            value: value.into(),
            label: format!("Number {value}"),
            active,
            default,
        }
    }

    /// What a list begins with, and whether none can be chosen.
    fn begins(default_choice: bool, chosen: &str, of: Vec<runtime::Choice>) -> (String, bool) {
        let form = SettingForm {
            name: "priority".to_owned(),
            label: "Priority".to_owned(),
            help: None,
            kind: "choice",
            choices: Some("priorities".to_owned()),
            required: false,
            default: None,
            default_choice,
            by_report_type: true,
            variables: Vec::new(),
        };
        let read = ChoiceList {
            choices: of,
            short: None,
        };
        match choice(&form, chosen, None, Some(&read)) {
            Kind::Choice(choices, nothing) => {
                let first = choices.iter().find(|one| one.selected);
                (
                    first.map(|one| one.value.clone()).unwrap_or_default(),
                    nothing.is_some(),
                )
            }
            _ => (String::new(), false),
        }
    }

    #[test]
    fn what_would_be_saved_for_an_open_choice_is_chosen_from_the_beginning() {
        let marked = || vec![offered(1, true, false), offered(2, true, true)];
        let unmarked = || vec![offered(1, false, true), offered(2, true, false)];
        assert_eq!(begins(true, "", marked()), ("2".to_owned(), false));
        assert_eq!(begins(true, "", unmarked()), ("2".to_owned(), false));
        assert_eq!(begins(true, "1", marked()), ("1".to_owned(), false));
        assert_eq!(begins(true, "", Vec::new()), (String::new(), true));
        assert_eq!(begins(false, "", marked()), (String::new(), true));
    }
}
