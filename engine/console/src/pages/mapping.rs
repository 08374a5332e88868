//! The mapping: which company each customer is.
//!
//! A page holds a part of the customers, so that thousands of them cost no browser its breath; each
//! has a box for its company, with the most similar one offered on green, and ticks for what is
//! done for it. Saving sends the page's lines, and changes those that a person changed.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use runtime::{Runtime, SCORE_MIN};

use crate::directory::{self, Directory};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::list::List;
use crate::shell::{Shell, There, page, refused};

mod line;
mod part;
pub(crate) mod table;
mod typed;

use line::Line;
use typed::Typed;

/// The score from which suggestions are accepted unless a person says otherwise.
const SCORE_DEFAULT: u8 = 90;

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage {
    shell: Shell,
    /// Where the integration's pages are.
    root: String,
    /// What the PSA is called.
    title: String,
    /// What the connector's people call a company, and several.
    word: String,
    words: String,
    list: List,
    /// How many customers there are, and how many are mapped or ignored.
    total: usize,
    settled: usize,
    lines: Vec<Line>,
    /// How many suggestions would be accepted with the score as it is.
    likely: usize,
    score: u8,
    score_min: u8,
    has_companies: bool,
    wrong: usize,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    page(&made(&runtime, &there, &[]).await?)
}

pub(crate) async fn save(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let directory = Directory::read(&runtime, &there).await?;
    let mut typed = Typed::all(&fields)?;
    let mut changes = Vec::new();
    for line in &mut typed {
        match line.change(&directory) {
            Ok(change) => changes.extend(change),
            Err(wrong) => line.wrong = Some(wrong),
        }
    }
    if typed.iter().any(|line| line.wrong.is_some()) {
        return refused(&made(&runtime, &there, &typed).await?);
    }
    let count = changes.len();
    let (partner, id) = (there.here.id(), there.id());
    runtime.put_company_mappings(partner, id, changes).await?;
    Ok(there.leave_for("mapping", "mapping", count))
}

/// Maps all whose suggestion is good enough.
pub(crate) async fn accept(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let score = fields.text("score").and_then(|text| text.parse().ok());
    let score: u8 = score.unwrap_or(SCORE_DEFAULT).max(SCORE_MIN);
    let (partner, id) = (there.here.id(), there.id());
    let receipt = runtime.accept_suggestions(partner, id, score).await?;
    Ok(there.leave_for("mapping", "accepted", receipt.saved))
}

/// What the script offers in the boxes.
pub(crate) async fn companies(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    Ok(Json(directory::answer(&runtime, &there).await?).into_response())
}

async fn made(runtime: &Runtime, there: &There, typed: &[Typed]) -> Result<MappingPage, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let all = runtime.company_mappings(partner, id).await?;
    let likely = all.iter().filter_map(|line| line.suggestion.as_ref());
    let likely = likely.filter(|one| !one.ambiguous && one.score >= SCORE_DEFAULT);
    let likely = likely.count();
    let has_companies = runtime.has_companies(partner, id).await?;
    let (total, settled) = part::progress(&all);
    let path = format!("{}/mapping", there.root());
    let (list, shown) = List::of(there.here.query(), path, "customers", all);
    let line = |line: runtime::MappingLine| {
        let kept = typed.iter().find(|one| one.customer == line.customer.id);
        let line = Line::from(line);
        match kept {
            Some(kept) => line.with(kept),
            None => line,
        }
    };
    let lines: Vec<Line> = shown.into_iter().map(line).collect();
    let word = there.word("company").to_owned();
    Ok(MappingPage {
        shell: there.shell(format!("{word} Mapping")),
        root: there.root(),
        title: there.integration.title.clone(),
        words: there.word("companies").to_owned(),
        wrong: lines.iter().filter(|line| line.wrong.is_some()).count(),
        word,
        list,
        total,
        settled,
        lines,
        likely,
        score: SCORE_DEFAULT,
        score_min: SCORE_MIN,
        has_companies,
    })
}
