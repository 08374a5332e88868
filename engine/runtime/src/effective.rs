//! The settings that are in effect for one request: what was saved, then the rule for its report
//! type, then the partner's own script, with every template printed.
//!
//! Operations and pipelines see the result as `settings`, so that none of them knows where a value
//! came from. A setting that a newer version of a file brought along is in none of the sections
//! that were saved before: it has its default, or null, so that no path and no script meets a hole.

pub(crate) mod own_script;

use definition::Connector;
use definition::connector::{Section, SettingKind, Variable};
use expression::{Phrase, Scope, text};
use model::{Integration, IssueKind, Request, Rule};
use serde_json::{Map, Value};
use store::Record as _;

use self::own_script::{FIELDS, OwnScript};
use crate::core::Core;
use crate::error::Error;
use crate::halt::{Halt, script_trouble};
use crate::integrations::settings::values::{Checked, held, unknown_by_request};
use crate::issues::Trouble;
use crate::remote::Remote;
use crate::tables::EffectRow;

/// The section whose settings may differ from request to request.
pub(crate) const TICKETS: &str = "tickets";

/// What is known of the request at hand, as expressions see it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) request: &'a Value,
    pub(crate) customer: &'a Value,
}

impl Subject<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope::new()
            .with("customer", self.customer)
            .with("request", self.request)
    }

    /// The code of its report type.
    fn report_type(&self) -> &str {
        let code = self.request.get("report_type").and_then(Value::as_str);
        code.unwrap_or_default()
    }
}

/// Whether the partner's own script has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnWords {
    /// It is asked: a ticket is being written.
    Asked,
    /// It is not: what is to be closed must not wait for a script.
    Unasked,
}

/// Gives every setting of `connector` that `integration` has no value for its default, or null.
pub(crate) fn complete(connector: &Connector, integration: &mut Integration) {
    for (name, section) in &connector.settings {
        let saved = integration.sections.entry(name.clone()).or_default();
        for field in &section.fields {
            let value = saved
                .values
                .entry(field.name.clone())
                .or_insert(Value::Null);
            if let (Value::Null, Some(default)) = (&value, &field.default) {
                value.clone_from(default);
            }
        }
    }
}

/// The rule for requests of this report type.
pub(crate) fn rule<'i>(integration: &'i Integration, report_type: &str) -> Option<&'i Rule> {
    integration.sections.get(TICKETS)?.rules.get(report_type)
}

impl Core {
    /// Whether a rule says that the request gets no ticket. A rule that comes when a ticket may be
    /// there already says nothing: nobody would know of that ticket.
    pub(crate) async fn is_ignored(
        &self,
        integration: &Integration,
        request: &Request,
    ) -> Result<bool, Error> {
        let rule = rule(integration, &request.content.report_type);
        if !rule.is_some_and(|rule| rule.ignore) {
            return Ok(false);
        }
        let family = self.family(&*self.connector(&integration.connector)?)?;
        let effects = family
            .operations
            .values()
            .filter(|one| one.effect.is_some());
        for operation in effects {
            let parts = [
                integration.id.as_str(),
                &operation.name,
                request.content.id.as_str(),
            ];
            let key = EffectRow::key(integration.partner.as_str(), &parts);
            if self.store.get(&key).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Puts the settings into `remote` that are in effect for the request at hand.
pub(crate) async fn adapt(
    remote: &mut Remote,
    subject: Subject<'_>,
    own: OwnWords,
) -> Result<(), Halt> {
    let connector = remote.connector.clone();
    let Some(section) = connector.settings.get(TICKETS) else {
        return Ok(());
    };
    let integration = remote.integration.clone();
    let saved = integration
        .sections
        .get(TICKETS)
        .cloned()
        .unwrap_or_default();
    let mut values = saved.values;
    if let Some(rule) = rule(&integration, subject.report_type()) {
        values.extend(rule.values.clone());
    }
    let script = match (&saved.script, own) {
        (Some(source), OwnWords::Asked) => Some(remote.own_script(section, source)?),
        _ => None,
    };
    if let Some(script) = &script {
        values.extend(fields(remote, section, script, subject).await?);
    }
    print(remote, section, script.as_deref(), subject, &mut values)?;
    let mut effective = (*integration).clone();
    if let Some(tickets) = effective.sections.get_mut(TICKETS) {
        tickets.values = values;
    }
    remote.integration = std::sync::Arc::new(effective);
    Ok(())
}

/// What the script's `fields` gives, each held against the setting that it is for.
async fn fields(
    remote: &Remote,
    section: &Section,
    script: &OwnScript,
    subject: Subject<'_>,
) -> Result<Map<String, Value>, Halt> {
    let given = match ask(remote, script, FIELDS, subject)? {
        Value::Null => return Ok(Map::new()),
        Value::Object(given) => given,
        _ => {
            return Err(useless(
                remote,
                FIELDS,
                "gives something other than a map of settings",
            ));
        }
    };
    let mut fields = Map::new();
    for (name, value) in given {
        let setting = section
            .field(&name)
            .filter(|setting| setting.by_report_type);
        let checked: Checked = match setting {
            Some(setting) => held(remote, setting, value)
                .await
                .map_err(|failed| remote.halt(failed))?,
            None => Err(unknown_by_request(section, &name)),
        };
        match checked {
            Ok(value) => fields.extend(value.map(|value| (name, value))),
            Err(fault) => {
                let hint = fault
                    .hint
                    .map(|hint| format!("; {hint}"))
                    .unwrap_or_default();
                let said = format!("gives `{name}`: {}{hint}", fault.message);
                return Err(useless(remote, FIELDS, &said));
            }
        }
    }
    Ok(fields)
}

/// Puts texts in the place of templates: the script's where it has a function of that name and has
/// something to say, else what is written, else the default.
fn print(
    remote: &Remote,
    section: &Section,
    script: Option<&OwnScript>,
    subject: Subject<'_>,
    values: &mut Map<String, Value>,
) -> Result<(), Halt> {
    for setting in &section.fields {
        let (name, SettingKind::Template(variables)) = (&setting.name, &setting.kind) else {
            continue;
        };
        let own = match script.filter(|script| script.has(name)) {
            Some(script) => match ask(remote, script, name, subject)? {
                Value::String(said) => said,
                Value::Null => String::new(),
                _ => return Err(useless(remote, name, "gives something other than a text")),
            },
            None => String::new(),
        };
        let written = [values.get(name), setting.default.as_ref()];
        let written = written.into_iter().flatten().filter_map(Value::as_str);
        let mut said = own;
        for phrase in written {
            if text::one_line(&said).is_empty() {
                said = printed(remote, phrase, variables, subject)?;
            }
        }
        let said = (!text::one_line(&said).is_empty()).then_some(said);
        values.insert(name.clone(), said.into());
    }
    Ok(())
}

/// A phrase with what its variables say for the request.
fn printed(
    remote: &Remote,
    phrase: &str,
    variables: &[Variable],
    subject: Subject<'_>,
) -> Result<String, Halt> {
    let names: Vec<&str> = variables.iter().map(|one| one.name.as_str()).collect();
    let compiled = Phrase::compile(phrase, &names).map_err(|faults| {
        let why = faults.into_iter().map(|fault| fault.message);
        behind(outdated(remote, why.collect::<Vec<_>>().join("; ")))
    })?;
    let mut said = Map::new();
    for variable in variables {
        let value = variable.value.evaluate(&subject.scope()).map_err(|error| {
            let what = format!("the variable {}", variable.name);
            behind(script_trouble(&remote.integration.id, &what, &error))
        })?;
        let value = if value.is_null() {
            String::new()
        } else {
            model::request::id_text(&value)
        };
        said.insert(variable.name.clone(), value.into());
    }
    let value = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    Ok(compiled.print(value))
}

/// What a function of the partner's own script says; null if it has none of this name.
fn ask(
    remote: &Remote,
    script: &OwnScript,
    function: &str,
    subject: Subject<'_>,
) -> Result<Value, Halt> {
    let answer = script.ask(function, &subject.scope());
    answer.map_err(|error| {
        let what = format!("`{function}` of your own script");
        // One function may fail in several places, and each is a cause of its own.
        behind(Trouble {
            subject: format!("{what} {error}"),
            remedy: SCRIPT_REMEDY.to_owned(),
            ..script_trouble(&remote.integration.id, &what, &error)
        })
    })
}

const SCRIPT_REMEDY: &str = "Correct the script in the ticket settings, try it with a preview, and \
    save it. What waits then goes on by itself.";

fn behind(trouble: Trouble) -> Halt {
    Halt::Behind {
        trouble: Box::new(trouble),
        guard: None,
    }
}

fn useless(remote: &Remote, function: &str, said: &str) -> Halt {
    behind(Trouble {
        kind: IssueKind::ScriptFailed,
        integration: Some(remote.integration.id.clone()),
        subject: format!("`{function}` of your own script {said}"),
        cause: None,
        title: format!("What `{function}` of your own script gives cannot be used"),
        detail: Some(format!("{}: `{function}` {said}", own_script::FILE)),
        remedy: SCRIPT_REMEDY.to_owned(),
    })
}

/// The trouble with a template that was saved when other variables were known.
fn outdated(remote: &Remote, why: String) -> Trouble {
    Trouble {
        kind: IssueKind::ScriptFailed,
        integration: Some(remote.integration.id.clone()),
        subject: format!("template {why}"),
        cause: None,
        title: "A template in the ticket settings cannot be printed any more".to_owned(),
        detail: Some(why),
        remedy: "Open the ticket settings, correct the template and save them. What waits then \
                 goes on by itself."
            .to_owned(),
    }
}
