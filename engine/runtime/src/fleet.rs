//! The fleet: how all partners are doing, for those who run the engine. It tells counts and
//! moments, and nothing that a partner's customers have sent.

use model::{Integration, Issue, PartnerId, State, Timestamp};
use store::Records;

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::tables::{IssueRow, PAGE, RunRow, state_count};

/// The most issues of all partners that are looked at together: more is no list for a person, but
/// one cause that many have.
pub const FLEET_ISSUES_MAX: usize = 2_000;

/// How one partner is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetLine {
    /// The partner.
    pub partner: PartnerId,
    /// The name people know it by.
    pub name: String,
    /// Its integrations, oldest first.
    pub integrations: Vec<FleetIntegration>,
    /// How many issues are open.
    pub open_issues: usize,
    /// Requests by their state, every state listed.
    pub requests: Vec<(State, i64)>,
}

/// How one integration is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetIntegration {
    /// The integration.
    pub integration: Integration,
    /// What people call the system.
    pub title: String,
    /// When its latest run ended, whatever it came to.
    pub ran_at: Option<Timestamp>,
}

/// An open issue of one of the partners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetIssue {
    /// What people call the partner.
    pub partner_name: String,
    /// The issue, which says whose it is.
    pub issue: Issue,
    /// How much work waits behind it.
    pub behind: u64,
}

impl Runtime {
    /// Open issues of all partners, oldest first, and no more than [`FLEET_ISSUES_MAX`] of them: of
    /// partners in the order of their ids.
    pub async fn fleet_issues(&self) -> Result<Vec<FleetIssue>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let partners = self.partners(after.as_ref(), PAGE).await?;
            let is_last = partners.len() < PAGE;
            after = partners.last().map(|partner| partner.id.clone());
            for partner in partners {
                for IssueRow(issue) in self.core.all(partner.id.as_str(), &[]).await? {
                    let behind = self.core.behind(&partner.id, &issue.id).await?;
                    let partner_name = partner.name.clone();
                    all.push(FleetIssue {
                        partner_name,
                        issue,
                        behind,
                    });
                }
                if all.len() >= FLEET_ISSUES_MAX {
                    break;
                }
            }
            if is_last || all.len() >= FLEET_ISSUES_MAX {
                all.truncate(FLEET_ISSUES_MAX);
                all.sort_by_key(|one| one.issue.opened_at);
                return Ok(all);
            }
        }
    }

    /// Partners in the order of their ids, at most `limit` of those after `after`.
    pub async fn fleet(
        &self,
        after: Option<&PartnerId>,
        limit: usize,
    ) -> Result<Vec<FleetLine>, Error> {
        let mut lines = Vec::new();
        for partner in self.partners(after, limit).await? {
            lines.push(self.core.fleet_line(partner).await?);
        }
        Ok(lines)
    }
}

impl Core {
    async fn fleet_line(&self, partner: model::Partner) -> Result<FleetLine, Error> {
        let mut integrations = Vec::new();
        for integration in self.integrations(&partner.id).await? {
            let connector = self.library.connectors.get(&integration.connector);
            let title = connector.map_or(integration.connector.as_str(), |one| one.title.as_str());
            integrations.push(FleetIntegration {
                title: title.to_owned(),
                ran_at: self.ran_at(&integration).await?,
                integration,
            });
        }
        let mut requests = Vec::new();
        for state in State::ALL {
            let count = self.store.counter(&state_count(&partner.id, state)).await?;
            requests.push((state, count));
        }
        let issues: Vec<IssueRow> = self.all(partner.id.as_str(), &[]).await?;
        Ok(FleetLine {
            integrations,
            open_issues: issues.len(),
            requests,
            name: partner.name,
            partner: partner.id,
        })
    }

    /// When the latest run ended. Of the newest few, one has.
    async fn ran_at(&self, integration: &Integration) -> Result<Option<Timestamp>, Error> {
        const NEWEST: usize = 10;
        let parts = [integration.id.as_str()];
        let partner = integration.partner.as_str();
        let runs = self
            .store
            .scan_records::<RunRow>(partner, &parts, None, NEWEST)
            .await?;
        Ok(runs
            .iter()
            .filter_map(|(_, run)| run.value.0.ended_at)
            .max())
    }
}
