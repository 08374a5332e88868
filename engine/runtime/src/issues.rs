//! Issues: opened once per cause, with the work that waits behind them; cleared when the cause is
//! gone, and the work goes on by itself.
//!
//! Work may only be put behind an issue that exists at the moment of the commit, and clearing
//! deletes the issue before it looks for the work: so nothing can be left behind an issue that is
//! no more. What a crash leaves in between, [`Core::sweep`] picks up at the next start.

use std::time::Duration;

use definition::rule::About;
use model::{IntegrationId, Issue, IssueId, IssueKind, PartnerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Batch, Expect, Key, Lease, Record, Records};

use crate::core::Core;
use crate::error::Error;
use crate::tables::{Behind, BehindRow, IssueRow, NOBODY, PAGE, PartnerListRow};
use crate::work::Work;

/// A refused request is tried again after this long, then after twice as long, and so on.
const RECHECK_FROM: Duration = Duration::from_mins(5);

/// The longest wait between two rechecks.
const RECHECK_TO: Duration = Duration::from_hours(6);

/// What a trouble is due to, by a name of the family's. Everything that is due to the same cause
/// about the same thing is one issue, whoever meets it first: a request or a pre-flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) name: String,
    /// `None` when it is about the integration as a whole.
    pub(crate) about: Option<String>,
    /// How often it is worth trying again.
    pub(crate) recheck: Option<Duration>,
}

impl Cause {
    pub(crate) fn new(name: &str, about: About) -> Self {
        Self {
            name: name.to_owned(),
            about: match about {
                About::All => None,
                About::Thing(id) => Some(id),
            },
            recheck: None,
        }
    }

    /// The id of the issue, whatever kind of failure shows it.
    pub(crate) fn issue_id(&self, integration: &IntegrationId) -> IssueId {
        let subject = match &self.about {
            Some(about) => format!("{}:{about}", self.name),
            None => self.name.clone(),
        };
        id_of("cause", Some(integration), &subject)
    }
}

/// When the work behind an issue is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recheck {
    /// Always after this long, where the cause says so.
    #[serde(default)]
    every: Option<Duration>,
    /// How often it was tried in vain.
    #[serde(default)]
    tries: u32,
    /// Whether the issue was opened for work that waits behind it, so that without any it is over.
    #[serde(default)]
    is_for_work: bool,
}

impl Recheck {
    fn wait(self) -> Duration {
        self.every.unwrap_or_else(|| {
            RECHECK_FROM
                .saturating_mul(2_u32.saturating_pow(self.tries))
                .min(RECHECK_TO)
        })
    }
}

/// Something that a person has to know, before it is an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: IssueKind,
    pub(crate) integration: Option<IntegrationId>,
    /// What tells this cause from others of its kind: a customer, an operation, a message.
    pub(crate) subject: String,
    /// What it is due to, where that is known: then it goes by that and not by its subject.
    pub(crate) cause: Option<Cause>,
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) remedy: String,
}

impl Trouble {
    pub(crate) fn issue_id(&self) -> IssueId {
        match (&self.cause, &self.integration) {
            (Some(cause), Some(integration)) => cause.issue_id(integration),
            _ => issue_id(self.kind, self.integration.as_ref(), &self.subject),
        }
    }

    /// What it is about, where that is a thing that people can look up.
    fn about(&self) -> Option<&str> {
        match (&self.cause, self.kind) {
            (Some(cause), _) => cause.about.as_deref(),
            (None, IssueKind::UnmappedCustomer | IssueKind::TicketsOff) => Some(&self.subject),
            (None, _) => None,
        }
    }
}

/// The id of the issue about `subject`; the same cause always gives the same id.
pub(crate) fn issue_id(
    kind: IssueKind,
    integration: Option<&IntegrationId>,
    subject: &str,
) -> IssueId {
    id_of(kind.name(), integration, subject)
}

fn id_of(kind: &str, integration: Option<&IntegrationId>, subject: &str) -> IssueId {
    let scope = integration.map_or("-", IntegrationId::as_str);
    let head = format!("{kind}:{scope}");
    IssueId::new(format!("{head}:{subject}")).unwrap_or_else(|_| {
        let digest = Sha256::digest(subject.as_bytes());
        let short = crate::core::hex(digest.get(..8).unwrap_or_default());
        // The head holds checked ids only, so this is one; the fallback keeps the function total.
        IssueId::new(format!("{head}:{short}")).unwrap_or_else(|_| fallback(kind))
    })
}

fn fallback(kind: &str) -> IssueId {
    #[expect(clippy::expect_used, reason = "the names of the kinds are identifiers")]
    IssueId::new(kind).expect("a kind's name is an id")
}

impl Core {
    /// Adds to `batch` that the issue about `trouble` is open, and gives its id. When it is open
    /// already, the batch conflicts if it is cleared in the meantime.
    pub(crate) async fn open_issue(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        trouble: &Trouble,
    ) -> Result<IssueId, Error> {
        self.open(batch, partner, trouble, false).await
    }

    /// The same for work that the batch puts behind it.
    pub(crate) async fn open_for_work(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        trouble: &Trouble,
    ) -> Result<IssueId, Error> {
        self.open(batch, partner, trouble, true).await
    }

    async fn open(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        trouble: &Trouble,
        is_for_work: bool,
    ) -> Result<IssueId, Error> {
        let id = trouble.issue_id();
        let parts = [id.as_str()];
        let known = self
            .store
            .get_record::<IssueRow>(partner.as_str(), &parts)
            .await?;
        if let Some(known) = known {
            batch.require(
                IssueRow::key(partner.as_str(), &parts),
                Expect::Version(known.version),
            );
            return Ok(id);
        }
        let now = self.now();
        let issue = Issue {
            id: id.clone(),
            partner: partner.clone(),
            kind: trouble.kind,
            integration: trouble.integration.clone(),
            cause: trouble.cause.as_ref().map(|cause| cause.name.clone()),
            about: trouble.about().map(str::to_owned),
            foreseen: false,
            title: trouble.title.clone(),
            detail: trouble.detail.clone(),
            remedy: trouble.remedy.clone(),
            opened_at: now,
            seen_at: now,
        };
        batch.put_record(
            partner.as_str(),
            &parts,
            &IssueRow(issue.clone()),
            Expect::Absent,
        );
        self.tell(batch, partner, "issue.opened", &issue_data(&issue))
            .await?;
        if issue.kind.state_behind() == model::State::Failed {
            let every = trouble.cause.as_ref().and_then(|cause| cause.recheck);
            let recheck = Recheck {
                every,
                tries: 0,
                is_for_work,
            };
            self.enqueue_recheck(batch, partner, &id, recheck);
        }
        Ok(id)
    }

    /// Adds to `batch` that one piece of the work behind the issue is tried again in due time.
    fn enqueue_recheck(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        issue: &IssueId,
        recheck: Recheck,
    ) {
        let work = Work::Recheck {
            partner: partner.clone(),
            issue: issue.clone(),
            recheck,
        };
        let job = format!("{partner}/recheck/{issue}/{}", self.short_id());
        let lane = job.clone();
        let due = self.now().after(recheck.wait());
        batch.enqueue(work.job(job, lane, 1, due));
    }

    /// Adds to `batch` that the leased job ends and its work waits behind `issue`.
    pub(crate) fn put_behind(
        batch: &mut Batch,
        partner: &PartnerId,
        issue: &IssueId,
        lease: &Lease,
        work: Work,
    ) {
        let behind = Behind {
            lane: lease.job.lane.clone(),
            priority: lease.job.priority,
            work,
        };
        let parts = [issue.as_str(), lease.job.id.as_str()];
        batch
            .put_record(partner.as_str(), &parts, &BehindRow(behind), Expect::Any)
            .complete(lease);
    }

    /// Clears the issue, if it is open, and lets the work behind it go on. Gives how much that was.
    pub(crate) async fn clear_issue(
        &self,
        partner: &PartnerId,
        id: &IssueId,
    ) -> Result<usize, Error> {
        let parts = [id.as_str()];
        let Some(open) = self
            .store
            .get_record::<IssueRow>(partner.as_str(), &parts)
            .await?
        else {
            return Ok(0);
        };
        let mut batch = Batch::new();
        batch.delete(
            IssueRow::key(partner.as_str(), &parts),
            Expect::Version(open.version),
        );
        self.tell(
            &mut batch,
            partner,
            "issue.cleared",
            &issue_data(&open.value.0),
        )
        .await?;
        match self.store.commit(batch).await {
            Ok(_) => {}
            // Somebody else is clearing it, and lets the work go on.
            Err(error) if error.is_conflict() => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        self.let_go(partner, id, usize::MAX).await
    }

    /// Queues at most `limit` pieces of the work behind `issue`, oldest key first.
    pub(crate) async fn let_go(
        &self,
        partner: &PartnerId,
        id: &IssueId,
        limit: usize,
    ) -> Result<usize, Error> {
        let mut gone = 0;
        while gone < limit {
            let page = PAGE.min(limit - gone);
            let rows = self
                .store
                .scan_records::<BehindRow>(partner.as_str(), &[id.as_str()], None, page)
                .await?;
            if rows.is_empty() {
                break;
            }
            let taken = rows.len();
            let mut batch = Batch::new();
            for (key, row) in rows {
                let job = key.parts().pop().unwrap_or_default();
                let Behind {
                    lane,
                    priority,
                    work,
                } = row.value.0;
                batch
                    .delete(key, Expect::Version(row.version))
                    .enqueue(work.job(job, lane, priority, self.now()));
            }
            match self.store.commit(batch).await {
                Ok(_) => gone += taken,
                // Another caller took the same work; look again at what is left.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(gone)
    }

    /// Opens the issue about something that a pre-flight saw, or notes that it was seen again.
    pub(crate) async fn foresee(
        &self,
        partner: &PartnerId,
        trouble: &Trouble,
    ) -> Result<(), Error> {
        let mut batch = Batch::new();
        let id = self.open_issue(&mut batch, partner, trouble).await?;
        let opened = self.store.commit(batch).await;
        if let Err(error) = opened.map_err(Error::from)
            && !matches!(&error, Error::Store(error) if error.is_conflict())
        {
            return Err(error);
        }
        self.mark(partner, &id, true).await
    }

    /// What a pre-flight has looked for and does not see any more. Work that waits for it is tried,
    /// one piece at first: if it passes, the issue is cleared and the rest follows.
    pub(crate) async fn no_longer_seen(
        &self,
        partner: &PartnerId,
        id: &IssueId,
    ) -> Result<(), Error> {
        if self.let_go(partner, id, 1).await? == 0 {
            return self.clear_issue(partner, id).await.map(drop);
        }
        self.mark(partner, id, false).await
    }

    /// Notes in the issue whether a pre-flight sees it now. One that is being changed by others is
    /// left to them, and looked at again the next time.
    async fn mark(&self, partner: &PartnerId, id: &IssueId, foreseen: bool) -> Result<(), Error> {
        let parts = [id.as_str()];
        let known = self
            .store
            .get_record::<IssueRow>(partner.as_str(), &parts)
            .await?;
        let Some(known) = known else { return Ok(()) };
        let mut issue = known.value.0;
        issue.foreseen = foreseen;
        if foreseen {
            issue.seen_at = self.now();
        }
        let (mut batch, expect) = (Batch::new(), Expect::Version(known.version));
        batch.put_record(partner.as_str(), &parts, &IssueRow(issue), expect);
        match self.store.commit(batch).await {
            Err(error) if !error.is_conflict() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// How many pieces of work wait behind the issue.
    pub(crate) async fn behind(&self, partner: &PartnerId, id: &IssueId) -> Result<u64, Error> {
        let rows: Vec<BehindRow> = self.all(partner.as_str(), &[id.as_str()]).await?;
        Ok(rows.len() as u64)
    }

    /// Does the leased job that tries one piece of the work behind a standing issue: if it
    /// succeeds, the issue is cleared and the rest follows. It ends when the issue is gone.
    pub(crate) async fn recheck(
        &self,
        lease: &Lease,
        partner: &PartnerId,
        id: &IssueId,
        recheck: Recheck,
    ) -> Result<(), Error> {
        let open = self
            .store
            .get_record::<IssueRow>(partner.as_str(), &[id.as_str()])
            .await?;
        let mut batch = Batch::new();
        batch.complete(lease);
        if open.is_some() {
            // Without work there was nothing to try, and what comes later is not made to wait.
            let is_any = self.let_go(partner, id, 1).await? > 0;
            if !is_any && (recheck.tries > 0 || recheck.is_for_work) {
                // What waited has become something else, and a crash hid that nothing is left.
                self.clear_if_empty(partner, id).await?;
            }
            let tries = if is_any { recheck.tries + 1 } else { 0 };
            self.enqueue_recheck(&mut batch, partner, id, Recheck { tries, ..recheck });
        }
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Tries again what the PSA had refused.
    pub(crate) async fn try_refused(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
    ) -> Result<(), Error> {
        self.try_behind(partner, integration, &[IssueKind::Refused])
            .await
    }

    /// Tries again what waits behind the integration's issues of these kinds.
    pub(crate) async fn try_behind(
        &self,
        partner: &PartnerId,
        integration: &IntegrationId,
        kinds: &[IssueKind],
    ) -> Result<(), Error> {
        let issues: Vec<IssueRow> = self.all(partner.as_str(), &[]).await?;
        let ours = |issue: &Issue| {
            issue.integration.as_ref() == Some(integration) && kinds.contains(&issue.kind)
        };
        for IssueRow(issue) in issues.into_iter().filter(|row| ours(&row.0)) {
            self.let_go(partner, &issue.id, usize::MAX).await?;
        }
        Ok(())
    }

    /// Lets work go on that a crash left behind an issue that was being cleared, or was about to
    /// be: of what a person mends here, such as a mapping, one piece shows whether that was done.
    pub(crate) async fn sweep(&self) -> Result<(), Error> {
        for PartnerListRow(partner) in self.all::<PartnerListRow>(NOBODY, &[]).await? {
            for IssueRow(issue) in self.all(partner.as_str(), &[]).await? {
                // Work behind the other kinds is tried again in due time anyway.
                if issue.kind.state_behind() == model::State::Parked {
                    self.let_go(&partner, &issue.id, 1).await?;
                }
            }
            let mut after: Option<Key> = None;
            loop {
                let prefix = BehindRow::key(partner.as_str(), &[]);
                let rows = self.store.scan(&prefix, after.as_ref(), PAGE).await?;
                for row in &rows {
                    let issue = row.key.parts().into_iter().next().unwrap_or_default();
                    let known = self
                        .store
                        .get(&IssueRow::key(partner.as_str(), &[&issue]))
                        .await?;
                    if let (None, Ok(id)) = (known, IssueId::new(issue)) {
                        self.let_go(&partner, &id, usize::MAX).await?;
                    }
                }
                after = rows.last().map(|row| row.key.clone());
                if rows.len() < PAGE {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// An issue as events tell of it.
fn issue_data(issue: &Issue) -> serde_json::Value {
    json!({
        "id": issue.id,
        "partner": issue.partner,
        "integration": issue.integration,
        "kind": issue.kind,
        "title": issue.title,
        "remedy": issue.remedy,
        "opened_at": issue.opened_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_has_the_same_id_and_any_subject_makes_one() {
        let plain = issue_id(IssueKind::UnmappedCustomer, None, "c-1");
        assert_eq!(plain.as_str(), "unmapped_customer:-:c-1");
        let odd = issue_id(IssueKind::Refused, None, "What? é / \u{0}");
        assert_eq!(odd, issue_id(IssueKind::Refused, None, "What? é / \u{0}"));
        assert_ne!(odd, issue_id(IssueKind::Refused, None, "What? é / \u{1}"));
    }
}
