//! What was written to the PSA, newest first, and taking it back.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::ProductId;
use model::billing::{Change, ChangeState};
use runtime::Runtime;

use super::line::signed;
use crate::Options;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::limits::CHANGES_PER_PAGE;
use crate::moment::Moment;
use crate::shell::{Shell, There, page, refused};

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    shell: Shell,
    root: String,
    title: String,
    changes: Vec<ChangeView>,
    page: usize,
    pages: usize,
    wrong: Vec<Wrong>,
}

/// One change.
pub(super) struct ChangeView {
    pub(super) id: String,
    pub(super) at: Moment,
    pub(super) line: String,
    pub(super) company: String,
    pub(super) item: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) by: String,
    pub(super) from: String,
    pub(super) read_back: Option<String>,
    pub(super) answer: Option<String>,
    pub(super) label: &'static str,
    pub(super) class: &'static str,
    pub(super) undoes: bool,
    pub(super) is_undone: bool,
    /// Whether it may be the one to be taken back.
    pub(super) is_undoable: bool,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        let (label, class) = match change.state {
            ChangeState::Intended => ("Being sent", "busy"),
            ChangeState::Verified => ("Verified", "good"),
            ChangeState::NotDone => ("Not done", "idle"),
            ChangeState::Unclear => ("Unclear", "bad"),
        };
        let line = change.line;
        let products: Vec<&str> = line.products.iter().map(ProductId::as_str).collect();
        Self {
            at: change.intended_at.into(),
            company: line.company_name,
            item: if line.item_name.is_empty() {
                products.join(", ")
            } else {
                line.item_name
            },
            by: signed(change.after - change.before),
            before: change.before.to_string(),
            after: change.after.to_string(),
            from: line.effective.to_string(),
            read_back: change.read_back.map(|read| read.to_string()),
            answer: change
                .answer
                .filter(|answer| !answer.is_null())
                .map(|answer| answer.to_string()),
            undoes: line.undoes.is_some(),
            is_undone: change.undone_by.is_some(),
            is_undoable: change.state == ChangeState::Verified && change.undone_by.is_none(),
            line: line.id,
            id: change.id,
            label,
            class,
        }
    }
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    page(&made(&runtime, &there, Vec::new()).await?)
}

/// The question that is asked before a change is taken back.
#[derive(Template)]
#[template(path = "undo.html")]
struct UndoPage {
    shell: Shell,
    root: String,
    title: String,
    change: ChangeView,
}

/// Takes one change back, once a person has said that they are sure.
pub(crate) async fn undo(
    State(runtime): State<Runtime>,
    State(options): State<Arc<Options>>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let change = fields.text("undo").ok_or_else(Failure::not_a_form)?;
    if fields.get("sure") != Some("yes") {
        let all = runtime.changes(there.here.id(), there.id()).await?;
        let found = all.into_iter().find(|one| one.id == change);
        return page(&UndoPage {
            shell: there.shell("Take a change back?"),
            root: there.root(),
            title: there.integration.title.clone(),
            change: found.ok_or_else(Failure::no_such_page)?.into(),
        });
    }
    let since = options.now();
    let asked = runtime.undo(there.here.id(), there.id(), vec![change.to_owned()]);
    match asked.await {
        Ok(decided) => Ok(super::back(&there, "undoing", decided.decided, Some(since))),
        Err(runtime::Error::Invalid { faults }) => {
            let wrong = faults.iter().map(Wrong::from).collect();
            refused(&made(&runtime, &there, wrong).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn made(runtime: &Runtime, there: &There, wrong: Vec<Wrong>) -> Result<ChangesPage, Failure> {
    let all = runtime.changes(there.here.id(), there.id()).await?;
    let pages = all.len().div_ceil(CHANGES_PER_PAGE).max(1);
    let page = there.here.asked("page").and_then(|text| text.parse().ok());
    let page = page.unwrap_or(1).clamp(1, pages);
    let shown = all.into_iter().skip((page - 1) * CHANGES_PER_PAGE);
    let changes = shown.take(CHANGES_PER_PAGE).map(ChangeView::from);
    Ok(ChangesPage {
        shell: there.shell("Changes"),
        root: there.root(),
        title: there.integration.title.clone(),
        changes: changes.collect(),
        page,
        pages,
        wrong,
    })
}
