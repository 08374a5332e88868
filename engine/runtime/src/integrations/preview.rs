//! Previews: what a request's ticket would say with settings that are not saved yet.
//!
//! It is computed by the code that writes tickets, up to the point where the PSA would be called.
//! Nothing is stored and nothing is sent; the PSA is only asked what it offers, to hold values
//! against it. Whatever is wrong is said beside what could be made out all the same.

use std::collections::BTreeMap;

use definition::pipeline::{Entity, Event, Step, StepKind};
use expression::Scope;
use model::{Content, CustomerId, IntegrationId, PartnerId, Request, RequestId, Rule, User};
use serde_json::{Map, Value, json};
use store::Records;

use super::settings::{definition, report_types, values};
use crate::Runtime;
use crate::context::{customer_value, request_value};
use crate::core::Core;
use crate::effective::own_script::OwnScript;
use crate::effective::{OwnWords, Subject, adapt, rule};
use crate::error::{Error, Fault};
use crate::halt::{Halt, script_trouble};
use crate::remote::Remote;
use crate::tables::{CompanyRow, MappingRow};

/// What a preview is made with; what is left out is taken as it is saved.
#[derive(Clone, Debug, Default)]
pub struct PreviewInput {
    /// The values of the section.
    pub values: Option<Map<String, Value>>,
    /// The rules by report type.
    pub rules: Option<BTreeMap<String, Rule>>,
    /// The partner's own script; an empty text is none.
    pub script: Option<String>,
    /// The request that it is about.
    pub of: PreviewOf,
}

/// The request that a preview is about.
#[derive(Clone, Debug, Default)]
pub enum PreviewOf {
    /// One that was reported.
    Past(RequestId),
    /// One that might be.
    Sample(Box<Content>),
    /// Whichever.
    #[default]
    Anything,
}

/// What would become of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The request.
    pub request: Content,
    /// Whether there is a rule for its report type.
    pub has_rule: bool,
    /// Whether that rule says that it gets no ticket.
    pub ignored: bool,
    /// What its ticket would say, as the PSA would be given it; `None` where that cannot be said.
    pub draft: Option<Value>,
    /// The settings of the section that would be in effect.
    pub settings: Map<String, Value>,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

impl Runtime {
    /// What would become of a request with these settings of `section`. It changes nothing.
    pub async fn preview(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
        input: PreviewInput,
    ) -> Result<Preview, Error> {
        let core = &self.core;
        let mut integration = core.integration(partner, id).await?.value.0;
        let connector = core.connector(&integration.connector)?;
        let definition = definition(&connector, section)?;
        let family = core.family(&connector)?;
        let request = match input.of {
            PreviewOf::Past(id) => core.request(partner, &id).await?.value.0,
            PreviewOf::Sample(content) => Request::accepted(*content, core.now()),
            PreviewOf::Anything => Request::accepted(sample(&report_types(&family))?, core.now()),
        };
        let saved = integration.sections.entry(section.to_owned()).or_default();
        saved.values = input.values.unwrap_or_else(|| saved.values.clone());
        saved.rules = input.rules.unwrap_or_else(|| saved.rules.clone());
        saved.script = input
            .script
            .or_else(|| saved.script.take())
            .filter(|source| !source.trim().is_empty());
        let given = saved.clone();
        let script = given.script.as_ref();
        let mut faults: Vec<Fault> = script
            .and_then(|source| OwnScript::compile(source, definition, &family).err())
            .map(|faults| faults.into_iter().map(of_script).collect())
            .unwrap_or_default();
        let is_connected = Core::connected(&integration).is_ok();
        let mut remote = Remote::new(core, integration.into(), exchange::Priority::Tickets)?;
        if is_connected {
            let checked = values::checked_section(&remote, definition, given).await;
            faults.extend(checked.map_or_else(
                |failed| vec![about("", failed.describe().1, None)],
                |checked| checked.err().unwrap_or_default(),
            ));
        }
        self.previewed(&mut remote, section, request, faults).await
    }

    async fn previewed(
        &self,
        remote: &mut Remote,
        section: &str,
        request: Request,
        mut faults: Vec<Fault>,
    ) -> Result<Preview, Error> {
        let partner = remote.integration.partner.clone();
        let customer = customer_value(&self.core, &partner, &request).await;
        let customer = customer.map_err(|halt| Error::invalid("/request", said(halt).0))?;
        let rule = rule(&remote.integration, &request.content.report_type).cloned();
        let value = request_value(&request);
        let subject = Subject {
            request: &value,
            customer: &customer,
        };
        let draft = match written(remote, subject, &request.content).await {
            Ok(draft) => draft,
            Err(halt) => {
                // What could not be saved need not work; its own fault says more.
                if faults.is_empty() {
                    let (message, hint) = said(halt);
                    faults.push(about("", message, hint));
                }
                None
            }
        };
        let sections = &remote.integration.sections;
        let settings = sections.get(section).map(|it| it.values.clone());
        Ok(Preview {
            has_rule: rule.is_some(),
            ignored: rule.is_some_and(|rule| rule.ignore),
            request: request.content,
            draft,
            settings: settings.unwrap_or_default(),
            faults,
        })
    }
}

/// What the ticket would say: the scripts of the pipelines that open one are run, and the first of
/// their results that an operation is given is it. Their other steps act or read, and are left out.
async fn written(
    remote: &mut Remote,
    subject: Subject<'_>,
    request: &Content,
) -> Result<Option<Value>, Halt> {
    adapt(remote, subject, OwnWords::Asked).await?;
    let mut roots = Map::new();
    roots.insert("request".to_owned(), subject.request.clone());
    roots.insert("customer".to_owned(), subject.customer.clone());
    roots.insert("settings".to_owned(), remote.integration.settings_value());
    roots.insert("now".to_owned(), json!(remote.core.now()));
    let family = remote.family.clone();
    let opening = family.pipelines.values();
    let opening = opening.filter(|pipeline| pipeline.on.contains(&Event::RequestOpened));
    for step in opening.flat_map(|pipeline| &pipeline.steps) {
        match &step.kind {
            StepKind::Match {
                entity: Entity::Company,
                into,
                ..
            } => drop(roots.insert(into.clone(), company(remote, request).await?)),
            StepKind::Script { call, into, .. } => {
                let mut value = evaluated(remote, step, call, &roots)?;
                remote.fit(into, &mut value);
                let contracts = family.operations.values();
                if contracts
                    .into_iter()
                    .any(|one| one.input.contains_key(into))
                {
                    return Ok(Some(value));
                }
                roots.insert(into.clone(), value);
            }
            _ => {}
        }
    }
    Ok(None)
}

fn evaluated(
    remote: &Remote,
    step: &Step,
    call: &expression::Expression,
    roots: &Map<String, Value>,
) -> Result<Value, Halt> {
    let scope = roots
        .iter()
        .fold(Scope::new(), |scope, (name, value)| scope.with(name, value));
    call.evaluate(&scope).map_err(|error| Halt::Behind {
        trouble: Box::new(script_trouble(&remote.integration.id, &step.path, &error)),
        guard: None,
    })
}

/// The company that the request's customer is mapped to; null without one.
async fn company(remote: &Remote, request: &Content) -> Result<Value, Halt> {
    let (store, integration) = (&remote.core.store, &remote.integration);
    let partner = integration.partner.as_str();
    let parts = [integration.id.as_str(), request.customer_id.as_str()];
    let mapping = store.get_record::<MappingRow>(partner, &parts).await?;
    let Some(id) = mapping.and_then(|row| row.value.0.company) else {
        return Ok(Value::Null);
    };
    let id = model::request::id_text(&id);
    let parts = [integration.id.as_str(), &id];
    let known = store.get_record::<CompanyRow>(partner, &parts).await?;
    Ok(known.map(|row| row.value.0.record).unwrap_or_default())
}

/// A request as the product might report it.
fn sample(report_types: &[String]) -> Result<Content, Error> {
    let wrong = |error: model::InvalidId| Error::invalid("/request", error.to_string());
    let report_type = report_types.first().map_or("sample", String::as_str);
    Ok(Content {
        id: RequestId::new("sample").map_err(wrong)?,
        customer_id: CustomerId::new("sample").map_err(wrong)?,
        report_type: report_type.to_owned(),
        hostname: Some("example.com".to_owned()),
        url: Some("https://example.com/page".to_owned()),
        reason: Some("Needed for the tender".to_owned()),
        user: Some(User {
            name: Some("Dana Reyes".to_owned()),
            email: Some("dana@fabrikam.example".to_owned()),
            ..User::default()
        }),
        opened_at: None,
    })
}

/// Why it cannot be said, and what to do about it.
fn said(halt: Halt) -> (String, Option<String>) {
    match halt {
        Halt::Behind { trouble, .. } => {
            let detail = trouble.detail.map(|detail| format!(": {detail}"));
            let message = format!("{}{}", trouble.title, detail.unwrap_or_default());
            (message, Some(trouble.remedy))
        }
        Halt::Again { message, .. } | Halt::Wait { message, .. } => (message, None),
        Halt::Rejected { message, remedy } => (message, remedy),
        Halt::Store(error) => (crate::error::chain(&error), None),
        Halt::Undefined(what) => (what, None),
    }
}

fn about(pointer: &str, message: String, hint: Option<String>) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        message,
        hint,
        place: None,
    }
}

/// The fault of a script that came within a preview.
fn of_script(fault: Fault) -> Fault {
    Fault {
        pointer: "/script".to_owned(),
        ..fault
    }
}
