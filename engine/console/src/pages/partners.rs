//! The fleet, for operators: how each partner is doing, in counts and moments. What a partner's
//! customers have sent is on the partner's own pages.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use model::{Health, Held, PartnerId, State as Standing};
use runtime::{FleetIntegration, FleetLine, Runtime};
use serde::Deserialize;

use crate::failure::Failure;
use crate::guard::Operator;
use crate::limits::PARTNERS_PER_PAGE;
use crate::moment::Moment;
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
    partners: Vec<Line>,
    /// After which partner the next page begins, if there is one.
    next: Option<String>,
}

/// One partner.
struct Line {
    id: String,
    name: String,
    integrations: Vec<Integration>,
    open_issues: usize,
    /// Requests that wait for somebody: parked or failed.
    stuck: i64,
    /// Requests with an open ticket, or on their way to one.
    open: i64,
    /// When something last ran.
    ran_at: Option<Moment>,
}

/// One integration.
struct Integration {
    title: String,
    look: &'static str,
    state: &'static str,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    _: Operator,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let after = asked.after.and_then(|id| PartnerId::new(id).ok());
    let lines = runtime.fleet(after.as_ref(), PARTNERS_PER_PAGE).await?;
    let is_full = lines.len() == PARTNERS_PER_PAGE;
    let last = lines.last().filter(|_| is_full);
    page(&PartnersPage {
        shell: Shell::outer("Partners", &visitor),
        next: last.map(|line| line.partner.to_string()),
        partners: lines.into_iter().map(Line::from).collect(),
    })
}

impl From<FleetLine> for Line {
    fn from(line: FleetLine) -> Self {
        let count = |wanted: &[Standing]| {
            let fits = line
                .requests
                .iter()
                .filter(|(state, _)| wanted.contains(state));
            fits.map(|(_, count)| count).sum()
        };
        let ran_at = line.integrations.iter().filter_map(|one| one.ran_at).max();
        Self {
            stuck: count(&[Standing::Parked, Standing::Failed]),
            open: count(&[Standing::Waiting, Standing::Ticketed]),
            id: line.partner.to_string(),
            name: line.name,
            open_issues: line.open_issues,
            ran_at: ran_at.map(Moment::from),
            integrations: line
                .integrations
                .into_iter()
                .map(Integration::from)
                .collect(),
        }
    }
}

impl From<FleetIntegration> for Integration {
    fn from(one: FleetIntegration) -> Self {
        let (look, state) = match (one.integration.held, one.integration.health) {
            (Some(Held::Disconnected { .. }), _) => ("bad", "Disconnected"),
            (_, Health::Stopped { .. }) => ("bad", "Credentials rejected"),
            (Some(Held::Paused { .. }), _) => ("warn", "Paused"),
            (None, Health::Good) => ("good", "Connected"),
        };
        Self {
            title: one.title,
            look,
            state,
        }
    }
}
