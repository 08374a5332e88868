//! A section of an integration's settings, such as Ticket Integration: its switch, its fields with
//! live choices, the rules by report type, and what a request's ticket would say with all of it.
//!
//! The preview is made with what is in the form, saved or not; the script asks for it while a
//! person types, without script it has a button.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use runtime::{BILLING_SECTION, Fault, Runtime, SectionChange, SectionView};
use serde::Deserialize;

use crate::directory::Directory;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Field, Offered, Wrong, in_words, setting};
use crate::shell::{Shell, There, page, refused};

use super::billing;

pub(crate) mod own_script;
mod preview;
pub(crate) mod test_ticket;
mod typed;

use preview::PreviewView;
use typed::{Typed, rule_field, value_field};

/// What the path of a section's pages says.
#[derive(Deserialize)]
pub(crate) struct Named {
    section: String,
}

#[derive(Template)]
#[template(path = "section.html")]
struct SectionPage {
    shell: Shell,
    root: String,
    name: String,
    /// What stands on the button.
    save: String,
    on: bool,
    fields: Vec<Field>,
    rules: Vec<RuleView>,
    /// If it was refused, what is wrong with no field in particular.
    wrong: Option<Vec<Wrong>>,
    /// What a ticket would say; only for sections that have texts of tickets.
    preview: Option<PreviewView>,
    has_script: bool,
    /// Whether a test ticket can be sent.
    testable: bool,
}

/// What is otherwise for one report type.
struct RuleView {
    report_type: String,
    title: String,
    ignore: bool,
    is_set: bool,
    fields: Vec<Field>,
    wrong: Option<Wrong>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
) -> Result<Response, Failure> {
    if named.section == BILLING_SECTION {
        return Ok(Redirect::to(&format!("{}/{}", there.root(), billing::PATH)).into_response());
    }
    let view = read(&runtime, &there, &named.section).await?;
    let directory = Directory::read(&runtime, &there).await?;
    page(&made(&runtime, &there, view, Shown::default(), directory).await?)
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
    fields: Fields,
) -> Result<Response, Failure> {
    let name = &named.section;
    if name == BILLING_SECTION {
        return Err(Failure::no_such_page()); // its own page has more to save
    }
    let view = read(&runtime, &there, name).await?;
    let directory = Directory::read(&runtime, &there).await?;
    let typed = Typed::read(&view, &fields, &directory);
    let shown = |faults: Vec<Fault>| Shown {
        of: fields.text("of").map(str::to_owned),
        faults,
        wrong: typed.wrong.clone(),
    };
    let asks_preview = fields.action() == "preview";
    let mut view = view;
    (view.on, view.values) = (typed.on, typed.values.clone());
    view.rules = typed.rules.clone();
    if asks_preview {
        return page(&made(&runtime, &there, view, shown(Vec::new()), directory).await?);
    }
    if !typed.wrong.is_empty() {
        return refused(&made(&runtime, &there, view, shown(Vec::new()), directory).await?);
    }
    let change = SectionChange {
        on: typed.on,
        values: typed.values.clone(),
        rules: Some(typed.rules.clone()),
    };
    let saved = runtime.put_settings(there.here.id(), there.id(), name, change);
    match saved.await {
        Ok(_) => Ok(there.leave_for(&format!("settings/{name}"), "settings", 1)),
        Err(runtime::Error::Invalid { faults }) => {
            refused(&made(&runtime, &there, view, shown(faults), directory).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is shown of a form besides its values.
#[derive(Default)]
struct Shown {
    /// The request that the preview is about.
    of: Option<String>,
    /// What the runtime found wrong.
    faults: Vec<Fault>,
    /// What was wrong before the runtime was asked, by the names of fields.
    wrong: Vec<(String, Wrong)>,
}

async fn read(runtime: &Runtime, there: &There, section: &str) -> Result<SectionView, Failure> {
    let view = runtime.settings(there.here.id(), there.id(), section);
    Ok(view.await?)
}

async fn made(
    runtime: &Runtime,
    there: &There,
    view: SectionView,
    shown: Shown,
    directory: Directory,
) -> Result<SectionPage, Failure> {
    let name = view.form.name.clone();
    let offered = Offered::read(runtime, there, &view.form.fields, directory).await;
    let mut seen = Vec::new();
    let mut fault_at = |pointer: String, field: &str| {
        let found = shown.wrong.iter().find(|(name, _)| name == field);
        let found = found.map(|(_, wrong)| wrong.clone());
        let found = found.or_else(|| Wrong::at(&shown.faults, &pointer));
        seen.push(pointer);
        found
    };
    let mut fields = Vec::new();
    for form in &view.form.fields {
        let field_name = value_field(&form.name);
        let fault = fault_at(format!("/values/{}", form.name), &field_name);
        let value = view.values.get(&form.name);
        let field = setting(form, field_name, value, None, &offered);
        fields.push(with(field, fault));
    }
    let mut rules = Vec::new();
    for report_type in typed::report_types(&view) {
        let rule = view.rules.get(&report_type).cloned();
        let is_set = rule.is_some();
        let rule = rule.unwrap_or_default();
        let place = report_type.replace('~', "~0").replace('/', "~1");
        let place = format!("/rules/{place}");
        let mut varying = Vec::new();
        for form in view.form.fields.iter().filter(|form| form.by_report_type) {
            let field_name = rule_field(&report_type, &form.name);
            let fault = fault_at(format!("{place}/values/{}", form.name), &field_name);
            let value = rule.values.get(&form.name);
            let field = setting(form, field_name, value, Some("As above"), &offered);
            varying.push(with(
                Field {
                    help: None,
                    ..field
                },
                fault,
            ));
        }
        rules.push(RuleView {
            title: in_words(&report_type),
            ignore: rule.ignore,
            is_set,
            fields: varying,
            wrong: fault_at(place, ""),
            report_type,
        });
    }
    let rest = shown
        .faults
        .iter()
        .filter(|fault| !seen.contains(&fault.pointer));
    let rest: Vec<Wrong> = rest.map(Wrong::from).collect();
    let is_refused = !shown.faults.is_empty() || !shown.wrong.is_empty();
    let has_texts = view.form.fields.iter().any(|form| form.kind == "template");
    let preview = if has_texts {
        Some(PreviewView::make(runtime, there, &view, shown.of.as_deref()).await?)
    } else {
        None
    };
    Ok(SectionPage {
        shell: there.shell(view.form.title.clone()),
        root: there.root(),
        save: view.form.save.clone(),
        testable: has_texts && there.integration.sections.get(&name) == Some(&true),
        on: view.on,
        has_script: view.has_script,
        name,
        fields,
        rules,
        wrong: is_refused.then_some(rest),
        preview,
    })
}

/// The field with what is wrong with it; what is said of its list anyway stays.
fn with(field: Field, fault: Option<Wrong>) -> Field {
    Field {
        fault: fault.or(field.fault),
        ..field
    }
}
