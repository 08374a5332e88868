//! The stage of a rehearsal: an engine of its own for one example, with what the example is given.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use definition::connector::Retry;
use definition::example::{Example, Given};
use definition::{Connector, Library};
use exchange::{Clock, Credential, Scrub, SeededRandom};
use model::{
    CustomerId, Health, Integration, IntegrationId, Mapping, Partner, PartnerId, Secret, Ticks,
    Timestamp,
};
use serde_json::json;
use store::{Batch, Expect, Memory};

use super::wire::Wire;
use crate::core::{Config, Core};
use crate::error::Error;
use crate::remote::{Remote, broker_name, credential};
use crate::tables::{CompanyRow, Found, IntegrationRow, Kept, MappingRow, PartnerRow, SetupRow};
use crate::witness::{Noted, Witness};
use crate::{Parts, Runtime};

/// Ids are always made of the same chance, so that an example may name them.
const SEED: u64 = 1;

/// Where others reach the engine of an example, and the end of its callout address.
const PUBLIC_URL: &str = "https://dovetail.example";
const CALLOUT_TOKEN: &str = "not-a-real-callout-token";

/// An engine for one example.
pub(super) struct Stage {
    pub(super) runtime: Runtime,
    pub(super) wire: Arc<Wire>,
    pub(super) clock: Arc<StillClock>,
    pub(super) partner: PartnerId,
    pub(super) id: IntegrationId,
    pub(super) connector: String,
    pub(super) credentials: BTreeMap<String, Secret>,
    row: Integration,
}

impl Stage {
    /// Builds the engine and puts what is given into its store.
    pub(super) async fn set(
        library: &Library,
        connector: &Connector,
        example: &Example,
    ) -> Result<Self, Error> {
        let given = &example.given;
        let wire = Arc::new(Wire::new(example.exchanges.clone()));
        let clock = Arc::new(StillClock::at(given.now));
        let parts = Parts {
            store: Arc::new(Memory::new()),
            library: Arc::new(patient(library, connector)),
            transport: wire.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(SEED)),
            config: Config {
                vendor: BTreeMap::from([(connector.name.clone(), given.vendor.clone())]),
                public_url: Some(PUBLIC_URL.to_owned()),
                ..Config::default()
            },
        };
        let row = integration(connector, given)?;
        let stage = Self {
            runtime: Runtime {
                core: Arc::new(Core::new(parts, Some(Witness::default()))),
            },
            wire,
            clock,
            partner: row.partner.clone(),
            id: row.id.clone(),
            connector: connector.name.clone(),
            credentials: row.credentials.clone(),
            row,
        };
        stage.furnish(given).await?;
        if let Some(token) = &given.token {
            stage.log_in(connector, token)?;
        }
        Ok(stage)
    }

    /// The integration that the example is of.
    pub(super) const fn integration(&self) -> &Integration {
        &self.row
    }

    /// The way to the remote side.
    pub(super) fn remote(&self) -> Result<Remote, Error> {
        let integration = Arc::new(self.row.clone());
        Remote::new(&self.runtime.core, integration, exchange::Priority::Tickets)
    }

    /// What was called so far.
    pub(super) fn noted(&self) -> Noted {
        self.runtime
            .core
            .witness
            .as_ref()
            .map(Witness::noted)
            .unwrap_or_default()
    }

    /// Has calls carry a token as if they had logged in.
    fn log_in(&self, connector: &Connector, token: &str) -> Result<(), Error> {
        let (core, name) = (&self.runtime.core, broker_name(&self.row));
        let logged_in = Credential {
            auth: exchange::Auth::Bearer(Secret::new(token)),
            ..credential(core, connector, &self.row)?
        };
        core.exchange.set_broker(&name, logged_in);
        let mut introduced = core
            .introduced
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        introduced.insert(name, None);
        Ok(())
    }

    async fn furnish(&self, given: &Given) -> Result<(), Error> {
        let (mut batch, now) = (Batch::new(), given.now);
        let (partner, id) = (self.partner.as_str(), self.id.as_str());
        let owner = Partner {
            id: self.partner.clone(),
            name: "A partner".to_owned(),
            webhook: None,
        };
        batch
            .put_record(partner, &[], &PartnerRow(owner), Expect::Any)
            .put_record(
                partner,
                &[id],
                &IntegrationRow(self.row.clone()),
                Expect::Any,
            );
        for (name, value) in &given.setup {
            let found = SetupRow(Found {
                value: value.clone(),
                at: now,
            });
            batch.put_record(partner, &[id, name], &found, Expect::Any);
        }
        for company in &given.companies {
            let key = model::request::id_text(company.get("id").unwrap_or(&json!(null)));
            let row = CompanyRow(Kept {
                record: company.clone(),
                seen: now,
            });
            batch.put_record(partner, &[id, &key], &row, Expect::Any);
        }
        for (customer, company) in &given.mappings {
            let row = MappingRow(Mapping {
                customer: customer_id(customer)?,
                company: Some(company.clone()).filter(|company| !company.is_null()),
                ticks: Ticks::default(),
                saved_at: now,
            });
            batch.put_record(partner, &[id, customer], &row, Expect::Any);
        }
        self.runtime.core.store.commit(batch).await?;
        Ok(())
    }
}

/// The secrets that an example is given.
pub(super) fn secrets(connector: &Connector, given: &Given) -> Scrub {
    let own = [
        (&connector.credentials, &given.credentials),
        (&connector.vendor, &given.vendor),
    ];
    let own = own.into_iter().flat_map(|(fields, values)| {
        let secret = fields.iter().filter(|field| field.secret);
        secret.filter_map(|field| values.get(&field.name))
    });
    let secrets: Vec<Secret> = own.chain(&given.token).map(Secret::new).collect();
    Scrub::new(&secrets)
}

fn customer_id(text: &str) -> Result<CustomerId, Error> {
    let wrong = |error: model::InvalidId| Error::invalid("/mappings", error.to_string());
    CustomerId::new(text).map_err(wrong)
}

fn integration(connector: &Connector, given: &Given) -> Result<Integration, Error> {
    let wrong = |error: model::InvalidId| Error::invalid("/integration", error.to_string());
    let secrets = given.credentials.iter();
    let sections = given.settings.iter().map(|(name, values)| {
        (
            name.clone(),
            model::Section {
                on: true,
                values: values.clone(),
                ..model::Section::default()
            },
        )
    });
    Ok(Integration {
        id: IntegrationId::new("example").map_err(wrong)?,
        partner: PartnerId::new("partner").map_err(wrong)?,
        connector: connector.name.clone(),
        credentials: secrets
            .map(|(name, text)| (name.clone(), Secret::new(text)))
            .collect(),
        entered: None,
        credentials_generation: 0,
        spare: None,
        sections: sections.collect(),
        health: Health::Good,
        held: None,
        schedule: BTreeMap::new(),
        schedule_generation: 0,
        callout_token: Secret::new(CALLOUT_TOKEN),
        callout_basic: None,
        created_at: given.now,
    })
}

/// The library with `connector` in it, whose calls are made once and never repeated: pauses are
/// real time, which an example does not have.
fn patient(library: &Library, connector: &Connector) -> Library {
    let mut connector = connector.clone();
    connector.http.retry = Retry {
        on: Vec::new(),
        attempts: 1,
        from: Duration::ZERO,
        to: Duration::ZERO,
    };
    Library {
        families: library.families.clone(),
        connectors: BTreeMap::from([(connector.name.clone(), Arc::new(connector))]),
        scripts: library.scripts.clone(),
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(super) struct StillClock(AtomicI64);

impl StillClock {
    fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Moves the clock to `moment`, never back.
    pub(super) fn move_to(&self, moment: Timestamp) {
        self.0.fetch_max(moment.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}
