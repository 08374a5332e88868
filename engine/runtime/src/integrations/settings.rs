//! Settings and the choices that their forms offer, read live from the PSA.

use definition::connector::{Connector, Section, Setting, SettingKind};
use definition::pipeline::Event;
use model::{IntegrationId, IssueKind, PartnerId, span};
use serde_json::{Map, Value};
use store::{Batch, Expect};

use super::save;
use crate::Runtime;
use crate::core::is_usable;
use crate::error::{Error, Fault};
use crate::events::Happened;
use crate::halt::Failed;
use crate::issues::issue_id;
use crate::remote::{Remote, scope};
use crate::tables::RoutingRow;

/// One section of the settings, for a form.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionForm {
    /// Its name.
    pub name: String,
    /// The heading.
    pub title: String,
    /// What stands on the button.
    pub save: String,
    /// The settings, in order.
    pub fields: Vec<SettingForm>,
}

/// One setting, for a form.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingForm {
    /// Its name.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// What it does.
    pub help: Option<String>,
    /// `choice`, `text`, `span`, `number` or `switch`.
    pub kind: &'static str,
    /// The list that it is chosen from, if it is.
    pub choices: Option<String>,
    /// Whether the form can be saved without it.
    pub required: bool,
    /// What it is unless something else is given.
    pub default: Option<Value>,
}

/// A section as it is saved, with its form.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionView {
    /// Whether this part of the integration is switched on.
    pub on: bool,
    /// The values.
    pub values: Map<String, Value>,
    /// The form.
    pub form: SectionForm,
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is stored.
    pub value: Value,
    /// What a person reads.
    pub label: String,
    /// Whether it can be chosen; the PSA refuses what is inactive.
    pub active: bool,
    /// Whether it is the PSA's own default.
    pub default: bool,
}

impl Runtime {
    /// What can be chosen for a setting, as the PSA has it now.
    pub async fn choices(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        name: &str,
    ) -> Result<Vec<Choice>, Error> {
        self.read_choices(&self.remote(partner, id).await?, name)
            .await
    }

    async fn remote(&self, partner: &PartnerId, id: &IntegrationId) -> Result<Remote, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        if !is_usable(&integration) {
            let issue = issue_id(IssueKind::CredentialsRejected, Some(id), "credentials");
            return Err(Error::Stopped { issue });
        }
        Remote::new(&self.core, integration.into(), exchange::Priority::Tickets)
    }

    async fn read_choices(&self, remote: &Remote, name: &str) -> Result<Vec<Choice>, Error> {
        let connector = remote.connector.clone();
        let choices = connector.choices.get(name);
        let choices = choices.ok_or_else(|| Error::not_found("list of choices", name))?;
        let records = remote
            .found(&choices.operation, &Map::new())
            .await
            .map_err(refused)?;
        let document = match (&choices.items, records.len()) {
            (Some(_), 1) => records.into_iter().next().unwrap_or(Value::Null),
            _ => Value::Array(records),
        };
        let names = remote.names(&choices.operation).await.map_err(refused)?;
        let scope = scope(&names).over(&document);
        let items: Vec<&Value> = match &choices.items {
            Some(items) => {
                items
                    .pick_all(&scope)
                    .map_err(|error| unreadable(&error))?
                    .values
            }
            None => document.as_array().into_iter().flatten().collect(),
        };
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            let scope = scope.over(item).with("item", item);
            let flag = |of: &Option<expression::Expression>, otherwise: bool| match of {
                Some(of) => of
                    .evaluate(&scope)
                    .map(|value| value.as_bool().unwrap_or(otherwise)),
                None => Ok(otherwise),
            };
            let label = choices
                .label
                .evaluate(&scope)
                .map_err(|error| unreadable(&error))?;
            read.push(Choice {
                value: choices
                    .value
                    .evaluate(&scope)
                    .map_err(|error| unreadable(&error))?,
                label: model::request::id_text(&label),
                active: flag(&choices.active, true).map_err(|error| unreadable(&error))?,
                default: flag(&choices.default, false).map_err(|error| unreadable(&error))?,
            });
        }
        Ok(read)
    }

    /// A section of the settings.
    pub async fn settings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
    ) -> Result<SectionView, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        let connector = self.core.connector(&integration.connector)?;
        let form = form(&connector, section)?;
        let saved = integration
            .sections
            .get(section)
            .cloned()
            .unwrap_or_default();
        Ok(SectionView {
            on: saved.on,
            values: saved.values,
            form,
        })
    }

    /// Saves a section of the settings. Values are held against what the PSA offers now; what is
    /// not given and has a default is filled in. Requests that waited for tickets to be switched
    /// on, or that were refused with the old settings, go on.
    pub async fn put_settings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
        on: bool,
        values: Map<String, Value>,
    ) -> Result<SectionView, Error> {
        let core = &self.core;
        let row = core.integration(partner, id).await?;
        let connector = core.connector(&row.value.0.connector)?;
        let form = form(&connector, section)?;
        let definition = connector.settings.get(section);
        let definition = definition.ok_or_else(|| Error::not_found("section", section))?;
        let values = if on {
            self.checked_settings(&self.remote(partner, id).await?, definition, values)
                .await?
        } else {
            values
        };
        let mut integration = row.value.0.clone();
        let saved = model::Section {
            on,
            values: values.clone(),
        };
        integration.sections.insert(section.to_owned(), saved);
        let (mut batch, now) = (Batch::new(), core.now());
        save(&mut batch, &row, &integration);
        batch.put_record(partner.as_str(), &[], &RoutingRow(now), Expect::Any);
        let happened = Happened::plain(Event::SettingsSaved, now);
        core.enqueue_event(&mut batch, &integration, &happened);
        self.commit(batch, "the settings").await?;
        if on {
            let nowhere = issue_id(IssueKind::NoTicketIntegration, None, "tickets");
            core.clear_issue(partner, &nowhere).await?;
            core.try_refused(partner, id).await?;
        }
        Ok(SectionView { on, values, form })
    }

    async fn checked_settings(
        &self,
        remote: &Remote,
        section: &Section,
        mut given: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let (mut faults, mut checked) = (Vec::new(), Map::new());
        for setting in &section.fields {
            let value = given.remove(&setting.name).filter(|value| !value.is_null());
            match self.checked_setting(remote, setting, value).await? {
                Ok(Some(value)) => drop(checked.insert(setting.name.clone(), value)),
                Ok(None) => {}
                Err((message, hint)) => faults.push(Fault {
                    pointer: format!("/values/{}", setting.name),
                    message,
                    hint,
                }),
            }
        }
        for setting in &section.fields {
            let (Some(unlike), Some(value)) = (&setting.unlike, checked.get(&setting.name)) else {
                continue;
            };
            if checked.get(unlike) == Some(value) {
                let other = section.fields.iter().find(|one| one.name == *unlike);
                let other = other.map_or(unlike.as_str(), |one| one.label.as_str());
                faults.push(Fault {
                    pointer: format!("/values/{}", setting.name),
                    message: format!("{} must differ from {other}", setting.label),
                    hint: None,
                });
            }
        }
        for name in given.keys() {
            let known: Vec<&str> = section.fields.iter().map(|one| one.name.as_str()).collect();
            faults.push(Fault {
                pointer: format!("/values/{name}"),
                message: format!("`{name}` is not a setting of {}", section.title),
                hint: Some(format!("its settings are {}", known.join(", "))),
            });
        }
        if faults.is_empty() {
            Ok(checked)
        } else {
            Err(Error::Invalid { faults })
        }
    }

    /// The value to store for one setting, or what is wrong with the one given.
    async fn checked_setting(
        &self,
        remote: &Remote,
        setting: &Setting,
        value: Option<Value>,
    ) -> Result<Result<Option<Value>, Wrong>, Error> {
        let label = &setting.label;
        let SettingKind::Choice(choices) = &setting.kind else {
            let value = value.or_else(|| setting.default.clone());
            return Ok(match value {
                None if setting.required => Err((format!("{label} is missing"), None)),
                None => Ok(None),
                Some(value) => of_kind(&setting.kind, label, value).map(Some),
            });
        };
        let value = value.or_else(|| setting.default.clone());
        if value.is_none() && !setting.required && !setting.default_choice {
            return Ok(Ok(None));
        }
        let choices = self.read_choices(remote, choices).await?;
        let active = || choices.iter().filter(|choice| choice.active);
        Ok(match value {
            Some(value) => {
                let text = model::request::id_text(&value);
                let same = |one: &&Choice| model::request::id_text(&one.value) == text;
                match choices.iter().find(same) {
                    Some(one) if one.active => Ok(Some(one.value.clone())),
                    Some(one) => {
                        let message = format!("{} is inactive, choose another {label}", one.label);
                        Err((message, Some(offer(active()))))
                    }
                    None => {
                        let message = format!("{text} is not among the choices for {label}");
                        Err((message, Some(offer(active()))))
                    }
                }
            }
            None if setting.default_choice => {
                let marked = active().find(|one| one.default).or_else(|| active().next());
                Ok(marked.map(|one| one.value.clone()))
            }
            None => Err((format!("{label} is missing"), Some(offer(active())))),
        })
    }
}

/// What is wrong with a value, and a hint.
type Wrong = (String, Option<String>);

/// How many choices a hint lists.
const OFFER_MAX: usize = 12;

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

fn of_kind(kind: &SettingKind, label: &str, value: Value) -> Result<Value, Wrong> {
    let fits = match kind {
        SettingKind::Choice(_) => true,
        SettingKind::Text => value.is_string(),
        SettingKind::Span => value
            .as_str()
            .is_some_and(|text| span::parse(text).is_some()),
        SettingKind::Number => value.is_i64() || value.is_u64(),
        SettingKind::Switch => value.is_boolean(),
    };
    let wanted = match kind {
        SettingKind::Span => "a span of time such as 24h",
        SettingKind::Number => "a whole number",
        SettingKind::Switch => "true or false",
        SettingKind::Text | SettingKind::Choice(_) => "a text",
    };
    if fits {
        Ok(value)
    } else {
        Err((format!("{label} must be {wanted}"), None))
    }
}

fn refused(failed: Failed) -> Error {
    match failed {
        Failed::Exchange { failure, .. } => Error::Refused {
            class: failure.class,
            message: failure.message,
            remedy: failure.remedy,
        },
        Failed::Store(error) => Error::Store(*error),
        other => Error::Refused {
            class: model::Class::Invalid,
            message: other.describe().1,
            remedy: None,
        },
    }
}

fn unreadable(error: &expression::Error) -> Error {
    Error::Refused {
        class: model::Class::Invalid,
        message: error.to_string(),
        remedy: None,
    }
}

fn form(connector: &Connector, section: &str) -> Result<SectionForm, Error> {
    let known = connector.settings.get(section);
    known
        .map(|one| section_form(section, one))
        .ok_or_else(|| Error::not_found("section of the settings", section))
}

/// All sections of a connector's settings.
pub(super) fn forms(connector: &Connector) -> Vec<SectionForm> {
    connector
        .settings
        .iter()
        .map(|(name, one)| section_form(name, one))
        .collect()
}

fn section_form(name: &str, section: &Section) -> SectionForm {
    SectionForm {
        name: name.to_owned(),
        title: section.title.clone(),
        save: section.save.clone(),
        fields: section.fields.iter().map(setting_form).collect(),
    }
}

fn setting_form(setting: &Setting) -> SettingForm {
    let (kind, choices) = match &setting.kind {
        SettingKind::Choice(name) => ("choice", Some(name.clone())),
        SettingKind::Text => ("text", None),
        SettingKind::Span => ("span", None),
        SettingKind::Number => ("number", None),
        SettingKind::Switch => ("switch", None),
    };
    SettingForm {
        name: setting.name.clone(),
        label: setting.label.clone(),
        help: setting.help.clone(),
        kind,
        choices,
        required: setting.required,
        default: setting.default.clone(),
    }
}
