//! Legs: what an integration stands on, each with how it is doing.

use std::sync::Arc;
use std::time::Duration;

use definition::connector::GuidePart;
use exchange::{Limit, Priority};
use model::{Health, Held, Integration, IntegrationId, PartnerId, Run, Timestamp};
use store::Records;

use crate::core::Core;
use crate::error::Error;
use crate::halt::Failed;
use crate::remote::Remote;
use crate::tables::CalloutSeenRow;
use crate::{Runtime, ScheduleLine};

/// What an integration stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Legs {
    /// Whether its credentials work.
    pub health: Health,
    /// That people keep it from being used, if they do.
    pub held: Option<Held>,
    /// Callouts, where the connector has any.
    pub callout: Option<CalloutLeg>,
    /// What runs by itself, and how it last went.
    pub schedule: Vec<ScheduleLeg>,
    /// How much is taken of what the PSA allows.
    pub shares: Vec<ShareLeg>,
}

/// How callouts are doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalloutLeg {
    /// When one was last accepted; `None` when none ever was, and closes of tickets are found by
    /// the clock only.
    pub seen_at: Option<Timestamp>,
    /// What a person does in the PSA so that callouts come, part by part.
    pub guide: Vec<GuidePart>,
}

/// Something that runs by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleLeg {
    /// What, and when next.
    pub line: ScheduleLine,
    /// Its latest run that is remembered.
    pub last: Option<Run>,
}

/// How much is taken of one of the PSA's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareLeg {
    /// Calls that count at this moment.
    pub taken: u32,
    /// How many calls this engine takes at most.
    pub share: u32,
    /// How many the PSA allows everyone together.
    pub allowed: u32,
    /// In which stretch of time.
    pub per: Duration,
}

impl Runtime {
    /// What the integration stands on, and how each of it is doing.
    pub async fn legs(&self, partner: &PartnerId, id: &IntegrationId) -> Result<Legs, Error> {
        let core = &self.core;
        let integration = core.integration(partner, id).await?.value.0;
        let runs = self.runs(partner, id, core.config.retention.runs).await?;
        let last = |pipeline: &str| runs.iter().find(|run| run.pipeline == pipeline).cloned();
        let schedule = self.schedule(&integration).await?.into_iter();
        Ok(Legs {
            callout: core.callout_leg(&integration).await?,
            schedule: schedule
                .map(|line| ScheduleLeg {
                    last: last(&line.pipeline),
                    line,
                })
                .collect(),
            shares: core.shares(&integration).await?,
            held: integration.held,
            health: integration.health,
        })
    }
}

impl Core {
    async fn callout_leg(&self, integration: &Integration) -> Result<Option<CalloutLeg>, Error> {
        let connector = self.library.connectors.get(&integration.connector);
        let Some(callout) = connector.and_then(|one| one.callout.as_ref()) else {
            return Ok(None);
        };
        let parts = [integration.id.as_str()];
        let seen = self
            .store
            .get_record::<CalloutSeenRow>(integration.partner.as_str(), &parts)
            .await?;
        Ok(Some(CalloutLeg {
            seen_at: seen.map(|seen| seen.value.0),
            guide: callout.guide.clone(),
        }))
    }

    /// How much is taken of the windows that the integration lives from, also by others that it
    /// shares them with.
    async fn shares(
        self: &Arc<Self>,
        integration: &Integration,
    ) -> Result<Vec<ShareLeg>, store::Error> {
        let integration = Arc::new(integration.clone());
        // Without its connector or its setup, nothing of it is counted.
        let kept = match Remote::new(self, integration, Priority::Directory) {
            Ok(remote) => remote.limits_kept().await,
            Err(_) => return Ok(Vec::new()),
        };
        let kept = match kept {
            Err(Failed::Store(error)) => return Err(*error),
            kept => kept.unwrap_or_default(),
        };
        let leg = |limit: &Limit| match limit {
            Limit::Window { requests, per, .. } => Some(ShareLeg {
                taken: self.exchange.taken(limit),
                share: limit.capacity(),
                allowed: *requests,
                per: *per,
            }),
            Limit::Concurrent { .. } => None,
        };
        Ok(kept.iter().filter_map(leg).collect())
    }
}
