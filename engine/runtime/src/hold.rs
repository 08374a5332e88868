//! Holding: an integration that people pause or disconnect, and use again.
//!
//! What is under way when it is held ends; all else waits behind one issue and goes on by itself
//! when the integration is used again. Nothing that was begun is forgotten: tickets stay linked,
//! and an effect of which nobody knows whether it took hold is asked after when that is possible
//! again. So holding loses no ticket and doubles none.

use std::collections::BTreeMap;

use definition::pipeline::Event;
use model::{Held, Integration, IntegrationId, IssueId, IssueKind, PartnerId, Timestamp};
use store::{Batch, Expect, Record};

use crate::core::Core;
use crate::error::Error;
use crate::events::Happened;
use crate::integrations::{put_callout, save, token_hash};
use crate::issues::{Trouble, issue_id};
use crate::routing::rejected;
use crate::tables::{CalloutRow, NOBODY, RoutingRow};
use crate::{IntegrationView, Runtime};

impl Runtime {
    /// Lets the integration do nothing until it is resumed. What waits is kept.
    pub async fn pause(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<IntegrationView, Error> {
        let row = self.core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        if integration.held.is_none() {
            let at = self.core.now();
            integration.held = Some(Held::Paused { at });
            let mut batch = Batch::new();
            save(&mut batch, &row, &integration);
            self.commit(batch, "the integration").await?;
        }
        self.view(integration).await
    }

    /// Lets a paused integration go on, with what has waited. One that is disconnected needs
    /// credentials instead.
    pub async fn resume(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<IntegrationView, Error> {
        let core = &self.core;
        let row = core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        match integration.held {
            None => return self.view(integration).await,
            Some(held @ Held::Disconnected { .. }) => return Err(Error::Held { held }),
            Some(Held::Paused { .. }) => integration.held = None,
        }
        let mut batch = Batch::new();
        save(&mut batch, &row, &integration);
        let happened = Happened::plain(Event::IntegrationResumed, core.now());
        core.enqueue_event(&mut batch, &integration, &happened);
        self.commit(batch, "the integration").await?;
        core.clear_issue(partner, &held_issue(id)).await?;
        self.view(integration).await
    }

    /// Forgets the credentials and closes the callout address. Requests that had not begun with
    /// this integration go where the others lead; those that had wait for it. Working credentials
    /// connect it again, under the same callout address.
    pub async fn disconnect(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<IntegrationView, Error> {
        let core = &self.core;
        let row = core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        if matches!(integration.held, Some(Held::Disconnected { .. })) {
            return self.view(integration).await;
        }
        let now = core.now();
        integration.held = Some(Held::Disconnected { at: now });
        integration.credentials = BTreeMap::new();
        (integration.entered, integration.spare) = (None, None);
        integration.credentials_generation += 1;
        let token = token_hash(integration.callout_token.expose());
        let mut batch = Batch::new();
        save(&mut batch, &row, &integration);
        batch
            .delete(CalloutRow::key(NOBODY, &[&token]), Expect::Any)
            .put_record(partner.as_str(), &[], &RoutingRow(now), Expect::Any);
        // What it billed is the others' to bill from now on.
        core.replan(&mut batch, partner, now, |other| other != id)
            .await?;
        core.while_retired(&row.value.0, self.commit(batch, "the integration"))
            .await?;
        // What waited for the pause, or for credentials, has other prospects now.
        for issue in [held_issue(id), credentials_issue(id)] {
            core.clear_issue(partner, &issue).await?;
        }
        self.view(integration).await
    }

    /// Clears what waited because the integration was disconnected.
    pub(crate) async fn connected_again(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<(), Error> {
        let nowhere = issue_id(IssueKind::NoTicketIntegration, None, "tickets");
        for issue in [held_issue(id), nowhere] {
            self.core.clear_issue(partner, &issue).await?;
        }
        let (mut batch, now) = (Batch::new(), self.core.now());
        let replanned = self
            .core
            .replan(&mut batch, partner, now, |other| other != id);
        replanned.await?;
        self.commit(batch, "the queue").await
    }
}

/// Adds to `batch` that an integration with working credentials is connected again, if it was not.
/// Gives whether it was not.
pub(crate) fn connect_again(
    batch: &mut Batch,
    integration: &mut Integration,
    now: Timestamp,
) -> bool {
    if !matches!(integration.held, Some(Held::Disconnected { .. })) {
        return false;
    }
    integration.held = None;
    put_callout(batch, integration);
    let partner = integration.partner.as_str();
    batch.put_record(partner, &[], &RoutingRow(now), Expect::Any);
    true
}

impl Core {
    /// Nothing, or why the integration does no work now.
    pub(crate) fn usable(integration: &Integration) -> Result<(), Error> {
        if let Some(held) = integration.held {
            return Err(Error::Held { held });
        }
        Self::connected(integration)
    }

    /// The trouble with an integration that does no work now.
    pub(crate) fn idle(&self, integration: &Integration) -> Trouble {
        let connector = self.library.connectors.get(&integration.connector);
        let title = connector.map_or(integration.connector.as_str(), |one| one.title.as_str());
        idle(integration, title)
    }

    /// Nothing, or why not even a person's own question can be asked through the integration now.
    /// Through a paused one it can: who changes its settings needs to see the choices.
    pub(crate) fn connected(integration: &Integration) -> Result<(), Error> {
        match (integration.held, &integration.health) {
            (Some(held @ Held::Disconnected { .. }), _) => Err(Error::Held { held }),
            (_, model::Health::Good) => Ok(()),
            (_, model::Health::Stopped { .. }) => {
                let issue = credentials_issue(&integration.id);
                Err(Error::Stopped { issue })
            }
        }
    }
}

/// The trouble with an integration that people hold, or whose credentials are refused.
fn idle(integration: &Integration, title: &str) -> Trouble {
    let (title, remedy) = match integration.held {
        None => return rejected(integration, None, None),
        Some(Held::Paused { .. }) => (
            format!("{title} is paused, and work waits for it"),
            "Resume the integration. What waits then goes on by itself.",
        ),
        Some(Held::Disconnected { .. }) => (
            format!("{title} is disconnected, and what it had begun waits for it"),
            "Save working credentials to connect it again. What waits then goes on by itself.",
        ),
    };
    Trouble {
        kind: IssueKind::Held,
        integration: Some(integration.id.clone()),
        subject: HELD.to_owned(),
        cause: None,
        title,
        detail: None,
        remedy: remedy.to_owned(),
    }
}

/// What tells the issue about a held integration: there is one, however it is held.
const HELD: &str = "held";

fn held_issue(id: &IntegrationId) -> IssueId {
    issue_id(IssueKind::Held, Some(id), HELD)
}

fn credentials_issue(id: &IntegrationId) -> IssueId {
    issue_id(IssueKind::CredentialsRejected, Some(id), "credentials")
}
