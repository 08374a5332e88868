//! The partner's own script for a section, with what is wrong with it at its line.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use runtime::{Fault, OWN_SCRIPT_BYTES_MAX, Runtime};

use super::Named;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::sentence;
use crate::shell::{Shell, There, page, refused};

/// A script to begin with, in words of the section's own fields.
const EXAMPLE: &str = "// Called for each request. A function that is named like a text of the \
form gives\n// that text; without a value, the form's own text counts.\nfn title(request, \
customer) {\n    if request.report_type == \"url_block\" {\n        return \"Blocked: \" + \
request.hostname;\n    }\n}\n";

#[derive(Template)]
#[template(path = "own_script.html")]
struct ScriptPage {
    shell: Shell,
    root: String,
    section: String,
    section_title: String,
    source: String,
    is_saved: bool,
    functions: Vec<String>,
    problems: Vec<Problem>,
    kilobytes_max: usize,
}

/// One thing wrong with a script.
struct Problem {
    line: Option<usize>,
    message: String,
    hint: Option<String>,
    excerpt: Option<String>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
) -> Result<Response, Failure> {
    let saved = runtime
        .own_script(there.here.id(), there.id(), &named.section)
        .await;
    let (source, functions, is_saved) = match saved {
        Ok(script) => (script.source, script.functions, true),
        Err(runtime::Error::NotFound { .. }) => (EXAMPLE.to_owned(), Vec::new(), false),
        Err(error) => return Err(error.into()),
    };
    let mut shown = made(&runtime, &there, &named.section, source).await?;
    (shown.functions, shown.is_saved) = (functions, is_saved);
    page(&shown)
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    Path(named): Path<Named>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id, section) = (there.here.id(), there.id(), &named.section);
    let back = format!("settings/{section}/script");
    if fields.action() == "remove" {
        runtime.remove_own_script(partner, id, section).await?;
        return Ok(there.leave_for(&back, "script_removed", 1));
    }
    let source = fields
        .get("source")
        .unwrap_or_default()
        .replace("\r\n", "\n");
    match runtime
        .put_own_script(partner, id, section, source.clone())
        .await
    {
        Ok(_) => Ok(there.leave_for(&back, "script", 1)),
        Err(runtime::Error::Invalid { faults }) => {
            let mut shown = made(&runtime, &there, section, source).await?;
            shown.problems = faults.into_iter().map(Problem::from).collect();
            refused(&shown)
        }
        Err(error) => Err(error.into()),
    }
}

async fn made(
    runtime: &Runtime,
    there: &There,
    section: &str,
    source: String,
) -> Result<ScriptPage, Failure> {
    let view = runtime
        .settings(there.here.id(), there.id(), section)
        .await?;
    Ok(ScriptPage {
        shell: there.shell("Your own script"),
        root: there.root(),
        section: section.to_owned(),
        section_title: view.form.title,
        source,
        is_saved: view.has_script,
        functions: Vec::new(),
        problems: Vec::new(),
        kilobytes_max: OWN_SCRIPT_BYTES_MAX / 1024,
    })
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self {
            line: fault.place.as_ref().map(|place| place.line),
            message: sentence(&fault.message),
            hint: fault.hint.as_deref().map(sentence),
            excerpt: fault.place.map(|place| place.excerpt),
        }
    }
}
