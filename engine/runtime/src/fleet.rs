//! The fleet: how all partners are doing, for those who run the engine. It tells counts and
//! moments, and nothing that a partner's customers have sent.

use model::{Integration, PartnerId, State, Timestamp};
use store::Records;

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::tables::{IssueRow, RunRow, state_count};

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

impl Runtime {
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
