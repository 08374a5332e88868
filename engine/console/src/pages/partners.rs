//! The partners, for operators, who see all of them.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use model::{Partner, PartnerId};
use runtime::Runtime;
use serde::Deserialize;

use crate::failure::Failure;
use crate::guard::Operator;
use crate::limits::PARTNERS_PER_PAGE;
use crate::shell::{Shell, page};
use crate::visitor::Visitor;

#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "partners.html")]
struct PartnersPage {
    shell: Shell,
    partners: Vec<Partner>,
    /// After which partner the next page begins, if there is one.
    next: Option<String>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    _: Operator,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let after = asked.after.and_then(|id| PartnerId::new(id).ok());
    let partners = runtime.partners(after.as_ref(), PARTNERS_PER_PAGE).await?;
    let is_full = partners.len() == PARTNERS_PER_PAGE;
    let last = partners.last().filter(|_| is_full);
    page(&PartnersPage {
        shell: Shell::outer("Partners", &visitor),
        next: last.map(|partner| partner.id.to_string()),
        partners,
    })
}
