//! The runtime: the one place that joins store, expression, exchange and definition.
//!
//! [`Runtime`] is the only door. What it acknowledges is durable; [`Runtime::work`] then does it.
//!
//! To follow a request: `requests` accepts it, `worker` picks it up and routes it, `step` does the
//! steps of its pipeline, `step/ensure` guards the effect, `remote` makes the call, and `worker`
//! ends the job in one commit with all that follows. What cannot go on becomes a `halt`, and waits
//! behind one of the `issues`.

mod activity;
mod aside;
mod billing;
mod callouts;
mod context;
mod core;
mod describe;
mod doubt;
mod effective;
mod error;
mod events;
mod exchanges;
mod fleet;
mod halt;
mod hold;
mod integrations;
mod issues;
mod legs;
mod mappings;
mod metrics;
mod notices;
mod outbox;
mod partners;
mod passes;
mod progress;
mod provider;
mod rehearsal;
mod remnants;
mod remote;
mod requests;
mod restored;
mod retention;
mod routing;
mod runs;
mod silence;
mod step;
mod suggest;
mod tables;
mod test_ticket;
mod tokens;
mod witness;
mod work;
mod worker;

use std::sync::Arc;

use definition::Library;
use exchange::{Clock, Random, Transport};
use model::{Issue, IssueId, PartnerId};
use store::{Batch, Expect, Store};

pub use definition::ConnectedBy;
pub use definition::connector::GuidePart;

pub use crate::activity::{Findings, LOOKED_AT_MAX, Replayed, Wanted};
pub use crate::billing::{
    AgreementLine, AgreementOption, Chosen, Decided, Explanation, PlanProgress, PlanView,
    ProductLine, ReconciledLine, Reconciliation, SECTION as BILLING_SECTION, USAGES_MAX,
    UnbilledUsage, UsageReceipt, Verdict,
};
pub use crate::callouts::{Callout, CalloutError};
pub use crate::core::Config;
pub use crate::effective::own_script::OWN_SCRIPT_BYTES_MAX;
pub use crate::error::{Error, Fault, InText};
pub use crate::fleet::{FLEET_ISSUES_MAX, FleetIntegration, FleetIssue, FleetLine};
pub use crate::integrations::{
    Choice, ChoiceList, ConnectionReport, ConnectorForm, CredentialsView, FORMER_KEPT, FormField,
    IntegrationView, OwnScriptView, Preview, PreviewInput, PreviewOf, RULES_MAX, RightReport,
    ScheduleLine, SectionChange, SectionForm, SectionView, SettingForm, SpareView, VariableForm,
};
pub use crate::legs::{CalloutLeg, Legs, ScheduleLeg, ShareLeg};
pub use crate::mappings::{CompanyRef, MappingChange, MappingLine, MappingReceipt, SuggestionView};
pub use crate::metrics::Metric;
pub use crate::partners::{CUSTOMERS_MAX, CustomersReceipt, NewPartner, NewWebhook, partner_names};
pub use crate::provider::ProviderCall;
pub use crate::rehearsal::{Coverage, Difference, Played, Tally, Untried, coverage, rehearse};
pub use crate::requests::{Accepted, LedgerReport};
pub use crate::restored::{LOOKED_FOR, Readied, Restored, ready_restored, restored};
pub use crate::retention::Retention;
pub use crate::suggest::{Candidate, SCORE_MIN, Suggestion, suggest};
pub use crate::tables::SEALED_TABLES;
pub use crate::test_ticket::TestTicket;
pub use crate::tokens::{NewToken, TOKEN_NAME_MAX, TOKENS_MAX};

use crate::core::Core;
use crate::tables::IssueRow;

/// What the runtime stands on.
pub struct Parts {
    /// Where state is kept.
    pub store: Arc<dyn Store>,
    /// The loaded definitions.
    pub library: Arc<Library>,
    /// How requests reach other systems.
    pub transport: Arc<dyn Transport>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Chance, for ids, tokens and jitter.
    pub random: Arc<dyn Random>,
    /// What the operator decides.
    pub config: Config,
}

/// An open issue and how much work waits behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueView {
    /// The issue.
    pub issue: Issue,
    /// How many pieces of work wait for it to be mended.
    pub behind: u64,
}

/// The handle. Cloning it is cheap and gives the same runtime.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) core: Arc<Core>,
}

impl Runtime {
    /// Puts the parts together. Nothing is worked on before [`Runtime::work`] is called.
    pub fn new(parts: Parts) -> Self {
        Self {
            core: Arc::new(Core::new(parts, None)),
        }
    }

    /// The partner's open issues, oldest first.
    pub async fn issues(&self, partner: &PartnerId) -> Result<Vec<IssueView>, Error> {
        self.core.partner(partner).await?;
        let rows: Vec<IssueRow> = self.core.all(partner.as_str(), &[]).await?;
        let mut views = Vec::with_capacity(rows.len());
        for IssueRow(issue) in rows {
            let behind = self.core.behind(partner, &issue.id).await?;
            views.push(IssueView { issue, behind });
        }
        views.sort_by(|a, b| {
            (a.issue.opened_at, &a.issue.id).cmp(&(b.issue.opened_at, &b.issue.id))
        });
        Ok(views)
    }

    /// Lets the work behind an issue be tried again. The issue stays until some of it succeeds.
    /// Gives how much goes again.
    pub async fn retry_issue(&self, partner: &PartnerId, id: &IssueId) -> Result<u64, Error> {
        let known = self.issues(partner).await?;
        if !known.iter().any(|view| view.issue.id == *id) {
            return Err(Error::not_found("issue", id));
        }
        Ok(self.core.let_go(partner, id, usize::MAX).await? as u64)
    }

    /// Every figure about what the engine does.
    pub async fn metrics(&self) -> Vec<Metric> {
        let mut all = self.core.metrics.read();
        let depth = self.core.store.depth().await.unwrap_or_default();
        let help = "Jobs in the queue, those under way included.";
        all.push(metrics::metric(
            "dovetail_jobs_queued",
            help,
            Vec::new(),
            depth as u64,
        ));
        let flushes = self.core.store.flushes();
        let help = "Batches made durable.";
        all.push(metrics::metric(
            "dovetail_commits_total",
            help,
            Vec::new(),
            flushes.commits,
        ));
        let help = "Flushes that made them durable.";
        all.push(metrics::metric(
            "dovetail_flushes_total",
            help,
            Vec::new(),
            flushes.flushes,
        ));
        all
    }

    /// Whether work can be accepted; if not, why. It writes, because a full disk still reads.
    pub async fn ready(&self) -> Result<(), String> {
        let mut batch = Batch::new();
        let row = tables::ReadyRow(self.core.now());
        batch.put_record(tables::NOBODY, &[], &row, Expect::Any);
        let written = self.core.store.commit(batch).await;
        written.map(drop).map_err(|error| error::chain(&error))
    }
}
