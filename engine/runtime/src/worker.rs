//! The worker: claims what is due, does it, and ends each job in one commit with all that follows
//! from it.
//!
//! It makes no difference whether a job is run for the first time, after a failure or after a
//! crash: there is one way through. A job that cannot go on is tried again or put behind an issue;
//! it is never dropped.

use std::sync::Arc;
use std::time::Duration;

use model::sabotage::{Bug, sabotaged};
use model::{Integration, IntegrationId, IssueId, IssueKind, PartnerId, RequestId, State};
use store::{Batch, Claim, Edge, Lease, Versioned};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Runtime;
use crate::aside::AGAIN_TO;
use crate::context::{Context, customer_value, request_value};
use crate::core::{Core, change_request, is_usable};
use crate::effective::{OwnWords, Subject, adapt};
use crate::error::{Error, chain};
use crate::exchanges::Notes;
use crate::halt::Halt;
use crate::issues::issue_id;
use crate::outbox::{TRIES_UNTOLD, undelivered};
use crate::remote::Remote;
use crate::requests::close_without_ticket;
use crate::retention::Rounds;
use crate::routing::Routed;
use crate::step;
use crate::tables::RequestRow;
use crate::work::{RequestEvent, Work};

/// How often a job starts over because something it rests on was changed meanwhile.
const RESTARTS_MAX: usize = 5;

/// How long to wait when the store itself fails, before looking for work again.
const STORE_PAUSE: Duration = Duration::from_secs(1);

impl Runtime {
    /// Does the work until `stop` turns true, then finishes what is under way. Work that outlives
    /// `grace` is handed back: it is found again at the next start.
    pub async fn work(&self, mut stop: watch::Receiver<bool>, grace: Duration) {
        let core = &self.core;
        if let Err(error) = core.sweep().await {
            tracing::error!("looking for stranded work failed: {}", chain(&error));
        }
        let slots = Arc::new(Semaphore::new(core.config.workers));
        let mut jobs = JoinSet::new();
        let mut seen = core.store.queued(Edge::START).await;
        let mut forgetting = std::pin::pin!(core.forget_remnants());
        let mut rounds = Rounds::begin();
        while !*stop.borrow() {
            if rounds.is_due() {
                let core = core.clone();
                jobs.spawn(async move { core.remove_old().await });
            }
            let claimed = self.claim(&slots, &mut jobs).await;
            let nap = self.nap(claimed, &slots).await;
            // In order, so that a simulation replays exactly; each turn claims anew, so that none
            // of them can keep another from mattering.
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Some(_) = jobs.join_next() => {}
                edge = core.store.queued(seen) => seen = edge,
                () = &mut forgetting => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
        let finish = async { while jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finish).await.is_err() {
            tracing::warn!("{} jobs are handed back unfinished", jobs.len());
        }
        jobs.shutdown().await;
    }

    /// Starts as many jobs as there are free slots for.
    async fn claim(
        &self,
        slots: &Arc<Semaphore>,
        jobs: &mut JoinSet<()>,
    ) -> Result<(), store::Error> {
        let core = &self.core;
        let limit = slots.available_permits().min(store::limits::MAX_CLAIM);
        if limit == 0 {
            return Ok(());
        }
        let claim = Claim {
            now: core.now(),
            lease_for: core.config.lease,
            limit,
            per_group: core.config.workers_per_partner,
        };
        for lease in core.store.claim(claim).await? {
            let Ok(slot) = slots.clone().acquire_owned().await else {
                return Ok(());
            };
            let core = core.clone();
            jobs.spawn(async move {
                core.execute(lease).await;
                drop(slot);
            });
        }
        Ok(())
    }

    /// How long to sleep when nothing happens. A full house is woken by the next job that ends.
    async fn nap(&self, claimed: Result<(), store::Error>, slots: &Semaphore) -> Duration {
        const LONG: Duration = Duration::from_mins(1);
        if let Err(error) = claimed {
            tracing::error!("no work can be claimed: {}", chain(&error));
            return STORE_PAUSE;
        }
        if slots.available_permits() == 0 {
            return LONG;
        }
        match self.core.store.next_due().await {
            // Due but not claimed: its lane or its partner is busy, so an ending job will wake us.
            Ok(Some(due)) => due
                .since(self.core.now())
                .clamp(Duration::from_millis(20), LONG),
            Ok(None) => LONG,
            Err(_) => STORE_PAUSE,
        }
    }
}

impl Core {
    /// Does one job, starting over when something it rests on was changed by others.
    pub(crate) async fn execute(self: &Arc<Self>, lease: Lease) {
        for _ in 0..RESTARTS_MAX {
            match self.attempt(&lease).await {
                Ok(()) | Err(store::Error::LeaseLost { .. }) => return,
                Err(error) if error.is_conflict() => {}
                Err(error) => {
                    tracing::error!(job = lease.job.id, "a job failed: {}", chain(&error));
                    break;
                }
            }
        }
        self.hand_back(&lease).await;
    }

    /// Hands a job back that could not be ended. Where the store takes nothing, as on a full disk,
    /// that is tried until it does: the job would otherwise wait for its lease to run out.
    async fn hand_back(&self, lease: &Lease) {
        let until = Instant::now() + self.config.lease;
        loop {
            let mut batch = Batch::new();
            batch.release(lease, self.now().after(STORE_PAUSE));
            let error = match self.store.commit(batch).await {
                Ok(_) | Err(store::Error::LeaseLost { .. }) => return,
                Err(error) => error,
            };
            let (job, why) = (&lease.job.id, chain(&error));
            tracing::error!(job, "a job cannot be handed back: {why}");
            if matches!(error, store::Error::Closed) || Instant::now() > until {
                return;
            }
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }

    async fn attempt(self: &Arc<Self>, lease: &Lease) -> Result<(), store::Error> {
        let work = match Work::read(&lease.job.payload) {
            Ok(work) => work,
            Err(error) => {
                tracing::error!(job = lease.job.id, "a job cannot be read: {error}");
                let mut batch = Batch::new();
                batch.retry(lease, self.now().after(AGAIN_TO));
                return self.store.commit(batch).await.map(drop);
            }
        };
        let partner = work.partner().clone();
        match &work {
            Work::Request { request, event, .. } => {
                self.do_request(lease, &work, &partner, request, *event)
                    .await
            }
            Work::Pipeline { .. } | Work::Schedule { .. } => {
                self.do_pipeline(lease, &work, &partner).await
            }
            Work::Recheck { issue, recheck, .. } => self
                .recheck(lease, &partner, issue, *recheck)
                .await
                .map_err(store_error),
            Work::Deliver { message, .. } => self.do_delivery(lease, &partner, message).await,
            Work::Lapse { integration, .. } => self.lapse(lease, &partner, integration).await,
        }
    }

    async fn do_delivery(
        &self,
        lease: &Lease,
        partner: &PartnerId,
        message: &crate::work::Message,
    ) -> Result<(), store::Error> {
        let mut batch = Batch::new();
        let undelivered_id = issue_id(IssueKind::Undelivered, None, "webhook");
        let known = match self.partner_value(partner).await {
            Ok(known) => known,
            Err(Error::Store(error)) => return Err(error),
            Err(_) => {
                batch.complete(lease);
                return self.store.commit(batch).await.map(drop);
            }
        };
        match self.deliver(&known, message).await {
            Ok(()) => {
                batch.complete(lease);
                self.store.commit(batch).await?;
                self.clear_issue(partner, &undelivered_id)
                    .await
                    .map_err(store_error)
                    .map(drop)
            }
            Err(halt) => {
                let (wait, why) = describe(&halt);
                let told = message.event.starts_with("issue.");
                if lease.job.attempts >= TRIES_UNTOLD && !told {
                    let url = known.webhook.map(|webhook| webhook.url).unwrap_or_default();
                    let trouble = undelivered(&url, why);
                    self.open_issue(&mut batch, partner, &trouble)
                        .await
                        .map_err(store_error)?;
                }
                if sabotaged(Bug::DropsEvents) {
                    return self.end(lease).await;
                }
                batch.retry(
                    lease,
                    self.now().after(self.backoff(lease.job.attempts, wait)),
                );
                self.store.commit(batch).await.map(drop)
            }
        }
    }

    async fn do_request(
        self: &Arc<Self>,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
        id: &RequestId,
        event: RequestEvent,
    ) -> Result<(), store::Error> {
        let before = match self.request(partner, id).await {
            Ok(before) => before,
            Err(error) => return self.give_up(lease, error).await,
        };
        let request = &before.value.0;
        let is_over = match event {
            RequestEvent::Opened => !request.is_open() || request.ticket.is_some(),
            RequestEvent::CloseAsked => !request.is_open(),
        };
        if is_over {
            let mut batch = Batch::new();
            batch.complete(lease);
            return self.store.commit(batch).await.map(drop);
        }
        if event == RequestEvent::CloseAsked && request.ticket.is_none() {
            let doubt = self.may_have_ticket(request, partner).await;
            let doubt = if doubt.map_err(store_error)? {
                Ok(true)
            } else {
                self.has_hidden_ticket(partner, request).await
            };
            return match doubt {
                // It is closed as soon as it is linked to what is found.
                Ok(true) => self.end(lease).await,
                Ok(false) => self.close_without_ticket(lease, partner, &before).await,
                Err(halt) => {
                    self.put_aside(lease, work, partner, Some(id), Batch::new(), halt)
                        .await
                }
            };
        }
        let before = match event {
            RequestEvent::Opened => self.described(lease, partner, before).await?,
            RequestEvent::CloseAsked => before,
        };
        let request = &before.value.0;
        let issue = request.issue.clone();
        let left = issue.clone();
        let integration = match self.route(partner, request).await {
            Ok(Routed::To(integration)) => *integration,
            Ok(Routed::Nowhere(halt)) => {
                self.put_aside(lease, work, partner, Some(id), Batch::new(), halt)
                    .await?;
                return self.left_behind(partner, id, left).await;
            }
            Err(error) => return Err(store_error(error)),
        };
        let ran = self
            .run_request(lease, partner, integration, before, event)
            .await;
        match ran {
            Ok((mut batch, integration)) => {
                batch.complete(lease);
                self.store.commit(batch).await?;
                self.metrics.jobs_done.add(1);
                let mended = self.request_mended(partner, &integration, issue).await;
                mended.map_err(store_error)
            }
            Err((batch, halt)) => {
                self.put_aside(lease, work, partner, Some(id), batch, halt)
                    .await?;
                self.left_behind(partner, id, left).await
            }
        }
    }

    /// Clears what a request that has got through shows to be mended. Of credentials that were
    /// rejected since it asked the PSA it shows nothing.
    async fn request_mended(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
        issue: Option<IssueId>,
    ) -> Result<(), Error> {
        if let Some(issue) = issue {
            let kind = IssueKind::CredentialsRejected;
            let rejected = issue_id(kind, Some(integration), "credentials");
            if issue != rejected
                || is_usable(&self.integration(partner, integration).await?.value.0)
            {
                self.clear_issue(partner, &issue).await?;
            }
        }
        let unreachable = issue_id(IssueKind::Unreachable, Some(integration), "tickets");
        self.clear_issue(partner, &unreachable).await.map(drop)
    }

    /// Clears the issue that a request waited behind, if it was the last one there and waits for
    /// something else now.
    async fn left_behind(
        &self,
        partner: &PartnerId,
        id: &RequestId,
        left: Option<IssueId>,
    ) -> Result<(), store::Error> {
        let now = self.request(partner, id).await.map_err(store_error)?;
        match left {
            Some(left) if now.value.0.issue.as_ref() != Some(&left) => self
                .clear_if_empty(partner, &left)
                .await
                .map_err(store_error),
            _ => Ok(()),
        }
    }

    /// Runs the pipelines of a request's event. Gives what is to be committed with the job's end;
    /// on failure, what must be committed all the same.
    async fn run_request(
        self: &Arc<Self>,
        lease: &Lease,
        partner: &PartnerId,
        integration: Integration,
        before: Versioned<RequestRow>,
        event: RequestEvent,
    ) -> Result<(Batch, IntegrationId), (Batch, Halt)> {
        let at_once = |halt: Halt| (Batch::new(), halt);
        let integration_id = integration.id.clone();
        let partner = self
            .partner_value(partner)
            .await
            .map_err(|error| at_once(error.into()))?;
        let mut request = before.value.0.clone();
        request.integration = Some(integration.id.clone());
        // Its issue stays with it until it has got through: a crash in between must not leave that
        // one open with nobody to clear it.
        if event == RequestEvent::Opened {
            request.state = State::Waiting;
        }
        let ignored = self.is_ignored(&integration, &request).await;
        if event == RequestEvent::Opened && ignored.map_err(|error| at_once(error.into()))? {
            let why = format!("by the rule for {}", request.content.report_type);
            request.enter(State::Ignored, self.now(), Some(why));
            let mut batch = Batch::new();
            change_request(&mut batch, &partner.id, &before, &request);
            return Ok((batch, integration_id));
        }
        let mut roots = serde_json::Map::new();
        let (subject, customer) = (
            request_value(&request),
            customer_value(self, &partner.id, &request)
                .await
                .map_err(at_once)?,
        );
        if let Some(ticket) = &request.ticket {
            roots.insert("ticket".into(), serde_json::json!(ticket));
        }
        let remote = Remote::new(
            self,
            Arc::new(integration.clone()),
            exchange::Priority::Tickets,
        );
        let mut remote = remote.map_err(|error| at_once(error.into()))?;
        let notes = Arc::new(Notes::of(&request));
        remote.note_exchanges(&notes);
        let own = match event {
            RequestEvent::Opened => OwnWords::Asked,
            RequestEvent::CloseAsked => OwnWords::Unasked,
        };
        let about = Subject {
            request: &subject,
            customer: &customer,
        };
        adapt(&mut remote, about, own).await.map_err(at_once)?;
        roots.insert("request".into(), subject);
        roots.insert("customer".into(), customer);
        let run = self.run_id();
        let mut context = Context::new(remote, event.name(), &partner, &run, lease, roots);
        let id = request.content.id.clone();
        context.touch(before, request);
        context.about = Some(id.clone());
        let wanted = |pipeline: &definition::Pipeline| {
            pipeline.on.iter().any(|on| on.name() == event.name())
        };
        for pipeline in self.pipelines(&integration, wanted) {
            if let Err(halt) = step::run(&mut context, &pipeline.steps).await {
                let mut batch = std::mem::take(&mut context.batch);
                let kept = self.keep_exchanges(&mut batch, &partner.id, &id, &notes);
                kept.await.map_err(|error| at_once(error.into()))?;
                return Err((batch, halt));
            }
        }
        let title = context.remote.connector.title.clone();
        let warnings = context.remote.warnings();
        let now = self.now();
        match context.request(&id).await {
            Ok(request) if request.state != State::Waiting => {
                for warning in warnings {
                    request.note(now, "warned", Some(format!("{title}: {warning}")));
                }
                let mut batch = context.take_batch();
                let kept = self.keep_exchanges(&mut batch, &partner.id, &id, &notes);
                kept.await.map_err(|error| at_once(error.into()))?;
                Ok((batch, integration_id))
            }
            Ok(_) => Err(at_once(Halt::Undefined(format!(
                "no pipeline on {} led to a ticket",
                event.name()
            )))),
            Err(halt) => Err(at_once(halt)),
        }
    }

    async fn close_without_ticket(
        &self,
        lease: &Lease,
        partner: &PartnerId,
        before: &Versioned<RequestRow>,
    ) -> Result<(), store::Error> {
        let mut after = before.value.0.clone();
        let mut batch = Batch::new();
        close_without_ticket(&mut batch, partner, &mut after, self.now());
        change_request(&mut batch, partner, before, &after);
        batch.complete(lease);
        self.store.commit(batch).await?;
        match &before.value.0.issue {
            Some(issue) => self
                .clear_if_empty(partner, issue)
                .await
                .map_err(store_error),
            None => Ok(()),
        }
    }

    /// Ends a job whose subject is gone.
    async fn give_up(&self, lease: &Lease, error: Error) -> Result<(), store::Error> {
        if let Error::Store(error) = error {
            return Err(error);
        }
        tracing::warn!(job = lease.job.id, "a job has lost its subject: {error}");
        let mut batch = Batch::new();
        batch.complete(lease);
        self.store.commit(batch).await.map(drop)
    }
}

/// An error of the runtime in the middle of a job, where only the store's can occur; any other
/// means that what the job is about has just gone, and the job finds that out when it starts over.
pub(crate) fn store_error(error: Error) -> store::Error {
    match error {
        Error::Store(error) => error,
        other => {
            tracing::warn!("a job has to start over: {}", chain(&other));
            store::Error::Conflict {
                key: store::Key::everything(),
            }
        }
    }
}

fn describe(halt: &Halt) -> (Option<Duration>, String) {
    match halt {
        Halt::Again { wait, message, .. } => (*wait, message.clone()),
        Halt::Wait { wait, message } => (Some(*wait), message.clone()),
        other => (None, format!("{other:?}")),
    }
}
