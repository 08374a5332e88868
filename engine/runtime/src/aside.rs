//! Putting aside: what is done with a job that cannot go on, in one commit with all that follows.

use std::time::Duration;

use model::{Health, Integration, IssueKind, PartnerId, RequestId};
use store::{Batch, Expect, Lease, Versioned};

use crate::core::{Core, change_request};
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::remote::{broker_name, limits_name};
use crate::routing::rejected;
use crate::tables::IntegrationRow;
use crate::work::{RequestEvent, Work};
use crate::worker::store_error;

/// The first wait before a job is tried again; it doubles with each attempt.
const AGAIN_FROM: Duration = Duration::from_secs(1);

/// The longest wait before a job is tried again.
pub(crate) const AGAIN_TO: Duration = Duration::from_mins(5);

/// After so many attempts of one job, which take about an hour, a person is told although the PSA
/// serves other calls.
const ATTEMPTS_UNTOLD: u32 = 20;

/// What tells the issue about a PSA that serves no call at all.
pub(crate) const SILENT: &str = "silent";

impl Core {
    /// Settles a job that could not go on, together with what `batch` has to say all the same.
    pub(crate) async fn put_aside(
        &self,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
        request: Option<&RequestId>,
        mut batch: Batch,
        halt: Halt,
    ) -> Result<(), store::Error> {
        match halt {
            Halt::Store(error) => return Err(error),
            Halt::Again { wait, message, .. } => {
                self.metrics.jobs_again.add(1);
                self.tell_unreachable(&mut batch, lease, partner, request, &message)
                    .await?;
                self.note(&mut batch, partner, request, &message).await?;
                batch.retry(
                    lease,
                    self.now().after(self.backoff(lease.job.attempts, wait)),
                );
            }
            Halt::Wait { wait, message } => {
                self.note(&mut batch, partner, request, &message).await?;
                batch.release(lease, self.now().after(wait));
            }
            Halt::Behind { trouble, guard } => {
                self.metrics.jobs_behind.add(1);
                if let Some((key, expect)) = guard {
                    batch.require(key, expect);
                }
                self.set_behind(&mut batch, lease, work, partner, request, &trouble)
                    .await?;
            }
            Halt::Rejected { message, remedy } => {
                let integration = self.request_integration(partner, request).await?;
                if integration
                    .as_ref()
                    .is_some_and(|row| !self.is_rejected(&row.value.0))
                {
                    // Others took the place of the rejected ones meanwhile, and are not to blame.
                    let wait = self.backoff(lease.job.attempts, None);
                    batch.retry(lease, self.now().after(wait));
                    return self.store.commit(batch).await.map(drop);
                }
                self.metrics.jobs_behind.add(1);
                let trouble = self.stop(&mut batch, integration, message, remedy);
                self.set_behind(&mut batch, lease, work, partner, request, &trouble)
                    .await?;
            }
            Halt::Undefined(what) => {
                let trouble = undefined(&what);
                self.set_behind(&mut batch, lease, work, partner, request, &trouble)
                    .await?;
            }
        }
        self.store.commit(batch).await.map(drop)
    }

    async fn request_integration(
        &self,
        partner: &PartnerId,
        request: Option<&RequestId>,
    ) -> Result<Option<Versioned<IntegrationRow>>, store::Error> {
        let Some(request) = request else {
            return Ok(None);
        };
        let request = self
            .request(partner, request)
            .await
            .map_err(store_error)?
            .value
            .0;
        // Also one that another job has just stopped: this one waits behind the same issue.
        self.chosen(partner, &request).await.map_err(store_error)
    }

    /// Adds to `batch` that the integration is not to be used until its credentials are replaced.
    pub(crate) fn stop(
        &self,
        batch: &mut Batch,
        integration: Option<Versioned<IntegrationRow>>,
        message: String,
        remedy: Option<String>,
    ) -> Trouble {
        let Some(row) = integration else {
            return undefined("the integration whose credentials were rejected");
        };
        let mut integration = row.value.0;
        let trouble = rejected(&integration, Some(message.clone()), remedy);
        let class = model::Class::CredentialsRejected;
        integration.health = Health::Stopped {
            class,
            message,
            at: self.now(),
        };
        let partner = integration.partner.clone();
        let parts = [integration.id.to_string()];
        let parts = [parts[0].as_str()];
        let stopped = IntegrationRow(integration);
        batch.put_record(
            partner.as_str(),
            &parts,
            &stopped,
            Expect::Version(row.version),
        );
        trouble
    }

    /// Whether the credentials that the integration has now are rejected.
    pub(crate) fn is_rejected(&self, integration: &Integration) -> bool {
        let broker = self.exchange.broker(&broker_name(integration));
        broker.is_some_and(|broker| broker.is_rejected())
    }

    /// Adds to `batch` that the job's work waits behind the issue about `trouble`.
    async fn set_behind(
        &self,
        batch: &mut Batch,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
        request: Option<&RequestId>,
        trouble: &Trouble,
    ) -> Result<(), store::Error> {
        let issue = self
            .open_for_work(batch, partner, trouble)
            .await
            .map_err(store_error)?;
        Self::put_behind(batch, partner, &issue, lease, work.clone());
        let Some(id) = request else { return Ok(()) };
        let before = self.request(partner, id).await.map_err(store_error)?;
        let mut after = before.value.0.clone();
        let opened = matches!(
            work,
            Work::Request {
                event: RequestEvent::Opened,
                ..
            }
        );
        if opened {
            after.enter(
                trouble.kind.state_behind(),
                self.now(),
                Some(trouble.title.clone()),
            );
        } else {
            after.note(self.now(), "close waits", Some(trouble.title.clone()));
        }
        after.issue = Some(issue);
        change_request(batch, partner, &before, &after);
        Ok(())
    }

    async fn tell_unreachable(
        &self,
        batch: &mut Batch,
        lease: &Lease,
        partner: &PartnerId,
        request: Option<&RequestId>,
        message: &str,
    ) -> Result<(), store::Error> {
        let Some(row) = self.request_integration(partner, request).await? else {
            return Ok(());
        };
        let tries = lease.job.attempts;
        let Some(trouble) = unserved(self, &row.value.0, tries, "tickets", message) else {
            return Ok(());
        };
        self.open_issue(batch, partner, &trouble)
            .await
            .map_err(store_error)
            .map(drop)
    }

    /// Notes in the request's history why it is tried again, once per reason.
    async fn note(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        request: Option<&RequestId>,
        message: &str,
    ) -> Result<(), store::Error> {
        let Some(id) = request else { return Ok(()) };
        let before = self.request(partner, id).await.map_err(store_error)?;
        let mut after = before.value.0.clone();
        let last = after
            .history
            .last()
            .and_then(|entry| entry.detail.as_deref());
        if last != Some(message) {
            after.note(self.now(), "tried again", Some(message.to_owned()));
            change_request(batch, partner, &before, &after);
        }
        Ok(())
    }

    /// How long to wait before a job that was tried so often is tried again.
    pub(crate) fn backoff(&self, attempts: u32, at_least: Option<Duration>) -> Duration {
        let doubled = AGAIN_FROM.saturating_mul(2_u32.saturating_pow(attempts.min(16)));
        let bound = doubled.min(AGAIN_TO);
        at_least.unwrap_or_default().max(bound / 2) + self.random.up_to(bound / 2)
    }
}

/// The trouble with a PSA that has served no call for a while, or not this one for much longer;
/// nothing while it may still pass.
pub(crate) fn unserved(
    core: &Core,
    integration: &Integration,
    tries: u32,
    subject: &str,
    message: &str,
) -> Option<Trouble> {
    let name = limits_name(integration);
    if core.silence.is_long(&name, core.now()) {
        return Some(unreachable(core, integration, SILENT, message));
    }
    (tries >= ATTEMPTS_UNTOLD).then(|| unreachable(core, integration, subject, message))
}

/// The trouble with a PSA that does not answer.
fn unreachable(core: &Core, integration: &Integration, subject: &str, message: &str) -> Trouble {
    let title = core.library.connectors.get(&integration.connector);
    let title = title.map_or(integration.connector.as_str(), |one| one.title.as_str());
    Trouble {
        kind: IssueKind::Unreachable,
        integration: Some(integration.id.clone()),
        subject: subject.to_owned(),
        cause: None,
        title: format!("{title} has not answered for a while"),
        detail: Some(message.to_owned()),
        remedy: "Nothing is lost, and it goes on by itself. If it stays, check whether the PSA is \
                 up and whether its request limit is used up by other integrations."
            .to_owned(),
    }
}

fn undefined(what: &str) -> Trouble {
    Trouble {
        kind: IssueKind::ScriptFailed,
        integration: None,
        subject: what.to_owned(),
        cause: None,
        title: format!("The loaded definitions do not fit the work: {what}"),
        detail: None,
        remedy: "Load the connector and family files that this work was made for, then try again."
            .to_owned(),
    }
}
