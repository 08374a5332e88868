//! The two places for an integration's credentials: those in use, and the spare ones beside them.
//!
//! Nothing takes the place of credentials in use that did not work a moment before, and what it
//! takes the place of stays for a while as the former ones, so that a person can go back. Spare
//! credentials are never used by themselves: only a person tests them or puts them to use.
//!
//! Calls that are under way end with the credentials that they began with. All that was only
//! about to be called with them is called with the new ones: whoever holds the former ones finds
//! them retired, reads again and goes on.

use std::collections::BTreeMap;

use definition::connector::{Connector, Field};
use definition::pipeline::Event;
use model::{
    Class, Entered, Former, Health, Integration, IntegrationId, IssueKind, PartnerId, Secret,
    Spare, Timestamp,
};
use store::{Batch, Lease, Versioned};

use super::{ConnectionReport, save};
use crate::Runtime;
use crate::core::Core;
use crate::error::{Error, Fault};
use crate::events::Happened;
use crate::hold::connect_again;
use crate::issues::issue_id;
use crate::remote::broker_name;
use crate::tables::IntegrationRow;
use crate::work::{LAPSE_PRIORITY, Work};
use crate::worker::store_error;

/// How long former credentials are kept: long enough to notice on the next working day after a
/// weekend that the new ones lack a right, short enough that old keys do not pile up.
pub const FORMER_KEPT: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// What is known of an integration's credentials besides their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsView {
    /// Who gave those in use, and when, if that is known.
    pub entered: Option<Entered>,
    /// Those beside them.
    pub spare: Option<SpareView>,
}

/// What is known of spare credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpareView {
    /// Who gave them, and when, if that is known.
    pub entered: Option<Entered>,
    /// Whether they worked when they were last used.
    pub health: Health,
    /// When they were in use, if they were; otherwise they are the next ones.
    pub former: Option<Former>,
}

/// Credentials that were tried out, and the integration as it was then.
struct Tried {
    row: Versioned<IntegrationRow>,
    credentials: BTreeMap<String, Secret>,
    report: ConnectionReport,
}

impl CredentialsView {
    pub(super) fn of(integration: &Integration, now: Timestamp) -> Self {
        let spare = integration.spare.as_ref();
        Self {
            entered: integration.entered.clone(),
            spare: spare
                .filter(|spare| !is_over(spare, now))
                .map(|spare| SpareView {
                    entered: spare.entered.clone(),
                    health: spare.health.clone(),
                    former: spare.former,
                }),
        }
    }
}

impl Runtime {
    /// Replaces the credentials, if the new ones work. What waited because the old ones were
    /// rejected goes on. The old ones stay beside them for [`FORMER_KEPT`], in the place of what
    /// lay there.
    pub async fn put_credentials(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        credentials: BTreeMap<String, Secret>,
        by: &str,
    ) -> Result<ConnectionReport, Error> {
        let tried = self.tried(partner, id, credentials).await?;
        if tried.report.ok {
            let entered = Some(self.core.entered(by));
            self.put_to_use(&tried.row, tried.credentials, entered)
                .await?;
        }
        Ok(tried.report)
    }

    /// Keeps credentials beside those in use, if they work.
    pub async fn put_spare(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        credentials: BTreeMap<String, Secret>,
        by: &str,
    ) -> Result<ConnectionReport, Error> {
        let tried = self.tried(partner, id, credentials).await?;
        if tried.report.ok {
            let spare = Spare {
                credentials: tried.credentials,
                entered: Some(self.core.entered(by)),
                health: Health::Good,
                former: None,
            };
            self.save_spare(&tried.row, Some(spare)).await?;
        }
        Ok(tried.report)
    }

    /// Tries out credentials that somebody gives for an integration.
    async fn tried(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        credentials: BTreeMap<String, Secret>,
    ) -> Result<Tried, Error> {
        let row = self.core.integration(partner, id).await?;
        let connector = self.core.connector(&row.value.0.connector)?;
        let credentials = checked(&connector, credentials)?;
        let report = self.core.try_beside(&row.value.0, &credentials).await?;
        Ok(Tried {
            row,
            credentials,
            report,
        })
    }

    /// Tries out the spare credentials, which takes note of whether they work.
    pub async fn test_spare(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<ConnectionReport, Error> {
        let (row, spare) = self.spare(partner, id).await?;
        let tried = self.core.try_beside(&row.value.0, &spare.credentials);
        let report = tried.await?;
        let health = match report.class {
            None if report.ok => Health::Good,
            Some(class @ Class::CredentialsRejected) => Health::Stopped {
                class,
                message: report.message.clone(),
                at: self.core.now(),
            },
            // It says nothing about the credentials that nobody could be asked about them.
            _ => spare.health.clone(),
        };
        if health != spare.health {
            let spare = Spare { health, ..spare };
            self.save_spare(&row, Some(spare)).await?;
        }
        Ok(report)
    }

    /// Puts the spare credentials to use, if they work. Those in use take their place.
    pub async fn use_spare(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<ConnectionReport, Error> {
        let report = self.test_spare(partner, id).await?;
        if report.ok {
            let (row, spare) = self.spare(partner, id).await?;
            self.put_to_use(&row, spare.credentials, spare.entered)
                .await?;
        }
        Ok(report)
    }

    /// Forgets the spare credentials.
    pub async fn remove_spare(&self, partner: &PartnerId, id: &IntegrationId) -> Result<(), Error> {
        let (row, _) = self.spare(partner, id).await?;
        self.save_spare(&row, None).await
    }

    async fn spare(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<(Versioned<IntegrationRow>, Spare), Error> {
        let row = self.core.integration(partner, id).await?;
        let now = self.core.now();
        let spare = row.value.0.spare.clone();
        match spare.filter(|spare| !is_over(spare, now)) {
            Some(spare) => Ok((row, spare)),
            None => Err(Error::not_found("spare credentials of", id)),
        }
    }

    async fn save_spare(
        &self,
        row: &Versioned<IntegrationRow>,
        spare: Option<Spare>,
    ) -> Result<(), Error> {
        let integration = Integration {
            spare,
            ..row.value.0.clone()
        };
        let mut batch = Batch::new();
        save(&mut batch, row, &integration);
        self.commit(batch, "the integration").await
    }

    /// Makes calls with `credentials`, which were found to work, from now on.
    async fn put_to_use(
        &self,
        row: &Versioned<IntegrationRow>,
        credentials: BTreeMap<String, Secret>,
        entered: Option<Entered>,
    ) -> Result<(), Error> {
        let (core, before) = (&self.core, &row.value.0);
        let (partner, id) = (&before.partner, &before.id);
        let mut batch = Batch::new();
        let mut after = Integration {
            spare: core.replaced(before, &credentials),
            credentials,
            entered,
            credentials_generation: before.credentials_generation + 1,
            health: Health::Good,
            ..before.clone()
        };
        let reconnects = connect_again(&mut batch, &mut after, core.now());
        save(&mut batch, row, &after);
        let happened = Happened::plain(Event::IntegrationResumed, core.now());
        core.enqueue_event(&mut batch, &after, &happened);
        core.enqueue_lapse(&mut batch, &after);
        core.while_retired(before, self.commit(batch, "the integration"))
            .await?;
        let issue = issue_id(IssueKind::CredentialsRejected, Some(id), "credentials");
        core.clear_issue(partner, &issue).await?;
        if reconnects {
            self.connected_again(partner, id).await?;
        }
        Ok(())
    }
}

impl Core {
    /// That somebody gives something now.
    pub(crate) fn entered(&self, by: &str) -> Entered {
        Entered {
            at: self.now(),
            by: by.to_owned(),
        }
    }

    /// Tries out credentials for an integration that has others.
    async fn try_beside(
        self: &std::sync::Arc<Self>,
        integration: &Integration,
        credentials: &BTreeMap<String, Secret>,
    ) -> Result<ConnectionReport, Error> {
        let integration = Integration {
            credentials: credentials.clone(),
            ..integration.clone()
        };
        self.try_out(integration).await
    }

    /// What lies beside credentials that take the place of those that `before` has.
    fn replaced(
        &self,
        before: &Integration,
        credentials: &BTreeMap<String, Secret>,
    ) -> Option<Spare> {
        if before.credentials == *credentials || before.credentials.is_empty() {
            // What was saved once more, or came back; there is nothing to go back to.
            let spare = before.spare.clone();
            return spare.filter(|spare| spare.credentials != *credentials);
        }
        let until = self.now();
        Some(Spare {
            credentials: before.credentials.clone(),
            entered: before.entered.clone(),
            health: before.health.clone(),
            former: Some(Former {
                until,
                kept_until: until.after(FORMER_KEPT),
            }),
        })
    }

    /// Makes a change after which the credentials of `before` are not used any more. They are
    /// retired first, so that nobody who has read them can begin a call with them after it.
    pub(crate) async fn while_retired(
        &self,
        before: &Integration,
        change: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let name = broker_name(before);
        self.exchange.retire_broker(&name);
        if let Err(error) = change.await {
            self.forget_broker(&name);
            return Err(error);
        }
        // Whoever had read those before these is long done: one name is kept at most.
        let generation = before.credentials_generation.checked_sub(1);
        if let Some(credentials_generation) = generation {
            self.forget_broker(&broker_name(&Integration {
                credentials_generation,
                ..before.clone()
            }));
        }
        Ok(())
    }

    /// Adds to `batch` that former credentials are forgotten when their time has come.
    fn enqueue_lapse(&self, batch: &mut Batch, integration: &Integration) {
        let Integration { partner, id, .. } = integration;
        let former = integration.spare.as_ref().and_then(|spare| spare.former);
        let Some(former) = former.filter(|former| former.until == self.now()) else {
            return;
        };
        let work = Work::Lapse {
            partner: partner.clone(),
            integration: id.clone(),
        };
        let job = format!(
            "{partner}/lapse/{id}/{}",
            integration.credentials_generation
        );
        let lane = format!("lapse/{id}");
        batch.enqueue(work.job(job, lane, LAPSE_PRIORITY, former.kept_until));
    }

    /// Forgets former credentials whose time has come.
    pub(crate) async fn lapse(
        &self,
        lease: &Lease,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<(), store::Error> {
        let mut batch = Batch::new();
        match self.integration(partner, id).await {
            Ok(row) => {
                let mut integration = row.value.0.clone();
                let spare = integration.spare.take();
                if spare.is_some_and(|spare| is_over(&spare, self.now())) {
                    save(&mut batch, &row, &integration);
                }
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(store_error(error)),
        }
        batch.complete(lease);
        self.store.commit(batch).await.map(drop)
    }
}

/// Whether the time of former credentials is over.
fn is_over(spare: &Spare, now: Timestamp) -> bool {
    spare.former.is_some_and(|former| former.kept_until <= now)
}

/// The credentials that a connector asks for, with its defaults; anything else is a fault.
pub(super) fn checked(
    connector: &Connector,
    mut given: BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Secret>, Error> {
    let mut faults = Vec::new();
    let mut checked = BTreeMap::new();
    for field in &connector.credentials {
        // People paste; what comes along at the ends is never part of a key.
        let value = given
            .remove(&field.name)
            .map(|secret| secret.expose().trim().to_owned());
        let value = value
            .filter(|value| !value.is_empty())
            .or_else(|| field.default.clone());
        let address = field.address.as_ref();
        match value.map(|value| address.map_or(Ok(value.clone()), |form| form.read(&value))) {
            Some(Ok(value)) => drop(checked.insert(field.name.clone(), Secret::new(value))),
            Some(Err(wrong)) => {
                let message = format!("{} {wrong}", field.label);
                faults.push(fault(&field.name, message, field));
            }
            None => faults.push(fault(
                &field.name,
                format!("{} is missing", field.label),
                field,
            )),
        }
    }
    for name in given.keys() {
        let names: Vec<&str> = connector
            .credentials
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        faults.push(Fault {
            pointer: format!("/credentials/{name}"),
            message: format!("`{name}` is not a credential of {}", connector.title),
            hint: Some(format!("it takes {}", names.join(", "))),
            place: None,
        });
    }
    if faults.is_empty() {
        Ok(checked)
    } else {
        Err(Error::Invalid { faults })
    }
}

fn fault(name: &str, message: String, field: &Field) -> Fault {
    Fault {
        pointer: format!("/credentials/{name}"),
        message,
        hint: field.help.clone(),
        place: None,
    }
}
