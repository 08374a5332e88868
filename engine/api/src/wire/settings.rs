//! Settings, what they can be chosen from, and the schedule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::each;

/// One section of an integration's settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct Section {
    /// Whether this part of the integration is switched on.
    on: bool,
    /// Values by the names of the settings.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"queue": 8}))]
    values: Map<String, Value>,
    /// What is otherwise for requests of one report type, by its code.
    rules: BTreeMap<String, Rule>,
    /// Whether there is a script of the partner's own, which has the last word on each request.
    has_script: bool,
    /// The report types that the product is known to have. Rules may be for others, too.
    #[schema(example = json!(["url_block"]))]
    report_types: Vec<String>,
    /// What can be set.
    form: SectionForm,
}

impl From<runtime::SectionView> for Section {
    fn from(view: runtime::SectionView) -> Self {
        Self {
            on: view.on,
            values: view.values,
            rules: rules(view.rules),
            has_script: view.has_script,
            report_types: view.report_types,
            form: view.form.into(),
        }
    }
}

/// What is set of a section.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionInput {
    /// Whether this part of the integration is switched on.
    pub(crate) on: bool,
    /// Values by the names of the settings. A setting that is left out has its default, if it has
    /// one; null says that nothing is chosen where the system's own default would be.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"queue": 8}))]
    pub(crate) values: Map<String, Value>,
    /// What is otherwise for requests of one report type, by its code. Left out, the rules stay as
    /// they are.
    #[serde(default)]
    pub(crate) rules: Option<BTreeMap<String, Rule>>,
}

impl From<SectionInput> for runtime::SectionChange {
    fn from(input: SectionInput) -> Self {
        Self {
            on: input.on,
            values: input.values,
            rules: input.rules.map(rules),
        }
    }
}

/// What is otherwise for requests of one report type.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Whether such requests get no ticket.
    #[serde(default)]
    ignore: bool,
    /// Values that take the place of the section's, for settings with `by_report_type`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"queue": 9}))]
    values: Map<String, Value>,
}

impl From<model::Rule> for Rule {
    fn from(rule: model::Rule) -> Self {
        Self {
            ignore: rule.ignore,
            values: rule.values,
        }
    }
}

impl From<Rule> for model::Rule {
    fn from(rule: Rule) -> Self {
        Self {
            ignore: rule.ignore,
            values: rule.values,
        }
    }
}

/// Rules of the one kind as the other.
pub(super) fn rules<A, B: From<A>>(rules: BTreeMap<String, A>) -> BTreeMap<String, B> {
    let rules = rules.into_iter();
    rules.map(|(name, rule)| (name, rule.into())).collect()
}

/// What can be set in one section.
#[derive(Serialize, ToSchema)]
pub(crate) struct SectionForm {
    /// Its name, as in the path.
    #[schema(example = "tickets")]
    name: String,
    /// What a form calls it.
    #[schema(example = "Service Tickets")]
    title: String,
    /// What a form calls its button.
    save: String,
    /// The settings.
    fields: Vec<SettingForm>,
}

impl From<runtime::SectionForm> for SectionForm {
    fn from(form: runtime::SectionForm) -> Self {
        Self {
            name: form.name,
            title: form.title,
            save: form.save,
            fields: each(form.fields),
        }
    }
}

/// One setting.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingForm {
    /// Its name in `values`.
    #[schema(example = "queue")]
    name: String,
    /// What a form calls it.
    #[schema(example = "Default Queue")]
    label: String,
    /// What it does.
    help: Option<String>,
    /// What kind of value it takes: `choice`, `text`, `span`, `number`, `switch`, `template` or
    /// `company`.
    #[schema(example = "choice")]
    kind: &'static str,
    /// The name of the choices that its value is one of.
    #[schema(example = "queues")]
    choices: Option<String>,
    /// Whether the section can be switched on without it.
    required: bool,
    /// What it is when left out.
    #[schema(value_type = Option<Value>)]
    default: Option<Value>,
    /// Whether what is left out is saved as the choice that is the PSA's own default, or else the
    /// first.
    default_choice: bool,
    /// Whether requests of one report type may have another value.
    by_report_type: bool,
    /// What a template can name in `{{ }}`, in the order it is offered.
    variables: Vec<VariableForm>,
}

impl From<runtime::SettingForm> for SettingForm {
    fn from(form: runtime::SettingForm) -> Self {
        Self {
            name: form.name,
            label: form.label,
            help: form.help,
            kind: form.kind,
            choices: form.choices,
            required: form.required,
            default: form.default,
            default_choice: form.default_choice,
            by_report_type: form.by_report_type,
            variables: each(form.variables),
        }
    }
}

/// What a template can name.
#[derive(Serialize, ToSchema)]
pub(crate) struct VariableForm {
    /// Its name between the braces.
    #[schema(example = "report_type")]
    name: String,
    /// What it is.
    about: String,
    /// What it may say.
    #[schema(example = "URL Block")]
    sample: String,
}

impl From<runtime::VariableForm> for VariableForm {
    fn from(form: runtime::VariableForm) -> Self {
        Self {
            name: form.name,
            about: form.about,
            sample: form.sample,
        }
    }
}

/// What the PSA offers for a setting.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChoiceList {
    /// In the PSA's order.
    choices: Vec<Choice>,
    /// Why there may be fewer than people expect, and what they can do about it; to be shown
    /// beside the list.
    #[schema(example = "Only Unassigned: the agent has no default team.")]
    short: Option<String>,
}

impl From<runtime::ChoiceList> for ChoiceList {
    fn from(list: runtime::ChoiceList) -> Self {
        Self {
            choices: each(list.choices),
            short: list.short,
        }
    }
}

/// One value to choose.
#[derive(Serialize, ToSchema)]
pub(crate) struct Choice {
    /// What to put into `values`.
    #[schema(value_type = Value, example = 8)]
    value: Value,
    /// What people call it.
    #[schema(example = "Level I Support")]
    label: String,
    /// Whether the PSA still takes it.
    active: bool,
    /// Whether the PSA itself would choose it.
    default: bool,
}

impl From<runtime::Choice> for Choice {
    fn from(choice: runtime::Choice) -> Self {
        Self {
            value: choice.value,
            label: choice.label,
            active: choice.active,
            default: choice.default,
        }
    }
}

/// How often pipelines run by the clock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleInput {
    /// From one run to the next, by the names of the pipelines: a number with `s`, `m`, `h` or
    /// `d`. Pipelines that are left out stay as they are.
    #[schema(example = json!({"pull_tickets": "2m"}))]
    pub(crate) every: BTreeMap<String, String>,
}
