//! Checks the forms: fields, settings and the lists they are chosen from.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::{Phrase, Scripts, Shape};
use model::span;
use serde_json::Value;

use super::value::Values;
use crate::address::Address;
use crate::codes;
use crate::connector::{Field, Section, Setting, SettingKind, Variable};
use crate::family::RecordSchema;
use crate::near;
use crate::page::Spot;
use crate::raw::connector::{
    AddressText, ChoicesText, FieldText, SectionText, SettingKindText, SettingText, VariableText,
};
use crate::raw::value::Named;

/// Checks the fields that a partner or the operator fills in.
pub(crate) fn fields(fields: &Named<FieldText>, spot: &Spot<'_>) -> Vec<Field> {
    let field = |(name, text): &(String, FieldText)| {
        if text.secret && text.default.is_some() {
            let message = format!("`{name}` is secret and has a default that everyone can read");
            spot.key(name)
                .key("default")
                .key_error(codes::SECRET_DEFAULT, message, None);
        }
        Field {
            name: name.clone(),
            label: text.label.clone(),
            help: text.help.clone(),
            secret: text.secret,
            default: text.default.clone(),
            address: text
                .address
                .as_ref()
                .map(|text| address(text, &spot.key(name).key("address"))),
        }
    };
    fields.0.iter().map(field).collect()
}

fn address(text: &AddressText, spot: &Spot<'_>) -> Address {
    for (index, end) in text.without.iter().enumerate() {
        let is_path = end.len() > 1 && end.starts_with('/') && !end.ends_with('/');
        if !is_path || end.contains(['?', '#', ' ']) {
            let message = format!("`{end}` is not the end of a path");
            let hint = "begin with a slash and end without one, as in `/login`".to_owned();
            spot.key("without")
                .index(index)
                .error(codes::BAD_URL, message, Some(hint));
        }
    }
    Address {
        without: text.without.clone(),
    }
}

/// What settings are checked against.
#[derive(Clone, Copy)]
pub(crate) struct Bench<'a> {
    /// The lists they can be chosen from.
    pub(crate) choices: &'a Named<ChoicesText>,
    /// What a request and a customer are.
    pub(crate) schemas: &'a BTreeMap<String, Arc<RecordSchema>>,
    pub(crate) scripts: &'a Scripts,
}

/// What the variables of a template can be computed from, each by the name of its schema.
const VARIABLE_ROOTS: [&str; 2] = ["customer", "request"];

impl Bench<'_> {
    /// Checks the settings.
    pub(crate) fn settings(
        &self,
        sections: &Named<SectionText>,
        spot: &Spot<'_>,
    ) -> BTreeMap<String, Section> {
        let section = |(name, text): &(String, SectionText)| {
            let at = spot.key(name).key("fields");
            let fields = text.fields.0.iter();
            let fields = fields.map(|(field, it)| self.setting(field, it, text, &at.key(field)));
            let section = Section {
                title: text.title.clone(),
                save: text.save.clone().unwrap_or_else(|| "Save".to_owned()),
                fields: fields.collect(),
            };
            (name.clone(), section)
        };
        sections.0.iter().map(section).collect()
    }

    fn setting(
        &self,
        name: &str,
        text: &SettingText,
        section: &SectionText,
        spot: &Spot<'_>,
    ) -> Setting {
        if text.choices.is_some() && text.kind.is_some() {
            let message = format!("`{name}` has both `choices` and a `type`");
            let hint = "a choice needs no type: remove one of them".to_owned();
            spot.key("type")
                .key_error(codes::EXACTLY_ONE, message, Some(hint));
        }
        let listed = self.listed(text, &spot.key("choices"));
        if text.default_choice && listed.is_none_or(|list| list.default.is_none()) {
            let message = "nothing says which choice is the default one".to_owned();
            let hint = "give the list of choices a `default`".to_owned();
            spot.key("default_choice")
                .key_error(codes::BAD_DEFAULT, message, Some(hint));
        }
        if let Some(other) = &text.unlike {
            unlike(name, &other.0, section, &spot.key("unlike"));
        }
        let kind = self.kind(name, text, spot);
        if let Some(default) = &text.default {
            check_default(&kind, default, &spot.key("default"));
        }
        Setting {
            name: name.to_owned(),
            label: text.label.clone(),
            help: text.help.clone(),
            kind,
            required: text.required,
            default: text.default.clone(),
            default_choice: text.default_choice,
            unlike: text.unlike.as_ref().map(|other| other.0.clone()),
            by_report_type: text.by_report_type,
        }
    }

    /// The list that the setting is chosen from; a problem if there is none of its name.
    fn listed(&self, text: &SettingText, spot: &Spot<'_>) -> Option<&ChoicesText> {
        let list = text.choices.as_ref()?;
        let lists = self.choices.0.iter();
        let found = lists.clone().find(|(known, _)| *known == list.0);
        if found.is_none() {
            let message = format!("`{}` is not a list of choices of this connector", list.0);
            let hint = near::hint(&list.0, lists.map(|(known, _)| known.as_str()));
            spot.error(codes::UNKNOWN_CHOICES, message, hint);
        }
        found.map(|(_, list)| list)
    }

    fn kind(&self, name: &str, text: &SettingText, spot: &Spot<'_>) -> SettingKind {
        let is_template = matches!(text.kind, Some(SettingKindText::Template));
        if !is_template && !text.variables.0.is_empty() {
            let message = format!("`{name}` has variables, and nothing prints them");
            let hint = "add `type: template`".to_owned();
            spot.key("variables")
                .key_error(codes::IDLE_VARIABLES, message, Some(hint));
        }
        match (&text.choices, text.kind) {
            (Some(list), _) => SettingKind::Choice(list.0.clone()),
            (None, None | Some(SettingKindText::Text)) => SettingKind::Text,
            (None, Some(SettingKindText::Span)) => SettingKind::Span,
            (None, Some(SettingKindText::Number)) => SettingKind::Number,
            (None, Some(SettingKindText::Switch)) => SettingKind::Switch,
            (None, Some(SettingKindText::Company)) => SettingKind::Company,
            (None, Some(SettingKindText::Template)) => {
                SettingKind::Template(self.variables(&text.variables, &spot.key("variables")))
            }
        }
    }

    fn variables(&self, texts: &Named<VariableText>, spot: &Spot<'_>) -> Vec<Variable> {
        let shape = |schema: &str| {
            let schema = self.schemas.get(schema);
            schema.map(|it| it.shape.clone()).unwrap_or_default()
        };
        let names = Shape::object(VARIABLE_ROOTS.map(|name| (name, shape(name))));
        let values = Values::named(&names, self.scripts);
        let variable = |(name, text): &(String, VariableText)| Variable {
            name: name.clone(),
            about: text.about.clone(),
            sample: text.sample.clone(),
            value: values.varying(&text.value.0, &spot.key(name).key("value")),
        };
        texts.0.iter().map(variable).collect()
    }
}

/// The settings of a connector, and after them in each section those of its family.
pub(crate) fn with_family(
    mut own: BTreeMap<String, Section>,
    of_family: &BTreeMap<String, Section>,
    spot: &Spot<'_>,
) -> BTreeMap<String, Section> {
    for (name, theirs) in of_family {
        let Some(section) = own.get_mut(name) else {
            own.insert(name.clone(), theirs.clone());
            continue;
        };
        for field in &theirs.fields {
            if section.field(&field.name).is_some() {
                let message = format!("the family has a setting `{}` here already", field.name);
                let at = spot.key(name).key("fields").key(&field.name);
                let hint = "choose another name, or remove it if it is the same".to_owned();
                at.key_error(codes::DUPLICATE_NAME, message, Some(hint));
            }
        }
        section.fields.extend(theirs.fields.iter().cloned());
    }
    own
}

fn unlike(name: &str, other: &str, section: &SectionText, spot: &Spot<'_>) {
    if name == other {
        let message = format!("`{name}` cannot be unlike itself");
        spot.error(codes::UNLIKE_ITSELF, message, None);
    } else if !section.fields.0.iter().any(|(known, _)| known == other) {
        let message = format!("`{other}` is not a setting of this section");
        let known = section.fields.0.iter().map(|(known, _)| known.as_str());
        let hint = near::hint(other, known.filter(|known| *known != name));
        spot.error(codes::UNKNOWN_SETTING, message, hint);
    }
}

fn check_default(kind: &SettingKind, default: &Value, spot: &Spot<'_>) {
    let (fits, wanted) = match kind {
        SettingKind::Choice(_) => (
            default.is_string() || default.is_i64(),
            "the value of a choice",
        ),
        SettingKind::Text => (default.is_string(), "a text; put it in quotes"),
        SettingKind::Span => (
            default.as_str().and_then(span::parse).is_some(),
            "a span of time, as in `24h`",
        ),
        SettingKind::Number => (default.is_i64(), "a whole number"),
        SettingKind::Switch => (default.is_boolean(), "`true` or `false`"),
        SettingKind::Template(variables) => {
            let names: Vec<&str> = variables.iter().map(|one| one.name.as_str()).collect();
            let text = default.as_str();
            if let Some(Err(faults)) = text.map(|text| Phrase::compile(text, &names)) {
                return spot.faults(faults);
            }
            (text.is_some(), "a text; put it in quotes")
        }
        SettingKind::Company => (false, "nothing: each partner has its own companies"),
    };
    if !fits {
        let message = "this default is not a value that could be given".to_owned();
        spot.error(codes::BAD_DEFAULT, message, Some(format!("write {wanted}")));
    }
}
