//! Checks the forms: fields, settings and the lists they are chosen from.

use std::collections::BTreeMap;

use model::span;
use serde_json::Value;

use crate::codes;
use crate::connector::{Field, Section, Setting, SettingKind};
use crate::near;
use crate::page::Spot;
use crate::raw::connector::{ChoicesText, FieldText, SectionText, SettingKindText, SettingText};
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
        }
    };
    fields.0.iter().map(field).collect()
}

/// Checks the settings.
pub(crate) fn settings(
    sections: &Named<SectionText>,
    choices: &Named<ChoicesText>,
    spot: &Spot<'_>,
) -> BTreeMap<String, Section> {
    let section = |(name, text): &(String, SectionText)| {
        let at = spot.key(name).key("fields");
        let fields = text
            .fields
            .0
            .iter()
            .map(|(field, setting)| one_setting(field, setting, text, choices, &at.key(field)));
        let section = Section {
            title: text.title.clone(),
            save: text.save.clone().unwrap_or_else(|| "Save".to_owned()),
            fields: fields.collect(),
        };
        (name.clone(), section)
    };
    sections.0.iter().map(section).collect()
}

fn one_setting(
    name: &str,
    text: &SettingText,
    section: &SectionText,
    choices: &Named<ChoicesText>,
    spot: &Spot<'_>,
) -> Setting {
    if text.choices.is_some() && text.kind.is_some() {
        let message = format!("`{name}` has both `choices` and a `type`");
        let hint = "a choice needs no type: remove one of them".to_owned();
        spot.key("type")
            .key_error(codes::EXACTLY_ONE, message, Some(hint));
    }
    let listed = text.choices.as_ref().and_then(|list| {
        let found = choices.0.iter().find(|(known, _)| *known == list.0);
        if found.is_none() {
            let message = format!("`{}` is not a list of choices of this connector", list.0);
            let hint = near::hint(&list.0, choices.0.iter().map(|(known, _)| known.as_str()));
            spot.key("choices")
                .error(codes::UNKNOWN_CHOICES, message, hint);
        }
        found
    });
    if text.default_choice && listed.is_none_or(|(_, list)| list.default.is_none()) {
        let message = "nothing says which choice is the default one".to_owned();
        let hint = "give the list of choices a `default`".to_owned();
        spot.key("default_choice")
            .key_error(codes::BAD_DEFAULT, message, Some(hint));
    }
    if let Some(other) = &text.unlike {
        unlike(name, &other.0, section, &spot.key("unlike"));
    }
    let kind = match (&text.choices, text.kind) {
        (Some(list), _) => SettingKind::Choice(list.0.clone()),
        (None, None | Some(SettingKindText::Text)) => SettingKind::Text,
        (None, Some(SettingKindText::Span)) => SettingKind::Span,
        (None, Some(SettingKindText::Number)) => SettingKind::Number,
        (None, Some(SettingKindText::Switch)) => SettingKind::Switch,
    };
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
    }
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
    };
    if !fits {
        let message = "this default is not a value that could be given".to_owned();
        spot.error(codes::BAD_DEFAULT, message, Some(format!("write {wanted}")));
    }
}
