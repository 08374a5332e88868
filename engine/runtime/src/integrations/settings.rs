//! Settings and the choices that their forms offer, read live from the PSA.

mod choices;
pub(crate) mod values;

use std::collections::BTreeMap;

use definition::Family;
use definition::connector::{Connector, Section, Setting, SettingKind, Variable};
use definition::pipeline::Event;
use model::{Integration, IntegrationId, IssueKind, PartnerId, Rule};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Batch, Expect};

use super::save;
use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::events::Happened;
use crate::halt::Failed;
use crate::issues::issue_id;
use crate::remote::Remote;
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
    /// Whether what is left open is saved as the choice that the PSA has as its default, or as the
    /// first.
    pub default_choice: bool,
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
    /// What is otherwise for requests of one report type, by its code.
    pub rules: BTreeMap<String, Rule>,
    /// Whether the partner has uploaded a script of its own.
    pub has_script: bool,
    /// The report types that the product is known to have, where rules can be made.
    pub report_types: Vec<String>,
    /// The form.
    pub form: SectionForm,
}

/// What is saved of a section.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SectionChange {
    /// Whether this part of the integration is switched on.
    pub on: bool,
    /// The values; a setting that is left out has none.
    pub values: Map<String, Value>,
    /// The rules; `None` leaves them as they are, for callers that know nothing of rules.
    pub rules: Option<BTreeMap<String, Rule>>,
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
        let integration = self.core.integration(partner, id).await?.value.0;
        let remote = self.remote_of(integration)?;
        if !remote.connector.choices.contains_key(name) {
            return Err(Error::not_found("list of choices", name));
        }
        let choices = remote.choices(name).await.map_err(refused)?;
        let short = remote.why_short(name, &choices).await.map_err(refused)?;
        Ok(ChoiceList { choices, short })
    }

    /// The way to the remote side of an integration that is not stopped.
    pub(super) fn remote_of(&self, integration: Integration) -> Result<Remote, Error> {
        Core::connected(&integration)?;
        Remote::new(&self.core, integration.into(), exchange::Priority::Tickets)
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
        view(&self.core, &connector, &integration, section)
    }

    /// Saves a section of the settings. Values are held against what the PSA offers now; what is
    /// not given and has a default is filled in. Requests that waited for tickets to be switched
    /// on, or that were refused with the old settings, go on.
    pub async fn put_settings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
        change: SectionChange,
    ) -> Result<SectionView, Error> {
        let core = &self.core;
        let row = core.integration(partner, id).await?;
        let connector = core.connector(&row.value.0.connector)?;
        let definition = definition(&connector, section)?;
        let mut integration = row.value.0.clone();
        let saved = integration.sections.entry(section.to_owned()).or_default();
        saved.on = change.on;
        saved.values = change.values;
        saved.rules = change.rules.unwrap_or_else(|| saved.rules.clone());
        few_enough(&saved.rules)?;
        if change.on {
            let given = saved.clone();
            // Choices may depend on what is chosen in the same breath.
            let remote = self.remote_of(integration.clone())?;
            let checked = values::checked_section(&remote, definition, given).await;
            let (values, rules) = checked
                .map_err(refused)?
                .map_err(|faults| Error::Invalid { faults })?;
            let saved = integration.sections.entry(section.to_owned()).or_default();
            (saved.values, saved.rules) = (values, rules);
        }
        let (mut batch, now) = (Batch::new(), core.now());
        save(&mut batch, &row, &integration);
        batch.put_record(partner.as_str(), &[], &RoutingRow(now), Expect::Any);
        let happened = Happened::plain(Event::SettingsSaved, now);
        core.enqueue_event(&mut batch, &integration, &happened);
        if section == crate::billing::SECTION {
            // What is billed here is not billed in the others.
            let is_other = |other: &IntegrationId| other != id;
            core.replan(&mut batch, partner, now, is_other).await?;
        }
        self.commit(batch, "the settings").await?;
        if change.on {
            let nowhere = issue_id(IssueKind::NoTicketIntegration, None, "tickets");
            core.clear_issue(partner, &nowhere).await?;
            let kinds = [IssueKind::Refused, IssueKind::ScriptFailed];
            core.try_behind(partner, id, &kinds).await?;
            // Who is mapped nowhere else may be mapped here, or get a stand-in.
            for one in core.integrations(partner).await? {
                let kinds = [IssueKind::UnmappedCustomer, IssueKind::TicketsOff];
                core.try_behind(partner, &one.id, &kinds).await?;
            }
        }
        view(core, &connector, &integration, section)
    }
}

/// The most rules that one section has; a product has a dozen report types.
pub const RULES_MAX: usize = 200;

fn few_enough(rules: &BTreeMap<String, Rule>) -> Result<(), Error> {
    if rules.len() <= RULES_MAX {
        return Ok(());
    }
    let message = format!("there are {} rules, the limit is {RULES_MAX}", rules.len());
    Err(Error::invalid("/rules", message))
}

/// The section as it is saved, with its form.
fn view(
    core: &Core,
    connector: &Connector,
    integration: &Integration,
    section: &str,
) -> Result<SectionView, Error> {
    let definition = definition(connector, section)?;
    let saved = integration
        .sections
        .get(section)
        .cloned()
        .unwrap_or_default();
    let takes_rules = definition.fields.iter().any(Setting::varies);
    let family = core.family(connector)?;
    Ok(SectionView {
        on: saved.on,
        values: saved.values,
        rules: saved.rules,
        has_script: saved.script.is_some(),
        report_types: if takes_rules {
            report_types(&family)
        } else {
            Vec::new()
        },
        form: section_form(section, definition),
    })
}

/// The report types that the product is known to have: the examples in its schema of a request.
pub(crate) fn report_types(family: &Family) -> Vec<String> {
    let request = family.schemas.get("request");
    let examples = request.and_then(|it| it.source.pointer("/properties/report_type/examples"));
    let examples = examples.and_then(Value::as_array).into_iter().flatten();
    examples
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

pub(super) fn refused(failed: Failed) -> Error {
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

pub(super) fn definition<'c>(
    connector: &'c Connector,
    section: &str,
) -> Result<&'c Section, Error> {
    let known = connector.settings.get(section);
    known.ok_or_else(|| Error::not_found("section of the settings", section))
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
        default_choice: setting.default_choice,
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
