//! What everything in the runtime shares: the store, the loaded definitions, the way out, time and
//! chance. Here are the few ways to read and change records that more than one module needs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use definition::{Connector, Family, Library};
use exchange::{Clock, Exchange, Random};
use model::sabotage::{Bug, sabotaged};
use model::{
    Health, Integration, IntegrationId, Partner, PartnerId, Request, RequestId, Timestamp,
};
use store::{Batch, Expect, Record, Records, Store, Versioned};

use crate::Parts;
use crate::activity::{put_time, time_key};
use crate::error::Error;
use crate::tables::{IntegrationRow, PAGE, PartnerRow, RequestRow, accepted_count, state_count};
use crate::witness::Witness;

/// What the operator decides. Vendor values may be secret, so it does not print.
#[derive(Clone)]
pub struct Config {
    /// Per connector, the values that the vendor of the product gives once for all partners.
    pub vendor: BTreeMap<String, BTreeMap<String, String>>,
    /// Origins that connectors may call besides their own hosts, such as a PSA on a host of the
    /// operator's or a simulator: `http://127.0.0.1:9001`.
    pub trusted_origins: Vec<String>,
    /// The address under which others reach this server, without a slash at its end; where nobody
    /// has said, callouts have to be set up by hand.
    pub public_url: Option<String>,
    /// How many jobs are run at once.
    pub workers: usize,
    /// How many of them may be one partner's, so that a noisy one does not slow the others.
    pub workers_per_partner: usize,
    /// How long a job that has stopped reporting is left alone before another worker takes it.
    pub lease: Duration,
    /// How long things are kept.
    pub retention: crate::retention::Retention,
    /// Whether the state was brought back from a backup: what [`crate::restored()`] says.
    pub restored: Option<crate::restored::Restored>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vendor: BTreeMap::new(),
            trusted_origins: Vec::new(),
            public_url: None,
            workers: 64,
            workers_per_partner: 16,
            lease: Duration::from_mins(10),
            retention: crate::retention::Retention::default(),
            restored: None,
        }
    }
}

/// What everything in the runtime shares.
pub(crate) struct Core {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) library: Arc<Library>,
    pub(crate) exchange: Exchange,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) config: Config,
    pub(crate) metrics: crate::metrics::Metrics,
    /// Whose a callout is: read for each, changed almost never.
    pub(crate) owners: store::Recent<crate::tables::CalloutRow>,
    pub(crate) owning: store::Recent<crate::tables::IntegrationRow>,
    /// Answers that are used again for a while.
    pub(crate) kept: crate::remote::Kept,
    /// The room for what is made of pages that another operation reads.
    pub(crate) room: crate::remote::Room,
    pub(crate) introduced: crate::remote::Introduced,
    pub(crate) silence: crate::silence::Silence,
    pub(crate) own_scripts: crate::effective::own_script::Compiled,
    /// Calls that may have taken hold, and how long ago that was.
    pub(crate) doubts: crate::doubt::Doubts,
    /// Which companies customers probably are.
    pub(crate) suggestions: crate::suggest::Suggestions,
    /// What runs under way have done so far.
    pub(crate) progress: crate::progress::Progress,
    /// Who takes note of calls, in a rehearsal.
    pub(crate) witness: Option<Witness>,
}

impl Core {
    pub(crate) fn new(parts: Parts, witness: Option<Witness>) -> Self {
        let Parts {
            store,
            library,
            transport,
            clock,
            random,
            config,
        } = parts;
        let exchange = Exchange::new(transport, clock.clone(), random.clone());
        let (metrics, kept, introduced, silence, own_scripts, progress) = Default::default();
        Self {
            store,
            library,
            exchange,
            clock,
            random,
            config,
            metrics,
            owners: store::Recent::default(),
            owning: store::Recent::default(),
            kept,
            room: crate::remote::Room::default(),
            introduced,
            silence,
            own_scripts,
            doubts: crate::doubt::Doubts::new(),
            suggestions: crate::suggest::Suggestions::default(),
            progress,
            witness,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `bytes` random bytes in letters and digits that are safe anywhere.
    pub(crate) fn token(&self, bytes: usize) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.random_bytes(bytes))
    }

    /// A short name that has not been given before, as far as chance can promise.
    pub(crate) fn short_id(&self) -> String {
        hex(&self.random_bytes(5))
    }

    pub(crate) fn random_bytes(&self, count: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.random.next().to_le_bytes());
        words.flatten().take(count).collect()
    }

    pub(crate) async fn partner(&self, id: &PartnerId) -> Result<Versioned<PartnerRow>, Error> {
        let row = self
            .store
            .get_record::<PartnerRow>(id.as_str(), &[])
            .await?;
        row.ok_or_else(|| Error::not_found("partner", id))
    }

    pub(crate) async fn partner_value(&self, id: &PartnerId) -> Result<Partner, Error> {
        Ok(self.partner(id).await?.value.0)
    }

    pub(crate) async fn integration(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Versioned<IntegrationRow>, Error> {
        let row = self
            .store
            .get_record::<IntegrationRow>(partner.as_str(), &[id.as_str()])
            .await?;
        row.ok_or_else(|| Error::not_found("integration", id))
    }

    /// All integrations of a partner, oldest first.
    pub(crate) async fn integrations(
        &self,
        partner: &PartnerId,
    ) -> Result<Vec<Integration>, Error> {
        let rows: Vec<IntegrationRow> = self.all(partner.as_str(), &[]).await?;
        let mut all: Vec<Integration> = rows.into_iter().map(|row| row.0).collect();
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(all)
    }

    pub(crate) async fn request(
        &self,
        partner: &PartnerId,
        id: &RequestId,
    ) -> Result<Versioned<RequestRow>, Error> {
        let row = self
            .store
            .get_record::<RequestRow>(partner.as_str(), &[id.as_str()])
            .await?;
        row.ok_or_else(|| Error::not_found("request", id))
    }

    /// Every record whose first parts are `parts`, read page by page.
    pub(crate) async fn all<T: Record>(
        &self,
        partner: &str,
        parts: &[&str],
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut pages = self.store.pages::<T>(partner, parts, PAGE);
        while let Some(page) = pages.next().await? {
            all.extend(page.into_iter().map(|(_, row)| row.value));
        }
        Ok(all)
    }

    /// Forgets everything about a credential: its limits, its tokens and whether it is trusted.
    pub(crate) fn forget_broker(&self, name: &str) {
        self.exchange.forget_broker(name);
        let mut introduced = self
            .introduced
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        introduced.remove(name);
    }

    pub(crate) fn connector(&self, name: &str) -> Result<Arc<Connector>, Error> {
        let connector = self.library.connectors.get(name);
        connector
            .cloned()
            .ok_or_else(|| Error::not_found("connector", name))
    }

    pub(crate) fn family(&self, connector: &Connector) -> Result<Arc<Family>, Error> {
        let family = self.library.families.get(&connector.family);
        family
            .cloned()
            .ok_or_else(|| Error::not_found("family", &connector.family))
    }
}

/// Adds a new request to `batch`; a request of this id makes it conflict.
pub(crate) fn add_request(batch: &mut Batch, partner: &PartnerId, request: &Request) {
    let row = RequestRow(request.clone());
    let parts = [request.content.id.as_str()];
    let expect = if sabotaged(Bug::TakesIdTwice) {
        Expect::Any
    } else {
        Expect::Absent
    };
    batch
        .put_record(partner.as_str(), &parts, &row, expect)
        .add(accepted_count(partner), 1)
        .add(state_count(partner, request.state), 1);
    put_time(batch, partner, request);
}

/// Adds the change of a request from `before` to `after` to `batch`, and moves it in the ledger: a
/// state never changes without its counters.
pub(crate) fn change_request(
    batch: &mut Batch,
    partner: &PartnerId,
    before: &Versioned<RequestRow>,
    after: &Request,
) {
    let row = RequestRow(after.clone());
    let parts = [after.content.id.as_str()];
    batch.put_record(
        partner.as_str(),
        &parts,
        &row,
        Expect::Version(before.version),
    );
    if before.value.0.state != after.state && !sabotaged(Bug::ForgetsCounters) {
        batch
            .add(state_count(partner, before.value.0.state), -1)
            .add(state_count(partner, after.state), 1);
    }
}

/// Adds to `batch` that a request is kept no longer, unless something has happened to it since it
/// was read: it leaves the ledger and the order of time with it.
pub(crate) fn remove_request(
    batch: &mut Batch,
    partner: &PartnerId,
    request: &Versioned<RequestRow>,
) {
    let known = &request.value.0;
    let key = RequestRow::key(partner.as_str(), &[known.content.id.as_str()]);
    batch
        .delete(key, Expect::Version(request.version))
        .delete(time_key(partner, known), Expect::Any)
        .add(accepted_count(partner), -1)
        .add(state_count(partner, known.state), -1);
}

/// Whether the integration may be used: its credentials work, and nobody holds it.
pub(crate) const fn is_usable(integration: &Integration) -> bool {
    matches!(integration.health, Health::Good) && integration.held.is_none()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
