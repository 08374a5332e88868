//! A test ticket: sent from the page of the settings, told check by check on a page of its own.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::{Check, Outcome, RunId};
use runtime::{Runtime, TestTicket};
use serde::Deserialize;

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::sentence;
use crate::moment::Moment;
use crate::shell::{Shell, There, page};

/// What the path of a test says.
#[derive(Deserialize)]
pub(crate) struct Tested {
    run: String,
}

#[derive(Template)]
#[template(path = "test_ticket.html")]
struct TestPage {
    shell: Shell,
    root: String,
    here: String,
    started_at: Moment,
    runs: bool,
    failed: Option<String>,
    remedy: Option<String>,
    checks: Vec<CheckLine>,
}

/// One thing that was verified.
struct CheckLine {
    what: String,
    holds: bool,
    /// What was found, where that says something to a person.
    told: String,
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    _: Fields,
) -> Result<Response, Failure> {
    let sent = runtime.test_ticket(there.here.id(), there.id(), TestTicket::default());
    let run = sent.await?;
    let path = format!("{}/test-tickets/{run}", there.root());
    Ok(Redirect::to(&path).into_response())
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
    Path(tested): Path<Tested>,
) -> Result<Response, Failure> {
    let id = RunId::new(tested.run).map_err(|_| Failure::no_such_page())?;
    let run = runtime.run(there.here.id(), there.id(), &id).await?;
    let failed = match &run.outcome {
        Outcome::Failed { message, .. } => Some(sentence(message)),
        Outcome::Running | Outcome::Succeeded => None,
    };
    page(&TestPage {
        shell: there.shell("Test ticket"),
        here: format!("{}/test-tickets/{id}", there.root()),
        root: there.root(),
        started_at: run.started_at.into(),
        runs: run.outcome == Outcome::Running,
        failed,
        remedy: run.remedy.as_deref().map(sentence),
        checks: run.checks.into_iter().map(CheckLine::from).collect(),
    })
}

impl From<Check> for CheckLine {
    fn from(check: Check) -> Self {
        let found = check.found.unwrap_or_default();
        let told = match (check.holds, check.expected) {
            (false, expected) => {
                let found = if found.is_empty() { "nothing" } else { &found };
                let expected = expected.map(|one| format!(" Expected: {one}."));
                format!("Found: {found}.{}", expected.unwrap_or_default())
            }
            // That the PSA's own number for something is what it should be says nothing to people.
            (true, Some(_)) if !found.contains(char::is_whitespace) => String::new(),
            (true, _) => found,
        };
        Self {
            what: check.what,
            holds: check.holds,
            told,
        }
    }
}
