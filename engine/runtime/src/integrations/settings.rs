//! Settings and the choices that their forms offer, read live from the PSA.

mod values;

use definition::connector::{Choices, Connector, Section, Setting, SettingKind, Variable};
use definition::pipeline::Event;
use model::{IntegrationId, IssueKind, PartnerId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{Batch, Expect};

use super::save;
use crate::Runtime;
use crate::core::is_usable;
use crate::error::Error;
use crate::events::Happened;
use crate::halt::Failed;
use crate::issues::issue_id;
use crate::remote::{Remote, scope};
use crate::step::is_true;
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
    /// `choice`, `text`, `span`, `number`, `switch`, `template` or `company`.
    pub kind: &'static str,
    /// The list that it is chosen from, if it is.
    pub choices: Option<String>,
    /// Whether the form can be saved without it.
    pub required: bool,
    /// What it is unless something else is given.
    pub default: Option<Value>,
    /// Whether requests of one report type may have it otherwise.
    pub by_report_type: bool,
    /// What a template can name, in the order it is offered.
    pub variables: Vec<VariableForm>,
}

/// What a template can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableForm {
    /// Its name between the braces.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What it may say.
    pub sample: String,
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
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// What can be chosen for a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceList {
    /// In the PSA's order.
    pub choices: Vec<Choice>,
    /// Why there may be fewer than people expect, and what they can do about it.
    pub short: Option<String>,
}

impl Runtime {
    /// What can be chosen for a setting, as the PSA has it now.
    pub async fn choices(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        name: &str,
    ) -> Result<ChoiceList, Error> {
        let remote = self.remote(partner, id).await?;
        let choices = self.read_choices(&remote, name).await?;
        let reasons = remote.connector.choices.get(name);
        let short = match reasons.filter(|list| !list.short.is_empty()) {
            Some(list) => why_short(list, &choices, &remote).await?,
            None => None,
        };
        Ok(ChoiceList { choices, short })
    }

    async fn remote(&self, partner: &PartnerId, id: &IntegrationId) -> Result<Remote, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        if !is_usable(&integration) {
            let issue = issue_id(IssueKind::CredentialsRejected, Some(id), "credentials");
            return Err(Error::Stopped { issue });
        }
        Remote::new(&self.core, integration.into(), exchange::Priority::Tickets)
    }

    pub(crate) async fn read_choices(
        &self,
        remote: &Remote,
        name: &str,
    ) -> Result<Vec<Choice>, Error> {
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
            // A stand-in for what nobody has mapped may have been chosen, too.
            let kinds = [IssueKind::Refused, IssueKind::UnmappedCustomer];
            core.try_behind(partner, id, &kinds).await?;
        }
        Ok(SectionView { on, values, form })
    }
}

/// The first of a list's reasons to be short that applies.
async fn why_short(
    list: &Choices,
    choices: &[Choice],
    remote: &Remote,
) -> Result<Option<String>, Error> {
    let document = json!(choices);
    let names = remote.names(&list.operation).await.map_err(refused)?;
    let scope = scope(&names).over(&document).with("item", &document);
    for reason in &list.short {
        let applies = reason.when.evaluate(&scope);
        if is_true(&applies.map_err(|error| unreadable(&error))?) {
            return Ok(Some(reason.because.clone()));
        }
    }
    Ok(None)
}

fn refused(failed: Failed) -> Error {
    match failed {
        Failed::Exchange { failure, .. } => Error::Refused {
            class: failure.class,
            message: failure.message,
            remedy: failure.remedy,
        },
        Failed::Store(error) => Error::Store(*error),
        Failed::Waiting { wait, .. } => Error::Refused {
            class: model::Class::Unavailable,
            message: failed.describe().1,
            remedy: Some(format!("Ask again in {wait:?}.")),
        },
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
    let (choices, variables) = match &setting.kind {
        SettingKind::Choice(name) => (Some(name.clone()), &[][..]),
        SettingKind::Template(variables) => (None, variables.as_slice()),
        _ => (None, &[][..]),
    };
    SettingForm {
        name: setting.name.clone(),
        label: setting.label.clone(),
        help: setting.help.clone(),
        kind: kind_name(&setting.kind),
        choices,
        required: setting.required,
        default: setting.default.clone(),
        by_report_type: setting.varies(),
        variables: variables.iter().map(variable_form).collect(),
    }
}

const fn kind_name(kind: &SettingKind) -> &'static str {
    match kind {
        SettingKind::Choice(_) => "choice",
        SettingKind::Text => "text",
        SettingKind::Span => "span",
        SettingKind::Number => "number",
        SettingKind::Switch => "switch",
        SettingKind::Template(_) => "template",
        SettingKind::Company => "company",
    }
}

fn variable_form(variable: &Variable) -> VariableForm {
    VariableForm {
        name: variable.name.clone(),
        about: variable.about.clone(),
        sample: variable.sample.clone(),
    }
}
