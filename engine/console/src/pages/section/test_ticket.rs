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
    checks: Vec<Check>,
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
        checks: run.checks,
    })
}
